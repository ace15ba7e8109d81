"""Counts whole local days once and keeps what was counted, so that a report over years reads days, not calls.

A day is sealed when it has been over for `SETTLED`, and again whenever something was written of it later: the recorder
notes that in its own transaction (`crm.calls.late`). Counting takes no lock: it reads one state of the database, and is
kept only if nothing was noted meanwhile. A day in which somebody still talks, or works after a talk, waits.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Engine, and_, delete, exists, insert, or_, select, type_coerce, update
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.events import AgentState
from crm.calls.late import SETTLED, half_hour_of, note_half_hours
from crm.calls.models import agent_states, calls, conversations, late_half_hours
from crm.database import explain, insert_into, writing
from crm.reports.agents import agents_between
from crm.reports.models import figures_agent_day, figures_day, figures_half_hour, figures_state
from crm.reports.queries import SECOND, WRAP_UP_BEGINS_WITHIN, facts_between
from crm.reports.sealed import HALF_HOUR, Frame, queue_key, snapshot, values_of
from metrics.agent_figures import AGENT_SUMMED, AgentTally
from metrics.facts import CallFact
from metrics.intervals import Period
from metrics.tally import Tally, tally_by

log = logging.getLogger(__name__)
FIRST_SECONDS: Final = 60.0  # after the start there is more urgent work
EVERY_SECONDS: Final = 300.0
SHARE: Final = 0.1  # of a core, at most, while there is much to count
_TABLES: Final = (figures_half_hour, figures_day, figures_agent_day)
_A_MICROSECOND: Final = timedelta(microseconds=1)


class _Written(Exception):
    """Something was written of the day while it was counted."""


class Sealer:
    """``frame`` is asked each time: with other thresholds all is counted anew. `run` as a task, `step` in a thread."""

    def __init__(self, engine: Engine, frame: Callable[[], Frame], clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._frame = frame
        self._clock = clock

    async def run(self) -> None:
        """Goes on for ever."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            began = time.monotonic()
            try:
                more = await asyncio.to_thread(self.step)
            except SQLAlchemyError as error:
                log.warning("days are not counted: %s", explain(error).advice)
                more = False
            took = time.monotonic() - began
            await asyncio.sleep(took * (1 / SHARE - 1) if more else EVERY_SECONDS)

    def all(self) -> int:
        """Counts all that can be; returns how many days."""
        days = 0
        while self.step():
            days += 1
        return days

    def forget(self) -> None:
        """Throws away all that was counted."""
        with writing(self._engine) as connection:
            _begin_anew(connection, self._frame())

    def step(self) -> bool:
        """Counts one day: the next, or one of which something was written later. False: there is none."""
        frame, now = self._frame(), self._clock()
        until = self._sealed_until(frame)
        day = self._next(until, frame, now)
        if day is not None:
            self._seal_next(day, until, frame, now)
            return True
        return any(self._seal_again(late, frame, now) for late in self._late(until, frame))

    def _sealed_until(self, frame: Frame) -> datetime | None:
        with writing(self._engine) as connection:
            row = connection.execute(select(figures_state)).mappings().first()
            if row is None or row["counted_with"] != frame.name:
                _begin_anew(connection, frame)
                return None
            until: datetime | None = row["sealed_until"]
            return until

    def _next(self, until: datetime | None, frame: Frame, now: datetime) -> Period | None:
        """The next day that is over, days without calls included: from the first call on."""
        if until is None:
            with snapshot(self._engine) as connection:
                first = connection.scalar(select(calls.c.arrived_at).order_by(calls.c.arrived_at).limit(1))
            if first is None:
                return None
            day = frame.day(first)
        else:
            day = frame.day(until)
        return day if day.end_at <= now - SETTLED else None

    def _late(self, until: datetime | None, frame: Frame) -> list[Period]:
        if until is None:
            return []
        with snapshot(self._engine) as connection:
            query = select(late_half_hours.c.half_hour_at).where(late_half_hours.c.half_hour_at < until)
            days = {frame.day(at) for at in connection.scalars(query)}
        return sorted(days)

    def _seal_next(self, day: Period, until: datetime | None, frame: Frame, now: datetime) -> None:
        with snapshot(self._engine) as connection:
            notes = _notes(connection, day)
            settled = not _goes_on(connection, day, now) and _fits(day, frame)
            rows = _count(connection, day, frame) if settled else {}
        with writing(self._engine) as connection:
            state = update(figures_state).where(
                figures_state.c.counted_with == frame.name,
                figures_state.c.sealed_until.is_not_distinct_from(until),
            )
            if connection.execute(state.values(sealed_until=day.end_at)).rowcount != 1:
                return  # somebody else was here
            if settled and _take_away(connection, notes):
                _keep(connection, day, rows)
            else:
                note_half_hours(connection, [half_hour_of(day.start_at + HALF_HOUR)])

    def _seal_again(self, day: Period, frame: Frame, now: datetime) -> bool:
        """False when it must wait."""
        with snapshot(self._engine) as connection:
            if _goes_on(connection, day, now) or not _fits(day, frame):
                return False
            notes = _notes(connection, day)
            rows = _count(connection, day, frame)
        try:
            with writing(self._engine) as connection:
                if not _take_away(connection, notes):
                    raise _Written
                _keep(connection, day, rows)
        except _Written:
            return False
        return True


def _begin_anew(connection: Connection, frame: Frame) -> None:
    for table in (*_TABLES, late_half_hours):
        connection.execute(delete(table))
    new = {"counted_with": frame.name, "sealed_until": None}
    state = insert_into(connection, figures_state).values(id=1, **new)
    connection.execute(state.on_conflict_do_update(index_elements=["id"], set_=new))


def _fits(day: Period, frame: Frame) -> bool:
    """Whether the day consists of half hours by UTC; in zones where it does not, its calls are counted each time."""
    return all(half_hour_of(at) == at for at in (day.start_at, day.end_at)) and (
        frame.day(day.start_at) == frame.day(day.end_at - _A_MICROSECOND)
    )


def _of_day(day: Period) -> Any:
    return and_(calls.c.arrived_at >= day.start_at, calls.c.arrived_at < day.end_at)


def _goes_on(connection: Connection, day: Period, now: datetime) -> bool:
    """Whether somebody talks, talked just now, or still works after a talk: that will be written without being late."""
    talks = conversations.join(calls, calls.c.call_id == conversations.c.call_id)
    fresh = or_(conversations.c.ended_at.is_(None), conversations.c.ended_at > now - SETTLED)
    since, ended = type_coerce(agent_states.c.since, BigInteger), type_coerce(conversations.c.ended_at, BigInteger)
    works = and_(
        agent_states.c.agent == conversations.c.agent,
        agent_states.c.state == AgentState.WRAP_UP,
        agent_states.c.until.is_(None),
        since >= ended - SECOND,
        since < ended + WRAP_UP_BEGINS_WITHIN,
    )
    talking = select(1).select_from(talks).where(_of_day(day), fresh)
    working = select(1).select_from(talks.join(agent_states, works)).where(_of_day(day))
    return bool(connection.scalar(select(or_(exists(talking), exists(working)))))


def _notes(connection: Connection, day: Period) -> dict[datetime, int]:
    """The notes about a day as they stand: half hour → times."""
    within = and_(
        late_half_hours.c.half_hour_at > day.start_at - HALF_HOUR, late_half_hours.c.half_hour_at < day.end_at
    )
    rows = connection.execute(select(late_half_hours).where(within))
    return {row.half_hour_at: row.times for row in rows}


def _take_away(connection: Connection, notes: Mapping[datetime, int]) -> bool:
    """Takes these notes away; False when one of them has changed since it was read."""
    for at, times in sorted(notes.items()):
        note = and_(late_half_hours.c.half_hour_at == at, late_half_hours.c.times == times)
        if connection.execute(delete(late_half_hours).where(note)).rowcount != 1:
            return False
    return True


def _half_hour_key(fact: CallFact) -> tuple[datetime, str, bool]:
    return half_hour_of(fact.arrived_at), queue_key(fact.queue), fact.out_of_hours


def _count(connection: Connection, day: Period, frame: Frame) -> dict[str, list[dict[str, Any]]]:
    by_half_hour = tally_by(facts_between(connection, day.start_at, day.end_at), _half_hour_key, frame.limits)
    by_day: dict[tuple[str, bool], Tally] = {}
    for (_, queue, out), tally in by_half_hour.items():
        key = (queue, out)
        by_day[key] = by_day[key] + tally if key in by_day else tally
    agents = agents_between(connection, day.start_at, day.end_at)
    return {
        figures_half_hour.name: [
            {"day_at": day.start_at, "half_hour_at": at, "queue": queue, "out_of_hours": out, **values_of(tally)}
            for (at, queue, out), tally in by_half_hour.items()
        ],
        figures_day.name: [
            {"day_at": day.start_at, "queue": queue, "out_of_hours": out, **values_of(tally)}
            for (queue, out), tally in by_day.items()
        ],
        figures_agent_day.name: [
            {"day_at": day.start_at, "agent": agent, **_agent_values(tally)} for agent, tally in agents.items()
        ],
    }


def _agent_values(tally: AgentTally) -> dict[str, int]:
    values = {name: getattr(tally, name) for name in AGENT_SUMMED}
    return {
        name: value // _A_MICROSECOND if isinstance(value, timedelta) else int(value) for name, value in values.items()
    }


def _keep(connection: Connection, day: Period, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.day_at == day.start_at))
        if found := rows.get(table.name):
            connection.execute(insert(table), found)
