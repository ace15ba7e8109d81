"""Keeps counts live: looks again when something happened, and tells each agent what changed for them."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ami_listener.events import CallbackRequested, CallbackTried, CallEnded, Event, MessageLeft
from ami_listener.telling import hears
from crm.database import explain
from crm.inbox.service import Counts
from crm.live import Hub

log = logging.getLogger(__name__)
SETTLE_SECONDS: Final = 1.0  # records are written some milliseconds after they happen; and one look serves many
LOOK_SECONDS: Final = 30.0  # what waits grows old by itself


class InboxWatch:
    """Give it every event, call `changed` after every action, and let it `run`. ``count``: reads the database, in a
    thread. ``queues_of``: extension → queues, of everybody who may be told."""

    def __init__(
        self, hub: Hub, count: Callable[[], Counts], queues_of: Callable[[], Mapping[str, Collection[str]]]
    ) -> None:
        self._hub = hub
        self._count = count
        self._queues_of = queues_of
        self._loop = asyncio.get_running_loop()
        self._again = asyncio.Event()
        self._told: dict[str, dict[str, int]] = {}
        self._fault: str | None = None

    @hears(CallEnded, CallbackRequested, CallbackTried, MessageLeft)
    def happened(self, event: Event) -> None:
        """One fact."""
        if isinstance(event, CallEnded | CallbackRequested | CallbackTried | MessageLeft):
            self._again.set()

    def changed(self) -> None:
        """Somebody did something. From any thread."""
        self._loop.call_soon_threadsafe(self._again.set)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._again.clear()
            await self.look()
            await asyncio.sleep(SETTLE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._again.wait()
            await asyncio.sleep(SETTLE_SECONDS)

    async def look(self) -> None:
        """Counts, when anybody listens, and tells who sees something else than before."""
        listening = {
            extension: queues
            for extension, queues in self._queues_of().items()
            if self._hub.listening(f"agent/{extension}")
        }
        if not listening:
            self._told.clear()
            return
        try:
            counts = await run_in_threadpool(self._count)
        except SQLAlchemyError as error:
            fault = explain(error).advice
            if fault != self._fault:
                log.warning("the inbox is not counted: %s", fault)
            self._fault = fault
            return
        self._fault = None
        for extension, queues in listening.items():
            mine = counts.of(queues)
            if self._told.get(extension) != mine:
                self._told[extension] = mine
                self._hub.publish(f"agent/{extension}", {"kind": "inbox", "counts": mine})
