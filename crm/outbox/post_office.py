"""Hands one letter to the mail server, and knows at every moment what a cut connection would mean for it."""

import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from enum import StrEnum
from typing import Final

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPException, SMTPResponseException

from crm.outbox.service import Letter
from crm.settings import MailSettings

_POLICY: Final = MAIL_POLICY.clone(cte_type="7bit")  # every server takes that
_LONGEST_ANSWER: Final = 300
_START_INPUT: Final = 354
_TAKEN: Final = 250


class Fate(StrEnum):
    """What became of one try."""

    SENT = "sent"
    LATER = "later"  # certainly not taken; another try may help
    REFUSED = "refused"  # certainly not taken, and no other try will help
    UNCERTAIN = "uncertain"  # the text was given, and no answer came
    NOT_WANTED = "not_wanted"  # somebody else has taken it from us before it was given


@dataclass(frozen=True, slots=True)
class Try:
    """One try and the server's words. ``unreachable``: it had nothing to do with the letter, others would fail too."""

    fate: Fate
    answer: str
    unreachable: bool = False


Begin = Callable[[], Awaitable[bool]]


class NoPassword(Exception):
    """The mail server's password is not in the environment."""


class PostOffice:
    """The way to one mail server. ``name``: of the sender, as people read it; ``password``: gives it when needed."""

    def __init__(self, settings: MailSettings, name: str, password: Callable[[], str | None]) -> None:
        self._settings = settings
        self._name = name
        self._password = password

    async def hand_over(self, letter: Letter, begin: Begin) -> Try:
        """One try. ``begin`` is awaited when everything is ready but the text itself: from there on a crash leaves the
        letter uncertain; when it gives False nothing is sent."""
        client: aiosmtplib.SMTP | None = None
        try:
            client = self._client()
            await client.connect()
        except (SMTPException, OSError, NoPassword) as error:
            _close(client)
            return Try(Fate.LATER, _words(error), unreachable=True)
        try:
            return await self._at_the_counter(client, letter, begin)
        finally:
            with suppress(SMTPException, OSError):
                await client.quit(timeout=2)
            _close(client)

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        password = self._password() if settings.username else None
        if settings.username and not password:
            raise NoPassword(f"the environment variable {settings.password_env} with the password is not set")
        return aiosmtplib.SMTP(
            hostname=settings.server,
            port=settings.port,
            username=settings.username or None,
            password=password,
            timeout=settings.timeout_seconds,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
        )

    async def _at_the_counter(self, client: aiosmtplib.SMTP, letter: Letter, begin: Begin) -> Try:
        given = False
        try:
            await client.mail(self._settings.sender)
            await client.rcpt(letter.recipient)
            if not await begin():
                return Try(Fate.NOT_WANTED, "")
            invited = await client.execute_command(b"DATA")
            if invited.code != _START_INPUT:
                raise SMTPDataError(invited.code, invited.message)
            protocol = client.protocol
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            given = True
            protocol.write(_as_data(self.message(letter)))
            answer = await protocol.read_response(timeout=self._settings.timeout_seconds)
            if answer.code != _TAKEN:
                raise SMTPDataError(answer.code, answer.message)
        except SMTPResponseException as error:
            return _answered(error, given)
        except (SMTPException, OSError) as error:
            return Try(Fate.UNCERTAIN if given else Fate.LATER, _words(error), unreachable=not given)
        return Try(Fate.SENT, _short(f"{answer.code} {answer.message}"))

    def message(self, letter: Letter) -> EmailMessage:
        """The letter as it travels; the same at every try, down to its Message-ID."""
        message = EmailMessage(policy=_POLICY)
        sender = self._settings.sender
        user, _, domain = sender.rpartition("@")
        message["From"] = Address(self._name, user, domain)
        message["To"] = letter.recipient
        if self._settings.reply_to:
            message["Reply-To"] = self._settings.reply_to
        message["Subject"] = letter.subject
        message["Date"] = letter.created_at
        message["Message-ID"] = f"<{letter.message_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence notices do not answer it
        message.set_content(letter.text)
        return message


def _answered(error: SMTPResponseException, given: bool) -> Try:
    """The server said something else than yes: 5xx never, 4xx later; anything else after the text is no answer."""
    words = _short(f"{error.code} {error.message}")
    if 500 <= error.code < 600:
        return Try(Fate.REFUSED, words)
    if 400 <= error.code < 500 or not given:
        return Try(Fate.LATER, words, unreachable=error.code == 421)
    return Try(Fate.UNCERTAIN, words)


def _as_data(message: EmailMessage) -> bytes:
    """As it goes over the line: a dot at the beginning of a line is doubled, a dot alone ends it (RFC 5321, 4.5.2)."""
    text = re.sub(rb"(?m)^\.", b"..", message.as_bytes())
    return text + (b"" if text.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _words(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return _short(f"{error.code} {error.message}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return _short(f"the server's certificate is not trusted: {error.verify_message}")
    return _short(str(error) or type(error).__name__)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_ANSWER else text[: _LONGEST_ANSWER - 1] + "…"


def _close(client: aiosmtplib.SMTP | None) -> None:
    if client is not None:
        client.close()
