"""Writes calls down as they happen, never in the way of the calls, and loses nothing while the database is away.

The event loop only notes which records changed. Their newest state becomes rows in the loop (so that nobody changes a
record meanwhile) and goes to one writer thread, one transaction a batch. What changes during a write is gathered and
goes with the next. When the database fails, all stays noted and is tried again for ever; since every record is whole,
nothing has to be kept in order.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from ami_listener.events import AgentStateChanged, CallbackTried
from ami_listener.records import CallRecord
from crm.calls.rows import CallRows, rows_of
from crm.calls.store import Batch, BatchWriter, StreamGap
from crm.database import explain
from crm.people.numbers import Number, normalise

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS: Final = 0.1
LONGEST_RETRY_SECONDS: Final = 2.0
ALARM_SECONDS: Final = 60.0
REFUSED_RETRY_SECONDS: Final = 60.0

OnRecorded = Callable[[list[CallRecord], list[float]], None]


@dataclass(slots=True)
class RecorderCounters:
    """What the recorder did since it started, for metrics. ``failures`` by kind of fault (`crm.database.explain`)."""

    batches: int = 0
    calls_written: int = 0  # snapshots, not calls
    refused: int = 0
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Noted:
    """All that waits to be written; ``calls``: record and when its oldest unwritten change happened."""

    calls: dict[str, tuple[CallRecord, datetime]] = field(default_factory=dict)
    agent_states: list[AgentStateChanged] = field(default_factory=list)
    callback_tries: list[CallbackTried] = field(default_factory=list)
    gaps: list[StreamGap] = field(default_factory=list)
    position: str | None = None

    def __bool__(self) -> bool:
        others = self.agent_states or self.callback_tries or self.gaps or self.position is not None
        return bool(self.calls or others)

    def take(self, most: int) -> "_Noted":
        """Takes out at most ``most`` calls, and all the rest; the position only with the last of the calls."""
        if len(self.calls) <= most:
            taken = _Noted(self.calls, self.agent_states, self.callback_tries, self.gaps, self.position)
            self.calls, self.position = {}, None
        else:
            some = {call_id: self.calls[call_id] for call_id in list(self.calls)[:most]}
            for call_id in some:
                del self.calls[call_id]
            taken = _Noted(some, self.agent_states, self.callback_tries, self.gaps)
        self.agent_states, self.callback_tries, self.gaps = [], [], []
        return taken

    def put_back(self, taken: "_Noted") -> None:
        """What could not be written waits again; newer states of the same calls stay, the older time counts."""
        for call_id, (record, since) in taken.calls.items():
            newer = self.calls.get(call_id)
            self.calls[call_id] = (newer[0], min(newer[1], since)) if newer else (record, since)
        self.agent_states[:0] = taken.agent_states
        self.callback_tries[:0] = taken.callback_tries
        self.gaps[:0] = taken.gaps
        if self.position is None:
            self.position = taken.position


class Recorder:
    """Takes records as they change (`mark`) and writes them. Use as ``async with``, or `start` and `close`.

    All methods belong to the event loop's thread; ``on_recorded`` is called there after each commit, with the records
    written and the lag of each, in seconds from the time of its oldest change (Asterisk's clock when `mark` was told
    it) to the commit.
    """

    def __init__(
        self,
        writer: BatchWriter,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        normalise_number: Callable[[str | None], Number] = normalise,
        on_recorded: OnRecorded | None = None,
        gather_seconds: float = 0.02,
        batch_calls: int = 500,
    ) -> None:
        self.counters = RecorderCounters()
        self._writer = writer
        self._clock = clock
        self._normalise = lru_cache(maxsize=1024)(normalise_number)
        self._on_recorded = on_recorded
        self._gather_seconds = gather_seconds
        self._batch_calls = batch_calls
        self._noted = _Noted()
        self._in_flight: _Noted | None = None
        self._refused: dict[str, CallRecord] = {}
        self._fault: str | None = None
        self._alarm_at = float("-inf")
        self._wake = asyncio.Event()
        self._calls_came = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")

    async def __aenter__(self) -> "Recorder":
        self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    def start(self) -> None:
        """Begins to write; what was marked before is written first."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="recorder")

    def mark(self, record: CallRecord, changed_at: datetime | None = None) -> None:
        """``record`` has changed: its newest state will be written. ``changed_at``: when, if Asterisk's clock told."""
        waiting = self._noted.calls.get(record.call_id)
        since = changed_at or self._clock()
        self._noted.calls[record.call_id] = (record, min(waiting[1], since) if waiting else since)
        self._calls_came.set()
        self._work_came()

    def agent_changed(self, change: AgentStateChanged) -> None:
        """An agent's state changed."""
        self._noted.agent_states.append(change)
        self._work_came()

    def callback_tried(self, tried: CallbackTried) -> None:
        """A callback was tried."""
        self._noted.callback_tries.append(tried)
        self._work_came()

    def gap(self, gap: StreamGap) -> None:
        """The stream was interrupted, or (``until_at``) is heard again."""
        self._noted.gaps.append(gap)
        self._work_came()

    def read_up_to(self, position: str) -> None:
        """The journal was read up to ``position`` and all that it changed is marked. Written with the last of it."""
        self._noted.position = position
        self._work_came()

    @property
    def healthy(self) -> bool:
        """False while the last write failed, or while rows are refused."""
        return self._fault is None and not self._refused

    @property
    def fault(self) -> str | None:
        """The kind of fault the last write met (`crm.database.explain`), None when it went well."""
        return self._fault

    @property
    def waiting(self) -> int:
        """Calls whose newest state is not written yet."""
        return len(self._noted.calls) + (len(self._in_flight.calls) if self._in_flight else 0) + len(self._refused)

    async def flush(self, timeout_seconds: float) -> bool:
        """Waits until all that was marked is written; False when that took too long."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._drained.wait()
        except TimeoutError:
            return False
        return not self._refused

    async def close(self, timeout_seconds: float = 10.0) -> bool:
        """Writes what waits and ends. False when some of it could not be written: the journal still has it."""
        written = await self.flush(timeout_seconds) if self._task else not self._noted
        if not written:
            log.error("stopped with %d calls not recorded; they will be read from the journal", self.waiting)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown(wait=False)
        return written

    def _work_came(self) -> None:
        self._drained.clear()
        self._wake.set()

    async def _run(self) -> None:
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            await self._wait_for_work()
            if await self._write_once():
                retry_seconds = FIRST_RETRY_SECONDS
            else:
                await asyncio.sleep(retry_seconds)
                retry_seconds = min(retry_seconds * 2, LONGEST_RETRY_SECONDS)

    async def _wait_for_work(self) -> None:
        """Until something is noted. Calls come gathered already (whoever marks them waits a moment for the facts that
        belong together); an agent's state waits for the call that it most likely belongs to: one transaction is
        cheaper than two."""
        if not self._noted:
            self._drained.set()
            self._wake.clear()
            try:
                async with asyncio.timeout(REFUSED_RETRY_SECONDS if self._refused else None):
                    await self._wake.wait()
            except TimeoutError:
                for call_id, record in self._refused.items():
                    self._noted.calls.setdefault(call_id, (record, self._clock()))
        if self._calls_came.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._gather_seconds):
                await self._calls_came.wait()

    async def _write_once(self) -> bool:
        taken = self._in_flight = self._noted.take(self._batch_calls)
        if not self._noted.calls:
            self._calls_came.clear()
        unfit, calls = self._rows(taken)
        batch = Batch(
            calls=calls,
            agent_states=taken.agent_states,
            callback_tries=taken.callback_tries,
            gaps=taken.gaps,
            # refused calls are in the journal alone: it must be read again from before them
            position=None if unfit or self._refused else taken.position,
        )
        try:
            refused = await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.write, batch)
        except BaseException as error:  # cancelled too: nothing that was taken may be lost
            self._noted.put_back(taken)
            if not isinstance(error, Exception):
                raise
            self._failed(error)
            return False
        finally:
            self._in_flight = None
        self._succeeded(taken, [*unfit, *refused])
        return True

    def _rows(self, taken: _Noted) -> tuple[list[str], list[CallRows]]:
        """The ids of records that are not fit to be written, and the rows of all others."""
        unfit, calls = [], []
        for call_id, (record, _since) in taken.calls.items():
            try:
                calls.append(rows_of(record, self._normalise))
            except Exception:  # whatever is odd about one call must not stop the others
                log.exception("call %s cannot be put into rows", call_id)
                unfit.append(call_id)
        return unfit, calls

    def _succeeded(self, taken: _Noted, refused: Sequence[str]) -> None:
        if self._fault is not None:
            log.warning("the database takes calls again (was: %s); %d wait", self._fault, len(self._noted.calls))
            self._fault = None
        self.counters.batches += 1
        self.counters.calls_written += len(taken.calls) - len(refused)
        for call_id in taken.calls:
            self._refused.pop(call_id, None)
        for call_id in refused:
            self._refused[call_id] = taken.calls[call_id][0]
            self.counters.refused += 1
            log.error("the database refuses call %s: please report this as a fault", call_id)
        written = [each for call_id, each in taken.calls.items() if call_id not in self._refused]
        if written and self._on_recorded is not None:
            self._tell(self._on_recorded, written)

    def _tell(self, on_recorded: OnRecorded, written: list[tuple[CallRecord, datetime]]) -> None:
        """Whoever listens must not stop the recording."""
        now = self._clock()
        try:
            on_recorded([record for record, _since in written], [(now - since).total_seconds() for _, since in written])
        except Exception:
            log.exception("what listens to recorded calls failed")

    def _failed(self, error: Exception) -> None:
        fault = explain(error)
        self._fault = fault.kind
        self.counters.failures[fault.kind] = self.counters.failures.get(fault.kind, 0) + 1
        now = time.monotonic()
        if now - self._alarm_at >= ALARM_SECONDS:
            self._alarm_at = now
            log.error(
                "calls cannot be recorded (%s): %s. %d wait in memory and nothing is lost while this program runs",
                fault.kind,
                fault.advice,
                len(self._noted.calls),
            )
