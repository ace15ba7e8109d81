"""``hotline calendar``."""

import dataclasses
import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import click

from crm.calendar.seed import UnknownCountry, seed
from crm.calendar.service import (
    BadHoliday,
    CalendarService,
    UnknownHoliday,
    add_holiday,
    list_holidays,
    remove_holiday,
    seed_holidays,
)
from crm.database import reading, writing
from crm.pbx_store import ConsoleStore, console_of
from dialplan.asterisk import control
from dialplan.asterisk.errors import AsteriskError
from dialplan.names import Store
from hotline.cli import Context


class Day(click.ParamType[date]):
    """A date as people write it: 2026-12-31."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parses; fails with how to write it, also for a year of the Buddhist era."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2026-12-31", param, ctx)
        if day.year >= 2400:
            self.fail(f"{day.year} is a year of the Buddhist era; write {day.year - 543}-{day:%m-%d}", param, ctx)
        return day


@click.group()
def calendar() -> None:
    """Holidays and opening hours. Asterisk learns every change at once and closes by itself."""


@calendar.command("list")
@click.option("--year", type=int, help="Of this year [today and later].")
@click.option("--all", "removed", is_flag=True, help="Also those that were removed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(context: Context, year: int | None, removed: bool, as_json: bool) -> None:
    """The holidays."""
    if year is not None and not 1 <= year <= 9998:
        raise click.ClickException(f"{year} is not a year; write it as {_today(context).year}")
    from_date = date(year, 1, 1) if year else _today(context)
    with reading(context.engine()) as connection:
        lines = list_holidays(connection, from_date, date(year, 12, 31) if year else None, removed=removed)
    for line in lines:
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(line), default=str, ensure_ascii=False))
        else:
            mark = "removed" if line.removed else line.source.value
            click.echo(f"{line.date} {line.date:%a}  {mark:<8} {line.name_th}  ({line.name_en})")
    if not lines and not as_json:
        click.echo("No holidays. The country's are taken in with: hotline calendar seed")


@calendar.command()
@click.argument("day", type=Day())
@click.argument("name_th")
@click.option("--en", "name_en", help="Name in English [the same].")
@click.pass_obj
def add(context: Context, day: date, name_th: str, name_en: str | None) -> None:
    """Close on DAY, a holiday called NAME_TH."""
    with writing(context.engine()) as connection:
        try:
            add_holiday(connection, day, name_th, name_en or name_th, datetime.now(UTC))
        except BadHoliday as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"Closed on {day:%A} {day}.")
    if day < _today(context):
        click.echo("That day is over; only reports are concerned.")
    _tell_asterisk(context)


@calendar.command()
@click.argument("day", type=Day())
@click.pass_obj
def remove(context: Context, day: date) -> None:
    """Open on DAY, by the hours of its weekday. It stays removed when the calendar is taken in again."""
    with writing(context.engine()) as connection:
        try:
            remove_holiday(connection, day, datetime.now(UTC))
        except UnknownHoliday as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"Open on {day:%A} {day}, by the hours of that weekday.")
    _tell_asterisk(context)


@calendar.command("seed")
@click.option("--year", "years", type=click.IntRange(1950, 2100), multiple=True, help="Year [this and the next].")
@click.pass_obj
def seed_(context: Context, years: tuple[int, ...]) -> None:
    """Take in the country's holidays. What was added or removed by hand stays as it is."""
    settings = context.settings
    today = _today(context)
    wanted = tuple(sorted(years)) or (today.year, today.year + 1)
    try:
        found = seed(settings.hours.holidays, wanted, settings.site.country)
    except UnknownCountry as error:
        raise click.ClickException(str(error)) from error
    changed = 0
    with writing(context.engine()) as connection:
        for year in wanted:
            of_year = [holiday for holiday in found if holiday.date.year == year]
            first = max(today, date(year, 1, 1))
            changed += seed_holidays(connection, of_year, first, date(year, 12, 31), datetime.now(UTC))
    click.echo(f"{len(found)} holidays of {', '.join(map(str, wanted))}: {changed} were new or different.")
    _tell_asterisk(context)


@calendar.command()
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]), help="At this local time [now].")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.pass_obj
def status(context: Context, at: datetime | None, as_json: bool) -> None:
    """Whether the hotline is open, why not, and when it opens next."""
    service = CalendarService(context.engine(), context.settings)
    service.refresh()
    now = at.replace(tzinfo=service.zone) if at else datetime.now(service.zone)
    reason = service.closed_reason(now)
    opens_at = service.next_opening(now) if reason else None
    if as_json:
        there = opens_at.isoformat() if opens_at else None
        click.echo(json.dumps({"open": reason is None, "reason": reason, "next_opening": there}))
        return
    if reason is None:
        click.echo("Open.")
        return
    because = {"hours": "outside opening hours", "holiday": "holiday", "emergency": "emergency closure"}[reason]
    then = f"Opens {opens_at.astimezone(service.zone):%A %Y-%m-%d %H:%M}." if opens_at else "No next opening is known."
    click.echo(f"Closed: {because}. {then}")


def _today(context: Context) -> date:
    return datetime.now(ZoneInfo(context.settings.site.timezone)).date()


def _tell_asterisk(context: Context) -> None:
    """Asterisk's own database follows at once, whether the service runs or not."""
    folders = context.settings.asterisk_folders()
    if not control.is_running(folders):
        click.echo("Asterisk does not run; it learns of this when `hotline run` is started.")
        return
    with reading(context.engine()) as connection:
        wanted = {line.date.isoformat(): line.name_th for line in list_holidays(connection, _today(context))}
    try:
        ConsoleStore(console_of(folders)).make_equal(Store.HOLIDAY, wanted)
    except AsteriskError as error:
        raise click.ClickException(f"noted, but Asterisk was not told: {error}") from error
