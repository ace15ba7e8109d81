"""The plan: what the records say, what is to come, who is needed, and whether the roster has them.

What is learnt from the history costs a second on a busy hotline's year, so it is kept for some minutes; nothing is done
while nobody looks.
"""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, TypeGuard

from sqlalchemy import Connection, Engine, delete, insert, select

from crm.audit.service import Doer, note
from crm.calendar.opening import Opening
from crm.calendar.service import list_holidays
from crm.database import reading
from crm.settings import StaffingSettings
from crm.staffing import history, roster
from crm.staffing.models import ALL_QUEUES, ForecastSlot, Shift, forecast_slots
from metrics.forecast import SLOT_MINUTES, Accuracy, Forecaster, History, held_out
from metrics.patience import Patience
from metrics.queue_simulation import Caller, outcome, simulate
from metrics.staffing import DayPlan, Rules, Slot, slot_plan, team_of

KEPT_SECONDS: Final = 600.0
HELD_OUT_DAYS: Final = 14
FEW_HUNG_UP: Final = 20  # from fewer the mean patience is hardly known: half to double
USUAL_HANDLING_SECONDS: Final = 300.0  # until the records know better; the page says so
_DAY: Final = timedelta(days=1)
_SEED: Final = 1169


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Our own calls of the last weeks, one by one, meeting the team that the plan would have told before them.

    ``promised``: share answered in time as the formulas say for that team and the calls that were forecast.
    """

    from_day: date
    to_day: date
    calls: int
    answered_within: float
    abandoned: float
    promised: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was learnt of one queue, or of all (``queue`` None). ``learnt_from``: the first day of the history."""

    queue: str | None
    at: datetime
    rules: Rules
    measured: history.Measured
    handling_is_known: bool
    past: History
    forecaster: Forecaster
    accuracy: Accuracy | None
    replay: Replay | None
    learnt_from: date | None

    @property
    def usual_handling_seconds(self) -> float:
        """Handling of a call, whatever the time."""
        return self.measured.handling_seconds or USUAL_HANDLING_SECONDS

    def handling_at(self, minute: int) -> float:
        """Handling of a call in that half hour, in seconds."""
        return self.measured.handling.get(minute, self.usual_handling_seconds)


class Planner:
    """Makes plans. Any thread may ask. ``opening``: hours as they are now; holidays are read from the database."""

    def __init__(
        self,
        engine: Engine,
        opening: Callable[[], Opening],
        clock: Callable[[], datetime],
        settings: StaffingSettings,
        within_seconds: float,
    ) -> None:
        self.engine = engine
        self._opening = opening
        self._clock = clock
        self._settings = settings
        self._within_seconds = within_seconds
        self.weeks = settings.weeks
        self._kept: dict[str | None, Known] = {}
        self._lock = threading.Lock()

    def today(self) -> date:
        """Today's date, local."""
        return self._clock().astimezone(self._opening().zone).date()

    def tomorrow(self) -> date:
        """Tomorrow's date, local."""
        return self.today() + _DAY

    def plan(
        self, first: date, days: int, queue: str | None = None, forecast: Sequence[ForecastSlot] | None = None
    ) -> list[DayPlan]:
        """The plan of ``days`` days from ``first`` on. ``forecast``: is taken instead of what was brought in."""
        known = self.known(queue)
        last = first + (days - 1) * _DAY
        with reading(self.engine) as connection:
            holidays = {line.date: (line.name_th, line.name_en) for line in list_holidays(connection, first, last)}
            shifts = roster.shifts_between(connection, first, last, queue)
            imported = forecast if forecast is not None else imported_slots(connection, first, last, queue)
        by_day: dict[date, dict[int, ForecastSlot]] = {}
        for slot in imported:
            by_day.setdefault(slot.day, {})[slot.minute] = slot
        return [
            self._day(known, day, holidays.get(day), by_day.get(day), [one for one in shifts if one.day == day])
            for day in (first + number * _DAY for number in range(days))
        ]

    def _day(
        self,
        known: Known,
        day: date,
        holiday: tuple[str, str] | None,
        imported: Mapping[int, ForecastSlot] | None,
        shifts: Sequence[Shift],
    ) -> DayPlan:
        minutes = sorted(imported) if imported else self.open_minutes(day, holiday is not None)
        expected = {} if imported else known.forecaster.day(day, minutes)
        there = roster.at_work(shifts, minutes, SLOT_MINUTES)
        slots = []
        for minute in minutes:
            given = imported[minute] if imported else None
            calls = given.calls if given else expected[minute]
            handling = (given.handling_seconds if given else None) or known.handling_at(minute)
            slots.append(slot_plan(minute, calls, handling, there[minute], known.rules, imported=given is not None))
        after = known.forecaster.follows_holiday(day) and bool(slots)
        return DayPlan(day=day, slots=slots, holiday=holiday, after_holiday=after, has_roster=bool(shifts))

    def open_minutes(self, day: date, is_holiday: bool) -> list[int]:
        """The half hours in which the doors are open, also those that are only in part."""
        hours = self._opening().hours
        if hours.always_open:
            return list(range(0, 1440, SLOT_MINUTES))
        if is_holiday:
            return []
        found: set[int] = set()
        for start, end in hours.spans(day.weekday()):
            until = 1440 if end == time(23, 59) else 60 * end.hour + end.minute
            begin = (60 * start.hour + start.minute) // SLOT_MINUTES * SLOT_MINUTES
            found.update(range(begin, until, SLOT_MINUTES))
        return sorted(found)

    def known(self, queue: str | None = None) -> Known:
        """What the history tells, not older than some minutes and never of yesterday."""
        with self._lock:
            kept, now = self._kept.get(queue), self._clock()
            zone = self._opening().zone
            fresh = kept is not None and now - kept.at < timedelta(seconds=KEPT_SECONDS)
            if kept is not None and fresh and kept.at.astimezone(zone).date() == now.astimezone(zone).date():
                return kept
            self._kept[queue] = found = self._learn(queue, now)
            return found

    def forget(self) -> None:
        """What was learnt is learnt anew when somebody asks."""
        with self._lock:
            self._kept.clear()

    def _learn(self, queue: str | None, now: datetime) -> Known:
        zone = self._opening().zone
        midnight = _midnight(now.astimezone(zone).date(), zone)
        weeks, all_weeks = timedelta(weeks=self._settings.weeks), timedelta(weeks=self._settings.history_weeks)
        with reading(self.engine) as connection:
            past, since = self._past(connection, midnight - max(weeks, all_weeks), midnight, queue)
            told = history.measured(connection, midnight - weeks, midnight, zone, queue)
            recent = history.past_calls(connection, midnight - HELD_OUT_DAYS * _DAY, midnight, queue)
        rules = Rules(
            target=self._settings.target,
            within_seconds=self._within_seconds,
            away=self._settings.away,
            until_rings_seconds=told.until_rings_seconds,
            ring_seconds=told.ring_seconds,
            patience_seconds=told.patience.mean_seconds if _is_enough(told.patience) else None,
        )
        known = Known(
            queue=queue,
            at=now,
            rules=rules,
            measured=told,
            handling_is_known=told.handling_seconds is not None,
            past=past,
            forecaster=Forecaster(past, self._settings.weeks),
            accuracy=held_out(past, HELD_OUT_DAYS, self._settings.weeks),
            replay=None,
            learnt_from=since,
        )
        return replace(known, replay=self._replay(known, recent)) if known.accuracy else known

    def _past(
        self, connection: Connection, from_at: datetime, to_at: datetime, queue: str | None
    ) -> tuple[History, date | None]:
        """Whole open days, without those of an emergency, nor the one on which the records begin."""
        zone = self._opening().zone
        begun = history.first_day(connection, zone)
        counts = history.calls_by_slot(connection, from_at, to_at, zone, queue)
        left_out = history.emergency_days(connection, from_at, to_at, zone) | {begun}
        lines = list_holidays(connection, from_at.astimezone(zone).date() - 7 * _DAY)
        holidays = frozenset(line.date for line in lines)
        days = {}
        for day, calls in counts.items():
            minutes = self.open_minutes(day, day in holidays)
            if day not in left_out and minutes and any(calls.values()):
                days[day] = {minute: calls.get(minute, 0.0) for minute in minutes}
        return History(days, holidays), min(days, default=None)

    def _replay(self, known: Known, recent: Sequence[history.PastCall]) -> Replay | None:
        """See `Replay`. Patience is drawn from what was measured, for nobody knows how long those would have waited who
        were answered; the seed is always the same."""
        accuracy, zone = known.accuracy, self._opening().zone
        if accuracy is None:
            return None
        chance = random.Random(_SEED)  # noqa: S311  (a simulation, not a secret)
        before = Forecaster(known.past.before(accuracy.from_day), self._settings.weeks)
        teams: list[tuple[float, int]] = []
        promised = calls = 0.0
        begin = _midnight(accuracy.from_day, zone)
        for day in sorted(one for one in known.past.days if one >= accuracy.from_day):
            slots = _slots(before.day(day, sorted(known.past.days[day])), known)
            offset = (_midnight(day, zone) - begin).total_seconds()
            teams += [(offset + second, agents) for second, agents in team_of(slots)]
            promised += sum(slot.calls * slot.needed.answered_within for slot in slots.values() if slot.needed)
            calls += sum(slot.calls for slot in slots.values())
        rules = known.rules
        callers = [
            Caller(
                (call.arrived_at - begin).total_seconds() + rules.until_rings_seconds,
                self._handling(known, call, zone),
                chance.expovariate(1 / rules.patience_seconds) if rules.patience_seconds else float("inf"),
            )
            for call in recent
            if begin <= call.arrived_at and _is_open(known, call.arrived_at.astimezone(zone))
        ]
        found = outcome(simulate(callers, teams), rules.waiting_seconds)
        if found.answered_within is None or found.abandoned is None or not calls:
            return None
        return Replay(
            from_day=accuracy.from_day,
            to_day=accuracy.to_day,
            calls=found.calls,
            answered_within=found.answered_within,
            abandoned=found.abandoned,
            promised=promised / calls,
        )

    @staticmethod
    def _handling(known: Known, call: history.PastCall, zone: tzinfo) -> float:
        measured, ring = known.measured, known.rules.ring_seconds
        if call.handling_seconds is None:
            return known.usual_handling_seconds + ring
        return max(1.0, call.handling_seconds + (measured.wrap_up_seconds or 0.0) + ring)


def _is_enough(patience: Patience | None) -> TypeGuard[Patience]:
    """Whether so many hung up that their patience can be reckoned with."""
    return patience is not None and patience.hung_up >= FEW_HUNG_UP


def _slots(expected: Mapping[int, float], known: Known) -> dict[int, Slot]:
    return {
        minute: slot_plan(minute, calls, known.handling_at(minute), 0, known.rules)
        for minute, calls in expected.items()
    }


def _is_open(known: Known, local: datetime) -> bool:
    return history.slot_of(local) in known.past.days.get(local.date(), {})


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def imported_slots(connection: Connection, first: date, last: date, queue: str | None) -> list[ForecastSlot]:
    """What was brought in for these days, of this queue or of the whole hotline."""
    table = forecast_slots.c
    query = select(table.day, table.minute, table.calls, table.handling_seconds).where(
        table.queue == (queue or ALL_QUEUES), table.day >= first, table.day <= last
    )
    return [ForecastSlot(**row._mapping) for row in connection.execute(query.order_by(table.day, table.minute))]


def import_forecast(
    connection: Connection, slots: Sequence[ForecastSlot], queue: str | None, at: datetime, doer: Doer | None
) -> list[date]:
    """Takes the place of what was known of those days; returns the days."""
    days = sorted({slot.day for slot in slots})
    _drop(connection, days, queue)
    connection.execute(
        insert(forecast_slots),
        [
            {
                "queue": queue or ALL_QUEUES,
                "day": slot.day,
                "minute": slot.minute,
                "calls": slot.calls,
                "handling_seconds": slot.handling_seconds,
                "imported_at": at,
            }
            for slot in slots
        ],
    )
    span = {"from": days[0].isoformat(), "to": days[-1].isoformat()}
    note(connection, at, doer, "forecast.imported", f"queue/{queue or 'all'}", days=len(days), **span)
    return days


def drop_forecast(connection: Connection, day: date, queue: str | None, at: datetime, doer: Doer | None) -> None:
    """The day is forecast from the history again."""
    if _drop(connection, [day], queue):
        note(connection, at, doer, "forecast.dropped", f"queue/{queue or 'all'}", day=day.isoformat())


def _drop(connection: Connection, days: Sequence[date], queue: str | None) -> int:
    table = forecast_slots.c
    return connection.execute(
        delete(forecast_slots).where(table.queue == (queue or ALL_QUEUES), table.day.in_(days))
    ).rowcount
