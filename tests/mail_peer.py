"""A mail server that does what a test tells it: takes letters, refuses them, or cuts the line at any step."""

import asyncio
import socket
import ssl
import subprocess
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

CUT = "cut the line"


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Orders:
    """What to say at each step; None: the usual. `CUT`: say nothing and hang up. ``data``: instead of inviting the
    text; ``text``: after it."""

    mail: str | None = None
    rcpt: str | None = None
    data: str | None = None
    text: str | None = None


def _cut(server: SMTP) -> None:
    cast(asyncio.Transport, server.transport).abort()


class _Disobedient(SMTP):
    """aiosmtpd with a hole before the text."""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        order = self.event_handler.orders.data
        if order == CUT:
            _cut(self)
        elif order is not None:
            await self.push(order)
        else:
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Disobedient(self.handler, **self.SMTP_kwargs)


@dataclass
class MailPeer:
    """Start it with ``with``. ``taken``: letters it said yes to; ``seen``: the texts it was given, also those it
    refused afterwards; ``logins``: user names and passwords."""

    orders: Orders = field(default_factory=Orders)
    security: str = "none"  # none, starttls, tls
    certificate: Path | None = None
    login: tuple[str, str] | None = None
    taken: list[EmailMessage] = field(default_factory=list)
    seen: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    def __enter__(self) -> Self:
        more: dict[str, Any] = {}
        if self.login:
            more |= {
                "authenticator": self._check,
                "auth_required": True,
                "auth_require_tls": self.security == "starttls",
            }
        context = self._context()
        if self.security == "starttls":
            more |= {"tls_context": context, "require_starttls": True}
        self._controller = _Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=context if self.security == "tls" else None,
            **more,
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
        self._controller.loop.close()  # whatever became of its thread

    def _context(self) -> ssl.SSLContext | None:
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        given = cast(LoginPassword, data)
        right = self.login == (given.login.decode(), given.password.decode())
        return AuthResult(success=right, handled=right)  # who is not handled is told so

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.orders.mail == CUT:
            _cut(server)
        if self.orders.mail is not None:
            return self.orders.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.orders.rcpt == CUT:
            _cut(server)
        if self.orders.rcpt is not None:
            return self.orders.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(cast(bytes, envelope.original_content), policy=modern)
        self.seen.append(message)
        if self.orders.text == CUT:
            _cut(server)
            return "250 nobody hears this"
        if self.orders.text is not None:
            return self.orders.text
        self.recipients += envelope.rcpt_tos
        self.over_tls.append(cast(asyncio.Transport, server.transport).get_extra_info("ssl_object") is not None)
        self.taken.append(message)
        return f"250 taken as {len(self.taken)}"


def make_certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key in one file; it is its own authority."""
    path, key = folder / "mail.pem", folder / "mail.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + key.read_text())
    return path
