"""Recordings that go on now: which, and the parts that are left out while something private is said.

Nothing is done for a call that is not recorded. Silence instead of the words is Asterisk's work, so the
sound keeps its length; it is asked for first and written down afterwards: a database that is away keeps nobody's secret
in the sound.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.actions import ActionFailed, AmiError, SetVariable
from ami_listener.events import (
    AgentLegEnded,
    AgentLegReplaced,
    CallAnswered,
    CallEnded,
    CallSpied,
    CallTransferred,
    Event,
    RecordingStarted,
    SpyEnded,
    TalkKeyPressed,
)
from ami_listener.recording_actions import MuteRecording
from ami_listener.records import CallRecord
from crm.audit.service import note
from crm.database import reading, writing
from crm.live import Hub
from crm.pbx_store import Send, delete, put
from crm.recordings import service
from crm.recordings.keeper import RecordingKeeper
from crm.recordings.renewal import Renewal, Running
from crm.recordings.timeline import Touch
from crm.staff.access import Visitor
from dialplan.names import Store, Variable

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 20.0
AFTER_CALL_SECONDS: Final = 3.0
EXPIRE_SECONDS: Final = 3600.0
TOUCHES: Final = 200  # of one call between two looks: more is a fax
TOPIC: Final = "recordings"


class NotRecorded(LookupError):
    """No recording of this call goes on."""


class LiveRecordings:
    """Give it every event (`happened`) and run `run`. ``free_bytes``: with less free nothing new is recorded;
    ``wanted``: whether anything is recorded at all; ``recorded_with``: whether talks with this party are."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        send: Send,
        keeper: RecordingKeeper,
        clock: Callable[[], datetime],
        *,
        find_call: Callable[[str], CallRecord | None],
        free_bytes: int,
        wanted: bool,
        recorded_with: Callable[[str], bool],
    ) -> None:
        self._engine = engine
        self._hub = hub
        self._send = send
        self._keeper = keeper
        self._clock = clock
        self._find_call = find_call
        self._free_bytes = free_bytes
        self._wanted = wanted
        self._recorded_with = recorded_with
        self._running: dict[str, Running] = {}
        self._to_note: list[Running] = []
        self._to_note_touches: list[Running] = []  # calls that are over
        self._work = asyncio.Event()
        self._renewal = Renewal(send, keeper.spool)
        self.stopped_for_disk = False
        self._told_of_disk: bool | None = None

    # -- what is told

    def happened(self, event: Event) -> None:
        """One fact."""
        if isinstance(event, RecordingStarted):
            self._begun(event)
            return
        if not self._running:
            return
        if isinstance(event, TalkKeyPressed):
            self._touched(event)
        elif isinstance(event, CallSpied | SpyEnded):
            self._spied(event)
        elif event.call_id in self._running:
            self._called(self._running[event.call_id], event)

    def _called(self, running: Running, event: Event) -> None:
        if isinstance(event, CallAnswered):
            self._joined(running, event.agent)
        elif isinstance(event, CallTransferred):
            if event.kind != "attended":
                self._renewal.handed_on(running)
            elif event.to and not self._recorded_with(event.to):
                self._renewal.end(running)
            else:
                self._joined(running, event.to or "")
                self._renewal.begin_again(running)
        elif isinstance(event, AgentLegReplaced):
            self._renewal.begin_again(running)
        elif isinstance(event, AgentLegEnded):
            self._hub.publish(f"agent/{event.agent}", {"kind": "recording", "recording": None})
        elif isinstance(event, CallEnded):
            del self._running[running.call_id]
            if running.touches:
                self._to_note_touches.append(running)
            self._hub.publish(TOPIC, {"kind": "recordings"})
            self._work.set()

    def _touched(self, event: TalkKeyPressed) -> None:
        running = self._running.get(event.of_call)
        if running is not None and not running.private and len(running.touches) < TOUCHES:
            running.touches.append(Touch(event.occurred_at, event.agent))

    def _spied(self, event: CallSpied | SpyEnded) -> None:
        for running in self._running.values():
            if event.spy_id in running.barging or (isinstance(event, CallSpied) and event.of_call == running.call_id):
                self._renewal.spied(event, running)

    def _begun(self, event: RecordingStarted) -> None:
        if event.call_id is None or event.call_id in self._running:
            return
        running = Running(
            call_id=event.call_id,
            channel=event.channel,
            queue=event.queue or None,
            started_at=event.occurred_at,
            sides=event.sides,
            announced=event.announced,
        )
        self._running[event.call_id] = running
        self._to_note.append(running)
        self._work.set()
        self._joined(running, event.agent)

    def _joined(self, running: Running, agent: str) -> None:
        if agent:
            running.agents.add(agent)
            self._hub.publish(f"agent/{agent}", {"kind": "recording", "recording": running.json()})
        self._hub.publish(TOPIC, {"kind": "recordings"})

    # -- what is asked

    def now(self) -> list[Running]:
        """All that go on, oldest first."""
        return sorted(self._running.values(), key=lambda one: one.started_at)

    def of(self, call_id: str | None) -> Running | None:
        """The recording of a call, when it goes on."""
        return self._running.get(call_id) if call_id else None

    async def pause(self, call_id: str, who: Visitor) -> Running:
        """From now on there is silence in it. Raises NotRecorded, AmiError."""
        return await self._mute(call_id, who, paused=True)

    async def go_on(self, call_id: str, who: Visitor) -> Running:
        """What is said is recorded again. Raises NotRecorded, AmiError."""
        return await self._mute(call_id, who, paused=False)

    async def _mute(self, call_id: str, who: Visitor, *, paused: bool) -> Running:
        running = self._running.get(call_id)
        if running is None:
            raise NotRecorded(call_id)
        if (running.paused_at is not None) == paused:
            return running
        async with running.changing:
            running.private = True  # from before the silence begins until after it has ended
            try:
                await self._silence(running.channel, paused)
                running.paused_at = self._clock() if paused else None
            except ActionFailed:
                raise NotRecorded(call_id) from None
            finally:
                running.private = running.paused_at is not None
            at = running.paused_at or self._clock()
        if running.stale:
            self._renewal.begin_again(running)
        for agent in running.agents:
            self._hub.publish(f"agent/{agent}", {"kind": "recording", "recording": running.json()})
        self._hub.publish(TOPIC, {"kind": "recordings"})
        try:
            await asyncio.to_thread(self._note_pause, call_id, who, at, paused)
        except SQLAlchemyError:
            log.warning("call %s: the recording's pause could not be written down", call_id)
        return running

    async def _silence(self, channel: str, paused: bool) -> None:
        """Also says so on the channel for as long as it lasts: a recording that begins again would be a loud one."""
        said = SetVariable(Variable.RECORDING_PAUSED, "1" if paused else "", channel)
        muted = MuteRecording(channel, 1 if paused else 0)
        for action in (said, muted) if paused else (muted, said):
            await self._send(action)

    def _note_pause(self, call_id: str, who: Visitor, at: datetime, paused: bool) -> None:
        with writing(self._engine) as connection:
            service.close_pauses(connection, call_id, at)
            if paused:
                service.begin_pause(connection, call_id, at, who.staff_id, who.username)
            note(connection, at, who, f"recording.{'paused' if paused else 'resumed'}", f"recording/{call_id}")

    # -- what goes on by itself

    async def run(self) -> None:
        """Takes in what is over; looks at the disk; deletes what is too old."""
        await self._read_back()
        expired_at: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            try:
                await asyncio.to_thread(self._note_begun)
                await asyncio.to_thread(self._keeper.take_in)
                await self._look_at_disk()
                if expired_at is None or loop.time() - expired_at > EXPIRE_SECONDS:
                    expired_at = loop.time()
                    await asyncio.to_thread(self._keeper.delete_expired)
            except (SQLAlchemyError, OSError) as error:
                log.warning("recordings wait to be taken in: %s", type(error).__name__)
            except AmiError:
                log.debug("Asterisk is away; whether the disk has room is told it later")
            await self._pause_between()

    async def _pause_between(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._work.wait()
            await asyncio.sleep(AFTER_CALL_SECONDS)
        except TimeoutError:
            pass
        self._work.clear()

    async def _read_back(self) -> None:
        """Recordings that went on before this process did."""

        def known() -> tuple[list[service.Recording], Mapping[str, datetime]]:
            with reading(self._engine) as connection:
                return service.running(connection), service.paused_calls(connection)

        try:
            found, paused = await asyncio.to_thread(known)
        except SQLAlchemyError:
            return
        for one in found:
            if one.channel is not None and one.call_id not in self._running and not self._is_over(one.call_id):
                self._running[one.call_id] = Running(
                    call_id=one.call_id,
                    channel=one.channel,
                    queue=one.queue,
                    started_at=one.started_at,
                    sides=one.sides,
                    announced=one.announced,
                    paused_at=paused.get(one.call_id),
                    private=one.call_id in paused,
                )

    def _is_over(self, call_id: str) -> bool:
        record = self._find_call(call_id)
        return record is not None and record.ended_at is not None

    def _note_begun(self) -> None:
        while self._to_note:
            one = self._to_note[0]
            with writing(self._engine) as connection:
                service.begin(
                    connection,
                    one.call_id,
                    one.started_at,
                    queue=one.queue,
                    sides=one.sides,
                    announced=one.announced,
                    channel=one.channel,
                )
            self._to_note.remove(one)
        while self._to_note_touches:
            one = self._to_note_touches[0]
            with writing(self._engine) as connection:
                service.note_touches(connection, one.call_id, one.touches)
            self._to_note_touches.remove(one)

    async def _look_at_disk(self) -> None:
        if not self._wanted:
            return
        full = await asyncio.to_thread(self._keeper.free_bytes) < self._free_bytes
        if full == self._told_of_disk:
            return
        if full:
            await put(self._send, Store.RECORDING, "off", "disk")
        else:
            await delete(self._send, Store.RECORDING, "off")
        self._told_of_disk = full
        if full != self.stopped_for_disk:
            self.stopped_for_disk = full
            log.log(
                logging.WARNING if full else logging.INFO,
                "nothing new is recorded: the disk of the recordings has too little room"
                if full
                else "recording again",
            )
