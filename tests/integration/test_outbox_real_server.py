"""Letters to a real mail server, chasquid from Debian's packages: delivered, refused, too large, away and back."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from real_mail_server import RealServer, running
from sqlalchemy import Engine

from crm.database import reading, writing
from crm.files.store import FileStore
from crm.outbox import service
from crm.outbox.models import LetterState
from crm.outbox.post_office import PostOffice
from crm.outbox.reasons import Reason, reason_of
from crm.outbox.sender import Sender
from crm.outbox.service import Draft, Letter, LetterFile
from crm.settings import MailSettings

NOON = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    with running(tmp_path / "chasquid", "somchai") as made:
        yield made


def test_letters_to_a_real_server(
    sqlite_engine: Engine, server: RealServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H6: over TLS; delivered whole, refusals understood, nothing lost while it is away."""
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "mail.pem"))
    store, now = FileStore(tmp_path / "files"), [NOON]
    mail = MailSettings(
        server="127.0.0.1", port=server.port, security="starttls", sender="1169@hotline.test", letters_per_minute=6000
    )
    office = PostOffice(mail, "สายตรง 1169", lambda: None, read_file=store.read)
    sender = Sender(sqlite_engine, [office], clock=lambda: now[0])

    def put(recipient: str, content: bytes = b"%PDF-1.4 small") -> int:
        stored = store.put(content, 10**7)
        file = LetterFile(
            name="คู่มือ.pdf", media_type="application/pdf", sha256=stored.sha256, size_bytes=stored.size_bytes
        )
        draft = Draft(
            kind="basket",
            recipient=recipient,
            subject="เอกสาร",
            text="สวัสดี\n.\nน้ำ\n",
            html="<p>สวัสดี</p>",
            files=(file,),
        )
        with writing(sqlite_engine) as connection:
            return service.put(connection, draft, now[0])

    def tried(letter_id: int) -> Letter:
        deadline = time.monotonic() + 20
        while True:
            asyncio.run(sender.look_safely())
            now[0] += timedelta(seconds=61)
            with reading(sqlite_engine) as connection:
                letter = service.get(connection, letter_id)
            if letter.state is not LetterState.QUEUED or time.monotonic() > deadline:
                return letter
            time.sleep(0.1)  # the server is starting

    first = tried(put("somchai@example.test"))
    assert first.state is LetterState.SENT, first.answer
    (letter,) = server.delivered(1)
    assert letter["Message-ID"] == f"<{first.message_id}@hotline.test>"
    assert letter["Subject"] == "เอกสาร"
    assert letter.get_body(("plain",)).get_content().replace("\r\n", "\n") == "สวัสดี\n.\nน้ำ\n"
    (attached,) = letter.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("คู่มือ.pdf", b"%PDF-1.4 small")

    unknown = tried(put("nobody@example.test"))
    assert (unknown.state, reason_of(unknown)) == (LetterState.REFUSED, Reason.NO_MAILBOX), unknown.answer
    foreign = tried(put("somebody@elsewhere.test"))
    assert (foreign.state, reason_of(foreign)) == (LetterState.REFUSED, Reason.NOT_OURS), foreign.answer
    large = tried(put("somchai@example.test", b"%PDF-1.4 " + bytes(range(256)) * 8000))
    assert (large.state, reason_of(large)) == (LetterState.REFUSED, Reason.TOO_BIG), large.answer

    server.stop()
    waiting = [put("somchai@example.test", f"%PDF {n}".encode()) for n in range(3)]
    asyncio.run(sender.look_safely())
    with reading(sqlite_engine) as connection:
        assert {service.get(connection, one).state for one in waiting} == {LetterState.QUEUED}
    server.start()
    assert {tried(one).state for one in waiting} == {LetterState.SENT}
    found = server.delivered(4)
    assert len({one["Message-ID"] for one in found}) == len(found) == 4
