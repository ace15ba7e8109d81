"""Looks into the mailbox of the letters' sender for those that came back (IMAP, RFC 3501).

People may read the same mailbox: what is none of ours stays unread for them. What was looked at has a keyword of our
own, or, at servers that keep none, counts as read.
"""

import asyncio
import imaplib
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
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
LONGEST_LOOK_SECONDS: Final = 300.0
AT_ONCE: Final = 50  # letters between two notes of how far we are
PART_BYTES: Final = 256 * 1024  # of each letter: the report stands before the letter that is brought back
OLDEST: Final = timedelta(days=30)  # servers give up after five days
KEYWORD: Final = "$HotlineRead"
_SEEN: Final = "\\Seen"
_CONTROLS: Final = {ord(sign): None for sign in "\r\n\0"}


class MailboxAway(Exception):
    """The mailbox cannot be read now; the message says why."""


class _NotTaken(imaplib.IMAP4.error):
    """The server will not have user name and password."""


class _Bounded(imaplib.IMAP4):
    def read(self, size: int) -> bytes:
        """Never more than was asked for, whatever the server announces."""
        if size > 2 * PART_BYTES:
            raise self.abort(f"the server wants to send {size} bytes at once")
        return super().read(size)


class _BoundedTLS(_Bounded, imaplib.IMAP4_SSL):
    pass


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
        self._open: imaplib.IMAP4 | None = None

    async def run(self) -> None:
        """Looks again and again, when there is a mailbox at all."""
        while self._settings.server:
            look = asyncio.ensure_future(asyncio.to_thread(self.look_safely))
            try:
                await asyncio.wait([look], timeout=LONGEST_LOOK_SECONDS)
            finally:
                self._cut()
            await look
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

    def fault(self) -> str | None:
        """Why the mailbox cannot be read now; None: it can. Nothing in it is looked at or marked."""
        try:
            self._box().logout()
        except (MailboxAway, OSError, imaplib.IMAP4.error) as error:
            return _words(error)
        return None

    def look(self) -> int:
        """Reads what is new in the mailbox; how many letters of ours came back. Raises MailboxAway."""
        try:
            self._open = box = self._box()
            try:
                found = self._read(box)
                with suppress(OSError, imaplib.IMAP4.error):
                    box.logout()
                return found
            finally:
                self._cut()
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxAway(_words(error)) from error
        finally:
            self._open = None

    def _read(self, box: imaplib.IMAP4) -> int:
        found, keyword = 0, _keeps_keywords(box)
        since = f"{self._clock() - OLDEST:%d-%b-%Y}"
        wanted = ("UNKEYWORD", KEYWORD, "SINCE", since) if keyword else ("UNSEEN",)
        _, answer = box.uid("SEARCH", *wanted)
        numbers = (answer[0] or b"").decode().split()
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            ours = [number for number in some if self._take(_begin_of(box, number))]
            found += len(ours)
            # only now: what was not written down is read again
            box.uid("STORE", ",".join(some), "+FLAGS", f"({KEYWORD if keyword else _SEEN})")
            if ours:
                box.uid("STORE", ",".join(ours), "+FLAGS", f"({_SEEN})")
        return found

    def _take(self, raw: bytes) -> bool:
        try:
            bounce = read_bounce(raw)
        except Exception as error:  # anybody can write here: one letter must not keep the others from being read
            log.warning("a letter in the mailbox cannot be understood (%s); it is left alone", type(error).__name__)
            return False
        if bounce is None:
            return False
        with writing(self._engine) as connection:
            letter = service.came_back(connection, bounce.message_ids, bounce.why, self._clock())
        if letter is None:
            return False
        self._changed(letter)
        return True

    def _box(self) -> imaplib.IMAP4:
        settings = self._settings
        password = self._password()
        if not password:
            raise MailboxAway(f"the environment variable {settings.password_env} with the password is not set")
        box = self._connected()
        try:
            try:
                box.login(settings.username, password)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                raise _NotTaken(*error.args) from error
            answer, said = box.select(f'"{settings.folder}"')
            if answer != "OK":
                raise MailboxAway(f"there is no folder {settings.folder}: {_text(said[0])}")
        except BaseException:
            with suppress(OSError):
                box.shutdown()
            raise
        return box

    def _connected(self) -> imaplib.IMAP4:
        settings = self._settings
        context = ssl.create_default_context()
        if settings.security == "tls":
            return _BoundedTLS(settings.server, settings.port, ssl_context=context, timeout=TIMEOUT_SECONDS)
        box = _Bounded(settings.server, settings.port, timeout=TIMEOUT_SECONDS)
        if settings.security == "starttls":
            try:
                box.starttls(context)
            except BaseException:
                box.shutdown()
                raise
        return box

    def _cut(self) -> None:
        """Ends a look that is under way in its thread."""
        if (box := self._open) is not None:
            with suppress(OSError):
                box.shutdown()


def _keeps_keywords(box: imaplib.IMAP4) -> bool:
    _, flags = box.response("PERMANENTFLAGS")
    return bool(flags) and b"\\*" in (flags[0] or b"")


def _begin_of(box: imaplib.IMAP4, number: str) -> bytes:
    """A letter, or what there is room for, without marking it."""
    _, parts = box.uid("FETCH", number, f"(BODY.PEEK[]<0.{PART_BYTES}>)")
    return next((part[1] for part in parts if isinstance(part, tuple)), b"")


def _words(error: BaseException) -> str:
    if isinstance(error, _NotTaken):
        return f"the mailbox does not take user name and password: {_text(error.args[0] if error.args else '')}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mailbox's certificate is not trusted: {error.verify_message}"
    return _text(error.args[0]) if len(error.args) == 1 else str(error) or type(error).__name__


def _text(said: object) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return text.translate(_CONTROLS)[:200]
