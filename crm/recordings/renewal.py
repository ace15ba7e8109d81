"""A recording that ends for a moment and begins again, where Asterisk alone would go on without the agent's side.

Why: see the template ``recording.conf``. The filter that it tells of lives as long as anybody hears or speaks on the
caller's leg: the recording itself; the notice, which is broken off and spoken anew; a supervisor who barges in, whose
part ends with the leg of the agent who hands the caller on. Should that end later than the recording has begun again,
it begins once more.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ami_listener.actions import ActionFailed, AmiError, GetVariable, Hangup, Originate
from ami_listener.events import CallSpied, SpyEnded, SpyMode
from ami_listener.recording_actions import BeginRecording, EndRecording
from crm.pbx_store import Send
from crm.recordings.timeline import Touch
from dialplan.names import Context, Variable
from dialplan.recording import monitored

log = logging.getLogger(__name__)

UNTIL_A_SOUND_SECONDS: Final = 0.08  # 20 ms apart; some networks send 40 or 60


@dataclass(slots=True)
class Running:
    """One recording that goes on. ``agents``: who talks, or talked, in it. ``changing``: one at a time ends it,
    begins it again or makes it silent; ``stale``: it has to begin again once it may be heard; ``barging``: legs of
    supervisors who speak in it, ``over_barging``: it began again while there were some. ``private``: it is, or is about
    to be, silent; ``touches``: keys pressed that are not written down yet."""

    call_id: str
    channel: str
    queue: str | None
    started_at: datetime
    sides: bool
    announced: bool
    paused_at: datetime | None = None
    agents: set[str] = field(default_factory=set)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    stale: bool = False
    barging: set[str] = field(default_factory=set)
    over_barging: bool = False
    private: bool = False
    touches: list[Touch] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As pages read it."""
        return {
            "call_id": self.call_id,
            "queue": self.queue,
            "started_at": self.started_at.isoformat(),
            "state": "paused" if self.paused_at else "on",
            "paused_at": self.paused_at.isoformat() if self.paused_at else None,
            "agents": sorted(self.agents),
        }


class Renewal:
    """Ends recordings and begins them again; ``spool``: where Asterisk writes them."""

    def __init__(self, send: Send, spool: Path) -> None:
        self._send = send
        self._spool = spool
        self._going_on: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> bool:
        """Nothing is being asked of Asterisk."""
        return not self._going_on

    def begin_again(self, running: Running) -> None:
        """Somebody else speaks, or from elsewhere."""
        running.stale, running.over_barging = True, bool(running.barging)
        self._start(self._renew(running))

    def end(self, running: Running) -> None:
        """Whom the caller talks with now was not told of any recording."""
        running.stale = False
        self._start(self._ended(running))

    def handed_on(self, running: Running) -> None:
        """The dialplan has begun it again: once more, should somebody who barges in still be there."""
        running.over_barging = bool(running.barging)

    def spied(self, event: CallSpied | SpyEnded, running: Running) -> None:
        """A supervisor's part in the call changed or ended."""
        if isinstance(event, CallSpied) and event.mode is SpyMode.BARGE:
            running.barging.add(event.spy_id)
            return
        running.barging.discard(event.spy_id)
        if running.over_barging and not running.barging:
            self.begin_again(running)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    async def _ended(self, running: Running) -> None:
        async with running.changing:
            try:
                await self._hush(running)
                await self._send(EndRecording(running.channel))
            except AmiError:
                log.warning("call %s: its recording could not be ended", running.call_id)

    async def _renew(self, running: Running) -> None:
        async with running.changing:
            if running.paused_at is not None or not running.stale:
                return  # silence must not end by itself: later
            running.stale = False
            try:
                hushed = await self._hush(running)
                await self._send(EndRecording(running.channel))
                await asyncio.sleep(UNTIL_A_SOUND_SECONDS)
                file, options = monitored(self._spool, running.call_id, sides=running.sides)
                await self._send(BeginRecording(running.channel, file, options))
                if hushed:
                    await self._tell(running)
            except AmiError:
                log.warning("call %s: its recording could not begin again", running.call_id)

    async def _hush(self, running: Running) -> bool:
        """Breaks the notice off; whether it was being spoken."""
        if not running.announced:
            return False
        leg = await self._variable(running, f"SHARED({Variable.RECORDING_NOTICE})")
        if not leg:
            return False
        try:
            await self._send(Hangup(leg))
        except ActionFailed:
            return False  # it was over
        return True

    async def _tell(self, running: Running) -> None:
        """The notice once more, to caller and who talks with the caller now."""
        language = await self._variable(running, Variable.LANGUAGE)
        await self._send(
            Originate(
                channel=f"Local/s@{Context.RECORDING_LEG}/n",
                context=Context.RECORDING_NOTICE,
                exten="s",
                variables={Variable.TARGET: running.channel, Variable.LANGUAGE: language},
            )
        )

    async def _variable(self, running: Running, name: str) -> str:
        value = (await self._send(GetVariable(name, running.channel))).headers.get("Value", "")
        return value if isinstance(value, str) else value[0]
