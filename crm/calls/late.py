"""Notes half hours of which something is written long after they have passed: what was counted of them is old.

In the transaction of the writing itself, so that a report sees either both or neither. A call of this hour costs one
comparison. Whoever counts (`crm.reports.sealing`) leaves the last `SETTLED` hours alone, so that nothing is missed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Select, func, select, type_coerce

from ami_listener.events import AgentStateChanged
from crm.calls.models import agent_states, calls, conversations, late_half_hours
from crm.calls.rows import CallRows
from crm.database import EPOCH, Instant, insert_into

HALF_HOUR: Final = timedelta(minutes=30)
LATE: Final = timedelta(minutes=30)  # a call is that old: its half hour is noted
SETTLED: Final = timedelta(hours=2)  # nothing younger is ever sealed; far more than `LATE`
_SLACK: Final = timedelta(seconds=3)  # more than lies between the end of a talk and its wrap-up


def half_hour_of(at: datetime) -> datetime:
    """Its begin, by UTC."""
    return at - (at - EPOCH) % HALF_HOUR


def note_late(
    connection: Connection, batch: Sequence[CallRows], changes: Sequence[AgentStateChanged], now: datetime
) -> None:
    """Notes what of this batch is late at ``now``."""
    before = now - LATE
    late = {half_hour_of(at) for call in batch if (at := call.call_row["arrived_at"]) < before}
    for change in changes:
        if change.occurred_at < before:
            late |= _half_hours_of_work(connection, change)
    if late:
        note_half_hours(connection, late)


def note_half_hours(connection: Connection, half_hours: Iterable[datetime]) -> None:
    """Says that what was counted of these is old. Counts up, never "do nothing": whoever takes the note away at the
    same moment must see that something came."""
    for at in sorted(half_hours):  # in order: two writers never wait for each other in a circle
        note = insert_into(connection, late_half_hours).values(half_hour_at=at, times=1)
        up = {"times": late_half_hours.c.times + 1}
        connection.execute(note.on_conflict_do_update(index_elements=["half_hour_at"], set_=up))


def _half_hours_of_work(connection: Connection, change: AgentStateChanged) -> set[datetime]:
    """Half hours of the calls whose wrap-up this state is, or ends: that of a talk which ended when it began, or when
    the state before it did."""
    earlier = select(func.max(agent_states.c.since)).where(
        agent_states.c.agent == change.agent, agent_states.c.since < change.occurred_at
    )
    since: datetime | None = connection.scalar(select(type_coerce(earlier.scalar_subquery(), Instant)))
    starts = [change.occurred_at] if since is None else [since, change.occurred_at]
    found: set[datetime] = set()
    for at in starts:
        found |= set(connection.scalars(_arrivals(change.agent, at)))
    return {half_hour_of(at) for at in found}


def _arrivals(agent: str, ended_at: datetime) -> Select[tuple[datetime]]:
    return (
        select(calls.c.arrived_at)
        .join(conversations, conversations.c.call_id == calls.c.call_id)
        .where(
            conversations.c.agent == agent,
            conversations.c.ended_at >= ended_at - _SLACK,
            conversations.c.ended_at <= ended_at + _SLACK,
        )
    )
