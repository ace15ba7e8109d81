"""The outbox at full strength: several servers, a rate, files and pages, lines cut in the middle, what comes back."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from mail_box import MailBox
from mail_peer import MailPeer, Orders
from sqlalchemy import Engine
from web_client import WebClient

from crm.database import reading, writing
from crm.files.store import FileStore, TooLarge
from crm.outbox import service
from crm.outbox.links import FileLinks
from crm.outbox.mailbox import BounceReader
from crm.outbox.models import LetterState
from crm.outbox.post_office import Fate, PostOffice
from crm.outbox.sender import Sender
from crm.outbox.service import Draft, Letter, LetterFile
from crm.outbox.web import LinkedFiles
from crm.settings import BounceSettings, MailServer, MailSettings

NOON = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)


class Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


def server_of(peer: MailPeer, **more: Any) -> MailServer:
    values = {"server": "127.0.0.1", "port": peer.port, "security": "none", "timeout_seconds": 5}
    return MailServer(**{**values, "letters_per_minute": 6000, **more})


class Post:
    """An outbox with the given servers."""

    def __init__(self, engine: Engine, *servers: MailServer, store: FileStore | None = None) -> None:
        self.engine, self.clock = engine, Clock()
        mail = MailSettings(**servers[0].model_dump(), sender="1169@hotline.test")
        read = store.read if store else (lambda _sha: b"")
        self.offices = [PostOffice(mail, "1169", lambda: None, server=one, read_file=read) for one in servers]
        self.sender = Sender(engine, self.offices, clock=self.clock)

    def put(self, **more: Any) -> int:
        values = {"kind": "basket", "recipient": "somchai@example.test", "subject": "เอกสาร", "text": "สวัสดี\n"}
        with writing(self.engine) as connection:
            return service.put(connection, Draft(**{**values, **more}), self.clock())

    def look(self) -> None:
        asyncio.run(self.sender.look_safely())

    def letter(self, letter_id: int) -> Letter:
        with reading(self.engine) as connection:
            return service.get(connection, letter_id)


def test_the_next_server_takes_what_the_first_cannot(sqlite_engine: Engine) -> None:
    """The first is left alone for a while, then asked again."""
    with MailPeer() as away:
        first = server_of(away)
    with MailPeer() as second:
        post = Post(sqlite_engine, first, server_of(second))
        one, two = post.put(), post.put()
        post.look()
        post.look()
        assert [post.letter(one).state, post.letter(two).state] == [LetterState.SENT, LetterState.SENT]
        assert post.letter(one).tries == 1
        assert len(second.taken) == 2
        away.orders = Orders()
        with away:
            post.clock.now += timedelta(seconds=31)
            post.put()
            post.look()
            assert (len(away.taken), len(second.taken)) == (1, 2)


def test_a_refusal_is_not_asked_of_the_next_server(sqlite_engine: Engine) -> None:
    with MailPeer(orders=Orders(rcpt="550 5.1.1 no such user")) as first, MailPeer() as second:
        post = Post(sqlite_engine, server_of(first), server_of(second))
        one = post.put()
        post.look()
        assert post.letter(one).state is LetterState.REFUSED
        assert second.seen == []


def test_each_server_is_given_no_more_than_its_rate(sqlite_engine: Engine) -> None:
    with MailPeer() as first, MailPeer() as second:
        slow, slower = server_of(first, letters_per_minute=3), server_of(second, letters_per_minute=1)
        post = Post(sqlite_engine, slow, slower)
        for _ in range(9):
            post.put()
        for _ in range(9):
            post.look()
        assert (len(first.taken), len(second.taken)) == (3, 1)
        post.clock.now += timedelta(seconds=59)
        post.look()
        assert (len(first.taken), len(second.taken)) == (3, 1)
        post.clock.now += timedelta(seconds=2)
        for _ in range(9):
            post.look()
        assert (len(first.taken), len(second.taken)) == (6, 2)


def test_a_server_away_for_an_hour_gets_every_letter_once_when_it_is_back(sqlite_engine: Engine) -> None:
    """Nothing is lost, nothing comes twice."""
    with MailPeer() as peer:
        server = server_of(peer)
    post = Post(sqlite_engine, server)
    letters = [post.put(recipient=f"person{n}@example.test") for n in range(20)]
    until = post.clock.now + timedelta(hours=1)
    while post.clock.now < until:
        post.look()
        post.clock.now += timedelta(seconds=30)
    assert {post.letter(one).state for one in letters} == {LetterState.QUEUED}
    with peer:
        for _ in range(80):
            post.look()
            post.clock.now += timedelta(seconds=30)
    assert {post.letter(one).state for one in letters} == {LetterState.SENT}
    assert sorted(peer.recipients) == sorted(f"person{n}@example.test" for n in range(20))


@contextmanager
def cutting_server(after: Callable[[bytes], bool]) -> Iterator[tuple[int, list[bytes]]]:
    """Speaks SMTP up to DATA, then reads the text and cuts the line as soon as ``after`` says so of what it has."""
    listener = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def serve() -> None:
        talk, _ = listener.accept()
        with talk, talk.makefile("rb") as lines:
            talk.sendall(b"220 here\r\n")
            for line in lines:
                verb = line[:4].upper()
                talk.sendall(b"354 go on\r\n" if verb == b"DATA" else b"250 ok\r\n")
                if verb == b"DATA":
                    break
            text = b""
            while not after(text) and (more := talk.recv(4096)):
                text += more
            got.append(text)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield int(listener.getsockname()[1]), got
    thread.join(5)
    listener.close()


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (lambda text: True, LetterState.QUEUED),
        (lambda text: len(text) > 20_000, LetterState.QUEUED),
        (lambda text: text.endswith(b"\r\n.\r\n"), LetterState.UNCERTAIN),
    ],
    ids=["at once", "in the middle of the text", "after the end of the text"],
)
def test_a_line_cut_within_the_text_is_no_doubt(
    sqlite_engine: Engine, after: Callable[[bytes], bool], state: LetterState
) -> None:
    """A server has a letter only from the line that ends it: until that line has left us, nothing is uncertain."""
    with cutting_server(after) as (port, got):
        server = MailServer(server="127.0.0.1", port=port, security="none", timeout_seconds=5)
        post = Post(sqlite_engine, server)
        one = post.put(text="ข้อความยาว\n" * 60_000)
        post.look()
    assert post.letter(one).state is state
    assert got[0].endswith(b"\r\n.\r\n") == (state is LetterState.UNCERTAIN)


def test_a_letter_that_somebody_else_took_is_not_ended(sqlite_engine: Engine) -> None:
    with cutting_server(lambda text: False) as (port, got):
        server = MailServer(server="127.0.0.1", port=port, security="none", timeout_seconds=5)
        post = Post(sqlite_engine, server)
        letter = post.letter(post.put())

        async def not_any_more() -> bool:
            return False

        tried = asyncio.run(post.offices[0].hand_over(letter, not_any_more))
    assert tried.fate is Fate.NOT_WANTED
    assert not got[0].endswith(b"\r\n.\r\n")


def test_pages_and_files_arrive_whole(sqlite_engine: Engine, tmp_path: Path) -> None:
    """H6: the letter as text and as a page, the document attached under its Thai name."""
    store = FileStore(tmp_path / "files")
    content = bytes(range(256)) * 500
    stored = store.put(content, 10**6)
    attached = LetterFile(
        name="คู่มือ ส่งออก.pdf", media_type="application/pdf", sha256=stored.sha256, size_bytes=stored.size_bytes
    )
    linked = LetterFile(
        name="big.zip", media_type="application/zip", sha256=stored.sha256, size_bytes=9, link_key="k", link_until=NOON
    )
    with MailPeer() as peer:
        post = Post(sqlite_engine, server_of(peer), store=store)
        one = post.put(html="<p>สวัสดี</p>", files=(attached, linked))
        post.look()
        assert post.letter(one).state is LetterState.SENT
        (taken,) = peer.taken
    page = taken.get_body(("html",))
    assert page is not None
    assert page.get_content().strip() == "<p>สวัสดี</p>"
    (file,) = taken.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("คู่มือ ส่งออก.pdf", "application/pdf")
    assert file.get_content() == content
    with reading(sqlite_engine) as connection:
        letter, files = service.get(connection, one), service.files_of(connection, one)
    office = post.offices[0]
    assert office.message(letter, files).as_bytes() == office.message(letter, files).as_bytes()
    store.path(stored.sha256).unlink()
    gone = post.put(files=(attached,))
    post.look()
    assert post.letter(gone).state is LetterState.REFUSED


def test_links_to_files_end_with_their_day(sqlite_engine: Engine, tmp_path: Path) -> None:
    store, clock = FileStore(tmp_path / "files"), Clock()
    links = FileLinks("a key", lambda: "https://hotline.test", timedelta(days=14))
    stored, until, key = store.put(b"%PDF-1.4 x", 100), NOON + timedelta(days=14), links.new_key()
    file = LetterFile(
        name="คู่มือ.pdf", media_type="application/pdf", sha256=stored.sha256, size_bytes=10, link_key=key,
        link_until=until,
    )  # fmt: skip
    with writing(sqlite_engine) as connection:
        draft = Draft(kind="basket", recipient="a@example.test", subject="x", text="x", files=(file,))
        service.put(connection, draft, NOON)
    app = FastAPI()
    app.include_router(LinkedFiles(sqlite_engine, links, store, clock).router)
    path = links.link(key, until).removeprefix("https://hotline.test")
    browser = WebClient(app)
    answer = browser.get(path)
    assert (answer.status_code, answer.content) == (200, b"%PDF-1.4 x")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert browser.get(path[:-2] + "xx").status_code == 404
    assert browser.get(links.link(links.new_key(), until).removeprefix("https://hotline.test")).status_code == 410
    clock.now = until
    assert browser.get(path).status_code == 410
    browser.close()


def test_files_are_kept_once_and_whole(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    first, again = store.put(b"abc", 3), store.put([b"a", b"bc"], 3)
    assert first == again
    assert store.read(first.sha256) == b"abc"
    with pytest.raises(TooLarge):
        store.put([b"ab", b"cd"], 3)
    with pytest.raises(ValueError, match="hash"):
        store.path("../../etc/passwd")
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == [first.sha256]


def test_letters_that_come_back_are_noted_once(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    with MailPeer() as peer, MailBox() as box:
        post = Post(sqlite_engine, server_of(peer))
        one, other = post.put(), post.put()
        post.look()
        post.look()
        settings = BounceSettings(server="127.0.0.1", port=box.port, security="none", username="1169")
        reader = BounceReader(
            sqlite_engine, settings, lambda: box.password, lambda one: told.append(one.id), post.clock
        )
        report = (
            "From: MAILER-DAEMON@x.test\r\nSubject: failed\r\n\r\n"
            f"Message-ID: <{post.letter(one).message_id}@hotline.test>\r\n"
        )
        box.letters += [b"From: a@b.test\r\n\r\nhello\r\n", report.encode()]
        assert reader.look_safely() == 1
        assert box.seen == {1, 2}
        assert post.letter(one).bounced_at == NOON
        assert post.letter(other).bounced_at is None
        box.letters.append(report.encode())
        assert reader.look_safely() == 0
        assert told == [one]
        with writing(sqlite_engine) as connection:
            again = service.send_again(connection, one, NOON)
        assert (again.state, again.bounced_at) == (LetterState.QUEUED, None)
        box.password = "changed"
        wrong = BounceReader(sqlite_engine, settings, lambda: "geheim", lambda _one: None, post.clock)
        assert wrong.look_safely() == 0
