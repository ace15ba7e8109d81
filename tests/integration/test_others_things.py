"""What belongs to others stays theirs: contacts, calls, messages, sessions, accounts."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from guarded_house import GuardedHouse, Session
from sqlalchemy import select
from stream_reader import Reader

from ami_listener.events import EndedBy
from ami_listener.records import CallRecord, Conversation, Message, Outcome
from crm.calls.models import messages
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.database import reading
from crm.people.numbers import normalise
from crm.staff.sessions import hash_of

SECRET = "ความลับของเพื่อนร่วมงาน"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    house = GuardedHouse(tmp_path_factory.mktemp("others"))
    yield house
    house.close()


def call(house: GuardedHouse, n: int, agent: str | None, queue: str = "enquiries", message: str | None = None) -> str:
    """A call on record, answered by ``agent``, or with a message."""
    arrived = datetime.now(UTC) - timedelta(minutes=n)
    record = CallRecord(f"main-{n}.1", arrived, f"08123456{n:02}", "1169", "provider", queue=queue, language="th")
    record.ended_at, record.ended_by, record.outcome = arrived + timedelta(seconds=40), EndedBy.CALLER, Outcome.ANSWERED
    if agent is not None:
        record.conversations = [Conversation(queue, agent, arrived + timedelta(seconds=5))]
    if message is not None:
        record.outcome = Outcome.MESSAGE
        record.message = Message(message, 3.0, arrived, queue)
    with closing(CallStore(house.engine, lambda: datetime.now(UTC))) as store:
        store.write(Batch(calls=[rows_of(record, normalise)]))
    return record.call_id


def test_an_agent_changes_own_contacts_only(house: GuardedHouse) -> None:
    """H9: the record is its agent's; others read it (C3), supervisors may mend it."""
    mine, other = house.session("agent"), house.session("colleague")
    contact = house.ask("POST", "/api/contacts", mine, json_body={"channel": "telephone"}).json["id"]
    path = f"/api/contacts/{contact}"
    body = {"changes": {"answer": "not mine"}}
    for method, where in (("PATCH", path), ("POST", f"{path}/finish"), ("POST", f"{path}/steps/H3")):
        refused = house.ask(method, where, other, json_body=body if where.endswith(("finish", str(contact))) else {})
        assert refused.status == 403, where
        unknown = house.ask(method, where.replace(str(contact), "987654"), other, json_body=body)
        assert unknown.status == 404
    assert house.ask("GET", path, mine).json["answer"] is None
    assert house.ask("GET", path, other).json["may_change"] is False
    assert house.ask("PATCH", path, house.session("supervisor"), json_body=body).status == 200
    for session in (mine, other, house.session("supervisor")):
        assert house.ask("GET", "/api/contacts/current?extension=1001", session).status == (
            403 if session is other else 200
        )
    assert house.ask("GET", "/api/contacts/unfinished?everyone=true", other).status == 403
    seen = house.ask("GET", "/api/contacts/unfinished", other).json["contacts"]
    assert contact not in [one["id"] for one in seen]


def test_a_key_is_of_one_kind_of_request_and_one_person(house: GuardedHouse) -> None:
    """A key that was used for a person opens no contact, nor one of another agent."""
    session = house.session("agent")
    contact = {"channel": "telephone", "key": "same"}
    person = {"fields": {"first_name": "X"}, "key": "same"}
    for _ in range(3):  # the numbers of people and contacts drift apart
        house.ask("POST", "/api/people", session, json_body={"fields": {"first_name": "X"}})
    first = house.ask("POST", "/api/people", session, json_body=person)
    again = house.ask("POST", "/api/people", session, json_body=person)
    assert (first.status, again.status, again.json["id"]) == (201, 201, first.json["id"])
    made = house.ask("POST", "/api/contacts", session, json_body=contact)
    assert made.status == 201
    assert house.ask("POST", "/api/contacts", session, json_body=contact).json["id"] == made.json["id"]
    foreign = house.ask("POST", "/api/contacts", house.session("colleague"), json_body=contact)
    assert foreign.json["id"] != made.json["id"]


def test_a_card_is_of_the_own_call_and_record(house: GuardedHouse) -> None:
    mine, other = house.session("agent"), house.session("colleague")
    of_other = call(house, 11, "1002")
    contact = house.ask("POST", "/api/contacts", other, json_body={"channel": "telephone"}).json["id"]
    card = {"to": {"kind": "department", "name": "legal"}, "why": "w", "question": "q", "without_call": True}
    assert house.ask("POST", "/api/cards", mine, json_body=card | {"call_id": of_other}).status == 403
    assert house.ask("POST", "/api/cards", mine, json_body=card | {"contact_id": contact}).status in {403, 404}
    assert house.ask("POST", "/api/cards", mine, json_body=card | {"call_id": "unknown"}).status == 403
    assert house.ask("POST", "/api/cards", other, json_body=card | {"call_id": of_other}).status == 201


def test_a_message_is_heard_by_those_who_answer_its_queue(house: GuardedHouse) -> None:
    """Lists, sound and marks alike; of one that is not theirs agents are told that there is none."""
    call(house, 21, None, "complaints", "a.wav")
    call(house, 22, None, "enquiries", "b.wav")
    house.settings.messages_folder.mkdir(parents=True, exist_ok=True)
    for name in ("a.wav", "b.wav"):
        (house.settings.messages_folder / name).write_bytes(b"RIFF" + bytes(100))
    with reading(house.engine) as connection:
        ids = {row.queue: row.id for row in connection.execute(select(messages.c.queue, messages.c.id))}
    foreign, own = ids["complaints"], ids["enquiries"]
    agent, supervisor = house.session("agent"), house.session("supervisor")
    listed = house.ask("GET", "/api/inbox", agent).json["messages"]
    assert [one["id"] for one in listed] == [own]
    assert house.ask("GET", f"/api/inbox/messages/{own}/sound", agent).status == 200
    assert house.ask("GET", f"/api/inbox/messages/{foreign}/sound", agent).status == 404
    for mark in ("heard", "done", "new"):
        assert house.ask("POST", f"/api/inbox/messages/{foreign}/{mark}", agent).status == 404
    assert house.ask("GET", f"/api/inbox/messages/{foreign}/sound", supervisor).status == 200
    assert house.ask("POST", f"/api/inbox/messages/{foreign}/heard", supervisor).status == 200


def test_who_waits_is_called_back_by_those_who_answer_the_queue(house: GuardedHouse) -> None:
    """What the lists do not show is not there: taken, done and undone by the queue's own people and supervisors."""
    foreign, own = call(house, 23, None, "complaints"), call(house, 24, None, "enquiries")
    agent, supervisor = house.session("agent"), house.session("supervisor")
    for step in ("take", "done", "undo"):
        assert house.ask("POST", f"/api/inbox/missed/{foreign}/{step}", agent).status == 404
        assert house.ask("POST", f"/api/inbox/missed/{own}/{step}", agent).status in {200, 204}
        assert house.ask("POST", f"/api/inbox/missed/{foreign}/{step}", supervisor).status in {200, 204}


def test_a_sound_is_never_another_file(house: GuardedHouse) -> None:
    """Whatever a path in the database says."""
    (house.settings.state / "secret").write_text("not a message", "utf-8")
    call(house, 31, None, "enquiries", "../secret")
    call(house, 32, None, "enquiries", str(house.settings.state / "secret"))
    with reading(house.engine) as connection:
        found = list(connection.scalars(select(messages.c.id).where(messages.c.path.contains("secret"))))
    assert len(found) == 2
    for one in found:
        answer = house.ask("GET", f"/api/inbox/messages/{one}/sound", house.session("supervisor"))
        assert answer.status == 404
        assert b"not a message" not in answer.body


@pytest.mark.parametrize(
    "number",
    [
        "1001&PJSIP/network/0812345678",
        "0812345678@network",
        "0812345678,120,S",
        "${SHELL(id)}",
        "0812345678\r\nAction: Originate",
        "1002|PJSIP/x",
        "*51",
        "h",
        "s",
        "i",
        "t",
        "_X.",
        "sip:0812345678@example.com",
        "0812345678\0",
        "٠٨١٢٣٤٥٦٧٨",
        "1001",
        "9" * 21,
    ],
)
def test_only_what_may_be_dialled_reaches_the_telephone(house: GuardedHouse, number: str) -> None:
    """Nothing else, and never the own extension: neither dialled nor as the goal of a transfer."""
    session = house.session("agent")
    for order, name in (("dial", "number"), ("transfer", "to")):
        answer = house.ask("POST", f"/api/telephone/{order}", session, json_body={name: number})
        assert answer.status in {409, 422}, answer.text
        if answer.status == 409:
            assert answer.json["detail"] in {"not-permitted", "own-extension"}


@pytest.mark.parametrize(
    "reason", ["wrap-up", "ring-missed", "a\r\nAction: Logoff", "x|y", "", "unknown", "lunch|1002"]
)
def test_a_break_has_a_reason_of_the_list(house: GuardedHouse, reason: str) -> None:
    answer = house.ask("POST", "/api/telephone/pause", house.session("agent"), json_body={"reason": reason})
    assert answer.status in {409, 422}
    assert answer.status == 422 or answer.json["detail"] == "unknown-reason"


def test_a_desk_hears_of_its_own_telephone_only(house: GuardedHouse) -> None:
    async def listened() -> bytes:
        reader = Reader(house, "/desk/events", await asyncio.to_thread(house.session, "agent"))
        await reader.begun()
        hub = house.service.office.hub
        for topic in ("agent/1002", f"staff/{house.staff['colleague']}", "agent/", "cards"):
            hub.publish(topic, {"kind": "secret", "number": SECRET})
        hub.publish("agent/1001", {"kind": "mine"})
        async with asyncio.timeout(10):
            while b"mine" not in reader.heard:
                await asyncio.sleep(0.01)
        reader.task.cancel()
        return reader.heard

    heard = house.runner.run(listened())
    assert b"secret" not in heard
    stream = re.search(rb'"stream":"([^"]+)"', heard)
    assert stream is not None
    watch = {"stream": stream[1].decode(), "topics": ["person/1"]}
    assert house.ask("POST", "/api/desk/watch", house.session("colleague"), json_body=watch).status == 404
    for topic in ("agent/1002", "staff/1", "cards", "floor", "person/*", "person/1\nagent/1002", "contact/-1"):
        body = {"stream": "x", "topics": [topic]}
        assert house.ask("POST", "/api/desk/watch", house.session("agent"), json_body=body).status == 422, topic


def test_another_persons_session_is_not_ended(house: GuardedHouse) -> None:
    own, other = house.session("agent"), house.session("colleague")
    unknown = house.ask("POST", "/account/sessions/" + "0" * 64 + "/end", own)
    foreign = house.ask("POST", f"/account/sessions/{hash_of(other.token)}/end", own)
    assert (unknown.status, foreign.status) == (404, 404)
    assert unknown.body == foreign.body
    assert house.ask("GET", "/account", other).status == 200


def test_a_supervisor_does_not_become_an_administrator(house: GuardedHouse) -> None:
    """By a password of theirs, by a page of an account, nor by an account of more rights."""
    supervisor = house.session("supervisor")
    for username in ("administrator", "supervisor"):
        staff_id = house.staff[username]
        for step in ("password", "unlock", "log-out"):
            assert house.ask("POST", f"/admin/staff/{staff_id}/{step}", supervisor).status == 403, (username, step)
    helped = house.ask("POST", f"/admin/staff/{house.staff['stranger']}/unlock", supervisor)
    assert helped.status == 303


def accounts(house: GuardedHouse) -> list[tuple[str, Session]]:
    return [(name, house.session(name)) for name in ("agent", "colleague", "officer", "stranger", "supervisor")]


def test_no_answer_carries_another_persons_secret(house: GuardedHouse) -> None:
    """Passwords' hashes, tokens, others' CSRF, SIP secrets: on no page of any role."""
    everyone = accounts(house)
    secrets = {session.token for _, session in everyone} | {"$argon2"}
    for _, session in everyone:
        foreign = {other.csrf for _, other in everyone if other is not session}
        for path in (
            "/desk",
            "/inbox",
            "/cards",
            "/people",
            "/account",
            "/admin",
            "/admin/staff",
            "/api/desk/state",
            "/directory",
            "/wallboard",
            f"/admin/staff/{house.staff['agent']}",
        ):
            text = house.ask("GET", path, session, accept="text/html").text
            assert not [one for one in secrets | foreign if one in text], path
