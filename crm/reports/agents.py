"""What each agent did, from the calls on record: sums in the database, one query for each kind of part."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, func, select, type_coerce

from ami_listener.events import AgentState
from crm.calls.models import agent_states, calls, conversations, holds, rings, transfers
from crm.reports.queries import SECOND, WRAP_UP_BEGINS_WITHIN, last_agent
from metrics.agent_figures import AGENT_SUMMED, AgentTally
from metrics.facts import IMPRESSED, NOT_SATISFIED, SATISFIED


def agents_between(connection: Connection, start_at: datetime, end_at: datetime) -> dict[str, AgentTally]:
    """Agent → what they did in calls that arrived from ``start_at`` until before ``end_at``."""
    arrived = and_(calls.c.arrived_at >= start_at, calls.c.arrived_at < end_at)
    sums: dict[str, dict[str, Any]] = {}
    for query in (_talks, _holds, _transfers, _rings, _wrap_ups, _surveys):
        for row in connection.execute(query(arrived)).mappings():
            if row["agent"]:
                sums.setdefault(row["agent"], {}).update(row)
    return {agent: agent_tally(found) for agent, found in sums.items()}


def agent_tally(row: Any) -> AgentTally:
    """Of a row that has some of the sums; what is not there is nothing."""
    values: dict[str, Any] = {}
    for name in AGENT_SUMMED:
        number = int(row.get(name) or 0)
        values[name] = timedelta(microseconds=number) if isinstance(getattr(_NOTHING, name), timedelta) else number
    return AgentTally(**values)


def added(parts: Iterable[dict[str, AgentTally]]) -> dict[str, AgentTally]:
    """Several periods' together."""
    total: dict[str, AgentTally] = {}
    for part in parts:
        for agent, tally in part.items():
            total[agent] = total[agent] + tally if agent in total else tally
    return total


_NOTHING = AgentTally()


def _micros(column: ColumnElement[Any]) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


def _talks(arrived: ColumnElement[bool]) -> Select[Any]:
    length = _micros(conversations.c.ended_at) - _micros(conversations.c.answered_at)
    return (
        select(
            conversations.c.agent,
            func.count().label("talks"),
            func.sum(case((conversations.c.ordinal > 0, 1), else_=0)).label("by_transfer"),
            func.sum(length).label("talk"),
            func.count(conversations.c.ended_at).label("talk_known"),
        )
        .join(calls, calls.c.call_id == conversations.c.call_id)
        .where(arrived)
        .group_by(conversations.c.agent)
    )


def _holds(arrived: ColumnElement[bool]) -> Select[Any]:
    """A hold that nobody ended lasts until the end of the talk it began in; of talks that have ended."""
    end_of_talk = (
        select(func.min(_micros(conversations.c.ended_at)))
        .where(
            conversations.c.call_id == holds.c.call_id,
            conversations.c.agent == holds.c.agent,
            conversations.c.answered_at <= holds.c.held_at,
            conversations.c.ended_at >= holds.c.held_at,
        )
        .correlate(holds)
        .scalar_subquery()
    )
    length = func.coalesce(_micros(holds.c.resumed_at), end_of_talk) - _micros(holds.c.held_at)
    counted = case((and_(end_of_talk.is_not(None), length > 0), length), else_=0)
    return (
        select(holds.c.agent, func.sum(counted).label("hold"))
        .join(calls, calls.c.call_id == holds.c.call_id)
        .where(arrived)
        .group_by(holds.c.agent)
    )


def _transfers(arrived: ColumnElement[bool]) -> Select[Any]:
    return (
        select(transfers.c.agent, func.count().label("handed_on"))
        .join(calls, calls.c.call_id == transfers.c.call_id)
        .where(arrived)
        .group_by(transfers.c.agent)
    )


def _rings(arrived: ColumnElement[bool]) -> Select[Any]:
    answered = case((rings.c.answered.is_(True), 1), else_=0)
    return (
        select(rings.c.agent, func.count().label("rings"), func.sum(answered).label("rings_answered"))
        .join(calls, calls.c.call_id == rings.c.call_id)
        .where(arrived)
        .group_by(rings.c.agent)
    )


def _wrap_ups(arrived: ColumnElement[bool]) -> Select[Any]:
    """Looked up talk by talk: as a join, SQLite would rather read the agents' states of all years."""
    ended, since = _micros(conversations.c.ended_at), _micros(agent_states.c.since)
    follows = and_(
        agent_states.c.agent == conversations.c.agent,
        agent_states.c.state == AgentState.WRAP_UP,
        since >= ended - SECOND,
        since < ended + WRAP_UP_BEGINS_WITHIN,
    )

    def of_talk(what: ColumnElement[Any]) -> ColumnElement[Any]:
        return select(what).where(follows).correlate(conversations).scalar_subquery()

    each = (
        select(
            conversations.c.agent,
            of_talk(func.sum(_micros(agent_states.c.until) - since)).label("wrap_up"),
            of_talk(func.count(agent_states.c.until)).label("wrap_up_known"),
        )
        .join(calls, calls.c.call_id == conversations.c.call_id)
        .where(arrived)
        .subquery()
    )
    sums = (func.sum(each.c.wrap_up).label("wrap_up"), func.sum(each.c.wrap_up_known).label("wrap_up_known"))
    return select(each.c.agent, *sums).group_by(each.c.agent)


def _surveys(arrived: ColumnElement[bool]) -> Select[Any]:
    """A survey belongs to the person the caller spoke with last."""
    asked = select(last_agent().label("agent"), calls.c.survey_meaning)
    each = asked.where(arrived, calls.c.survey_asked_at.is_not(None)).subquery()
    meanings = [
        func.sum(case((each.c.survey_meaning == meaning, 1), else_=0)).label(meaning)
        for meaning in (IMPRESSED, SATISFIED, NOT_SATISFIED)
    ]
    return select(each.c.agent, func.count().label("surveys_asked"), *meanings).group_by(each.c.agent)
