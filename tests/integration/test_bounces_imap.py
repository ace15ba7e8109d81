"""Letters that come back, read from a real mailbox: Dovecot from Debian's packages."""

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from basket_room import BasketRoom
from bounced_letters import FORMS, ORDINARY, report
from memory import memory_grown
from real_mail_server import running
from real_mailbox import PASSWORD, USER, RealMailbox, real_mailbox
from sqlalchemy import Engine

from crm.basket.history import letter_history
from crm.database import reading, writing
from crm.outbox import service
from crm.outbox.mailbox import KEYWORD, BounceReader
from crm.outbox.models import LetterState
from crm.outbox.service import Draft, Letter
from crm.settings import BounceSettings
from hotline.settings import parse
from hotline.settings_file import first_settings

NOW = datetime.now(UTC)  # the mailbox tells the time of day, too


@pytest.fixture(scope="module")
def dovecot() -> Iterator[RealMailbox]:
    with real_mailbox() as running_box:
        yield running_box


@pytest.fixture
def box(dovecot: RealMailbox) -> Iterator[RealMailbox]:
    yield dovecot
    dovecot.empty()


def reader_of(engine: Engine, box: RealMailbox, password: str | None = PASSWORD, **more: Any) -> BounceReader:
    values = {"server": "127.0.0.1", "port": box.port, "security": "none", "username": USER, "password_env": "X"}
    return BounceReader(
        engine, BounceSettings(**{**values, **more}), lambda: password, lambda _letter: None, lambda: NOW
    )


def sent(engine: Engine, count: int = 1) -> list[Letter]:
    """Letters that some server has taken."""
    draft = Draft(kind="basket", recipient="gone@example.test", subject="เอกสาร", text="สวัสดี\n")
    with writing(engine) as connection:
        ids = [service.put(connection, draft, NOW) for _ in range(count)]
        for one in ids:
            service.settle(connection, one, LetterState.SENT, "250 OK", NOW)
        return [service.get(connection, one) for one in ids]


def now(engine: Engine, letter: Letter) -> Letter:
    with reading(engine) as connection:
        return service.get(connection, letter.id)


def test_a_real_report_is_in_the_contacts_history(
    sqlite_engine: Engine, box: RealMailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H6, C5: a real mail server takes the letter, cannot keep it, and sends its report to our mailbox, which is read
    over TLS; the agent reads in words what happened, and sends it to the right address."""
    with running(tmp_path / "chasquid", USER, "somchai", broken="gone", box=box.folder / "letters/new") as server:
        server.wait()
        both = (server.folder / "mail.pem").read_text() + box.certificate.read_text()
        (tmp_path / "trusted.pem").write_text(both)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
        text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "state"\n', 1)
        mail = (
            f'server = "127.0.0.1"\nport = {server.port}\nsender = "{USER}@example.test"\nletters_per_minute = 6000\n'
        )
        text = text.replace("\n[mail]\n", f"\n[mail]\n{mail}", 1)
        room = BasketRoom(sqlite_engine, parse(text, tmp_path / "hotline.toml"))
        try:
            letter_comes_back(room, box)
        finally:
            room.close()


def letter_comes_back(room: BasketRoom, box: RealMailbox) -> None:
    room.knowledge.put("article", "7", "การจดทะเบียนผู้ส่งออก", text="ยื่นแบบ สค.1")
    fields = {"first_name": "สมชาย", "last_name": "ใจดี"}
    person = room.send("POST", "/api/people", {"fields": fields, "number": "0812345678"})["id"]
    contact = room.contact(person_id=person)
    room.send("PATCH", f"/api/basket/{contact}", {"recipient": "gone@example.test"})
    room.verify(contact, room.put_in(contact, "article", "7"))
    assert room.deliver(contact).status_code == 200
    room.send_letters()
    (letter,) = room.letters(contact)
    assert (letter.state, letter.bounced_at) == (LetterState.SENT, None), letter.answer
    box.wait_for(1)
    reader = reader_of(room.engine, box, security="tls", port=box.tls_port)
    assert reader.look() == 1
    shown = room.get(f"/api/basket/{contact}?lang=en")["letters"][0]
    assert (shown["state_name"], shown["reason"]) == ("Came back", "The server refuses it")
    assert shown["answer"] == "5.0.0 exit status 1"
    with reading(room.engine) as connection:
        (line,) = letter_history(connection, person, 10, "th")
    assert (line.badge, line.detail) == ("ถูกตีกลับ", "gone@example.test · เซิร์ฟเวอร์ปฏิเสธ")
    room.send("POST", f"/api/basket/{contact}/letters/{letter.id}/back")
    room.send("PATCH", f"/api/basket/{contact}", {"recipient": "somchai@example.test"})
    assert room.deliver(contact).status_code == 200
    room.send_letters()
    box.wait_for(2)
    assert reader.look() == 0
    assert room.letters(contact)[0].bounced_at is None


def test_every_kind_of_report_finds_its_letter(sqlite_engine: Engine, box: RealMailbox) -> None:
    """Postfix, Exchange, Gmail, Exim, qmail; in Thai and English."""
    letters = sent(sqlite_engine, len(FORMS))
    box.put(*(report(name, letter.message_id) for name, letter in zip(FORMS, letters, strict=True)))
    reader = reader_of(sqlite_engine, box, security="starttls", port=box.port)
    assert reader.look_safely() == 0  # its certificate is not trusted: it is not told the password
    os.environ["SSL_CERT_FILE"] = str(box.certificate)
    try:
        assert reader.look_safely() == len(FORMS)
    finally:
        del os.environ["SSL_CERT_FILE"]
    assert all(now(sqlite_engine, letter).bounced_at == NOW for letter in letters)


def test_a_thousand_letters_of_others_stay_unread(sqlite_engine: Engine, box: RealMailbox) -> None:
    """People read the same mailbox: what is none of ours is not marked as read, and is looked at once."""
    one, two = sent(sqlite_engine, 2)
    ordinary = [ORDINARY.replace(b"NUMBER", str(number).encode()) for number in range(1000)]
    box.put(*ordinary[:500], report("postfix", one.message_id), *ordinary[500:])
    reader = reader_of(sqlite_engine, box)
    assert reader.look() == 1
    marks = box.flags()
    assert len(marks) == 1001
    assert [number for number, flags in enumerate(marks) if "\\Seen" in flags] == [500]
    assert all(KEYWORD in flags for flags in marks)
    fetched: list[int] = []
    reader._take = lambda raw: fetched.append(len(raw)) or False  # type: ignore[method-assign, func-returns-value]
    assert reader.look() == 0
    assert fetched == []
    del reader._take
    box.put(report("exim", two.message_id))
    assert reader.look() == 1


def test_a_mailbox_that_cannot_be_read_is_said_once_and_read_later(
    sqlite_engine: Engine, box: RealMailbox, caplog: pytest.LogCaptureFixture
) -> None:
    (letter,) = sent(sqlite_engine)
    box.put(report("gmail_th", letter.message_id))

    def said(reader: BounceReader) -> str:
        caplog.clear()
        assert [reader.look_safely(), reader.look_safely()] == [0, 0]
        (line,) = caplog.messages
        assert "geheim" not in line
        return line

    assert "does not take user name and password" in said(reader_of(sqlite_engine, box, "wrong"))
    assert "environment variable X" in said(reader_of(sqlite_engine, box, None))
    assert "certificate is not trusted" in said(reader_of(sqlite_engine, box, security="tls", port=box.tls_port))
    assert "no folder Bounces" in said(reader_of(sqlite_engine, box, folder="Bounces"))
    reader = reader_of(sqlite_engine, box)
    box.stop()
    assert "refused" in said(reader)
    box.start()
    assert reader.look_safely() == 1
    assert now(sqlite_engine, letter).bounced_at == NOW


def test_a_very_long_letter_is_read_as_far_as_needed(sqlite_engine: Engine, box: RealMailbox) -> None:
    """200 MB that brings back a letter: the memory does not grow by it."""
    (letter,) = sent(sqlite_engine)
    box.put(report("postfix", letter.message_id))
    box.lengthen(200 << 20)
    with memory_grown() as grown:
        assert reader_of(sqlite_engine, box).look() == 1
    assert grown.megabytes < 20
    assert now(sqlite_engine, letter).bounced_at == NOW


@contextmanager
def lying_server(answer: Callable[[str, str], bytes]) -> Iterator[int]:
    """An IMAP server that says what ``answer`` says to a tag and a command."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        talk, _ = listener.accept()
        with suppress(OSError), talk, talk.makefile("rb") as lines:  # it is hung up on
            talk.sendall(b"* OK [CAPABILITY IMAP4rev1] here\r\n")
            for line in lines:
                tag, _, command = line.decode().strip().partition(" ")
                talk.sendall(answer(tag, command) or f"{tag} OK done\r\n".encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield int(listener.getsockname()[1])
        thread.join(10)


def test_a_server_that_announces_a_letter_without_end_is_left(sqlite_engine: Engine, box: RealMailbox) -> None:
    def answer(tag: str, command: str) -> bytes:
        if "SEARCH" in command:
            return f"* SEARCH 1\r\n{tag} OK done\r\n".encode()
        if "FETCH" in command:
            return b"* 1 FETCH (UID 1 BODY[]<0> {99999999999}\r\nFrom: x\r\n"
        return f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode() if "CAPABILITY" in command else b""

    with lying_server(answer) as port:
        reader = reader_of(sqlite_engine, box, port=port)
        assert reader.look_safely() == 0
        assert reader._fault is not None
        assert re.search(r"99999999999 bytes", reader._fault)
