"""``hotline closure``: works with the service running or not, since it speaks with Asterisk itself."""

import dataclasses
import getpass
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import SQLAlchemyError

from crm.closure import service
from crm.closure.models import ALL_NUMBERS
from crm.closure.service import Closure, UnknownNumber
from crm.database import DatabaseProblem, explain, reading, writing
from crm.pbx_store import ConsoleStore, console_of
from dialplan.asterisk.errors import AsteriskError
from dialplan.names import Store
from hotline.cli import Context

BY = click.option("--by", default=getpass.getuser, show_default="your user name", help="Who does this.")


@click.group()
def closure() -> None:
    """Emergency closure: callers hear the closed message and may leave a message; nobody is rung."""


@closure.command()
@click.argument("number", default=ALL_NUMBERS)
@click.option("--reason", default="", help="Why, for those who look at it later.")
@BY
@click.pass_obj
def on(context: Context, number: str, reason: str, by: str) -> None:
    """Close NUMBER, or all numbers, at once. Calls that are under way go on."""
    scope = _scope(context, number)
    now = datetime.now(UTC)
    problem = None
    try:
        with writing(context.engine()) as connection:
            closed_at = service.close(connection, scope, by, reason, now).closed_at
    except (SQLAlchemyError, DatabaseProblem) as error:  # an emergency does not wait for a database
        closed_at, problem = now, str(error) if isinstance(error, DatabaseProblem) else explain(error).advice
    try:
        _asterisk(context).put(Store.CLOSURE, scope, service.value_of(closed_at))
    except AsteriskError as error:
        noted = "Nothing was closed" if problem else "Noted; closed as soon as Asterisk and `hotline run` are there"
        raise click.ClickException(f"{noted}. {error}") from error
    click.echo(
        f"Closed: {_called(scope)}. Open again with: hotline closure off {'' if scope == ALL_NUMBERS else scope}"
    )
    if problem:
        raise click.ClickException(f"closed, but who did it could not be noted: {problem}")


@closure.command()
@click.argument("number", default=ALL_NUMBERS)
@BY
@click.pass_obj
def off(context: Context, number: str, by: str) -> None:
    """Open NUMBER again, or what was closed with `all`."""
    scope = _scope(context, number)
    with writing(context.engine()) as connection:  # without a note of it the next start would close again
        was_closed = service.reopen(connection, scope, by, datetime.now(UTC))
        others = [one.scope for one in service.current_closures(connection)]
    try:
        asterisk = _asterisk(context)
        was_closed = scope in asterisk.read(Store.CLOSURE) or was_closed
        asterisk.delete(Store.CLOSURE, scope)
    except AsteriskError as error:
        raise click.ClickException(f"noted; opened as soon as Asterisk and `hotline run` are there. {error}") from error
    click.echo(f"Open: {_called(scope)}." if was_closed else f"{_called(scope).capitalize()} was not closed.")
    if others:
        click.echo(f"Still closed: {', '.join(_called(other) for other in others)}.")


@closure.command()
@click.option("--history", type=click.IntRange(1, 1000), help="Also the last so many closures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def status(context: Context, history: int | None, as_json: bool) -> None:
    """What is closed now, since when, by whom and why; and whether Asterisk agrees."""
    with reading(context.engine()) as connection:
        found = service.closure_history(connection, history) if history else service.current_closures(connection)
    zone = ZoneInfo(context.settings.site.timezone)
    for one in found:
        click.echo(
            json.dumps(dataclasses.asdict(one), default=_iso, ensure_ascii=False) if as_json else _line(one, zone)
        )
    if not found and not as_json:
        click.echo("No closures.")
    if not as_json:
        _compare(context, {one.scope for one in found if one.reopened_at is None})


def _compare(context: Context, noted: set[str]) -> None:
    try:
        there = set(_asterisk(context).read(Store.CLOSURE))
    except AsteriskError as error:
        click.echo(f"Asterisk could not be asked: {error}", err=True)
        return
    if there != noted:
        listed = ", ".join(_called(scope) for scope in sorted(there)) or "nothing"
        raise click.ClickException(f"Asterisk itself has closed: {listed}. `hotline run` puts that right at its start.")


def _asterisk(context: Context) -> ConsoleStore:
    return ConsoleStore(console_of(context.settings.asterisk_folders()))


def _scope(context: Context, number: str) -> str:
    try:
        return service.checked_scope(number, [one.number for one in context.settings.numbers])
    except UnknownNumber as error:
        raise click.ClickException(str(error)) from error


def _called(scope: str) -> str:
    return "all numbers" if scope == ALL_NUMBERS else f"number {scope}"


def _line(one: Closure, zone: ZoneInfo) -> str:
    until = f" until {one.reopened_at.astimezone(zone):%Y-%m-%d %H:%M} ({one.reopened_by})" if one.reopened_at else ""
    reason = f": {one.reason}" if one.reason else ""
    since = f"{one.closed_at.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"{_called(one.scope)} closed since {since} by {one.closed_by}{until}{reason}"


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
