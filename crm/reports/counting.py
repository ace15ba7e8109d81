"""Tallies of any period: whole days that are sealed from their tables, all the rest from the calls themselves.

Both give the same digits (a property test sees to it), so nobody needs to know where a figure came from.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, true

from crm.database import EPOCH
from crm.reports.agents import added, agent_tally, agents_between
from crm.reports.models import figures_agent_day, figures_day, figures_half_hour
from crm.reports.queries import facts_between
from crm.reports.sealed import Frame, grouped, queue_key, queue_name, sealed, tally_of
from metrics.agent_figures import AGENT_SUMMED, AgentTally
from metrics.book import QUARTER
from metrics.facts import CallFact
from metrics.intervals import Period, Step, period_of
from metrics.tally import Tally, tally, tally_by

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which calls: those that arrived from ``start_at`` until before ``end_at``. ``queue`` None: of all;
    ``open_only``: without those that came outside opening hours."""

    start_at: datetime
    end_at: datetime
    queue: str | None = None
    open_only: bool = False

    def takes(self, fact: CallFact) -> bool:
        """Whether a call of the period is meant."""
        return (self.queue is None or fact.queue == self.queue) and not (self.open_only and fact.out_of_hours)


@dataclass(slots=True)
class Counted:
    """What was counted. ``by_period``: only periods in which there was something, by their begin. ``by_queue``: of all
    queues, whichever is wanted; calls that reached none under None."""

    total: Tally
    by_period: dict[datetime, Tally] = field(default_factory=dict)
    by_queue: dict[str | None, Tally] = field(default_factory=dict)


def count(connection: Connection, wanted: Wanted, frame: Frame, step: Step = Step.DAY) -> Counted:
    """Counts. ``connection`` sees one state of the database: `crm.reports.sealed.snapshot`."""
    whole, rest = _parts(connection, wanted, frame)
    counted = Counted(Tally(limits=frame.limits))
    if whole is not None:
        _take_sealed(connection, whole, wanted, frame, step, counted)
    for part in rest:
        facts = [
            fact
            for fact in facts_between(connection, part.start_at, part.end_at)
            if not (wanted.open_only and fact.out_of_hours)
        ]
        for (queue, start_at), more in tally_by(facts, _place_of(step, frame), frame.limits).items():
            _add(counted.by_queue, queue, more)
            if wanted.queue is None or queue == wanted.queue:
                _add(counted.by_period, start_at, more)
    counted.total = sum(counted.by_period.values(), start=counted.total)
    return counted


def _place_of(step: Step, frame: Frame) -> Callable[[CallFact], tuple[str | None, datetime]]:
    """Queue and begin of the period of a call; the period is looked up once for each quarter of an hour, to which all
    places' time is aligned."""
    known: dict[datetime, datetime] = {}

    def place(fact: CallFact) -> tuple[str | None, datetime]:
        quarter = fact.arrived_at - (fact.arrived_at - EPOCH) % QUARTER
        start_at = known.get(quarter)
        if start_at is None:
            start_at = known[quarter] = period_of(fact.arrived_at, step, frame.zone).start_at
        return fact.queue, start_at

    return place


def total(connection: Connection, wanted: Wanted, frame: Frame) -> Tally:
    """Only the tally of all of it."""
    whole, rest = _parts(connection, wanted, frame)
    counted = Tally(limits=frame.limits)
    if whole is not None:
        condition = and_(_hours(figures_day, wanted), _queue(figures_day, wanted))
        rows = grouped(connection, figures_day, figures_day.c.out_of_hours, whole.span, whole.late, condition)
        counted = sum((tally_of(row, frame.limits) for _, row in rows), start=counted)
    for part in rest:
        facts = facts_between(connection, part.start_at, part.end_at)
        counted += tally((fact for fact in facts if wanted.takes(fact)), frame.limits)
    return counted


def count_agents(connection: Connection, wanted: Wanted, frame: Frame) -> dict[str, AgentTally]:
    """Agent → what they did in the calls of the period, whatever the queue."""
    whole, rest = _parts(connection, wanted, frame)
    parts = [agents_between(connection, part.start_at, part.end_at) for part in rest]
    if whole is not None:
        parts.append(_sealed_agents(connection, whole))
    return added(parts)


@dataclass(frozen=True, slots=True)
class Whole:
    """Sealed days but ``late`` ones."""

    span: Period
    late: list[Period]


def _parts(connection: Connection, wanted: Wanted, frame: Frame) -> tuple[Whole | None, list[Period]]:
    """The part that is sealed, and what must be counted from the calls."""
    span, late = sealed(connection, frame).days_within(wanted.start_at, wanted.end_at, frame)
    if span is None:
        return None, [Period(wanted.start_at, wanted.end_at)] if wanted.start_at < wanted.end_at else []
    edges = (Period(wanted.start_at, span.start_at), Period(span.end_at, wanted.end_at))
    return Whole(span, late), [part for part in (*edges, *late) if part.start_at < part.end_at]


def parts_of(connection: Connection, wanted: Wanted, frame: Frame) -> list[tuple[Period, bool]]:
    """The period in parts, newest first; True: sealed days, False: to be read from the calls."""
    whole, rest = _parts(connection, wanted, frame)
    parts = [(part, False) for part in rest]
    if whole is not None:
        at = whole.span.start_at
        for late in whole.late:
            parts.append((Period(at, late.start_at), True))
            at = late.end_at
        parts.append((Period(at, whole.span.end_at), True))
    kept = [(part, is_sealed) for part, is_sealed in parts if part.start_at < part.end_at]
    return sorted(kept, key=lambda one: one[0], reverse=True)


def _take_sealed(
    connection: Connection, whole: Whole, wanted: Wanted, frame: Frame, step: Step, counted: Counted
) -> None:
    fine = step in {Step.QUARTER, Step.HALF_HOUR, Step.HOUR}
    if step is Step.QUARTER:
        raise ValueError("figures are kept by half hour: ask for half hours, or count the calls")
    table = figures_half_hour if fine else figures_day
    at = figures_half_hour.c.half_hour_at if fine else figures_day.c.day_at
    hours = _hours(table, wanted)
    rows = grouped(connection, table, at, whole.span, whole.late, and_(hours, _queue(table, wanted)))
    for start_at, row in rows:
        period = period_of(start_at, step, frame.zone).start_at
        _add(counted.by_period, period, tally_of(row, frame.limits))
    hours = _hours(figures_day, wanted)
    for queue, row in grouped(connection, figures_day, figures_day.c.queue, whole.span, whole.late, hours):
        _add(counted.by_queue, queue_name(queue), tally_of(row, frame.limits))


def _hours(table: Table, wanted: Wanted) -> ColumnElement[bool]:
    return table.c.out_of_hours.is_(False) if wanted.open_only else true()


def _queue(table: Table, wanted: Wanted) -> ColumnElement[bool]:
    return table.c.queue == queue_key(wanted.queue) if wanted.queue is not None else true()


def _sealed_agents(connection: Connection, whole: Whole) -> dict[str, AgentTally]:
    table = figures_agent_day
    query = select(table.c.agent, *(func.sum(table.c[name]).label(name) for name in AGENT_SUMMED)).where(
        table.c.day_at >= whole.span.start_at, table.c.day_at < whole.span.end_at
    )
    if whole.late:
        query = query.where(table.c.day_at.not_in([day.start_at for day in whole.late]))
    rows = connection.execute(query.group_by(table.c.agent)).mappings()
    return {row["agent"]: agent_tally(row) for row in rows}


def _add(tallies: dict[Key, Tally], key: Key, more: Tally) -> None:
    tallies[key] = tallies[key] + more if key in tallies else more


def half_hours(connection: Connection, wanted: Wanted, frame: Frame) -> Iterator[tuple[datetime, Tally]]:
    """Half hour → tally, in order: what staffing learns from."""
    counted = count(connection, wanted, frame, Step.HALF_HOUR)
    yield from sorted(counted.by_period.items(), key=lambda item: item[0])
