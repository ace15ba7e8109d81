"""Listens to calls and keeps their cards true, for as long as the service runs.

Runs in the event loop; the writing is done in threads. Nothing depends on hearing every event: a call is looked at
whole, and after a gap or a restart those of the last days are looked at again.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.events import (
    CallAnswered,
    CallEnded,
    CallTransferred,
    Event,
    OutboundDialled,
    QueueJoined,
    StreamResumed,
    TransferEnded,
)
from ami_listener.records import CallRecord
from ami_listener.telling import hears
from crm.calls.stored import load_calls
from crm.cards.transfers import TransferBook, unfinished
from crm.database import explain, reading

log = logging.getLogger(__name__)

GATHER_SECONDS: Final = 0.05  # facts of one step arrive together, and the record shall have all of them
RETRY_SECONDS: Final = 2.0
MOST_WATCHED: Final = 5_000
_TELLING: Final = (CallTransferred, TransferEnded, CallAnswered, QueueJoined, CallEnded)


class CardFollower:
    """Give it every event (`happened`) in the event loop, and let it `run`. ``find_call``: a call as known now."""

    def __init__(
        self,
        engine: Engine,
        book: TransferBook,
        find_call: Callable[[str], CallRecord | None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine, self._book, self._find_call, self._clock = engine, book, find_call, clock
        self._watched: OrderedDict[str, list[TransferEnded]] = OrderedDict()
        self._consulted: dict[str, str] = {}
        self._due: set[str] = set()
        self._look_back = True
        self._wake = asyncio.Event()
        self._fault: str | None = None

    @hears(StreamResumed, OutboundDialled, *_TELLING)
    def happened(self, event: Event) -> None:
        """One fact; those of calls that were never transferred pass by."""
        if isinstance(event, StreamResumed):
            self._look_back = True
            self._wake.set()
            return
        if isinstance(event, OutboundDialled):
            self._consulted[event.agent] = event.to
        if event.call_id is None or not isinstance(event, _TELLING):
            return
        if isinstance(event, CallTransferred | TransferEnded):
            self._watch(event.call_id)
        ends = self._watched.get(event.call_id)
        if ends is None:
            return
        if isinstance(event, TransferEnded) and event not in ends:
            ends.append(event)
        self._due.add(event.call_id)
        self._wake.set()

    def _watch(self, call_id: str) -> None:
        self._watched.setdefault(call_id, [])
        if len(self._watched) > MOST_WATCHED:
            self._watched.popitem(last=False)

    async def run(self) -> None:
        """Writes what was heard, for ever; a database that is away is asked again."""
        while True:
            await self._wake_or_first()
            await asyncio.sleep(GATHER_SECONDS)
            try:
                await self.look()
                self._fault = None
            except SQLAlchemyError as error:
                self._say(explain(error).advice)
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()
            except Exception:
                log.exception("keeping transfer cards failed; it is tried again with the next event")
                await asyncio.sleep(RETRY_SECONDS)

    async def _wake_or_first(self) -> None:
        if not self._look_back:
            await self._wake.wait()
        self._wake.clear()

    async def look(self) -> None:
        """Writes everything that is due. Raises SQLAlchemyError: nothing is forgotten, the next look does it."""
        if self._look_back:
            self._due |= await asyncio.to_thread(self._unfinished)
            self._look_back = False
        while self._due:
            call_id = next(iter(self._due))
            record = self._find_call(call_id)
            ends = tuple(self._watched.get(call_id, ()))
            self._due.discard(call_id)
            try:
                await asyncio.to_thread(self._write, call_id, record, ends, dict(self._consulted))
            except SQLAlchemyError:
                self._due.add(call_id)
                raise
            if record is not None and record.ended_at is not None:
                self._watched.pop(call_id, None)

    def _unfinished(self) -> set[str]:
        with reading(self._engine) as connection:
            return unfinished(connection, self._clock())

    def _write(
        self, call_id: str, record: CallRecord | None, ends: tuple[TransferEnded, ...], consulted: dict[str, str]
    ) -> None:
        if record is None:  # over for long: as it is stored
            record = next(iter(load_calls(self._engine, [call_id])), None)
        if record is not None:
            self._book.write(record, ends, consulted)

    def _say(self, fault: str) -> None:
        if fault != self._fault:
            log.warning("transfer cards wait: %s", fault)
        self._fault = fault
