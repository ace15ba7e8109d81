"""Letters leave the table exactly as often as they should, whatever the mail server does."""

import asyncio
import itertools
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mail_peer import CUT, MailPeer, Orders, make_certificate
from pydantic import ValidationError
from sqlalchemy import Engine, update

from crm.database import reading, writing
from crm.outbox import service
from crm.outbox.models import LetterState, letters
from crm.outbox.post_office import PostOffice
from crm.outbox.sender import TOO_LATE, Sender
from crm.outbox.service import BadAddress, Draft, Letter, NotPossible
from crm.settings import MailSettings

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
TEXT = "เรียน กองกฎหมาย\n\n.จุดเดียวหน้าบรรทัด\n.\nhttps://example.test/c/abc\n"


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Post:
    """A table of letters, a sender, and a clock."""

    engine: Engine
    settings: MailSettings | None
    clock: Clock = field(default_factory=Clock)
    moved: list[tuple[int, LetterState]] = field(default_factory=list)
    password: str | None = "geheim"

    def put(self, recipient: str = "legal@example.test", **more: Any) -> int:
        draft = Draft(kind="card.new", about="card/7", recipient=recipient, subject="การ์ด T-2569-000001", text=TEXT)
        with writing(self.engine) as connection:
            return service.put(connection, Draft(**{**_values(draft), **more}), self.clock())

    def sender(self) -> Sender:
        offices = [PostOffice(self.settings, "สายตรง 1169", lambda: self.password)] if self.settings else []
        return Sender(self.engine, offices, lambda letter, state: self.moved.append((letter.id, state)), self.clock)

    def look(self) -> Letter:
        """One try; the newest letter afterwards."""
        asyncio.run(self.sender().look())
        return self.letter()

    def letter(self) -> Letter:
        with reading(self.engine) as connection:
            return service.list_letters(connection)[0]


def _values(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in ("kind", "about", "recipient", "subject", "text", "useless_after")}


def settings_for(peer: MailPeer, **more: Any) -> MailSettings:
    values = {"server": "127.0.0.1", "port": peer.port, "security": peer.security, "sender": "1169@hotline.test"}
    return MailSettings(**{**values, "timeout_seconds": 5, **more})


@pytest.fixture
def peer() -> Iterator[MailPeer]:
    with MailPeer() as running:
        yield running


@pytest.fixture
def post(engine: Engine, peer: MailPeer) -> Post:
    return Post(engine, settings_for(peer))


def test_a_letter_arrives_as_it_was_written(post: Post, peer: MailPeer) -> None:
    post.put()
    letter = post.look()
    assert (letter.state, letter.tries, letter.answer) == (LetterState.SENT, 1, "250 taken as 1")
    assert letter.settled_at == NOON
    (taken,) = peer.taken
    assert taken.get_content().replace("\r\n", "\n") == TEXT
    assert taken["Subject"] == "การ์ด T-2569-000001"
    assert taken["From"].addresses[0].display_name == "สายตรง 1169"
    assert taken["From"].addresses[0].addr_spec == "1169@hotline.test"
    assert taken["Message-ID"] == f"<{letter.message_id}@hotline.test>"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["Date"].datetime == NOON
    assert peer.recipients == ["legal@example.test"]
    assert post.moved == [(letter.id, LetterState.SENT)]
    asyncio.run(post.sender().look())
    assert len(peer.taken) == 1


@pytest.mark.parametrize(
    ("orders", "state", "answer"),
    [
        (Orders(mail="451 not now"), LetterState.QUEUED, "451 not now"),
        (Orders(mail="550 not from you"), LetterState.REFUSED, "550 not from you"),
        (Orders(rcpt="450 mailbox busy"), LetterState.QUEUED, "450 mailbox busy"),
        (Orders(rcpt="550 no such user"), LetterState.REFUSED, "550 no such user"),
        (Orders(data="451 disk full"), LetterState.QUEUED, "451 disk full"),
        (Orders(data="554 no mail service"), LetterState.REFUSED, "554 no mail service"),
        (Orders(text="452 disk full"), LetterState.QUEUED, "452 disk full"),
        (Orders(text="554 looks like spam"), LetterState.REFUSED, "554 looks like spam"),
        (Orders(text="299 what is this"), LetterState.UNCERTAIN, "299 what is this"),
        (Orders(mail=CUT), LetterState.QUEUED, None),
        (Orders(rcpt=CUT), LetterState.QUEUED, None),
        (Orders(data=CUT), LetterState.QUEUED, None),
        (Orders(text=CUT), LetterState.UNCERTAIN, None),
    ],
    ids=lambda value: str(value) if isinstance(value, Orders) else None,
)
def test_what_the_server_does_decides(
    post: Post, peer: MailPeer, orders: Orders, state: LetterState, answer: str | None
) -> None:
    """Never twice, never lost: only a letter that was certainly not taken is tried again by itself."""
    post.put()
    peer.orders = orders
    letter = post.look()
    assert letter.state is state
    assert letter.tries == 1
    assert letter.answer
    assert answer in (None, letter.answer)
    assert (letter.settled_at is None) == (state is LetterState.QUEUED)
    peer.orders = Orders()
    asyncio.run(post.sender().look())
    assert peer.taken == []  # not at once
    post.clock.forward(hours=3)
    asyncio.run(post.sender().look())
    assert len(peer.taken) == (1 if state is LetterState.QUEUED else 0)
    if peer.taken and peer.seen[0] is not peer.taken[0]:
        assert peer.seen[0]["Message-ID"] == peer.taken[0]["Message-ID"]


def test_tries_go_on_for_two_days_and_then_end(post: Post, peer: MailPeer) -> None:
    post.put()
    peer.orders = Orders(rcpt="450 later")
    tried: list[datetime] = []
    while (letter := post.look()).state is LetterState.QUEUED:
        tried.append(post.clock.now)
        post.clock.now = letter.next_try_at
    assert letter.state is LetterState.REFUSED
    assert letter.answer == "450 later"
    pauses = [(later - sooner).total_seconds() / 60 for sooner, later in itertools.pairwise(tried)]
    assert pauses[:7] == [1, 2, 5, 10, 20, 40, 60]
    assert set(pauses[7:]) == {120}
    assert timedelta(hours=44) < tried[-1] - tried[0] <= timedelta(hours=48)
    assert letter.tries == len(tried) + 1


def test_a_server_that_is_away_is_not_asked_for_every_letter(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with MailPeer() as gone:
        settings = settings_for(gone)
    post = Post(engine, settings)
    for _ in range(3):
        post.put()

    async def look() -> list[float | None]:
        sender = post.sender()
        return [await sender.look_safely(), await sender.look_safely()]

    assert asyncio.run(look()) == [30.0, 30.0]
    with reading(engine) as connection:
        assert sorted(letter.tries for letter in service.list_letters(connection)) == [0, 0, 1]
    assert len([line for line in caplog.messages if line.startswith("letters wait")]) == 1


def test_without_a_server_letters_are_kept(engine: Engine) -> None:
    post = Post(engine, None)
    post.put()
    letter = post.look()
    assert (letter.state, letter.tries) == (LetterState.QUEUED, 0)


def test_what_would_come_too_late_is_not_sent(post: Post, peer: MailPeer) -> None:
    """Mail was off for a month: the reminders of that month do not rain down when it is set up."""
    post.put(useless_after=NOON + timedelta(days=3))
    post.clock.forward(days=4)
    letter = post.look()
    assert (letter.state, letter.answer) == (LetterState.REFUSED, TOO_LATE)
    assert peer.seen == []


def test_a_crash_while_sending_leaves_it_uncertain(post: Post, peer: MailPeer) -> None:
    """Nobody knows whether the server has it, so it is not sent again by itself; people can."""
    post.put()
    with writing(post.engine) as connection:
        connection.execute(update(letters).values(state=LetterState.SENDING))
    run(post, lambda: post.letter().state is not LetterState.SENDING)
    letter = post.letter()
    assert letter.state is LetterState.UNCERTAIN
    assert peer.seen == []
    with writing(post.engine) as connection:
        assert service.send_again(connection, letter.id, post.clock()).state is LetterState.QUEUED
    assert post.look().state is LetterState.SENT
    assert peer.taken[0]["Message-ID"] == f"<{letter.message_id}@hotline.test>"


def run(post: Post, until: Callable[[], bool]) -> None:
    """The sender at work until something is so."""

    async def work() -> None:
        task = asyncio.create_task(post.sender().run())
        async with asyncio.timeout(10):
            while not await asyncio.to_thread(until):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(work())


def test_the_sender_works_through_all_letters(post: Post, peer: MailPeer) -> None:
    for n in range(5):
        post.put(f"office{n}@example.test")
    run(post, lambda: len(post.moved) == 5)
    assert peer.recipients == [f"office{n}@example.test" for n in range(5)]


def test_a_letter_taken_back_at_the_last_moment_is_not_sent(post: Post, peer: MailPeer) -> None:
    """Two programs on one table: who begins second does not send."""
    letter_id = post.put()
    office = PostOffice(settings_for(peer), "1169", lambda: None)

    async def begin() -> bool:
        with writing(post.engine) as connection:
            assert service.begin(connection, letter_id)
            return service.begin(connection, letter_id)

    tried = asyncio.run(office.hand_over(post.letter(), begin))
    assert tried.fate == "not_wanted"
    assert peer.seen == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd means: before TLS; here all is in TLS
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_over_a_safe_connection_with_a_password(
    sqlite_engine: Engine, certificate: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    with MailPeer(security=security, certificate=certificate, login=("hotline", "geheim")) as peer:
        settings = settings_for(peer, username="hotline", password_env="MAIL_PASSWORD")
        post = Post(sqlite_engine, settings)
        post.put()
        distrusted = post.look()
        assert distrusted.state is LetterState.QUEUED
        assert distrusted.answer is not None
        assert "certificate" in distrusted.answer.casefold()
        assert peer.seen == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        post.clock.forward(hours=1)
        post.password = None
        assert post.look().answer == "the environment variable MAIL_PASSWORD with the password is not set"
        post.clock.forward(hours=1)
        post.password = "wrong"
        refused = post.look()
        assert (refused.state, (refused.answer or "")[:3]) == (LetterState.QUEUED, "535")  # ours to mend
        post.clock.forward(hours=1)
        post.password = "geheim"
        assert post.look().state is LetterState.SENT
        assert peer.over_tls == [True]


def test_a_server_without_tls_gets_nothing_when_tls_is_wanted(post: Post, peer: MailPeer) -> None:
    post.settings = settings_for(peer, security="starttls")
    post.put()
    letter = post.look()
    assert letter.state is LetterState.QUEUED
    assert peer.seen == []


def test_ssl_errors_are_not_silent() -> None:
    assert issubclass(ssl.SSLError, OSError)  # what `hand_over` counts on


@pytest.mark.parametrize(
    "recipient", ["", "nobody", "a@b\r\nBcc: c@d", "a b@c.test", "a@b@c.test", "ก@example.test", "x@" + "y" * 260]
)
def test_only_addresses_are_taken(engine: Engine, recipient: str) -> None:
    post = Post(engine, None)
    with pytest.raises(BadAddress):
        post.put(recipient)
    with reading(engine) as connection:
        assert service.list_letters(connection) == []


def test_a_subject_cannot_bring_headers(post: Post, peer: MailPeer) -> None:
    post.put(subject="hello\r\nBcc: everyone@example.test")
    post.look()
    assert peer.taken[0]["Bcc"] is None
    assert peer.taken[0]["Subject"] == "hello Bcc: everyone@example.test"


def test_people_decide_about_what_is_uncertain(post: Post, peer: MailPeer) -> None:
    letter_id = post.put()
    with pytest.raises(NotPossible), writing(post.engine) as connection:
        service.send_again(connection, letter_id, NOON)
    with pytest.raises(NotPossible), writing(post.engine) as connection:
        service.has_arrived(connection, letter_id, NOON)
    with pytest.raises(LookupError), writing(post.engine) as connection:
        service.send_again(connection, 99, NOON)
    peer.orders = Orders(text=CUT)
    assert post.look().state is LetterState.UNCERTAIN
    with writing(post.engine) as connection:
        assert service.counts(connection)[LetterState.UNCERTAIN] == 1
        assert service.has_arrived(connection, letter_id, NOON).state is LetterState.SENT
    with reading(post.engine) as connection:
        assert [letter.id for letter in service.letters_about(connection, "card/7")] == [letter_id]
        assert service.list_letters(connection, [LetterState.REFUSED]) == []


@pytest.mark.parametrize(
    "values",
    [
        {"server": "mail.example.test"},
        {"server": "mail.example.test", "sender": "a@b.test", "username": "x"},
        {"sender": "no address"},
        {"security": "maybe"},
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        MailSettings(**values)
