"""``hotline staffing``."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import click

from crm.calendar.service import CalendarService
from crm.database import reading, writing
from crm.staffing import roster
from crm.staffing.files import Fault, FaultyFile, forecast_of, roster_of
from crm.staffing.models import ForecastSlot
from crm.staffing.plan_json import plan_json
from crm.staffing.service import Known, Planner
from crm.staffing.sheets import UnreadableSheet, rows_of
from crm.staffing.words import WORDS
from crm.web.dates import day_of
from hotline.cli import Context
from metrics.staffing import DayPlan

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_ONE_DAY = 1


class Day(click.ParamType[date]):
    """A date, of either era."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """2026-11-30 or 2569-11-30."""
        day = value if isinstance(value, date) else day_of(str(value))
        return day if day is not None else self.fail(f"{value!r} is not a date; write 2026-11-30", param, ctx)


@click.command()
@click.option("--from", "first", type=Day(), help="First day [tomorrow].")
@click.option("--days", type=click.IntRange(1, 62), default=14, show_default=True, help="How many days.")
@click.option("--queue", help="Only of this queue.")
@click.option("--forecast", "forecast_file", type=_FILE, help="Take the calls from this CSV or XLSX, not the history.")
@click.option("--import-roster", "roster_file", type=_FILE, help="Take in this CSV or XLSX of shifts first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def staffing(
    context: Context,
    first: date | None,
    days: int,
    queue: str | None,
    forecast_file: Path | None,
    roster_file: Path | None,
    as_json: bool,
) -> None:
    """How many agents keep the promise of 95 % within 9 seconds (H1), half hour by half hour, and how the roster does.

    From the calls of the last weeks, or from a forecast with the columns date, time, calls. One day alone is shown by
    half hours.
    """
    settings = context.settings
    engine = context.engine()
    known_queues = [one.name for one in settings.queues]
    if queue is not None and queue not in known_queues:
        raise click.BadParameter(
            f"there is no queue {queue}; there are: {', '.join(known_queues)}", param_hint="--queue"
        )
    calendar = CalendarService(engine, settings)
    planner = Planner(
        engine,
        lambda: calendar.opening,
        lambda: datetime.now(UTC),
        settings.staffing,
        settings.answering.answer_within_seconds,
    )
    if roster_file is not None:
        _take_in(context, roster_file)
    forecast = _forecast(forecast_file)
    begin = first or (min(slot.day for slot in forecast) if forecast else None)
    plans = planner.plan(begin or planner.tomorrow(), days, queue, forecast)
    known = planner.known(queue)
    if as_json:
        click.echo(json.dumps(plan_json(plans, known), ensure_ascii=False))
        return
    for line in _half_hours(plans[0]) if days == _ONE_DAY else _days(plans):
        click.echo(line)
    click.echo("")
    for line in _how_sure(known):
        click.echo(line)


def _forecast(file: Path | None) -> list[ForecastSlot] | None:
    if file is None:
        return None
    try:
        return forecast_of(rows_of(file.read_bytes()))
    except (FaultyFile, UnreadableSheet) as wrong:
        raise _refused(wrong) from None


def _take_in(context: Context, file: Path) -> None:
    engine = context.engine()
    with reading(engine) as connection:
        people, teams = roster.people(connection), roster.all_teams(connection)
    try:
        shifts = roster_of(rows_of(file.read_bytes()), roster.called(people), roster.called(teams))
    except (FaultyFile, UnreadableSheet) as wrong:
        raise _refused(wrong) from None
    with writing(engine) as connection:
        roster.replace_days(connection, shifts, datetime.now(UTC), None)
    click.echo(f"Took in {len(shifts)} shifts.", err=True)


def _refused(wrong: FaultyFile | UnreadableSheet) -> click.ClickException:
    faults = wrong.faults if isinstance(wrong, FaultyFile) else [Fault(0, str(wrong.args[0]))]
    lines = [
        (f"line {fault.line}: " if fault.line else "") + WORDS["en"][fault.key].format(value=repr(fault.value))
        for fault in faults
    ]
    return click.ClickException("nothing was taken in:\n  " + "\n  ".join(lines))


def _days(plans: list[DayPlan]) -> list[str]:
    lines = [f"{'day':<16}{'calls':>7}{'peak':>6}{'at':>7}{'hours':>8}{'roster':>8}{'short':>7}  "]
    for plan in plans:
        name = f"{plan.day:%a} {plan.day.isoformat()}"
        note = plan.holiday[1] if plan.holiday else "after a holiday" if plan.after_holiday else ""
        if plan.peak is None:
            lines.append(f"{name:<16}{'closed':>7}  {note}".rstrip())
            continue
        peak = plan.peak.to_roster if plan.peak.to_roster is not None else "-"
        roster_hours = f"{plan.hours_rostered:.1f}" if plan.has_roster else "-"
        short = len(plan.short_slots) if plan.has_roster else "-"
        lines.append(
            f"{name:<16}{plan.calls:>7.0f}{peak:>6}{roster.clock(plan.peak.minute):>7}"
            f"{plan.hours_needed:>8.1f}{roster_hours:>8}{short:>7}  {note}".rstrip()
        )
    return lines


def _half_hours(plan: DayPlan) -> list[str]:
    lines = [f"{plan.day:%A} {plan.day.isoformat()}{'  ' + plan.holiday[1] if plan.holiday else ''}"]
    if not plan.slots:
        return [*lines, "closed"]
    lines.append(f"{'time':<6}{'calls':>7}{'C':>5}{'A':>5}{'roster needs':>14}{'has':>6}{'in time':>9}{'hang up':>9}")
    for slot in plan.slots:
        shown = slot.with_roster if plan.has_roster else slot.needed
        agents = [found.agents if found else "-" for found in (slot.erlang_c, slot.erlang_a)]
        has = f"{slot.rostered:.1f}".removesuffix(".0") if plan.has_roster else "-"
        lines.append(
            f"{roster.clock(slot.minute):<6}{slot.calls:>7.1f}{agents[0]:>5}{agents[1]:>5}"
            f"{slot.to_roster if slot.to_roster is not None else '-':>14}{has:>6}"
            f"{f'{shown.answered_within:.1%}' if shown else '-':>9}"
            f"{f'{slot.calls * shown.abandoned:.1f}' if shown and slot.erlang_a else '-':>9}"
        )
    return lines


def _how_sure(known: Known) -> list[str]:
    rules, told = known.rules, known.measured
    patience = (
        f"{rules.patience_seconds:.0f} s" if rules.patience_seconds is not None else "not known (Erlang C is used)"
    )
    handling = f"{known.usual_handling_seconds:.0f} s{'' if known.handling_is_known else ' (assumed)'}"
    lines = [
        f"Handling {handling}, {rules.until_rings_seconds + rules.ring_seconds:.1f} s until an agent answers, "
        f"patience {patience}; from {told.calls} calls. {rules.away:.0%} of the roster away.",
    ]
    if known.accuracy is not None:
        wrong = known.accuracy
        lines.append(
            f"Forecast of {wrong.from_day} to {wrong.to_day}, unseen: half hours wrong by {wrong.half_hours:.1%} "
            f"(chance alone {wrong.chance:.1%}), days by {wrong.days:.1%}, on average {wrong.bias:+.1%}."
        )
    if known.replay is not None:
        found = known.replay
        lines.append(
            f"Those {found.calls} calls replayed with the team planned: {found.answered_within:.1%} in time "
            f"(promised {found.promised:.1%}), {found.abandoned:.1%} hang up."
        )
    if rules.cannot_be_kept:
        lines.append("Ringing takes longer than is promised: no number of agents is enough.")
    return lines
