"""The calls behind a figure, newest first, a page at a time: of millions only the half hours that hold some are
read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, and_, func, or_, select, true, type_coerce

from crm.calls.models import calls, conversations, rings, transfers
from crm.people.models import people
from crm.reports.counting import Wanted, parts_of
from crm.reports.models import figures_agent_day, figures_half_hour
from crm.reports.queries import facts_between, last_agent
from crm.reports.sealed import HALF_HOUR, Frame, queue_key
from metrics.behind import BEHIND, LONGEST, Counts, means, others
from metrics.facts import (
    ABANDONED,
    CALLBACK,
    CLOSED,
    IMPRESSED,
    MESSAGE,
    NOT_SATISFIED,
    OUT_OF_HOURS,
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

    spans = _spans(connection, _until(wanted, before), frame, counts, longest if by_longest else None)
    found = _first(connection, spans, behind, before, most + 1, _seen(wanted, counts, frame))
    return _page(connection, found, most)


def _seen(wanted: Wanted, counts: Counts, frame: Frame) -> ColumnElement[bool]:
    """What the database itself can see of the calls that are meant, so that not all calls of their half hours are
    read. Never more than is true of every one of them: whether a call is meant, its tally says."""
    seen = [*_always(counts, frame)]
    if wanted.queue is not None:
        seen.append(calls.c.queue == wanted.queue)
    if wanted.open_only:
        seen.append(or_(calls.c.closed_reason.is_(None), calls.c.closed_reason.not_in(sorted(OUT_OF_HOURS))))
    return and_(true(), *seen)


def _always(counts: Counts, frame: Frame) -> Iterator[ColumnElement[bool]]:
    names = {name for name, times in counts.items() if times > 0}
    without = {name for name, times in counts.items() if times < 0}
    if names <= _OUTCOMES.keys():
        yield calls.c.outcome.in_([_OUTCOMES[name] for name in names])
    elif names <= {IMPRESSED, SATISFIED, NOT_SATISFIED}:
        yield calls.c.survey_meaning.in_(names)
    elif names == {"failed"}:
        yield and_(calls.c.agent_answered_at.is_(None), _outcome_is_none_of(*_OUTCOMES.values(), CLOSED))
    elif names == {"waiting"}:
        yield and_(calls.c.agent_answered_at.is_(None), calls.c.ended_at.is_(None), calls.c.outcome.is_(None))
    elif names == {"closed"}:
        yield or_(calls.c.closed_reason.is_not(None), calls.c.outcome == CLOSED)
    elif names == {"callbacks_completed"}:
        yield calls.c.callback_of.is_not(None)
    if names == {"offered"} and "answered" in without:
        yield calls.c.agent_answered_at.is_(None)
    if "answered_within" in without or "picked_up_within" in without:
        yield _not_within(calls.c.agent_answered_at, frame)
    if "picked_up_within" in without:
        yield _not_within(calls.c.assistant_answered_at, frame)


def _outcome_is_none_of(*outcomes: str) -> ColumnElement[bool]:
    return or_(calls.c.outcome.is_(None), calls.c.outcome.not_in(sorted(set(outcomes))))


def _not_within(answered_at: Column[Any], frame: Frame) -> ColumnElement[bool]:
    """Not answered within the promise, or not at all."""
    threshold = timedelta(seconds=frame.limits.answer_within_seconds) // timedelta(microseconds=1)
    waited = type_coerce(answered_at, BigInteger) - type_coerce(calls.c.arrived_at, BigInteger)
    return or_(answered_at.is_(None), waited > threshold)


def agent_calls(
    connection: Connection, wanted: Wanted, frame: Frame, agent: str, figure: str, before: Cursor | None, most: int = 50
) -> Page:
    """Calls behind a figure of an agent: those in which the agent had that part."""
    condition = _AGENT_PARTS.get(figure, _talked)(agent)
    spans = _days(connection, _until(wanted, before), frame, agent, figure)
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


def _until(wanted: Wanted, before: Cursor | None) -> Wanted:
    """Without what is newer than a page that has been shown: the thousandth page is found as quickly as the first."""
    if before is None or before.arrived_at >= wanted.end_at:
        return wanted
    return replace(wanted, end_at=max(wanted.start_at, before.arrived_at + timedelta(microseconds=1)))


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


def _days(connection: Connection, wanted: Wanted, frame: Frame, agent: str, figure: str) -> Iterator[Period]:
    """Days on which the agent had such a part, newest first; what is not counted, in pieces."""
    table = figures_agent_day
    some = sum((table.c[name] for name in _AGENT_COUNTS.get(figure, ("talks",))), start=table.c.talks * 0) > 0
    for part, is_sealed in parts_of(connection, wanted, frame):
        if not is_sealed:
            yield from _pieces(part)
            continue
        query = select(table.c.day_at).where(
            table.c.agent == agent, table.c.day_at >= part.start_at, table.c.day_at < part.end_at, some
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
    return and_(calls.c.survey_meaning.is_not(None), last_agent() == agent)


_talked = _exists(conversations)
_AGENT_PARTS: Final[dict[str, Any]] = {
    "by_transfer": _exists(conversations, conversations.c.ordinal > 0),
    "handed_on": _exists(transfers),
    "rings": _exists(rings),
    "rings_answered": _exists(rings, rings.c.answered.is_(True)),
    "surveys_answered": _rated,
    "satisfaction": _rated,
}
_RATINGS: Final = (IMPRESSED, SATISFIED, NOT_SATISFIED)
_AGENT_COUNTS: Final[dict[str, tuple[str, ...]]] = {  # whose sum, of a day's tally, says whether there are such calls
    "by_transfer": ("by_transfer",),
    "handed_on": ("handed_on",),
    "rings": ("rings",),
    "rings_answered": ("rings_answered",),
    "surveys_answered": _RATINGS,
    "satisfaction": _RATINGS,
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
