"""Breaks that outlive Asterisk.

Whatever paused an agent is kept in Asterisk's own database, from which its dialplan sets it again after a start
(``hotline-restore``), whether this service runs or not. Pauses and returns by the page and by ``*51``, ``*52`` write
there themselves; here the others follow: missed calls, the program `hotline`, a supervisor. An Asterisk that crashes
loses the last second of its database: what is known here is set again then.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ami_listener.actions import AmiError, PauseAgent
from ami_listener.events import (
    AgentState,
    AgentStateChanged,
    Event,
    Precision,
    StreamInterrupted,
    StreamResumed,
)
from ami_listener.telling import hears
from crm.pbx_store import Send, delete, put, read_family
from dialplan.names import PauseReason, Store, agent_interface

log = logging.getLogger(__name__)
_PASSING: Final = frozenset({PauseReason.WRAP_UP.value, PauseReason.RING_MISSED.value})


@dataclass(frozen=True, slots=True)
class _Break:
    reason: str
    since: datetime


class Breaks:
    """Give it every fact (`happened`), let it `run`."""

    def __init__(self, send: Send, clock: Callable[[], datetime]) -> None:
        self._send = send
        self._clock = clock
        self._known: dict[str, _Break] = {}
        self._seen: set[str] = set()  # on a break, as heard on this connection
        self._todo: asyncio.Queue[str | StreamResumed] = asyncio.Queue()

    def begun(self, agent: str, reason: str) -> None:
        """The page asked for a break: Asterisk has it."""
        self._known[agent] = _Break(reason, self._clock())

    def over(self, agent: str) -> None:
        """The page said that the agent is back."""
        self._known.pop(agent, None)
        self._seen.discard(agent)

    @hears(StreamInterrupted, StreamResumed, AgentStateChanged)
    def happened(self, event: Event) -> None:
        """Takes in one fact; never waits."""
        if isinstance(event, StreamInterrupted):
            self._seen.clear()  # what is heard next may be an Asterisk that has just started
        elif isinstance(event, StreamResumed):
            self._todo.put_nowait(event)
        elif isinstance(event, AgentStateChanged) and event.precision is Precision.MICROSECOND:
            self._state(event)

    def _state(self, event: AgentStateChanged) -> None:
        reason = event.pause_reason or ""
        if event.state is AgentState.PAUSED and reason not in _PASSING:
            self._seen.add(event.agent)
            known = self._known.get(event.agent)
            if known is None or known.reason != reason:
                self._known[event.agent] = _Break(reason, event.occurred_at)
            self._todo.put_nowait(event.agent)
        elif event.state is AgentState.AVAILABLE and event.agent in self._seen:
            self.over(event.agent)
            self._todo.put_nowait(event.agent)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            item = await self._todo.get()
            try:
                if isinstance(item, StreamResumed):
                    await self.restore(item.asterisk_started_at)
                else:
                    await self._keep(item)
            except AmiError as error:
                log.debug("breaks cannot be kept now: %s", error)

    async def restore(self, started_at: datetime | None) -> list[str]:
        """After a reconnection: pauses whoever's break an Asterisk that started since has lost; returns these agents.
        Raises AmiError."""
        kept = await read_family(self._send, Store.BREAK)
        lost = []
        for agent, known in list(self._known.items()):
            if agent in kept:
                continue
            if started_at is not None and known.since < started_at:
                await put(self._send, Store.BREAK, agent, _written(known))
                await self._send(PauseAgent(agent_interface(agent), paused=True, reason=known.reason))
                lost.append(agent)
            else:
                self.over(agent)  # back again while nobody listened
        return lost

    async def _keep(self, agent: str) -> None:
        known = self._known.get(agent)
        if known is None:
            await delete(self._send, Store.BREAK, agent)
            return
        kept = (await read_family(self._send, Store.BREAK)).get(agent)
        if kept is None or kept.partition("|")[2] != known.reason:
            await put(self._send, Store.BREAK, agent, _written(known))


def _written(known: _Break) -> str:
    return f"{int(known.since.timestamp())}|{known.reason}"
