"""The calls behind a figure, newest first, a page at a time: of millions only the half hours that hold some are
read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from crm.calls.models import calls, conversations, rings, transfers
from crm.people.models import people
from crm.reports.counting import Wanted, parts_of
from crm.reports.models import figures_agent_day, figures_half_hour
from crm.reports.queries import facts_between
from crm.reports.sealed import HALF_HOUR, Frame, queue_key
from metrics.behind import BEHIND, LONGEST, Counts, means, others
from metrics.facts import (
    ABANDONED,
    CALLBACK,
    CLOSED,
    IMPRESSED,
    MESSAGE,
    NOT_SATISFIED,
    SATISFIED,
    TIMED_OUT,
    CallFact,
)
from metrics.intervals import Period

DAY: Final = timedelta(days=1)
AT_ONCE: Final = 24  # half hours or days whose calls are read together


_OUTCOMES: Final = {
    "abandoned": ABANDONED,
    "short_abandoned": ABANDONED,
    "abandoned_within": ABANDONED,
    "timed_out": TIMED_OUT,
    "messages": MESSAGE,
    "callbacks": CALLBACK,
}


class Side(StrEnum):
    """Which of the calls behind a figure."""

    ALL = "all"
    COUNTED = "counted"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next begins with calls before this one."""

    arrived_at: datetime
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One call in the list."""

    fact: CallFact
    number: str | None
    person_id: int | None
    person_name: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the calls; ``more``: where the next page begins, None: there is none."""

    lines: Sequence[Line]
    more: Cursor | None


def counts_of(figure: str, side: Side) -> Counts:
    """What is counted of a figure. Raises KeyError for a figure that there is not."""
    behind = BEHIND[figure]
    if side is Side.COUNTED and behind.part is not None:
        return behind.part
    return others(behind) if side is Side.OTHERS and behind.part is not None else behind.whole


def calls_behind(
    connection: Connection,
    wanted: Wanted,
    frame: Frame,
    figure: str,
    side: Side = Side.ALL,
    before: Cursor | None = None,
    most: int = 50,
    longest: timedelta | None = None,
) -> Page:
    """A page of them. ``longest``: of `longest_wait`, the figure itself: only calls that waited as long."""
    counts = counts_of(figure, side)
    by_longest = figure == LONGEST and longest is not None

    def behind(fact: CallFact) -> bool:
        if not wanted.takes(fact) or (by_longest and fact.wait != longest):
            return False
        return means(counts, fact, frame.limits)

    spans = _spans(connection, wanted, frame, counts, longest if by_longest else None)
    found = _first(connection, spans, behind, before, most + 1, _rare(counts))
    return _page(connection, found, most)


def _rare(counts: Counts) -> ColumnElement[bool] | None:
    """What the database can see of calls that are few, so that not all calls of their half hours are read. Never more
    than is true of every call that is meant: whether one is, its tally says."""
    names = {name for name, times in counts.items() if times > 0}
    if names <= _OUTCOMES.keys():
        return calls.c.outcome.in_([_OUTCOMES[name] for name in names])
    if names == {"failed"} or (names == {"offered"} and counts.get("answered") == -1):
        return calls.c.agent_answered_at.is_(None)
    if names <= {IMPRESSED, SATISFIED, NOT_SATISFIED}:
        return calls.c.survey_meaning.is_not(None)
    if names == {"closed"}:
        return or_(calls.c.closed_reason.is_not(None), calls.c.outcome == CLOSED)
    return calls.c.callback_of.is_not(None) if names == {"callbacks_completed"} else None


def agent_calls(
    connection: Connection, wanted: Wanted, frame: Frame, agent: str, figure: str, before: Cursor | None, most: int = 50
) -> Page:
    """Calls behind a figure of an agent: those in which the agent had that part."""
    condition = _AGENT_PARTS.get(figure, _talked)(agent)
    spans = _days(connection, wanted, frame, agent)
    found = _first(connection, spans, lambda _: True, before, most + 1, condition)
    return _page(connection, found, most)


def _first(
    connection: Connection,
    spans: Iterator[Period],
    wanted: Any,
    before: Cursor | None,
    most: int,
    condition: ColumnElement[bool] | None = None,
) -> list[CallFact]:
    """The newest ``most`` facts of these spans, which come newest first."""
    found: list[CallFact] = []
    for span in spans:
        if before is not None and span.start_at > before.arrived_at:
            continue
        facts = list(facts_between(connection, span.start_at, span.end_at, condition))
        for fact in reversed(facts):
            place = (fact.arrived_at, fact.call_id)
            if wanted(fact) and (before is None or place < (before.arrived_at, before.call_id)):
                found.append(fact)
        if len(found) >= most:
            return found[:most]
    return found


def _spans(
    connection: Connection, wanted: Wanted, frame: Frame, counts: Counts, longest: timedelta | None
) -> Iterator[Period]:
    """Short spans, newest first, outside of which there are no calls behind the figure."""
    for part, is_sealed in parts_of(connection, wanted, frame):
        if is_sealed:
            yield from _half_hours(connection, part, wanted, counts, longest)
        else:
            yield from _pieces(part)


def _pieces(part: Period) -> Iterator[Period]:
    """A part that is not counted, in pieces that grow: a page is mostly found in the first."""
    end_at, length = part.end_at, HALF_HOUR
    while end_at > part.start_at:
        start_at = max(part.start_at, end_at - length)
        yield Period(start_at, end_at)
        end_at, length = start_at, min(length * 2, DAY)


def _half_hours(
    connection: Connection, part: Period, wanted: Wanted, counts: Counts, longest: timedelta | None
) -> Iterator[Period]:
    table = figures_half_hour
    number = sum((table.c[name] * times for name, times in counts.items()), start=table.c.offered * 0)
    some = number > 0
    if longest is not None:
        some = and_(some, table.c.longest_wait == longest // timedelta(microseconds=1))
    if wanted.queue is not None:
        some = and_(some, table.c.queue == queue_key(wanted.queue))
    if wanted.open_only:
        some = and_(some, table.c.out_of_hours.is_(False))
    end_at = part.end_at
    while True:
        query = (
            select(table.c.half_hour_at)
            .where(table.c.half_hour_at >= part.start_at, table.c.half_hour_at < end_at, some)
            .group_by(table.c.half_hour_at)
            .order_by(table.c.half_hour_at.desc())
            .limit(AT_ONCE)
        )
        found = list(connection.scalars(query))
        yield from (Period(at, at + HALF_HOUR) for at in found)
        if len(found) < AT_ONCE:
            return
        end_at = found[-1]


def _days(connection: Connection, wanted: Wanted, frame: Frame, agent: str) -> Iterator[Period]:
    table = figures_agent_day
    for part, is_sealed in parts_of(connection, wanted, frame):
        if not is_sealed:
            yield from _pieces(part)
            continue
        query = select(table.c.day_at).where(
            table.c.agent == agent, table.c.day_at >= part.start_at, table.c.day_at < part.end_at
        )
        for at in connection.scalars(query.order_by(table.c.day_at.desc())).all():
            yield frame.day(at)


def _same(table: Any, agent: str) -> ColumnElement[bool]:
    return and_(table.c.call_id == calls.c.call_id, table.c.agent == agent)


def _exists(table: Any, *more: Any) -> Any:
    def condition(agent: str) -> ColumnElement[bool]:
        return select(1).select_from(table).where(_same(table, agent), *more).correlate(calls).exists()

    return condition


def _rated(agent: str) -> ColumnElement[bool]:
    last = (
        select(conversations.c.agent)
        .where(conversations.c.call_id == calls.c.call_id)
        .order_by(conversations.c.answered_at.desc(), conversations.c.ordinal.desc())
        .limit(1)
        .correlate(calls)
        .scalar_subquery()
    )
    return and_(calls.c.survey_meaning.is_not(None), last == agent)


_talked = _exists(conversations)
_AGENT_PARTS: Final[dict[str, Any]] = {
    "by_transfer": _exists(conversations, conversations.c.ordinal > 0),
    "handed_on": _exists(transfers),
    "rings": _exists(rings),
    "rings_answered": _exists(rings, rings.c.answered.is_(True)),
    "surveys_answered": _rated,
    "satisfaction": _rated,
}


def _page(connection: Connection, facts: list[CallFact], most: int) -> Page:
    shown = facts[:most]
    query = (
        select(
            calls.c.call_id,
            func.coalesce(calls.c.caller_e164, calls.c.caller_number).label("number"),
            calls.c.person_id,
            people.c.display_name,
        )
        .join(people, people.c.id == calls.c.person_id, isouter=True)
        .where(calls.c.call_id.in_([fact.call_id for fact in shown]))
    )
    known = {row.call_id: row for row in connection.execute(query)}
    lines = [
        Line(fact=fact, number=row.number, person_id=row.person_id, person_name=row.display_name)
        for fact in shown
        if (row := known.get(fact.call_id)) is not None
    ]
    more = Cursor(shown[-1].arrived_at, shown[-1].call_id) if len(facts) > most else None
    return Page(lines, more)
