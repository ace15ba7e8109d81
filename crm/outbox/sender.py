"""Takes letters out of the table, one after the other, for as long as the service runs."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from crm.database import explain, reading, writing
from crm.outbox import service
from crm.outbox.models import LetterState
from crm.outbox.post_office import Fate, PostOffice, Try
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
    """``office`` None: no mail server is set, letters are kept. ``changed``: told of every letter whose state moved."""

    def __init__(
        self,
        engine: Engine,
        office: PostOffice | None,
        changed: Callable[[Letter, LetterState], None] = lambda _letter, _state: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self._engine, self._office, self._changed, self._clock = engine, office, changed, clock
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
        if self._office is None:
            return None
        letter = await asyncio.to_thread(self._next)
        if letter is None:
            return None

        tried = await self._try(self._office, letter)
        state = await self._note(letter, tried)
        if state is not None:
            self._changed(letter, state)
        return tried

    async def _try(self, office: PostOffice, letter: Letter) -> Try:
        if letter.useless_after is not None and letter.useless_after < self._clock():
            return Try(Fate.REFUSED, TOO_LATE)

        async def begin() -> bool:
            return await asyncio.to_thread(self._begin, letter.id)

        return await office.hand_over(letter, begin)

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
                return service.try_later(connection, letter, tried.answer, now)
            service.settle(connection, letter.id, _ENDS[tried.fate], tried.answer, now)
            return _ENDS[tried.fate]

    def _next(self) -> Letter | None:
        with reading(self._engine) as connection:
            return service.next_due(connection, self._clock())

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
