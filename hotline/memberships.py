"""Who answers which queue, told to a running Asterisk, one by one.

Only a member that it knows from its own start cannot be taken away like that and needs `queue reload`, which forgets
why people are paused and who was free for longest; the reasons are said again afterwards.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ami_listener.actions import (
    ActionFailed,
    AddAgentToQueue,
    PauseAgent,
    QueueStatus,
    RemoveAgentFromQueue,
    SetPenalty,
)
from ami_listener.events import AgentState
from ami_listener.floor import AgentNow
from crm.pbx_store import Send
from dialplan.names import agent_interface, agent_of_interface
from dialplan.sections import Agent

log = logging.getLogger(__name__)
_PAUSED = frozenset({AgentState.PAUSED, AgentState.WRAP_UP})


@dataclass(frozen=True, slots=True)
class Membership:
    """That an extension answers a queue, and how late it is rung there."""

    extension: str
    queue: str
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """Memberships that are new, have another penalty, or are no more."""

    new: tuple[Membership, ...] = ()
    other: tuple[Membership, ...] = ()
    gone: tuple[Membership, ...] = ()


def changes(old: Sequence[Agent], new: Sequence[Agent]) -> Changes:
    """From the old people to the new ones."""
    before, after = _penalties(old), _penalties(new)
    return Changes(
        tuple(Membership(*key, after[key]) for key in after if key not in before),
        tuple(Membership(*key, after[key]) for key in after if key in before and before[key] != after[key]),
        tuple(Membership(*key) for key in before if key not in after),
    )


def _penalties(agents: Sequence[Agent]) -> dict[tuple[str, str], int]:
    return {(agent.extension, queue): agent.penalties.get(queue, 0) for agent in agents for queue in agent.queues}


async def tell(send: Send, changes: Changes, agents: Mapping[str, AgentNow]) -> bool:
    """Has Asterisk do it; who is paused elsewhere is paused in a new queue too. False: it did not do all of it, and
    must read its queues anew. Raises AmiDown."""
    try:
        for one in changes.gone:
            await send(RemoveAgentFromQueue(one.queue, agent_interface(one.extension)))
        for one in changes.other:
            await send(SetPenalty(agent_interface(one.extension), one.penalty, one.queue))
        for one in changes.new:
            await send(_addition(one, agents.get(one.extension)))
    except ActionFailed as error:
        log.debug("queues are read anew: %s", error)
        return False
    return True


def _addition(one: Membership, now: AgentNow | None) -> AddAgentToQueue:
    paused = now is not None and now.state in _PAUSED
    return AddAgentToQueue(
        one.queue,
        agent_interface(one.extension),
        member_name=one.extension,
        penalty=one.penalty,
        paused=paused,
        reason=now.pause_reason if now is not None and paused else None,
    )


async def say_again(send: Send, agents: Mapping[str, AgentNow]) -> int:
    """After a reload: pauses whoever still is paused, but without a reason, for the reason they had before, in all
    their queues; how many. ``agents``: as they were before the reload. Raises what ``send`` raises."""
    lost = {
        agent_of_interface(str(event.get("Location")))
        for event in (await send(QueueStatus())).events
        if _is_paused_without_reason(event)
    }
    had = {agent: agents[agent].pause_reason for agent in lost if agent in agents and agents[agent].pause_reason}
    for agent, reason in had.items():
        await send(PauseAgent(agent_interface(agent), paused=True, reason=reason))
    return len(had)


def _is_paused_without_reason(event: Mapping[str, Any]) -> bool:
    return event.get("Event") == "QueueMember" and event.get("Paused") == "1" and not event.get("PausedReason")
