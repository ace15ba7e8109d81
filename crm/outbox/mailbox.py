"""Looks into the mailbox of the letters' sender for those that came back."""

import asyncio
import imaplib
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from crm.database import explain, writing
from crm.outbox import service
from crm.outbox.bounces import read_bounce
from crm.outbox.service import Letter
from crm.settings import BounceSettings

log = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 30.0
MOST_AT_ONCE: Final = 200


class MailboxAway(Exception):
    """The mailbox cannot be read now; the message says why."""


class BounceReader:
    """`look` reads what is new. ``password``: gives it when needed; ``changed``: told of what came back."""

    def __init__(
        self,
        engine: Engine,
        settings: BounceSettings,
        password: Callable[[], str | None],
        changed: Callable[[Letter], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._engine, self._settings, self._password = engine, settings, password
        self._changed, self._clock = changed, clock
        self._fault: str | None = None

    async def run(self) -> None:
        """Looks again and again, when there is a mailbox at all."""
        while self._settings.server:
            await asyncio.to_thread(self.look_safely)
            await asyncio.sleep(self._settings.look_seconds)

    def look_safely(self) -> int:
        """`look`; each fault is said once."""
        try:
            found = self.look()
        except (MailboxAway, SQLAlchemyError) as error:
            fault = explain(error).advice if isinstance(error, SQLAlchemyError) else str(error)
            if fault != self._fault:
                log.warning("letters that came back are not read: %s", fault)
            self._fault = fault
            return 0
        self._fault = None
        return found

    def look(self) -> int:
        """Reads what is new in the mailbox; how many letters of ours came back. Raises MailboxAway."""
        found = 0
        try:
            with self._box() as box:
                for number, raw in _unread(box):
                    found += self._take(raw)
                    box.store(number, "+FLAGS", "(\\Seen)")  # only now: what was not written down is read again
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxAway(str(error) or type(error).__name__) from error
        return found

    def _take(self, raw: bytes) -> int:
        bounce = read_bounce(raw)
        if bounce is None:
            return 0
        with writing(self._engine) as connection:
            letter = service.came_back(connection, bounce.message_ids, bounce.why, self._clock())
        if letter is None:
            return 0
        self._changed(letter)
        return 1

    def _box(self) -> imaplib.IMAP4:
        settings = self._settings
        password = self._password()
        if not password:
            raise MailboxAway(f"the environment variable {settings.password_env} with the password is not set")
        kind = imaplib.IMAP4_SSL if settings.security == "tls" else imaplib.IMAP4
        box = kind(settings.server, settings.port, timeout=TIMEOUT_SECONDS)
        try:
            box.login(settings.username, password)
            answer, said = box.select(settings.folder)
            if answer != "OK":
                raise MailboxAway(f"no folder {settings.folder}: {said[0]!r}")
        except BaseException:
            with suppress(OSError, imaplib.IMAP4.error):
                box.logout()
            raise
        return box


def _unread(box: imaplib.IMAP4) -> Iterator[tuple[str, bytes]]:
    """Numbers and texts, without marking them."""
    _, answer = box.search(None, "UNSEEN")
    for number in (answer[0] or b"").split()[:MOST_AT_ONCE]:
        _, parts = box.fetch(number.decode(), "(BODY.PEEK[])")
        for part in parts:
            if isinstance(part, tuple):
                yield number.decode(), part[1]
