"""What the records tell of calls that came: how many in each half hour, how long they took, how long callers waited.

Counted by the database, in pieces of a quarter of an hour of UTC: every time zone's half hours are made of those, and a
year of a busy hotline is some ten thousand rows, however many calls it had.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, func, or_, select, type_coerce

from ami_listener.events import AgentState
from ami_listener.records import Outcome
from crm.calls.models import agent_states, calls, conversations, queue_passes, rings
from crm.database import from_microseconds
from metrics.forecast import SLOT_MINUTES
from metrics.patience import Patience, Wait, measured_patience

QUARTER: Final = 15 * 60 * 1_000_000  # in microseconds, as moments are kept
_TENTH: Final = 100_000
_LONGEST_TALK: Final = 2 * 3600 * 1_000_000  # a call that somebody forgot to end says nothing about handling
_ENDED_OTHERWISE: Final = (Outcome.CALLBACK, Outcome.MESSAGE, Outcome.TIMED_OUT)
_FEW_CALLS: Final = 30.0  # calls' worth of the day's mean handling time in that of a half hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of the last weeks. ``handling``: talk, hold and wrap-up of a call by half hour of the day, seconds; all seconds.

    ``until_rings_seconds``: from a call's arrival until a telephone may ring (menu, announcement); ``ring_seconds``:
    until an agent takes up. Both medians: they are taken from the time that the promise leaves for waiting.
    ``patience`` counts from then on; ``hung_up_early``: who hung up before, which no number of agents can help.
    """

    calls: int
    answered: int
    handling_seconds: float | None
    wrap_up_seconds: float | None
    handling: dict[int, float]
    patience: Patience | None
    hung_up_early: int
    until_rings_seconds: float
    ring_seconds: float


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call, to be replayed."""

    arrived_at: datetime
    handling_seconds: float | None


def calls_by_slot(
    connection: Connection, from_at: datetime, to_at: datetime, zone: ZoneInfo, queue: str | None
) -> dict[date, dict[int, float]]:
    """Offered calls by local day and half hour; half hours without calls are left out."""
    quarter = _quarter(calls.c.arrived_at)
    query = _offered(select(quarter, func.count()), from_at, to_at, queue).group_by(quarter)
    return _by_local_slot(connection.execute(query), zone)


def emergency_days(connection: Connection, from_at: datetime, to_at: datetime, zone: ZoneInfo) -> set[date]:
    """Local days on which callers met an emergency closure: they tell nothing about usual days."""
    quarter = _quarter(calls.c.arrived_at)
    query = select(quarter).where(calls.c.arrived_at >= from_at, calls.c.arrived_at < to_at).distinct()
    query = query.where(calls.c.closed_reason == "emergency")
    return {_local(number, zone).date() for (number,) in connection.execute(query)}


def measured(connection: Connection, from_at: datetime, to_at: datetime, zone: ZoneInfo, queue: str | None) -> Measured:
    """What the weeks from ``from_at`` until before ``to_at`` tell."""
    count = _offered(
        select(func.count(), func.count(calls.c.agent_answered_at), func.count(calls.c.ended_at)), from_at, to_at, queue
    )
    offered, answered, _ = connection.execute(count).one()
    talk = _talk(connection, from_at, to_at, zone, queue)
    wrap_up = _wrap_up_seconds(connection, from_at, to_at)
    waits = _waits(connection, from_at, to_at, queue)
    until_rings = _median_seconds(connection, _until_rings(from_at, to_at, queue))
    ring = _median_seconds(connection, _ringing(from_at, to_at, queue))
    talked = sum(seconds for seconds, _ in talk.values())
    parts = sum(number for _, number in talk.values())
    mean = (talked + parts * wrap_up) / answered if answered and parts else None
    return Measured(
        calls=offered,
        answered=answered,
        handling_seconds=mean,
        wrap_up_seconds=wrap_up if answered else None,
        handling=_handling_by_slot(talk, wrap_up, mean, answered / parts if parts else 1.0),
        patience=measured_patience(waits, until_rings + ring),
        hung_up_early=sum(wait.callers for wait in waits if wait.hung_up and wait.seconds <= until_rings + ring),
        until_rings_seconds=until_rings,
        ring_seconds=ring,
    )


def past_calls(connection: Connection, from_at: datetime, to_at: datetime, queue: str | None) -> list[PastCall]:
    """Each offered call in the order of arrival, with the time that agents spoke in it."""
    talk = (
        select(func.sum(_talk_micros()))
        .where(conversations.c.call_id == calls.c.call_id)
        .correlate(calls)
        .scalar_subquery()
    )
    query = _offered(select(calls.c.arrived_at, talk), from_at, to_at, queue)
    return [
        PastCall(arrived_at, int(micros) / 1e6 if micros is not None else None)
        for arrived_at, micros in connection.execute(query.order_by(calls.c.arrived_at, calls.c.call_id))
    ]


def first_day(connection: Connection, zone: ZoneInfo) -> date | None:
    """The local day of the first call ever."""
    first = connection.scalar(select(func.min(calls.c.arrived_at)))
    return first.astimezone(zone).date() if first is not None else None


def _offered(query: Any, from_at: datetime, to_at: datetime, queue: str | None) -> Any:
    """As `metrics.kpi.offered` counts."""
    query = query.where(
        calls.c.arrived_at >= from_at,
        calls.c.arrived_at < to_at,
        calls.c.callback_of.is_(None),
        calls.c.closed_reason.is_(None),
        or_(calls.c.outcome.is_(None), calls.c.outcome != Outcome.CLOSED),
    )
    return query if queue is None else query.where(calls.c.queue == queue)


def _micros(column: ColumnElement[Any]) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


def _quarter(column: ColumnElement[Any]) -> ColumnElement[int]:
    return _micros(column) // QUARTER


def _tenths(column: ColumnElement[Any]) -> ColumnElement[int]:
    return column // _TENTH


def _local(quarter: int, zone: ZoneInfo) -> datetime:
    return from_microseconds(quarter * QUARTER).astimezone(zone)


def _by_local_slot(rows: Iterable[Any], zone: ZoneInfo) -> dict[date, dict[int, float]]:
    found: dict[date, dict[int, float]] = {}
    for number, count in rows:
        local = _local(number, zone)
        slots = found.setdefault(local.date(), {})
        slot = slot_of(local)
        slots[slot] = slots.get(slot, 0.0) + count
    return found


def slot_of(local: datetime) -> int:
    """The half hour of a local time, as minutes of the day."""
    return (60 * local.hour + local.minute) // SLOT_MINUTES * SLOT_MINUTES


def _talk_micros() -> ColumnElement[int]:
    micros = _micros(conversations.c.ended_at) - _micros(conversations.c.answered_at)
    return case((micros > _LONGEST_TALK, _LONGEST_TALK), else_=micros)


def _talk(
    connection: Connection, from_at: datetime, to_at: datetime, zone: ZoneInfo, queue: str | None
) -> dict[int, tuple[float, int]]:
    """Seconds of talk with hold, and parts of calls, by half hour of the day in which an agent took up."""
    quarter = _quarter(conversations.c.answered_at)
    query: Any = select(quarter, func.sum(_talk_micros()), func.count()).select_from(
        conversations.join(calls, calls.c.call_id == conversations.c.call_id)
    )
    query = _offered(query, from_at, to_at, queue).where(conversations.c.ended_at.is_not(None)).group_by(quarter)
    found: dict[int, tuple[float, int]] = {}
    for number, micros, count in connection.execute(query):
        slot = slot_of(_local(number, zone))
        seconds, parts = found.get(slot, (0.0, 0))
        found[slot] = seconds + int(micros) / 1e6, parts + count
    return found


def _wrap_up_seconds(connection: Connection, from_at: datetime, to_at: datetime) -> float:
    """Mean wrap-up after each part of a call, of all queues: agents wrap up alike."""
    micros = func.sum(_micros(agent_states.c.until) - _micros(agent_states.c.since))
    query = select(micros).where(
        agent_states.c.state == AgentState.WRAP_UP,
        agent_states.c.since >= from_at,
        agent_states.c.since < to_at,
        agent_states.c.until.is_not(None),
    )
    parts = select(func.count()).where(
        conversations.c.answered_at >= from_at,
        conversations.c.answered_at < to_at,
        conversations.c.ended_at.is_not(None),
    )
    number = connection.scalar(parts) or 0
    return int(connection.scalar(query) or 0) / 1e6 / number if number else 0.0


def _handling_by_slot(
    talk: dict[int, tuple[float, int]], wrap_up: float, mean: float | None, calls_a_part: float
) -> dict[int, float]:
    """Drawn towards the mean of the day: a half hour has few calls, and one long one would rule it."""
    if mean is None:
        return {}
    return {
        slot: (seconds + parts * wrap_up + _FEW_CALLS * mean) / (parts * calls_a_part + _FEW_CALLS)
        for slot, (seconds, parts) in talk.items()
    }


def _waits(connection: Connection, from_at: datetime, to_at: datetime, queue: str | None) -> list[Wait]:
    """Waits from arrival, to a tenth of a second, gathered."""
    hung_up = calls.c.outcome == Outcome.ABANDONED
    end = case((calls.c.agent_answered_at.is_not(None), calls.c.agent_answered_at), (hung_up, calls.c.ended_at))
    gone = case((and_(hung_up, calls.c.agent_answered_at.is_(None)), 1), else_=0)
    tenths = _tenths(_micros(end) - _micros(calls.c.arrived_at))
    known = or_(calls.c.agent_answered_at.is_not(None), and_(hung_up, calls.c.ended_at.is_not(None)))
    query = _offered(select(tenths, gone, func.count()), from_at, to_at, queue).where(known).group_by(tenths, gone)
    found = [Wait(number / 10, bool(left), count) for number, left, count in connection.execute(query)]
    return found + _otherwise(connection, from_at, to_at, queue)


def _otherwise(connection: Connection, from_at: datetime, to_at: datetime, queue: str | None) -> list[Wait]:
    """Callers who chose a callback or a message, or were sent on, waited until they left the queue."""
    left = func.max(_micros(queue_passes.c.left_at))
    query = select(calls.c.arrived_at, left).select_from(
        calls.join(queue_passes, queue_passes.c.call_id == calls.c.call_id)
    )
    query = _offered(query, from_at, to_at, queue).where(
        calls.c.outcome.in_(_ENDED_OTHERWISE), calls.c.agent_answered_at.is_(None), queue_passes.c.left_at.is_not(None)
    )
    rows = connection.execute(query.group_by(calls.c.call_id, calls.c.arrived_at))
    return [
        Wait(max(0.0, (from_microseconds(int(micros)) - arrived_at) / timedelta(seconds=1)), hung_up=False)
        for arrived_at, micros in rows
    ]


def _until_rings(from_at: datetime, to_at: datetime, queue: str | None) -> Any:
    tenths = _tenths(_micros(queue_passes.c.joined_at) - _micros(calls.c.arrived_at))
    query = select(tenths, func.count()).select_from(
        calls.join(queue_passes, and_(queue_passes.c.call_id == calls.c.call_id, queue_passes.c.pass_number == 1))
    )
    return _offered(query, from_at, to_at, queue).group_by(tenths)


def _ringing(from_at: datetime, to_at: datetime, queue: str | None) -> Any:
    tenths = _tenths(_micros(rings.c.ended_at) - _micros(rings.c.rang_at))
    query = select(tenths, func.count()).where(
        rings.c.rang_at >= from_at, rings.c.rang_at < to_at, rings.c.answered.is_(True), rings.c.ended_at.is_not(None)
    )
    if queue is not None:
        query = query.where(rings.c.queue == queue)
    return query.group_by(tenths)


def _median_seconds(connection: Connection, query: Any) -> float:
    """Of rows (tenths of a second, how many); 0 when there are none."""
    rows = sorted((int(tenths), int(count)) for tenths, count in connection.execute(query))
    middle, seen = sum(count for _, count in rows) / 2, 0
    for tenths, count in rows:
        seen += count
        if seen >= middle:
            return max(0, tenths) / 10
    return 0.0
