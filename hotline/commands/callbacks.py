"""``hotline callbacks``."""

import dataclasses
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from crm.callbacks.service import UnknownCallback, give_up, list_callbacks, open_requests
from crm.calls.models import CallbackState
from crm.database import reading, writing
from hotline.cli import Context


@click.group()
def callbacks() -> None:
    """Callers who wait to be called back."""


@callbacks.command("list")
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in CallbackState), "all"]),
    help="Only these [waiting and calling].",
)
@click.option("-n", "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(context: Context, state: str | None, limit: int, as_json: bool) -> None:
    """Who waits, since when, and how often it was tried."""
    zone = ZoneInfo(context.settings.site.timezone)
    with reading(context.engine()) as connection:
        if state is None:
            found = open_requests(connection)[:limit]
        else:
            found = list_callbacks(connection, None if state == "all" else CallbackState(state), limit)
    for one in found:
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(one), default=_plain, ensure_ascii=False))
            continue
        then = f"next try {one.next_try_at.astimezone(zone):%H:%M:%S}" if one.next_try_at else one.answered_by or ""
        click.echo(
            f"{one.requested_at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {one.call_id:<24} {one.number:<15} {one.queue:<12}"
            f" {one.state.value:<9} {one.tries} tries  {then}".rstrip()
        )
    if not found and not as_json:
        click.echo("Nobody waits to be called back." if state is None else "None.")


@callbacks.command("give-up")
@click.argument("call_id")
@click.pass_obj
def give_up_(context: Context, call_id: str) -> None:
    """Do not call back the caller of call CALL_ID any more."""
    with writing(context.engine()) as connection:
        try:
            give_up(connection, call_id, datetime.now(UTC))
        except UnknownCallback as error:
            raise click.ClickException(str(error)) from error
    click.echo("Given up. Its place in the queue is taken away within two minutes while `hotline run` runs.")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
