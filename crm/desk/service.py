"""What happens to agents, told to their desks the moment it happens, and all of it anew for a desk that was away.

Belongs to the event loop. Messages on ``agent/<extension>`` (`crm.live`), each with ``kind``:

- ``call``: the agent's call as it stands now (`crm.desk.call_view`); with ``profile`` when that is known already;
- ``profile``: what is known of the caller of ``call_id``; null when the records cannot be reached;
- ``state``: what the agent is, true to Asterisk, since when, until when (wrap-up);
- ``floor``, to all: ``heard``, whether we hear Asterisk at all; ``waiting``, who waits.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ami_listener.actions import AmiError, GetFromDatabase
from ami_listener.events import (
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallTransferred,
    Event,
    OutboundHeld,
    Precision,
    StreamInterrupted,
    StreamResumed,
)
from ami_listener.floor import AgentNow, FloorSnapshot
from ami_listener.records import CallRecord
from crm.desk.call_view import CallView, Phase, view_of
from crm.desk.pop import Pops, Profile
from crm.live import Hub
from crm.pbx_store import Send
from crm.people.numbers import Number
from dialplan.names import Store

log = logging.getLogger(__name__)
PROFILE_SECONDS: Final = 2.0
WAITING_SECONDS: Final = 1.0
LATE: Final = timedelta(seconds=30)  # what the journal tells after a gap is history, not a ring


class Desk:
    """Give it every event (`happened`). ``agent_now``: the floor's word on one agent; ``floor``: all of it."""

    def __init__(
        self,
        *,
        hub: Hub,
        pops: Pops,
        agent_now: Callable[[str], AgentNow | None],
        floor: Callable[[], FloorSnapshot],
        find_call: Callable[[str], CallRecord | None],
        normalise: Callable[[str | None], Number],
        send: Send,
        clock: Callable[[], datetime],
    ) -> None:
        self._hub = hub
        self.pops = pops
        self._agent_now = agent_now
        self._floor = floor
        self._find_call = find_call
        self._normalise = normalise
        self._send = send
        self._clock = clock
        self.heard = False
        self._last: dict[str, str] = {}  # agent → the call that concerned this agent last
        self._told: dict[tuple[str, str], CallView] = {}  # agent and call → what the desk was told
        self._desks: dict[str, set[str]] = {}  # open call → agents who were told of it
        self._wrap_up_ends_at: dict[str, datetime] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what happens

    def happened(self, event: Event) -> None:
        """One fact."""
        if isinstance(event, AgentStateChanged):
            self._state_changed(event)
        elif isinstance(event, StreamInterrupted | StreamResumed):
            self._hearing(isinstance(event, StreamResumed))
        elif isinstance(event, OutboundHeld):
            self._tell_state(event.agent)  # to Asterisk, who holds is just busy
        elif event.call_id is not None and self._is_news(event):
            self._call_changed(event, event.call_id)

    def _is_news(self, event: Event) -> bool:
        return event.precision is Precision.MICROSECOND and self._clock() - event.occurred_at < LATE

    def _call_changed(self, event: Event, call_id: str) -> None:
        if isinstance(event, CallArrived):
            if self._hub.anyone("agent/"):  # with no desk open there is nobody to look the caller up for
                self.pops.ask(call_id, self._normalise(event.caller_number).recognisable)
            return
        # a record is built anew when it is asked for: not for the many facts that change nobody's view of the call, nor
        # for agents whose desk is not open, who read the call as it then is when they open it
        concerned = {agent for agent in self._concerned(event, call_id) if self._looks(agent, event, call_id)}
        record = self._find_call(call_id) if concerned else None
        if record is not None:
            for agent in concerned:
                self._tell_call(agent, record)
        if isinstance(event, CallEnded):
            for agent in self._desks.pop(call_id, ()):
                self._told.pop((agent, call_id), None)
            self.pops.forget(call_id)

    def _looks(self, agent: str, event: Event, call_id: str) -> bool:
        if self._hub.listening(f"agent/{agent}"):
            return True
        if isinstance(event, CallAnswered) and event.agent == agent:
            self._last[agent] = call_id
        return False

    def _concerned(self, event: Event, call_id: str) -> set[str]:
        """Whose view of the call this event may change."""
        desks = self._desks.get(call_id, set())
        agent = getattr(event, "agent", None)
        if agent is None:
            return set(desks)
        if isinstance(event, CallAnswered):
            return {agent} | {desk for desk in desks if self._phase(desk, call_id) is Phase.RINGING}
        to = event.to if isinstance(event, CallTransferred) else None
        return {one for one in (agent, to) if one}

    def _tell_call(self, agent: str, record: CallRecord) -> None:
        view, call_id = view_of(record, agent, self._normalise), record.call_id
        if view is None or self._told.get((agent, call_id)) == view:
            return
        first = self._phase(agent, call_id) not in {Phase.RINGING, Phase.TALKING, Phase.HELD}
        self._told[agent, call_id] = view
        self._desks.setdefault(call_id, set()).add(agent)
        if view.phase in {Phase.TALKING, Phase.HELD} or not self._is_busy(agent, but=call_id):
            self._last[agent] = call_id
        message: dict[str, Any] = {"kind": "call", "call": view.json()}
        if first and view.phase in {Phase.RINGING, Phase.TALKING}:
            profile = self._profile_for(agent, view)
            if profile is not None:
                message["profile"] = profile
        self._hub.publish(f"agent/{agent}", message)
        if view.phase in {Phase.HELD, Phase.TALKING}:
            self._tell_state(agent)  # to Asterisk, who holds is just busy

    def _phase(self, agent: str, call_id: str) -> Phase | None:
        told = self._told.get((agent, call_id))
        return told.phase if told else None

    def _is_busy(self, agent: str, but: str) -> bool:
        """Whether the agent has another open call."""
        last = self._last.get(agent)
        return last not in {None, but} and self._phase(agent, last or "") in {Phase.TALKING, Phase.HELD, Phase.RINGING}

    def _profile_for(self, agent: str, view: CallView) -> Profile | None:
        """Now, or told as soon as it is there."""
        asked = self.pops.ask(view.call_id, view.number if view.recognisable else None)
        if asked.done():
            return self.pops.known(view.call_id)

        def found(future: "asyncio.Future[Profile | None]") -> None:
            if future.cancelled():
                return
            message = {"kind": "profile", "call_id": view.call_id, "profile": future.result()}
            self._hub.publish(f"agent/{agent}", message)

        asked.add_done_callback(found)
        return None

    def _state_changed(self, event: AgentStateChanged) -> None:
        if event.state is AgentState.WRAP_UP:
            if event.agent not in self._wrap_up_ends_at and self._hub.listening(f"agent/{event.agent}"):
                self._begin(self.read_wrap_up(event.agent))
        else:
            self._wrap_up_ends_at.pop(event.agent, None)
        self._tell_state(event.agent)

    def _hearing(self, heard: bool) -> None:
        self.heard = heard
        self._hub.publish("floor", {"kind": "heard", "heard": heard})

    def _tell_state(self, agent: str) -> None:
        if not self._hub.listening(f"agent/{agent}"):
            return
        self._hub.publish(f"agent/{agent}", {"kind": "state", "state": self.state_of(agent)})

    # -- the end of a wrap-up is Asterisk's

    async def read_wrap_up(self, agent: str) -> None:
        """Asks Asterisk when this agent's wrap-up ends, and tells the desk. Call it when that was changed."""
        try:
            reply = await self._send(GetFromDatabase(Store.WRAP_UP.value, agent))
        except AmiError:
            self._wrap_up_ends_at.pop(agent, None)
        else:
            value = str(reply.events[0].get("Val", "")) if reply.events else ""
            ends_at = _moment(value)
            if ends_at is not None:
                self._wrap_up_ends_at[agent] = ends_at
        self._tell_state(agent)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- all of it anew

    def opened(self, agent: str) -> Mapping[str, Any]:
        """`state_of`, for a desk that has just opened: what was not asked of Asterisk for a closed desk is asked now,
        and told when it is known."""
        now = self._agent_now(agent)
        if now is not None and now.state is AgentState.WRAP_UP and agent not in self._wrap_up_ends_at:
            self._begin(self.read_wrap_up(agent))
        return self.state_of(agent)

    def state_of(self, agent: str) -> Mapping[str, Any]:
        """What the agent is: ``state``, ``since``, ``reason``, ``call_id``, ``wrap_up_ends_at`` (only then)."""
        now = self._agent_now(agent)
        if now is None:
            return {"state": AgentState.OFFLINE.value, "since": None, "reason": None, "wrap_up_ends_at": None}
        ends_at = self._wrap_up_ends_at.get(agent) if now.state is AgentState.WRAP_UP else None
        return {
            "state": now.state.value,
            "since": now.since.isoformat(),
            "reason": now.pause_reason,
            "wrap_up_ends_at": ends_at.isoformat() if ends_at else None,
        }

    def call_of(self, agent: str) -> CallView | None:
        """The call that concerns this agent now, or concerned last; None when there was none since the start."""
        now = self._agent_now(agent)
        call_id = (now.call_id if now else None) or self._last.get(agent)
        record = self._find_call(call_id) if call_id else None
        view = view_of(record, agent, self._normalise) if record else None
        if view is not None and view.ended_at is None:  # a desk that has just opened is told what comes next of it
            self._told[agent, view.call_id] = view
            self._desks.setdefault(view.call_id, set()).add(agent)
            self._last[agent] = view.call_id
        return view

    async def profile_of(self, view: CallView) -> Profile | None:
        """What is known of this call's caller, now; None when the records do not answer soon."""
        asked = self.pops.ask(view.call_id, view.number if view.recognisable else None)
        try:
            async with asyncio.timeout(PROFILE_SECONDS):
                return await asyncio.shield(asked)
        except TimeoutError:
            return None

    async def follow_waiting(self) -> None:
        """Tells every desk who waits, when that changes; at most once a second. Until cancelled."""
        told: list[dict[str, Any]] | None = None
        while True:
            waiting = waiting_of(self._floor())
            if waiting != told:
                told = waiting
                self._hub.publish("floor", {"kind": "waiting", "waiting": waiting})
            await asyncio.sleep(WAITING_SECONDS)

    def close(self) -> None:
        """Ends what was begun."""
        for task in self._tasks:
            task.cancel()
        self.pops.close()


def waiting_of(floor: FloorSnapshot) -> list[dict[str, Any]]:
    """Callers who wait, by queue: ``queue``, ``count``, ``since`` (arrival of the one who waits longest)."""
    return [
        {"queue": queue, "count": len(calls), "since": min(call.arrived_at for call in calls).isoformat()}
        for queue, calls in sorted(floor.waiting.items())
        if calls
    ]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        return None
