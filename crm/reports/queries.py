"""Facts from the database: one query for a period, whatever its length."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    and_,
    case,
    func,
    select,
    type_coerce,
)

from ami_listener.events import AgentState, LeaveStatus
from crm.calls.models import (
    CallbackState,
    MessageState,
    agent_states,
    callbacks,
    calls,
    conversations,
    holds,
    messages,
    queue_passes,
)
from crm.database import Instant
from metrics.facts import OUT_OF_HOURS, CallFact

SECOND = 1_000_000
WRAP_UP_BEGINS_WITHIN = 2 * SECOND  # of the end of the talk; later is a pause for another reason


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What waits to be done for one queue."""

    callbacks: int = 0
    messages: int = 0


def facts_between(
    connection: Connection, start_at: datetime, end_at: datetime, condition: ColumnElement[bool] | None = None
) -> Iterator[CallFact]:
    """Calls that arrived from ``start_at`` until before ``end_at``, oldest first; only those that meet ``condition``,
    when there is one."""
    query = _facts().where(calls.c.arrived_at >= start_at, calls.c.arrived_at < end_at)
    if condition is not None:
        query = query.where(condition)
    for row in connection.execute(query.order_by(calls.c.arrived_at, calls.c.call_id)):
        yield _fact(row)


def open_work(connection: Connection) -> dict[str | None, OpenWork]:
    """Callbacks still owed and messages nobody has heard, by queue."""
    owed = select(callbacks.c.queue, func.count()).group_by(callbacks.c.queue)
    owed = owed.where(callbacks.c.state.in_([CallbackState.WAITING, CallbackState.CALLING]))
    unheard = select(messages.c.queue, func.count()).group_by(messages.c.queue)
    unheard = unheard.where(messages.c.state == MessageState.NEW)
    owed_by = _counts(connection, owed)
    unheard_by = _counts(connection, unheard)
    return {
        queue: OpenWork(owed_by.get(queue, 0), unheard_by.get(queue, 0)) for queue in owed_by.keys() | unheard_by.keys()
    }


def last_agent() -> ScalarSelect[Any]:
    """Of a row of ``calls``, the extension of whom the caller spoke with last: that is whom a survey rates."""
    talks = select(conversations.c.agent).where(conversations.c.call_id == calls.c.call_id).correlate(calls)
    newest = talks.order_by(conversations.c.answered_at.desc(), conversations.c.ordinal.desc())
    return newest.limit(1).scalar_subquery()


def _counts(connection: Connection, query: Select[Any]) -> dict[str | None, int]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _facts() -> Select[Any]:
    return select(
        *(calls.c.call_id, calls.c.arrived_at, calls.c.called_number, calls.c.queue, calls.c.agent),
        *(calls.c.assistant_answered_at, calls.c.agent_answered_at, calls.c.ended_at, calls.c.outcome),
        *(calls.c.closed_reason, calls.c.callback_of, calls.c.survey_asked_at, calls.c.survey_meaning),
        calls.c.survey_answered_at,
        _talked(func.count(case((conversations.c.ended_at.is_(None), 1)))).label("still_talking"),
        _talked(func.sum(_micros(conversations.c.answered_at, conversations.c.ended_at))).label("in_talk"),
        _held().label("held"),
        _wrapped_up().label("wrapped_up"),
        _left_by_key().label("left_by_key_at"),
        _callback_requested().label("callback_requested_at"),
    )


def _micros(start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[int]:
    return type_coerce(end, BigInteger) - type_coerce(start, BigInteger)


def _talked(what: ColumnElement[Any]) -> ScalarSelect[Any]:
    return select(what).where(conversations.c.call_id == calls.c.call_id).scalar_subquery()


def _held() -> ScalarSelect[Any]:
    """A hold that nobody ended lasts until the end of the talk it began in, as in `crm.reports.facts`."""
    end_of_talk = (
        select(func.min(type_coerce(conversations.c.ended_at, BigInteger)))
        .where(
            conversations.c.call_id == holds.c.call_id,
            conversations.c.agent == holds.c.agent,
            conversations.c.answered_at <= holds.c.held_at,
            conversations.c.ended_at >= holds.c.held_at,
        )
        .scalar_subquery()
    )
    until = func.coalesce(type_coerce(holds.c.resumed_at, BigInteger), end_of_talk)
    length = until - type_coerce(holds.c.held_at, BigInteger)
    total = func.sum(case((length > 0, length), else_=0))
    return select(total).where(holds.c.call_id == calls.c.call_id).scalar_subquery()


def _wrapped_up() -> ScalarSelect[Any]:
    """Of all the people in the call, the wrap-up that began when their talk ended."""
    since = type_coerce(agent_states.c.since, BigInteger)
    ended = type_coerce(conversations.c.ended_at, BigInteger)
    follows = and_(
        agent_states.c.agent == conversations.c.agent,
        agent_states.c.state == AgentState.WRAP_UP,
        since >= ended - SECOND,
        since < ended + WRAP_UP_BEGINS_WITHIN,
    )
    return (
        select(func.sum(_micros(agent_states.c.since, agent_states.c.until)))
        .select_from(conversations.join(agent_states, follows))
        .where(conversations.c.call_id == calls.c.call_id)
        .scalar_subquery()
    )


def _left_by_key() -> ScalarSelect[Any]:
    return (
        select(type_coerce(func.max(queue_passes.c.left_at), Instant))
        .where(queue_passes.c.call_id == calls.c.call_id, queue_passes.c.status == LeaveStatus.KEY)
        .scalar_subquery()
    )


def _callback_requested() -> ScalarSelect[Any]:
    return select(callbacks.c.requested_at).where(callbacks.c.call_id == calls.c.call_id).scalar_subquery()


def _fact(row: Row[Any]) -> CallFact:
    talked = row.in_talk is not None and not row.still_talking
    held = int(row.held or 0)
    return CallFact(
        call_id=row.call_id,
        arrived_at=row.arrived_at,
        called_number=row.called_number,
        queue=row.queue,
        agent=row.agent,
        assistant_answered_at=row.assistant_answered_at,
        agent_answered_at=row.agent_answered_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        talk_seconds=_seconds(max(int(row.in_talk) - held, 0)) if talked else None,
        hold_seconds=_seconds(held) if talked else None,
        wrap_up_seconds=_seconds(int(row.wrapped_up)) if row.wrapped_up is not None else None,
        survey_asked=row.survey_asked_at is not None,
        survey_meaning=row.survey_meaning,
        survey_open=row.survey_asked_at is not None and row.survey_answered_at is None,
        callback=row.callback_requested_at is not None,
        left_queue_at=row.left_by_key_at or row.callback_requested_at,
        closed=row.closed_reason is not None,
        out_of_hours=row.closed_reason in OUT_OF_HOURS,
        callback_of=row.callback_of,
    )


def _seconds(microseconds: int) -> float:
    return timedelta(microseconds=microseconds).total_seconds()
