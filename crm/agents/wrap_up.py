"""Ends a wrap-up whose end Asterisk has forgotten: it keeps that time on disk, and a full disk loses it."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from ami_listener.actions import AmiError, PauseAgent
from ami_listener.events import AgentState
from ami_listener.floor import AgentNow
from crm.pbx_store import Send, delete, read_family
from dialplan.names import PauseReason, Store, agent_interface

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 2.0
LATE_SECONDS: Final = 3.0


class WrapUpKeeper:
    """Looks every few seconds for agents in wrap-up for longer than any wrap-up lasts (``longest_seconds``)."""

    def __init__(
        self,
        agents: Callable[[], Mapping[str, AgentNow]],
        longest_seconds: float,
        send: Send,
        clock: Callable[[], datetime],
    ) -> None:
        self._agents = agents
        self._longest = timedelta(seconds=longest_seconds + LATE_SECONDS)
        self._send = send
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except AmiError as error:
                log.debug("wrap-ups cannot be looked at: %s", error)

    async def look(self) -> list[str]:
        """Brings back who was forgotten; returns these agents. Raises AmiError."""
        now = self._clock()
        late = [
            agent
            for agent, current in self._agents().items()
            if current.state is AgentState.WRAP_UP and now - current.since > self._longest
        ]
        if not late:
            return []
        running = await read_family(self._send, Store.WRAP_UP)
        over = now.timestamp() - LATE_SECONDS  # an end that has passed: the clock that should have seen it is gone
        forgotten = [agent for agent in late if _ends_at(running.get(agent)) < over]
        for agent in forgotten:
            log.warning("the wrap-up of agent %s had no end: ended now", agent)
            await delete(self._send, Store.WRAP_UP, agent)
            await self._send(PauseAgent(agent_interface(agent), paused=False, reason=PauseReason.WRAP_UP))
        return forgotten


def _ends_at(kept: str | None) -> float:
    try:
        return float(kept or 0)
    except ValueError:
        return 0.0
