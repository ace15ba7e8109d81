"""Keeps calendar and closures the same in the database, in memory and in Asterisk, while the service runs."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from ami_listener.actions import AmiDown, AmiError
from crm.calendar.service import CalendarService
from crm.closure.service import ClosureService
from crm.database import explain
from crm.pbx_store import Send

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 10.0  # other programs change the database too
SYNC_SECONDS: Final = 300.0  # and people change Asterisk's own, at its console


class CalendarKeeper:
    """Tell it of every login, and let it `run`: it seeds at the start and at midnight, and brings changes to
    Asterisk. With the database or Asterisk away it goes on as soon as they are back."""

    def __init__(
        self,
        calendar: CalendarService,
        closures: ClosureService,
        send: Send,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calendar, self._closures, self._send, self._clock = calendar, closures, send, clock
        self._seeded_on: date | None = None
        self._asterisk_knows = False
        self._synced_at = datetime.min.replace(tzinfo=UTC)
        self._wake = asyncio.Event()
        self._fault: str | None = None

    def logged_in(self) -> None:
        """Asterisk is there (again): who knows what it holds."""
        self._asterisk_knows = False
        self._wake.set()

    async def run(self) -> None:
        """Works for ever."""
        while True:
            await self.look()
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()

    async def look(self) -> bool:
        """Does what is due now. What cannot be done is logged once and tried again; False then."""
        try:
            await self._look()
        except AmiDown:
            return False  # the next login brings us here again
        except (AmiError, SQLAlchemyError) as error:
            fault = str(error) if isinstance(error, AmiError) else explain(error).advice
            if fault != self._fault:
                log.warning("calendar and closures are as they were last read: %s", fault)
            self._fault = fault
            return False
        except Exception:
            log.exception("keeping the calendar failed; it is tried again")
            return False
        self._fault = None
        return True

    async def _look(self) -> None:
        today = self._calendar.today()
        if self._seeded_on != today:
            await asyncio.to_thread(self._calendar.seed)
            self._seeded_on = today
            self._asterisk_knows = False
        if await asyncio.to_thread(self._calendar.refresh):
            self._asterisk_knows = False
        now = self._clock()
        if self._asterisk_knows and now - self._synced_at < timedelta(seconds=SYNC_SECONDS):
            return
        self._asterisk_knows = True  # before, so that a login meanwhile is not missed
        try:
            await self._closures.sync_to_asterisk(now)
            await self._calendar.sync_to_asterisk(self._send)
        except BaseException:
            self._asterisk_knows = False
            raise
        self._synced_at = now
        await asyncio.to_thread(self._calendar.refresh)  # with closures that only Asterisk knew of
