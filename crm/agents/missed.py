"""Lets an agent rest who missed a ring, and pauses one who missed too many ("The call" no. 7).

`ami_listener.missed` decides; here it is done, and undone when the rest is over. A pause that somebody else set
meanwhile (the agent, a supervisor, the wrap-up) is never touched: it is looked at just before.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from ami_listener.actions import AmiError, PauseAgent, SendUserEvent
from ami_listener.events import AgentMissedRing, AgentState, AgentStateChanged, Event
from ami_listener.missed import HEARS, MissDecision, MissedRings
from ami_listener.telling import hears
from crm.pbx_store import Send
from dialplan.names import PauseReason, agent_interface

log = logging.getLogger(__name__)

USER_EVENT: Final = "HotlineAgentMissed"
TICK_SECONDS: Final = 0.2  # app_queue rings again after a second: the decision must be there by then
_PAUSED: Final = (AgentState.PAUSED, AgentState.WRAP_UP)


class MissedRingEnforcer:
    """Give it every fact that is heard live (`apply`), tell it of logins, and let it `run`.

    ``emit``: gets each `AgentMissedRing`, for figures and boards.
    """

    def __init__(
        self,
        policy: MissedRings,
        send: Send,
        rest_seconds: float,
        emit: Callable[[AgentMissedRing], None] = lambda missed: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._policy = policy
        self._send = send
        self._rest = timedelta(seconds=rest_seconds)
        self._emit = emit
        self._clock = clock
        self._states: dict[str, AgentStateChanged] = {}
        self._rest_ends_at: dict[str, datetime] = {}
        self._decided: deque[MissDecision] = deque()

    @hears(*HEARS)
    def apply(self, event: Event) -> None:
        """Takes in one fact. Never waits; what follows is done by `run`."""
        if isinstance(event, AgentStateChanged):
            self._states[event.agent] = event
            if self._resting(event.agent) and event.agent not in self._rest_ends_at:
                self._rest_ends_at[event.agent] = self._clock() + self._rest  # of another life of this service
        self._decided += self._policy.apply(event)

    def logged_in(self) -> None:
        """The state of all agents was read anew: rests that are not of this service's own doing end now."""
        now = self._clock()
        for agent in self._states:
            if self._resting(agent):
                self._rest_ends_at[agent] = min(now, self._rest_ends_at.get(agent, now))

    async def run(self) -> None:
        """Works for ever."""
        while True:
            await self.work()
            await asyncio.sleep(TICK_SECONDS)

    async def work(self) -> None:
        """Does what is due now. Never raises for what Asterisk refuses or does not answer."""
        self._decided += self._policy.tick(self._clock())
        while self._decided:
            await self._enforce(self._decided.popleft())
        now = self._clock()
        for agent, ends_at in list(self._rest_ends_at.items()):
            if ends_at <= now:
                await self._end_rest(agent)

    def _resting(self, agent: str) -> bool:
        return self._pause_of(agent) == PauseReason.RING_MISSED

    def _pause_of(self, agent: str) -> str | None:
        """The pause reason that is seen now; None when none is: not paused, or hidden behind a busy telephone."""
        state = self._states.get(agent)
        return (state.pause_reason or "") if state is not None and state.state in _PAUSED else None

    async def _enforce(self, decision: MissDecision) -> None:
        missed = decision.missed
        log.info(
            "agent %s %s a ring, %d in a row%s",
            missed.agent,
            "refused" if missed.refused else "missed",
            missed.in_a_row,
            ": paused until back" if missed.paused else "",
        )
        self._emit(missed)
        paused_for = self._pause_of(missed.agent)
        if paused_for in (None, PauseReason.RING_MISSED.value):
            if decision.rest_seconds is None:
                self._rest_ends_at.pop(missed.agent, None)
            else:
                self._rest_ends_at[missed.agent] = self._clock() + timedelta(seconds=decision.rest_seconds)
            await self._pause(missed.agent, decision.pause_reason)
        with suppress(AmiError):  # who listens is told when that can be; it is in the log in any case
            await self._send(SendUserEvent(USER_EVENT, _headers(missed)))

    async def _pause(self, agent: str, reason: PauseReason | None) -> bool:
        action = PauseAgent(agent_interface(agent), paused=reason is not None, reason=reason)
        try:
            await self._send(action)
        except AmiError as error:
            log.warning("agent %s could not be %s: %s", agent, "paused" if reason else "brought back", error)
            return False
        return True

    async def _end_rest(self, agent: str) -> None:
        state = self._states.get(agent)
        if self._resting(agent):
            if await self._pause(agent, None):
                self._rest_ends_at.pop(agent, None)
            else:
                self._rest_ends_at[agent] = self._clock() + self._rest
        elif state is not None and state.state in (*_PAUSED, AgentState.AVAILABLE):
            self._rest_ends_at.pop(agent, None)  # somebody else has decided meanwhile
        # else the telephone is busy or away and hides the pause: looked at again when it is not


def _headers(missed: AgentMissedRing) -> dict[str, str]:
    return {
        "Agent": missed.agent,
        "Queue": missed.queue,
        "Refused": "yes" if missed.refused else "no",
        "InARow": str(missed.in_a_row),
        "Paused": "yes" if missed.paused else "no",
    }
