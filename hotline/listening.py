"""From what Asterisk says to what is known: events are applied to calls and floor, changed calls are handed on.

Runs in the event loop. After each (re)connection the state is read anew: live channels, queues, and the journal for
what happened while nobody listened. Applying a fact twice changes nothing, so the stretches may overlap.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ami_listener.actions import CoreStatus, ListChannels, Ping, QueueStatus
from ami_listener.calls import CallAssembler
from ami_listener.client import AmiClient
from ami_listener.events import Event, StreamInterrupted, StreamResumed
from ami_listener.facts import stable_id
from ami_listener.floor import FloorState
from ami_listener.journal import Position, read_journal
from ami_listener.records import CallRecord
from ami_listener.translate import Translator, resync_of

log = logging.getLogger(__name__)
POSITION_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sinks:
    """Who is told: of every event, of every changed record (with when it changed), of the journal's position."""

    event: Callable[[Event], None]
    record: Callable[[CallRecord, datetime], None]
    position: Callable[[Position], None]
    resumed: Callable[[StreamResumed], Awaitable[None]]
    known_calls: Callable[[set[str]], Awaitable[Iterable[CallRecord]]]
    find_call: Callable[[str], CallRecord | None]


class Listener:
    """Keeps calls and floor true to Asterisk. Give `heard`, `connected` and `lost` to the AMI client.

    One thing that happens on the telephone is several facts within milliseconds: a changed record is handed on
    ``gather_seconds`` after the first of them.
    """

    def __init__(
        self,
        journal_folder: Path,
        sinks: Sinks,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        gather_seconds: float = 0.015,
    ) -> None:
        self.calls = CallAssembler(sinks.find_call)
        self.floor = FloorState()
        self.translator = Translator(clock)
        self.gaps = 0
        self._journal_folder = journal_folder
        self._position: Position | None = None
        self._sinks = sinks
        self._clock = clock
        self._gather_seconds = gather_seconds
        self._changed_at: dict[str, datetime] = {}
        self._planned: asyncio.TimerHandle | None = None

    def start_from(self, position: Position | None) -> None:
        """How far the journal was taken in by an earlier run."""
        self._position = position

    def heard(self, message: Mapping[str, Any]) -> None:
        """One message from Asterisk."""
        for event in self.translator.translate(message):
            self.apply(event)

    def apply(self, event: Event) -> None:
        """One fact, from wherever."""
        self.calls.apply(event)
        self.floor.apply(event)
        self._tell(event)
        if event.call_id is not None and event.call_id not in self._changed_at:
            self._changed_at[event.call_id] = event.occurred_at
        if self._planned is None:
            self._planned = asyncio.get_running_loop().call_later(self._gather_seconds, self.flush)

    def _tell(self, event: Event) -> None:
        """Whoever listens must not keep the others from hearing."""
        try:
            self._sinks.event(event)
        except Exception:
            log.exception("what listens to %s failed (call %s)", type(event).__name__, event.call_id)

    def lost(self, reason: str) -> None:
        """The connection to Asterisk is gone."""
        now = self._clock()
        self.gaps += 1
        self.apply(StreamInterrupted(event_id=stable_id("lost", now.isoformat()), occurred_at=now, reason=reason))

    async def connected(self, client: AmiClient) -> None:
        """Reads the state anew: journal first, then what lives, so that the dead are known to be dead."""
        started_at = _started_at((await client.send(CoreStatus())).headers)
        events, position = await asyncio.to_thread(read_journal, self._journal_folder, self._position)
        await self._load_known(events)
        channels = (await client.send(ListChannels())).events
        queues = (await client.send(QueueStatus())).events
        resumed_at = self._clock()
        listed = resync_of([*channels, *queues], resumed_at)
        self.translator.watch(call.call_id for call in self.calls.open_calls() if call.call_id in listed.live_calls)
        for event in events:
            self.apply(event)
        resumed = StreamResumed(
            event_id=stable_id("resumed", resumed_at.isoformat()),
            occurred_at=resumed_at,
            live_calls=listed.live_calls,
            asterisk_started_at=started_at,
        )
        self.apply(resumed)
        for call in self.calls.open_calls():
            self.floor.read_back(call.call_id, call.arrived_at)
        self.floor.resync(listed)
        for message in [*queues, {"event": "QueueStatusComplete"}]:
            self.heard(message)
        self.flush()
        self._position = position
        self._sinks.position(position)
        log.info("listening to Asterisk: %d journal events, %d live channels", len(events), len(listed.live_calls))
        await self._sinks.resumed(resumed)

    async def reread_queues(self, client: AmiClient) -> None:
        """Lists queues and their members anew: a reload changes them without a word. Raises what ``send`` raises."""
        queues = (await client.send(QueueStatus())).events
        for message in [*queues, {"event": "QueueStatusComplete"}]:
            self.heard(message)

    async def _load_known(self, events: Iterable[Event]) -> None:
        """Calls the journal speaks of may be recorded already, more exactly than the journal tells them."""
        known = self.calls.records
        wanted = {event.call_id for event in events if event.call_id} - known.keys()
        for record in await self._sinks.known_calls(wanted):
            self.calls.load(record)

    async def follow_position(self, client: AmiClient) -> None:
        """Notes how far the journal is surely known, every few seconds: a restart then reads no more than it must.

        Whatever the journal says up to now, Asterisk has said on the manager port by the time it answers a later ping.
        """
        while True:
            await asyncio.sleep(POSITION_SECONDS)
            if not client.ready:
                continue
            resyncs = client.counters.resyncs
            position = await asyncio.to_thread(end_of_journal, self._journal_folder)
            if position is None or position == self._position:
                continue
            await asyncio.sleep(1.0)
            try:
                await client.send(Ping())
            except Exception:
                log.debug("no answer to a ping; the position stays")
                continue
            if not await client.caught_up() or client.counters.resyncs != resyncs:
                continue  # something was not heard: the journal has to tell it
            self.flush()
            self._position = position
            self._sinks.position(position)

    def flush(self) -> None:
        """Hands on every record that changed. Called by itself, but for a busy connection, which gathers by resting
        between two reads: then after each of them."""
        if self._planned is not None:
            self._planned.cancel()
            self._planned = None
        changed, self._changed_at = self._changed_at, {}
        for record in self.calls.take_dirty():
            try:
                self._sinks.record(record, changed.get(record.call_id, record.arrived_at))
            except Exception:
                log.exception("what listens to records failed on call %s", record.call_id)


def end_of_journal(folder: Path) -> Position | None:
    """Where the journal ends now; None when there is none."""
    try:
        state = (folder / "queue_log").stat()
    except FileNotFoundError:
        return None
    return Position(state.st_ino, state.st_size)


def _started_at(answer: Mapping[str, Any]) -> datetime | None:
    """When this Asterisk started, local to the machine, from CoreStatus."""
    day, time = answer.get("CoreStartupDate"), answer.get("CoreStartupTime")
    if not day or not time:
        return None
    try:
        return datetime.fromisoformat(f"{day}T{time}").astimezone(UTC)
    except ValueError:
        return None
