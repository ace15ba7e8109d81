"""Hands one letter to a mail server, and knows at every moment what a cut connection would mean for it.

A server has a letter from the line with the single dot on (RFC 5321, 4.1.1.4): until that line has left us the letter
was certainly not taken, however much of its text has. So the state "sending" is written immediately before it.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from enum import StrEnum
from typing import Final

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPException, SMTPResponseException

from crm.outbox.service import Letter, LetterFile
from crm.settings import MailServer, MailSettings

_POLICY: Final = MAIL_POLICY.clone(cte_type="7bit")  # every server takes that
_LONGEST_ANSWER: Final = 300
_START_INPUT: Final = 354
_TAKEN: Final = 250
_CHUNK: Final = 1 << 16
_SLOWEST_BYTES_PER_SECOND: Final = 20_000
_LOOK_SECONDS: Final = 0.005
_END: Final = b".\r\n"
_FILE_GONE: Final = "a file of this letter is not there any more"


class Fate(StrEnum):
    """What became of one try."""

    SENT = "sent"
    LATER = "later"  # certainly not taken; another try may help
    REFUSED = "refused"  # certainly not taken, and no other try will help
    UNCERTAIN = "uncertain"  # the text was given, and no answer came
    NOT_WANTED = "not_wanted"  # somebody else has taken it from us before it was given


@dataclass(frozen=True, slots=True)
class Try:
    """One try and the words of ``server``. ``unreachable``: it had nothing to do with the letter, others would fail
    too."""

    fate: Fate
    answer: str
    unreachable: bool = False
    server: str | None = None


Begin = Callable[[], Awaitable[bool]]
ReadFile = Callable[[str], bytes]


class NoPassword(Exception):
    """The mail server's password is not in the environment."""


def _no_files(_sha256: str) -> bytes:
    raise FileNotFoundError


class PostOffice:
    """The way to one mail server. ``name``: of the sender, as people read it; ``password``: gives it when needed.
    ``server``: another one than that of ``settings``. ``read_file``: gives a file by its hash."""

    def __init__(
        self,
        settings: MailSettings,
        name: str,
        password: Callable[[], str | None],
        *,
        server: MailServer | None = None,
        read_file: ReadFile = _no_files,
    ) -> None:
        self._settings = settings
        self.server = server or settings
        self._name = name
        self._password = password
        self._read_file = read_file

    async def hand_over(self, letter: Letter, begin: Begin, files: Sequence[LetterFile] = ()) -> Try:
        """One try. ``begin`` is awaited when the text is there but for its end: from there on a crash leaves the letter
        uncertain; when it gives False the text is not ended, and the server throws it away."""
        try:
            text = await asyncio.to_thread(lambda: _as_data(self.message(letter, files)))
        except FileNotFoundError:
            return Try(Fate.REFUSED, _FILE_GONE)
        client: aiosmtplib.SMTP | None = None
        try:
            client = self._client()
            await client.connect()
        except (SMTPException, OSError, NoPassword) as error:
            _close(client)
            return Try(Fate.LATER, _words(error), unreachable=True)
        try:
            return await _Counter(client, self._settings.sender, self.server.timeout_seconds).hand_over(
                letter.recipient, text, begin
            )
        finally:
            _close(client)

    async def fault(self) -> str | None:
        """Why no letter can be given to it now, in its words; None: it can. Nothing is sent."""
        client: aiosmtplib.SMTP | None = None
        try:
            client = self._client()
            await client.connect()
            await client.quit()
        except (SMTPException, OSError, NoPassword) as error:
            return _words(error)
        finally:
            _close(client)
        return None

    def _client(self) -> aiosmtplib.SMTP:
        server = self.server
        password = self._password() if server.username else None
        if server.username and not password:
            raise NoPassword(f"the environment variable {server.password_env} with the password is not set")
        return aiosmtplib.SMTP(
            hostname=server.server,
            port=server.port,
            username=server.username or None,
            password=password,
            timeout=server.timeout_seconds,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
        )

    def message(self, letter: Letter, files: Sequence[LetterFile] = ()) -> EmailMessage:
        """The letter as it travels; the same at every try, down to its Message-ID and the lines between its parts.
        Raises FileNotFoundError."""
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
        if letter.html is not None:
            message.add_alternative(letter.html, subtype="html")
        for file in files:
            if file.link_key is None:
                kind, _, subtype = file.media_type.partition("/")
                message.add_attachment(self._read_file(file.sha256), maintype=kind, subtype=subtype, filename=file.name)
        for number, part in enumerate(message.walk()):
            if part.is_multipart():
                part.set_boundary(f"=_{letter.message_id}_{number}")
        return message


class _Counter:
    """One connection, one letter."""

    def __init__(self, client: aiosmtplib.SMTP, sender: str, timeout_seconds: float) -> None:
        self._client, self._sender, self._timeout_seconds = client, sender, timeout_seconds
        self._ended = False  # the line that ends the text has left: from here on the server may have the letter

    async def hand_over(self, recipient: str, text: bytes, begin: Begin) -> Try:
        """Everything from MAIL to the answer after the text."""
        client = self._client
        try:
            await client.mail(self._sender)
            await client.rcpt(recipient)
            invited = await client.execute_command(b"DATA")
            if invited.code != _START_INPUT:
                raise SMTPDataError(invited.code, invited.message)
            await self._give(text)
            if not await begin():
                return Try(Fate.NOT_WANTED, "")
            self._end()
            answer = await _protocol(client).read_response(timeout=self._patience(text))
            if answer.code != _TAKEN:
                raise SMTPDataError(answer.code, answer.message)
        except SMTPResponseException as error:
            return self._answered(error)
        except (SMTPException, OSError) as error:
            return Try(Fate.UNCERTAIN if self._ended else Fate.LATER, _words(error), unreachable=not self._ended)
        with suppress(SMTPException, OSError):
            await client.quit(timeout=2)
        return Try(Fate.SENT, _short(f"{answer.code} {answer.message}"))

    def _patience(self, text: bytes) -> float:
        return self._timeout_seconds + len(text) / _SLOWEST_BYTES_PER_SECOND

    async def _give(self, text: bytes) -> None:
        """The text but for its end, until all of it has left."""
        protocol = _protocol(self._client)
        async with asyncio.timeout(self._patience(text)):
            for start in range(0, len(text), _CHUNK):
                protocol.write(text[start : start + _CHUNK])
                await self._left()

    async def _left(self) -> None:
        transport = _protocol(self._client).transport
        while transport is not None and transport.get_write_buffer_size() and not transport.is_closing():  # type: ignore[attr-defined]
            await asyncio.sleep(_LOOK_SECONDS)
        if not self._client.is_connected:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")

    def _end(self) -> None:
        if not self._client.is_connected:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        self._ended = True
        _protocol(self._client).write(_END)

    def _answered(self, error: SMTPResponseException) -> Try:
        """The server said something else than yes: 5xx never, 4xx later; anything else after the text is no answer."""
        words = _short(f"{error.code} {error.message}")
        if 500 <= error.code < 600:
            return Try(Fate.REFUSED, words)
        if 400 <= error.code < 500 or not self._ended:
            return Try(Fate.LATER, words, unreachable=error.code == 421)
        return Try(Fate.UNCERTAIN, words)


def _protocol(client: aiosmtplib.SMTP) -> "aiosmtplib.protocol.SMTPProtocol":
    if client.protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    return client.protocol


def _as_data(message: EmailMessage) -> bytes:
    """As it goes over the line, without the line that ends it: a dot at the beginning of a line is doubled (RFC 5321,
    4.5.2)."""
    text = re.sub(rb"(?m)^\.", b"..", message.as_bytes())
    return text + (b"" if text.endswith(b"\r\n") else b"\r\n")


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
