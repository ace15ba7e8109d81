"""The line to the mail server is cut, or falls silent, at every step of handing over a letter."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from crm.database import reading, writing
from crm.outbox import service
from crm.outbox.models import LetterState
from crm.outbox.post_office import PostOffice
from crm.outbox.sender import Sender
from crm.outbox.service import Draft, Letter
from crm.settings import MailServer, MailSettings

NOON = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
STEPS = ("greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "the end", "QUIT")
ANSWERS = {"EHLO": b"250-here\r\n250 AUTH PLAIN\r\n", "AUTH": b"235 ok\r\n", "DATA": b"354 go on\r\n"}


@dataclass
class Leaving:
    """A mail server that leaves at ``step``. ``texts``: letters whose end it has seen."""

    step: str
    silent: bool
    port: int = 0
    texts: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def leaves(self, step: str) -> bool:
        if step != self.step:
            return False
        if self.silent:
            self.over.wait(20)
        return True

    def talk(self, line: socket.socket) -> None:
        """One connection."""
        with line, line.makefile("rb") as lines:
            if self.leaves("greeting"):
                return
            line.sendall(b"220 here\r\n")
            for command in lines:
                verb = command[:4].decode().upper()
                if self.leaves(verb):
                    return
                line.sendall(ANSWERS.get(verb, b"250 ok\r\n"))
                if verb == "DATA":
                    text = b""
                    while not text.endswith(b"\r\n.\r\n") and (more := lines.readline()):
                        text += more
                    self.texts.append(text)
                    if self.leaves("the end"):
                        return
                    line.sendall(b"250 taken\r\n")


@contextmanager
def leaving(step: str, *, silent: bool) -> Iterator[Leaving]:
    server = Leaving(step, silent)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = int(listener.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                server.talk(listener.accept()[0])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server
        server.over.set()
        thread.join(10)


@pytest.mark.parametrize("silent", [False, True], ids=["cut", "silent"])
@pytest.mark.parametrize("step", STEPS)
def test_only_after_the_end_of_the_text_is_there_a_doubt(sqlite_engine: Engine, step: str, silent: bool) -> None:
    """Before it the letter waits for its next try; after the server's yes it is sent, whatever becomes of the line."""
    with writing(sqlite_engine) as connection:
        draft = Draft(kind="basket", recipient="somchai@example.test", subject="เอกสาร", text="สวัสดี\n.\n")
        letter_id = service.put(connection, draft, NOON)
    with leaving(step, silent=silent) as server:
        there = MailServer(
            server="127.0.0.1", port=server.port, security="none", timeout_seconds=1, username="1169", password_env="X"
        )
        mail = MailSettings(**there.model_dump(), sender="1169@hotline.test")
        sender = Sender(sqlite_engine, [PostOffice(mail, "1169", lambda: "geheim", server=there)], clock=lambda: NOON)
        asyncio.run(sender.look_safely())
    letter = stands(sqlite_engine, letter_id)
    wanted = {"the end": LetterState.UNCERTAIN, "QUIT": LetterState.SENT}.get(step, LetterState.QUEUED)
    assert (letter.state, letter.tries) == (wanted, 1), letter.answer
    assert len(server.texts) == (step in {"the end", "QUIT"})


def stands(engine: Engine, letter_id: int) -> Letter:
    with reading(engine) as connection:
        return service.get(connection, letter_id)
