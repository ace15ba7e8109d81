"""What goes on right now: who waits, who talks, what every agent does. Right again at once after every login.

Kept up by events, replaced as a whole by what Asterisk lists (`Resync`), which overrules everything heard before.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ami_listener.events import (
    AgentLegEnded,
    AgentRang,
    AgentRingEnded,
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    CallResumed,
    CallTransferred,
    Event,
    LeaveStatus,
    OutboundEnded,
    OutboundHeld,
    Precision,
    QueueJoined,
    QueueLeft,
)

_REMEMBERED_ENDS: Final = 5_000


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A caller in a queue. ``arrived_at``: of the call, not of this pass (H1)."""

    call_id: str
    queue: str
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class TalkingCall:
    """A caller who speaks with a person."""

    call_id: str
    queue: str | None
    agent: str
    since: datetime


@dataclass(frozen=True, slots=True)
class AgentNow:
    """What an agent does, since when, with which call."""

    state: AgentState
    since: datetime
    pause_reason: str | None = None
    call_id: str | None = None
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloorSnapshot:
    """The floor at one moment. ``waiting``: by queue, longest wait first."""

    at: datetime
    waiting: Mapping[str, tuple[WaitingCall, ...]]
    talking: tuple[TalkingCall, ...]
    agents: Mapping[str, AgentNow]

    def longest_wait_seconds(self, queue: str | None = None) -> float:
        """Since the oldest arrival still waiting, in one queue or in all; 0 when nobody waits."""
        calls = self.waiting.get(queue, ()) if queue else [call for calls in self.waiting.values() for call in calls]
        return max((max(0.0, (self.at - call.arrived_at).total_seconds()) for call in calls), default=0.0)


@dataclass(frozen=True, slots=True)
class Resync:
    """What Asterisk lists on QueueStatus and CoreShowChannels. ``live_calls``: uniqueids of all legs there are."""

    at: datetime
    waiting: tuple[WaitingCall, ...] = ()
    talking: tuple[TalkingCall, ...] = ()
    live_calls: frozenset[str] = field(default_factory=frozenset)


class FloorState:
    """Not thread-safe: one owner applies events and takes snapshots."""

    def __init__(self) -> None:
        self._arrived: dict[str, datetime] = {}
        self._waiting: dict[str, WaitingCall] = {}
        self._talking: dict[str, TalkingCall] = {}
        self._agents: dict[str, AgentNow] = {}
        self._ringing: dict[str, str] = {}  # agent → call
        self._held: dict[str, tuple[str, datetime]] = {}  # agent → call that this agent holds, since when
        self._ended: OrderedDict[str, None] = OrderedDict()

    def apply(self, event: Event) -> None:
        """Takes in one event; repeats and late ones do no harm."""
        if isinstance(event, AgentStateChanged):
            self._agent_changed(event)
        elif isinstance(event, OutboundHeld) and event.on:
            self._held.setdefault(event.agent, (event.outbound_id, event.occurred_at))
        elif isinstance(event, OutboundHeld | OutboundEnded):
            if self._held.get(event.agent, ("",))[0] == event.outbound_id:  # a caller may be on hold meanwhile
                del self._held[event.agent]
        elif event.call_id is not None and event.call_id not in self._ended:
            self._call_changed(event, event.call_id)

    def read_back(self, call_id: str, arrived_at: datetime) -> None:
        """A call that an earlier run heard arrive: what Asterisk lists only says since when it is in its queue."""
        self._arrived[call_id] = arrived_at

    def resync(self, listed: Resync) -> None:
        """Replaces calls by what Asterisk lists. Agents come as events of the same lists."""
        self._arrived = {call: at for call, at in self._arrived.items() if call in listed.live_calls}
        waiting = [
            replace(call, arrived_at=self._arrived.get(call.call_id, call.arrived_at)) for call in listed.waiting
        ]
        self._waiting = {call.call_id: call for call in waiting}
        self._arrived |= {call.call_id: call.arrived_at for call in waiting}
        self._talking = {call.call_id: self._as_known(call) for call in listed.talking}
        self._ringing = {agent: call for agent, call in self._ringing.items() if call in listed.live_calls}
        self._held = {agent: held for agent, held in self._held.items() if held[0] in listed.live_calls}

    def snapshot(self, now: datetime) -> FloorSnapshot:
        """The floor as it is known at ``now``."""
        waiting: dict[str, list[WaitingCall]] = {}
        for call in sorted(self._waiting.values(), key=lambda c: (c.arrived_at, c.call_id)):
            waiting.setdefault(call.queue, []).append(call)
        with_whom = {call.agent: call.call_id for call in self._talking.values()}
        agents = {}
        for agent, current in sorted(self._agents.items()):
            call_id = with_whom.get(agent)
            if current.state is AgentState.RINGING:
                call_id = call_id or self._ringing.get(agent)
            now_so = self._held_too(agent, current)
            agents[agent] = now_so if call_id is None else replace(now_so, call_id=call_id)
        talking = tuple(sorted(self._talking.values(), key=lambda c: (c.since, c.call_id)))
        return FloorSnapshot(now, {queue: tuple(calls) for queue, calls in waiting.items()}, talking, agents)

    def agent(self, agent: str) -> AgentNow | None:
        """One agent now; None when Asterisk has not told of this one."""
        current = self._agents.get(agent)
        if current is None:
            return None
        call_id = next((call.call_id for call in self._talking.values() if call.agent == agent), None)
        if call_id is None and current.state is AgentState.RINGING:
            call_id = self._ringing.get(agent)
        return replace(self._held_too(agent, current), call_id=call_id)

    def _held_too(self, agent: str, current: AgentNow) -> AgentNow:
        held = self._held.get(agent)
        if held is None or current.state is not AgentState.IN_CALL:
            return current
        return replace(current, state=AgentState.ON_HOLD, since=held[1])  # to Asterisk, who holds is just busy

    def _as_known(self, listed: TalkingCall) -> TalkingCall:
        known = self._talking.get(listed.call_id)
        return known if known is not None and known.agent == listed.agent else listed

    def _agent_changed(self, event: AgentStateChanged) -> None:
        if event.precision is not Precision.MICROSECOND:
            return  # the journal tells what was, and only of pauses
        current = self._agents.get(event.agent)
        if current is not None and event.occurred_at < current.since:
            return
        same = current is not None and (current.state, current.pause_reason) == (event.state, event.pause_reason)
        since = current.since if current is not None and same else event.occurred_at
        self._agents[event.agent] = AgentNow(event.state, since, event.pause_reason, None, event.queues)

    def _call_changed(self, event: Event, call_id: str) -> None:
        if isinstance(event, CallArrived):
            self._arrived[call_id] = event.occurred_at
            if call_id in self._waiting:
                self._waiting[call_id] = replace(self._waiting[call_id], arrived_at=event.occurred_at)
        elif isinstance(event, QueueJoined):
            if call_id not in self._talking:
                arrived_at = self._arrived.setdefault(call_id, event.occurred_at)
                self._waiting[call_id] = WaitingCall(call_id, event.queue, arrived_at)
        elif isinstance(event, QueueLeft):
            self._left(event, call_id)
        elif isinstance(event, AgentRang):
            self._ringing[event.agent] = call_id
        elif isinstance(event, AgentRingEnded | CallAnswered):
            self._rang(event, call_id)
        elif isinstance(event, CallHeld):
            self._held.setdefault(event.agent, (call_id, event.occurred_at))
        elif isinstance(event, CallResumed):
            self._held.pop(event.agent, None)
        elif isinstance(event, AgentLegEnded | CallTransferred):
            self._held.pop(event.agent, None)
            talking = self._talking.get(call_id)
            if talking is not None and talking.agent == event.agent:
                del self._talking[call_id]
        elif isinstance(event, CallEnded):
            self._end(call_id)

    def _left(self, event: QueueLeft, call_id: str) -> None:
        # Between the guard's two passes the caller goes on waiting; who abandons is told by the end of the call.
        between = event.pass_number <= 1 and event.status in (LeaveStatus.TIMED_OUT, LeaveStatus.ABANDONED)
        if not between:
            self._waiting.pop(call_id, None)

    def _rang(self, event: AgentRingEnded | CallAnswered, call_id: str) -> None:
        if self._ringing.get(event.agent) == call_id:
            del self._ringing[event.agent]
        if isinstance(event, CallAnswered):
            self._waiting.pop(call_id, None)
            talk = TalkingCall(call_id, event.queue or None, event.agent, event.occurred_at)
            self._talking[call_id] = self._as_known(talk)

    def _end(self, call_id: str) -> None:
        for calls in (self._arrived, self._waiting, self._talking):
            calls.pop(call_id, None)
        for agent in [agent for agent, held in self._held.items() if held[0] == call_id]:
            del self._held[agent]
        for agent in [agent for agent, call in self._ringing.items() if call == call_id]:
            del self._ringing[agent]
        self._ended[call_id] = None
        if len(self._ended) > _REMEMBERED_ENDS:
            self._ended.popitem(last=False)
