"""What waits for agents: missed calls, callbacks and messages, seen by all, done once (D17: every caller is served)."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from desk_server import DeskServer
from sqlalchemy import Engine, insert

from ami_listener.events import EndedBy
from ami_listener.records import Callback, CallRecord, Conversation, Message, Outcome
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.database import reading, writing
from crm.inbox.models import TaskKind
from crm.inbox.service import TAKEN, TakenByOther, UnknownTask, callback_tasks, counts, done, missed_calls, take, undo
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from crm.staff.service import create
from crm.telephone.models import outbound_calls

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
NUMBER = "+66812345678"


class Doer:
    def __init__(self, staff_id: int) -> None:
        self.staff_id, self.username = staff_id, f"agent{staff_id}"


def staff(engine: Engine, name: str) -> int:
    draft = StaffDraft(username=name, role=Role.AGENT, name_th=name, name_en=name)
    with writing(engine) as connection:
        return create(connection, draft, NOW, None, Hasher(memory_kib=64).chosen("four plain words here"))


def record(n: int, minutes_ago: float, number: str | None = "0812345678", at: datetime = NOW) -> CallRecord:
    arrived = at - timedelta(minutes=minutes_ago)
    call = CallRecord(f"main-{n}.1", arrived, number, "1169", "provider", queue="enquiries", language="th")
    call.ended_at, call.ended_by, call.outcome = arrived + timedelta(seconds=40), EndedBy.CALLER, Outcome.ABANDONED
    return call


def answered(n: int, minutes_ago: float, number: str = "0812345678") -> CallRecord:
    call = record(n, minutes_ago, number)
    call.outcome = Outcome.ANSWERED
    call.conversations = [Conversation("enquiries", "1001", call.arrived_at + timedelta(seconds=5))]
    return call


def asked(n: int, minutes_ago: float, number: str, at: datetime = NOW) -> CallRecord:
    call = record(n, minutes_ago, number, at)
    call.outcome = Outcome.CALLBACK
    call.callback = Callback("enquiries", number, call.arrived_at + timedelta(seconds=30))
    return call


def write(engine: Engine, *records: CallRecord) -> None:
    with closing(CallStore(engine, lambda: NOW)) as store:
        store.write(Batch(calls=[rows_of(call, normalise) for call in records]))


def test_a_missed_call_waits_until_somebody_has_spoken_with_the_caller(engine: Engine) -> None:
    write(engine, record(1, 30), record(2, 10), record(3, 20, "0899999999"))
    with writing(engine) as connection:
        create_person(connection, Profile(display_name="สมชาย"), NOW, normalise("0812345678"))
    with reading(engine) as connection:
        tasks = missed_calls(connection, NOW)
    assert [(task.caller.number, task.times, task.call_id) for task in tasks] == [
        (NUMBER, 2, "main-2.1"),  # one line a caller, who waits longest first
        ("+66899999999", 1, "main-3.1"),
    ]
    assert [name for _, name in tasks[0].caller.names] == ["สมชาย"]
    assert tasks[0].waited_seconds == 40
    write(engine, answered(4, 5))  # the caller tried again and was answered
    with reading(engine) as connection:
        assert [task.caller.number for task in missed_calls(connection, NOW)] == ["+66899999999"]


def test_what_is_no_missed_call(engine: Engine) -> None:
    short = record(1, 10)
    short.ended_at = short.arrived_at + timedelta(seconds=2)
    closed = record(5, 10, "0810000005")
    closed.outcome = Outcome.CLOSED
    before = answered(6, 60, "0810000006")
    write(
        engine,
        short,
        record(2, 10, None),  # hidden: nobody can call back
        record(3, 60 * 24 * 4, "0810000003"),  # too old
        record(8, 15, "0810000004"),  # and then
        asked(4, 10, "0810000004"),  # to be called back by the system
        closed,
        before,
        record(7, 10, "0810000006"),  # this one is: spoken with before, not since
    )
    with reading(engine) as connection:
        assert [task.call_id for task in missed_calls(connection, NOW)] == ["main-7.1"]
        assert missed_calls(connection, NOW, ["technical"]) == []


@pytest.mark.parametrize(("answered", "waits"), [(True, []), (False, ["main-1.1"])])
def test_who_was_called_back_and_reached_does_not_wait_any_more(
    engine: Engine, answered: bool, waits: list[str]
) -> None:
    write(engine, record(1, 30))
    began = NOW - timedelta(minutes=5)
    call = {"outbound_id": "1", "agent": "1001", "kind": "outside", "number": "0812345678", "began_at": began}
    with writing(engine) as connection:
        connection.execute(insert(outbound_calls).values(**call, answered_at=began if answered else None))
    with reading(engine) as connection:
        assert [task.call_id for task in missed_calls(connection, NOW)] == waits


def test_nobody_is_called_by_two(engine: Engine) -> None:
    write(engine, record(1, 30))
    one, other = staff(engine, "one"), staff(engine, "other")
    with writing(engine) as connection:
        take(connection, TaskKind.MISSED, "main-1.1", one, NOW)
        take(connection, TaskKind.MISSED, "main-1.1", one, NOW)
    with writing(engine) as connection, pytest.raises(TakenByOther, match="one"):
        take(connection, TaskKind.MISSED, "main-1.1", other, NOW)
    with reading(engine) as connection:
        (task,) = missed_calls(connection, NOW)
        assert (task.taken_by, task.taken_name_th) == (one, "one")
        (later,) = missed_calls(connection, NOW + TAKEN + timedelta(seconds=1))
        assert later.taken_by is None  # who took it did not get to it
    with writing(engine) as connection:
        take(connection, TaskKind.MISSED, "main-1.1", other, NOW + TAKEN + timedelta(seconds=1))


def test_done_is_done_for_all_calls_of_the_caller_and_can_be_taken_back(engine: Engine) -> None:
    write(engine, record(1, 30), record(2, 10))
    doer = Doer(staff(engine, "one"))
    with writing(engine) as connection:
        done(connection, TaskKind.MISSED, "main-2.1", doer, NOW)
        assert missed_calls(connection, NOW) == []
        with pytest.raises(UnknownTask):
            take(connection, TaskKind.MISSED, "main-2.1", doer.staff_id, NOW)
        undo(connection, TaskKind.MISSED, "main-2.1", doer, NOW)
        assert [task.times for task in missed_calls(connection, NOW)] == [2]
        with pytest.raises(UnknownTask):
            done(connection, TaskKind.MISSED, "main-9.9", doer, NOW)


def test_a_callback_that_a_person_takes_is_not_dialled_by_the_system(engine: Engine) -> None:
    write(engine, asked(1, 30, "0812345678"))
    with writing(engine) as connection:
        create_person(connection, Profile(display_name="สมชาย"), NOW, normalise("0812345678"))
        (task,) = callback_tasks(connection, NOW)
    assert (task.caller.number, [name for _, name in task.caller.names]) == (NUMBER, ["สมชาย"])
    doer = Doer(staff(engine, "one"))
    with writing(engine) as connection:
        (task,) = callback_tasks(connection, NOW)
        assert (task.caller.number, task.by_itself) == (NUMBER, True)
        take(connection, TaskKind.CALLBACK, "main-1.1", doer.staff_id, NOW)
        (task,) = callback_tasks(connection, NOW)
        assert (task.by_itself, task.taken_by) == (False, doer.staff_id)  # still to be done, by a person
        done(connection, TaskKind.CALLBACK, "main-1.1", doer, NOW)
        assert callback_tasks(connection, NOW) == []


def test_counts_are_by_queue(engine: Engine) -> None:
    left = record(3, 10, "0810000003")
    left.message = Message("2026/11/20/main-3.1.wav", 12.0, left.arrived_at, "technical")
    left.outcome = Outcome.MESSAGE
    write(engine, record(1, 10), asked(2, 10, "0810000002"), left)
    with reading(engine) as connection:
        found = counts(connection, NOW)
    assert found.of(None) == {"missed": 1, "callbacks": 1, "messages": 1}
    assert found.of(["enquiries"]) == {"missed": 1, "callbacks": 1, "messages": 0}


# --- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    running = DeskServer(tmp_path_factory.mktemp("inbox"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def browser(server: DeskServer) -> Iterator[httpx.Client]:
    cookies = {COOKIE: server.cookie()["value"]}
    with httpx.Client(base_url=server.url(""), cookies=cookies, timeout=10, trust_env=False) as client:
        page = client.get("/desk").text
        client.headers["X-CSRF-Token"] = page.partition('name="csrf" content="')[2].partition('"')[0]
        yield client


@pytest.fixture
def message(server: DeskServer) -> int:
    """A message whose sound is there."""
    at = datetime.now(UTC)
    left = record(77, 10, "0810000077", at)
    left.outcome = Outcome.MESSAGE
    left.message = Message("m/main-77.1.wav", 2.0, at, "enquiries")
    write(server.engine, left)
    sound = server.settings.messages_folder / "m/main-77.1.wav"
    sound.parent.mkdir(parents=True, exist_ok=True)
    sound.write_bytes(bytes(range(200)))
    found = httpx.get(server.url("/api/inbox"), cookies={COOKIE: server.cookie()["value"]}, trust_env=False).json()
    return int(next(one["id"] for one in found["messages"] if one["call_id"] == "main-77.1"))


def test_the_sound_comes_in_parts(browser: httpx.Client, message: int) -> None:
    path = f"/api/inbox/messages/{message}/sound"
    part = browser.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["content-type"].startswith("audio/")
    assert browser.get(path).headers["cache-control"] == "no-store"


def test_a_sound_that_is_gone_is_said_to_be_gone(server: DeskServer, browser: httpx.Client, message: int) -> None:
    (server.settings.messages_folder / "m/main-77.1.wav").unlink()
    assert browser.get(f"/api/inbox/messages/{message}/sound").status_code == 404
    found = browser.get("/api/inbox").json()["messages"]
    assert [one["sound"] for one in found if one["id"] == message] == [None]


def test_a_message_is_heard_done_and_taken_back(browser: httpx.Client, message: int) -> None:
    path = f"/api/inbox/messages/{message}"
    assert browser.post(f"{path}/heard", json={}).json()["state"] == "heard"
    assert browser.post(f"{path}/done", json={}).json()["state"] == "done"
    assert message not in [one["id"] for one in browser.get("/api/inbox").json()["messages"]]
    assert browser.post(f"{path}/new", json={}).json()["state"] == "new"
    assert browser.post(f"{path}/lost", json={}).status_code == 404
    assert browser.post("/api/inbox/messages/999999/done", json={}).status_code == 404


def test_what_is_done_needs_a_session_and_its_token(server: DeskServer, browser: httpx.Client) -> None:
    write(server.engine, record(90, 10, "0810000090", datetime.now(UTC)))
    path = "/api/inbox/missed/main-90.1/done"
    foreign = {"X-CSRF-Token": "foreign"}
    assert browser.post(path, json={}, headers=foreign).status_code == 403
    assert httpx.post(server.url(path), json={}, trust_env=False).status_code == 401
    officer = {COOKIE: server.cookie("officer")["value"]}
    assert httpx.get(server.url("/api/inbox"), cookies=officer, trust_env=False).status_code == 403
    assert browser.post(path, json={}).status_code == 204


def test_a_refusal_says_who_is_about_it_in_the_visitors_language(server: DeskServer, browser: httpx.Client) -> None:
    write(server.engine, record(91, 10, "0810000091", datetime.now(UTC)))
    with writing(server.engine) as connection:
        take(connection, TaskKind.MISSED, "main-91.1", server.staff["prasert"], datetime.now(UTC))
    answer = browser.post("/api/inbox/missed/main-91.1/take", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "taken_by_other")
    assert "ประเสริฐ" in answer.json()["detail"]


def test_the_page_shows_and_counts_the_same(server: DeskServer, browser: httpx.Client, message: int) -> None:
    lists = browser.get("/api/inbox").json()
    counted = browser.get("/api/inbox/counts").json()
    assert counted == {name: len(lists[name]) for name in ("missed", "callbacks", "messages", "unfinished", "cards")}
    page = browser.get("/inbox").text
    assert '"main-77.1"' in page


def test_sounds_outside_the_folder_are_not_played(server: DeskServer, browser: httpx.Client, tmp_path: Path) -> None:
    at = datetime.now(UTC)
    left = record(78, 10, "0810000078", at)
    left.outcome, left.message = Outcome.MESSAGE, Message("../hotline.toml", 2.0, at, "enquiries")
    write(server.engine, left)
    found = browser.get("/api/inbox").json()["messages"]
    outside = next(one for one in found if one["call_id"] == "main-78.1")
    assert outside["sound"] is None
    assert browser.get(f"/api/inbox/messages/{outside['id']}/sound").status_code == 404
