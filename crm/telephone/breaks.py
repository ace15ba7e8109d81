"""Breaks that outlive Asterisk: whatever paused an agent is kept in Asterisk's own database, from which its dialplan
sets it again after a start (``hotline-restore``). Pauses and returns by the page and by ``*51``, ``*52`` write there
themselves; here the others follow: missed calls, the program `hotline`, a supervisor.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ami_listener.actions import AmiError
from ami_listener.events import AgentState, AgentStateChanged, Event, Precision, StreamInterrupted
from crm.pbx_store import Send, delete, put, read_family
from dialplan.names import PauseReason, Store

log = logging.getLogger(__name__)
_PASSING: Final = frozenset({PauseReason.WRAP_UP.value, PauseReason.RING_MISSED.value})


class Breaks:
    """Give it every fact (`happened`), let it `run`."""

    def __init__(self, send: Send, clock: Callable[[], datetime]) -> None:
        self._send = send
        self._clock = clock
        self._away: dict[str, str] = {}  # agent → reason, as seen on this connection
        self._changes: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()

    def happened(self, event: Event) -> None:
        """Takes in one fact; never waits."""
        if isinstance(event, StreamInterrupted):
            self._away.clear()  # what is seen next may be an Asterisk that has just started
        elif isinstance(event, AgentStateChanged) and event.precision is Precision.MICROSECOND:
            reason = event.pause_reason or ""
            if event.state is AgentState.PAUSED and reason not in _PASSING:
                self._away[event.agent] = reason
                self._changes.put_nowait((event.agent, reason))
            elif event.state is AgentState.AVAILABLE and self._away.pop(event.agent, None) is not None:
                self._changes.put_nowait((event.agent, None))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            agent, reason = await self._changes.get()
            try:
                await self._write(agent, reason)
            except AmiError as error:
                log.debug("a break is not kept: %s", error)

    async def _write(self, agent: str, reason: str | None) -> None:
        if reason is None:
            await delete(self._send, Store.BREAK, agent)
            return
        kept = (await read_family(self._send, Store.BREAK)).get(agent)
        if kept is None or kept.partition("|")[2] != reason:
            await put(self._send, Store.BREAK, agent, f"{int(self._clock().timestamp())}|{reason}")
