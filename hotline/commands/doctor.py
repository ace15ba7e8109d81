"""``hotline doctor``."""

import dataclasses
import json

import click

from hotline.cli import Context
from hotline.doctor import examine


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def doctor(context: Context, as_json: bool) -> None:
    """Check every part and say what to do about each that is not well (exit status 1). Changes nothing."""
    settings = context.settings  # names every fault of the file, and ends, when there are any
    if not as_json:
        click.echo("ok    settings: no faults")
    ill = 0
    for check in examine(settings):
        ill += not check.ok
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(check), ensure_ascii=False))
            continue
        click.echo(f"{'ok   ' if check.ok else 'WRONG'} {check.name}: {check.detail}")
        if not check.ok and check.remedy:
            click.echo(f"      -> {check.remedy}")
    if ill:
        click.echo(f"{ill} not well.", err=True)
        raise SystemExit(1)
