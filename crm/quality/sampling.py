"""Which talks are looked at: some at random from everybody, and those that something is to be learnt of."""

import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, and_, exists, func, select, type_coerce

from crm.calls.models import calls, conversations, holds
from crm.quality.models import SampleReason, qa_samples
from crm.quality.service import take_sample
from crm.recordings.models import RecordingState, recordings
from crm.staff.models import staff

MOST: Final = 20_000  # talks that are looked at for one draw
NEW_FOR: Final = timedelta(days=60)
SHORTEST_TALK: Final = timedelta(seconds=20)  # nothing can be said of less


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What is drawn. ``count``: for each agent; ``recorded_only``: only what can be heard."""

    reason: SampleReason
    from_at: datetime
    until_at: datetime
    count: int = 2
    hold_seconds: float = 120.0
    recorded_only: bool = True
    agents: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """One agent's part of one call that may be drawn."""

    call_id: str
    agent: str
    answered_at: datetime
    queue: str | None


def draw(connection: Connection, wanted: Draw, at: datetime, chance: random.Random) -> int:
    """Draws, and puts what was drawn among the open samples; returns how many."""
    talks = candidates(connection, wanted, at)
    chosen = pick(talks, wanted.count, chance)
    return sum(
        take_sample(connection, one.call_id, one.agent, one.answered_at, one.queue, wanted.reason, at) for one in chosen
    )


def pick(talks: Sequence[Talk], count: int, chance: random.Random) -> list[Talk]:
    """``count`` of each agent, every talk with the same chance; one sample a talk."""
    by_agent: dict[str, list[Talk]] = defaultdict(list)
    for talk in talks:
        by_agent[talk.agent].append(talk)
    return [one for _, own in sorted(by_agent.items()) for one in chance.sample(own, min(count, len(own)))]


def candidates(connection: Connection, wanted: Draw, at: datetime) -> list[Talk]:
    """Talks that may be drawn, and were not."""
    talk, call = conversations.c, calls.c
    query: Any = (
        select(talk.call_id, talk.agent, talk.answered_at, func.coalesce(talk.queue, call.queue).label("queue"))
        .join(calls, call.call_id == talk.call_id)
        .where(
            talk.answered_at >= wanted.from_at,
            talk.answered_at < wanted.until_at,
            talk.ended_at.is_not(None),
            type_coerce(talk.ended_at, BigInteger) - type_coerce(talk.answered_at, BigInteger)
            >= int(SHORTEST_TALK.total_seconds() * 1e6),
            ~exists().where(and_(qa_samples.c.call_id == talk.call_id, qa_samples.c.agent == talk.agent)),
            talk.agent.in_(_agents(connection, wanted, at)),
        )
        .limit(MOST)
    )
    if wanted.recorded_only:
        kept = and_(recordings.c.call_id == talk.call_id, recordings.c.state == RecordingState.KEPT)
        query = query.where(exists().where(kept))
    if wanted.reason is SampleReason.LOW_RATING:
        query = query.where(call.survey_meaning == "not_satisfied")
    elif wanted.reason is SampleReason.LONG_HOLD:
        length = type_coerce(holds.c.resumed_at, BigInteger) - type_coerce(holds.c.held_at, BigInteger)
        long_one = and_(
            holds.c.call_id == talk.call_id, holds.c.agent == talk.agent, length >= int(wanted.hold_seconds * 1e6)
        )
        query = query.where(exists().where(long_one))
    seen: dict[tuple[str, str], Talk] = {}
    for row in connection.execute(query):  # who spoke twice in a call is one sample
        seen.setdefault((row.call_id, row.agent), Talk(row.call_id, row.agent, row.answered_at, row.queue))
    return list(seen.values())


def _agents(connection: Connection, wanted: Draw, at: datetime) -> list[str]:
    query = select(staff.c.extension).where(staff.c.extension.is_not(None), staff.c.active.is_(True))
    if wanted.reason is SampleReason.NEW_AGENT:
        query = query.where(staff.c.created_at >= at - NEW_FOR)
    found = [extension for extension in connection.scalars(query) if extension is not None]
    return found if wanted.agents is None else [one for one in found if one in wanted.agents]
