"""Takes letters out of the table, one after the other, for as long as the service runs."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from crm.database import explain, reading, writing
from crm.outbox import service
from crm.outbox.models import LetterState
from crm.outbox.post_office import Fate, PostOffice, Try
from crm.outbox.servers import MailServers
from crm.outbox.service import Letter

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
REST_SECONDS: Final = 30.0  # the server is away: every letter would wait for it in vain
TOO_LATE: Final = "not sent: it would have come too late"
_ENDS: Final = {
    Fate.SENT: LetterState.SENT,
    Fate.REFUSED: LetterState.REFUSED,
    Fate.UNCERTAIN: LetterState.UNCERTAIN,
}


class Sender:
    """``offices``: the mail servers in their order; none: letters are kept. ``changed``: told of every letter whose
    state moved."""

    def __init__(
        self,
        engine: Engine,
        offices: Sequence[PostOffice],
        changed: Callable[[Letter, LetterState], None] = lambda _letter, _state: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self._engine, self._changed, self._clock = engine, changed, clock
        self._servers = MailServers(offices, clock, rest_seconds) if offices else None
        self._rest_seconds = rest_seconds
        self._wake = asyncio.Event()
        self._fault: str | None = None

    def wake(self) -> None:
        """There is a new letter; call it in the event loop."""
        self._wake.set()

    async def run(self) -> None:
        """Sends what is due, for ever."""
        await self._after_a_crash()
        while True:
            pause = await self.look_safely()
            if pause is None:
                continue
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def look_safely(self) -> float | None:
        """`look`; how long to wait before the next, None: not at all."""
        if self._servers is not None and (busy := self._servers.wait_seconds()) > 0:
            return min(busy, self._rest_seconds)
        try:
            tried = await self.look()
        except SQLAlchemyError as error:
            self._say(explain(error).advice)
            return self._rest_seconds
        except Exception:
            log.exception("sending letters failed; it is tried again")
            return self._rest_seconds
        if tried is None:
            return LOOK_SECONDS
        if tried.unreachable:
            self._say(tried.answer)
            return self._rest_seconds
        self._fault = None
        return None

    async def look(self) -> Try | None:
        """Tries the one letter whose turn it is; None when there is none, or no server."""
        if self._servers is None or self._servers.wait_seconds() > 0:
            return None
        found = await asyncio.to_thread(self._next)
        if found is None:
            return None

        letter, files = found
        tried = await self._try(self._servers, letter, files)
        state = await self._note(letter, tried)
        if state is not None:
            self._changed(letter, state)
        return tried

    async def _try(self, servers: MailServers, letter: Letter, files: Sequence[service.LetterFile]) -> Try:
        if letter.useless_after is not None and letter.useless_after < self._clock():
            return Try(Fate.REFUSED, TOO_LATE)

        async def begin() -> bool:
            return await asyncio.to_thread(self._begin, letter.id)

        return await servers.hand_over(letter, begin, files)

    async def _note(self, letter: Letter, tried: Try) -> LetterState | None:
        """Writes down what became of it; a database that is away just now must not make a sent letter uncertain."""
        while True:
            try:
                return await asyncio.to_thread(self._write, letter, tried)
            except SQLAlchemyError as error:
                self._say(explain(error).advice)
                await asyncio.sleep(1.0)

    def _write(self, letter: Letter, tried: Try) -> LetterState | None:
        if tried.fate is Fate.NOT_WANTED:
            return None
        with writing(self._engine) as connection:
            now = self._clock()
            if tried.fate is Fate.LATER:
                return service.try_later(connection, letter, tried.answer, now, tried.server)
            service.settle(connection, letter.id, _ENDS[tried.fate], tried.answer, now, tried.server)
            return _ENDS[tried.fate]

    def _next(self) -> tuple[Letter, list[service.LetterFile]] | None:
        with reading(self._engine) as connection:
            letter = service.next_due(connection, self._clock())
            return (letter, service.files_of(connection, letter.id)) if letter else None

    def _begin(self, letter_id: int) -> bool:
        with writing(self._engine) as connection:
            return service.begin(connection, letter_id)

    async def _after_a_crash(self) -> None:
        while True:
            try:
                found = await asyncio.to_thread(self._find_interrupted)
            except SQLAlchemyError as error:
                self._say(explain(error).advice)
                await asyncio.sleep(1.0)
                continue
            if found:
                log.warning("%d letter(s) may have been sent or not when the last run ended", found)
            return

    def _find_interrupted(self) -> int:
        with writing(self._engine) as connection:
            return service.found_at_start(connection, self._clock())

    def _say(self, fault: str) -> None:
        """Each fault once, not at every try. Servers quote addresses: those stay out of the log."""
        if fault != self._fault:
            log.warning("letters wait: %s", fault if "@" not in fault else fault.split(maxsplit=1)[0])
        self._fault = fault
