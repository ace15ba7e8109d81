"""Queue members → one state an agent. A person in five queues has five memberships and one telephone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ami_listener.events import AgentState, AgentStateChanged
from ami_listener.facts import stable_id
from dialplan.names import PauseReason

# Asterisk's device states as app_queue numbers them. Unknown (0) is rung by app_queue, so it counts as available.
_AVAILABLE: Final = frozenset({0, 1})
_BUSY: Final = {
    2: AgentState.IN_CALL,
    3: AgentState.IN_CALL,
    6: AgentState.RINGING,
    7: AgentState.IN_CALL,
    8: AgentState.ON_HOLD,
}


@dataclass(frozen=True, slots=True)
class Membership:
    """What app_queue says of one member in one queue."""

    status: int
    paused: bool
    reason: str | None


_Said = tuple[AgentState, str | None, tuple[str, ...]]


class AgentStates:
    """Keeps every membership and says when the state that follows from them changes."""

    def __init__(self) -> None:
        self._members: dict[str, dict[str, Membership]] = {}
        self._said: dict[str, _Said] = {}
        self._listed: dict[str, set[str]] = {}

    def update(self, agent: str, queue: str, member: Membership, at: datetime) -> AgentStateChanged | None:
        """A membership as it is now. None when the agent's state stays what it was."""
        memberships = self._members.setdefault(agent, {})
        if memberships.get(queue) == member:
            return None
        memberships[queue] = member
        return self._say(agent, at)

    def remove(self, agent: str, queue: str, at: datetime) -> AgentStateChanged | None:
        """The agent is no longer a member of that queue."""
        self._members.get(agent, {}).pop(queue, None)
        return self._say(agent, at)

    def list_begins(self, queue: str) -> None:
        """A complete list of this queue's members follows."""
        self._listed[queue] = set()

    def listed(self, agent: str, queue: str) -> None:
        """The member is in that list."""
        self._listed.setdefault(queue, set()).add(agent)

    def list_ends(self, at: datetime) -> list[AgentStateChanged]:
        """The lists are complete: who is not in them is no longer a member."""
        gone = [
            (agent, queue)
            for agent, memberships in self._members.items()
            for queue in memberships
            if queue in self._listed and agent not in self._listed[queue]
        ]
        self._listed.clear()
        return [event for agent, queue in gone if (event := self.remove(agent, queue, at))]

    def _say(self, agent: str, at: datetime) -> AgentStateChanged | None:
        said = state_of(self._members.get(agent, {}))
        if self._said.get(agent) == said:
            return None
        self._said[agent] = said
        state, reason, queues = said
        return AgentStateChanged(
            event_id=stable_id("state", agent, state, reason or "", ",".join(queues), at.isoformat()),
            occurred_at=at,
            agent=agent,
            state=state,
            pause_reason=reason,
            queues=queues,
        )


def state_of(memberships: dict[str, Membership]) -> _Said:
    """The one state of all memberships: the telephone first, then the pause, which counts when it is in every queue."""
    queues = tuple(sorted(memberships))
    statuses = {member.status for member in memberships.values()}
    for status in (8, 7, 3, 2, 6):
        if status in statuses:
            return _BUSY[status], None, queues
    if not statuses & _AVAILABLE:
        return AgentState.OFFLINE, None, queues
    if all(member.paused for member in memberships.values()):
        reason = next((memberships[queue].reason for queue in queues if memberships[queue].reason), None)
        state = AgentState.WRAP_UP if reason == PauseReason.WRAP_UP else AgentState.PAUSED
        return state, reason, queues
    return AgentState.AVAILABLE, None, queues
