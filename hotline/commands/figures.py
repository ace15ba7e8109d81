"""``hotline figures``: what was counted of whole days, so that long reports are quick."""

from datetime import UTC, datetime

import click

from crm.reports.checking import check
from crm.reports.sealing import Sealer
from hotline.cli import Context
from hotline.office.reports import frame_of


@click.group()
def figures() -> None:
    """Counted days: count anew, compare with the calls."""


@figures.command()
@click.pass_obj
def rebuild(context: Context) -> None:
    """Throw away what was counted and count all days anew. The service may go on meanwhile."""
    frame = frame_of(context.settings)
    sealer = Sealer(context.engine(), lambda: frame, lambda: datetime.now(UTC))
    sealer.forget()
    days = 0
    while sealer.step():
        days += 1
        if days % 100 == 0:
            click.echo(f"{days} days", err=True)
    click.echo(f"{days} days counted")


@figures.command("check")
@click.pass_obj
def check_(context: Context) -> None:
    """Count every day from its calls and compare. Exit status 1 when one differs."""
    found = check(context.engine(), frame_of(context.settings))
    for day in found.different:
        click.echo(f"{day.isoformat()}: what was counted is not what the calls say")
    click.echo(f"{found.days} days compared, {len(found.different)} differ")
    if found.different:
        click.echo("count them anew: hotline figures rebuild", err=True)
        raise SystemExit(1)
