"""``hotline calls``."""

import csv
import dataclasses
import json
import sys
from datetime import UTC, datetime, timedelta
from getpass import getuser
from zoneinfo import ZoneInfo

import click

from ami_listener.records import Outcome
from crm.audit.service import note
from crm.calls.service import EXPORT_FIELDS, CallFilter, CallLine, UnknownCallError, each_call, export_calls, get_call
from crm.database import reading, writing
from hotline.cli import Context
from hotline.commands.periods import Moment, check_period


@click.group()
def calls() -> None:
    """Calls: list, show, export."""


@calls.command("list")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, newest first.")
@click.option("--from", "from_at", type=Moment(), help="Arrived at or after.")
@click.option("--to", "to_at", type=Moment(), help="Arrived before.")
@click.option("--queue", help="Only of this queue.")
@click.option("--agent", help="Only answered by this agent.")
@click.option("--outcome", type=click.Choice([outcome.value for outcome in Outcome]), help="Only with this outcome.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(
    context: Context,
    limit: int,
    from_at: datetime | None,
    to_at: datetime | None,
    queue: str | None,
    agent: str | None,
    outcome: str | None,
    as_json: bool,
) -> None:
    """The newest calls."""
    check_period(from_at, to_at)
    zone = ZoneInfo(context.settings.site.timezone)
    wanted = CallFilter(
        from_at=from_at, to_at=to_at, queue=queue, agent=agent, outcome=Outcome(outcome) if outcome else None
    )
    found = False
    with reading(context.engine()) as connection:
        for line in each_call(connection, wanted, limit):
            found = True
            _write(
                json.dumps(dataclasses.asdict(line), default=plain, ensure_ascii=False) if as_json else _row(line, zone)
            )
    if not found and not as_json:
        click.echo("No calls.")


def _row(line: CallLine, zone: ZoneInfo) -> str:
    waited = (line.agent_answered_at or line.ended_at or line.arrived_at) - line.arrived_at
    return (
        f"{line.arrived_at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {line.call_id:<24}"
        f" {line.caller_number or 'withheld':<15}"
        f" {line.queue or '-':<12} {line.outcome or 'under way':<10} {line.agent or '-':<6}"
        f" {waited / timedelta(seconds=1):6.1f} s  {line.survey_meaning or ''}"
    )


def _write(line: str) -> None:
    """A line of many: click.echo would push each through by itself, which takes six times as long."""
    sys.stdout.write(f"{line}\n")


@calls.command()
@click.argument("call_id")
@click.pass_obj
def show(context: Context, call_id: str) -> None:
    """Everything that is known of one call, as JSON."""
    with reading(context.engine()) as connection:
        try:
            story = get_call(connection, call_id)
        except UnknownCallError as error:
            raise click.ClickException(f"{error}; look it up with: hotline calls list") from error
    click.echo(json.dumps(dataclasses.asdict(story), default=plain, ensure_ascii=False, indent=2))


@calls.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="JSON lines, or a table for a spreadsheet.",
)
@click.option("--from", "from_at", type=Moment(), help="Arrived at or after.")
@click.option("--to", "to_at", type=Moment(), help="Arrived before.")
@click.pass_obj
def export(context: Context, form: str, from_at: datetime | None, to_at: datetime | None) -> None:
    """One object (or line) a call, in the order of arrival; times in UTC with microseconds. It is in the audit."""
    check_period(from_at, to_at)
    engine, count, writer = context.engine(), 0, csv.DictWriter(sys.stdout, EXPORT_FIELDS)
    try:
        with reading(engine) as connection:
            if form == "csv":
                writer.writeheader()
            for row in export_calls(connection, from_at, to_at):
                count += 1
                if form == "csv":
                    writer.writerow(row)
                else:
                    _write(json.dumps(row, ensure_ascii=False))
    finally:  # whoever stops reading in the middle (| head) has read some all the same
        span = {name: at.isoformat() for name, at in (("from", from_at), ("to", to_at)) if at is not None}
        with writing(engine) as connection:
            note(
                connection, datetime.now(UTC), None, "call.exported", None, by=getuser(), file=form, rows=count, **span
            )


def plain(value: object) -> object:
    """What JSON does not know: times as ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
