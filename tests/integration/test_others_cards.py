"""Cards of other offices stay theirs: pages, streams, and the signed links that open one without an account."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from guarded_house import GuardedHouse
from sqlalchemy import select
from stream_reader import Reader

from crm.database import reading
from crm.outbox.models import letters

SECRET = "ความลับของกอง"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    house = GuardedHouse(tmp_path_factory.mktemp("offices"))
    yield house
    house.close()


def card_for(house: GuardedHouse, office: str) -> int:
    body = {
        "to": {"kind": "department", "name": office},
        "why": SECRET,
        "question": SECRET,
        "without_call": True,
        "caller_name": SECRET,
    }
    answer = house.ask("POST", "/api/cards", house.session("agent"), json_body=body)
    assert answer.status == 201, answer.text
    assert answer.json["department"] == office
    return int(answer.json["id"])


def test_an_office_sees_its_own_cards_only(house: GuardedHouse) -> None:
    """K4. By lists, search, counts, pages and every step; a foreign card is as one that is not there."""
    card = card_for(house, "legal")
    own, stranger = house.session("officer"), house.session("stranger")
    assert SECRET in house.ask("GET", f"/api/cards/{card}", own).text
    assert SECRET in house.ask("GET", f"/cards/{card}", own, accept="text/html").text
    lists = [
        "/api/cards",
        f"/api/cards?q={'%E0%B8%84'}",
        "/api/cards?mine=true",
        "/api/cards?state=open",
        "/api/cards/count",
        "/cards",
        "/cards?view=all",
        "/cards?view=office",
        "/cards?q=%E0%B8%84",
        "/cards?department=legal",
        "/directory",
        f"/api/cards?person={card}",
        "/api/cards?due=overdue",
        "/api/cards?due=today",
    ]
    for path in lists:
        for accept in ("application/json", "text/html"):
            answer = house.ask("GET", path, stranger, accept=accept)
            assert answer.status == 200, path
            assert SECRET not in answer.text, path
            assert f"/cards/{card}" not in answer.text, path
    assert house.ask("GET", "/api/cards", stranger).json == {"cards": [], "count": 0}
    assert house.ask("GET", "/api/cards/count", stranger).json == {"cards": 0}
    steps = [
        ("GET", f"/api/cards/{card}", None),
        ("GET", f"/cards/{card}", None),
        ("POST", f"/api/cards/{card}/attempts", {"result": "satisfied", "answer": "a"}),
        *(
            ("POST", f"/api/cards/{card}/{step}", {"reason": "r"})
            for step in ("report", "object", "hand-over", "withdraw")
        ),
    ]
    for method, path, body in steps:
        foreign = house.ask(method, path, stranger, json_body=body)
        unknown = house.ask(method, path.replace(f"/{card}", "/987654"), stranger, json_body=body)
        assert (foreign.status, unknown.status) == (404, 404), path
        assert foreign.body == unknown.body, path
    for path in (f"/cards/{card}/attempt", f"/cards/{card}/report"):
        assert house.ask("POST", path, stranger, form={"result": "satisfied", "answer": "a", "text": "a"}).status == 404
    assert SECRET in house.ask("GET", f"/api/cards/{card}", own).text  # and nothing became of all that


def test_a_stream_tells_an_office_of_its_own_cards_only(house: GuardedHouse) -> None:
    """K4. Whatever happens to foreign cards, and to people, contacts and agents."""

    async def listened() -> tuple[bytes, bytes]:
        own = Reader(house, "/cards/events", await asyncio.to_thread(house.session, "officer"))
        stranger = Reader(house, "/cards/events", await asyncio.to_thread(house.session, "stranger"))
        await own.begun()
        await stranger.begun()
        hub = house.service.office.hub
        told = {"kind": "card", "what": "answered", "id": 4711, "department": "legal", "to_staff_id": None}
        hub.publish("cards", told)
        for topic in ("floor", "agent/1001", "person/1", "contact/1", f"staff/{house.staff['agent']}"):
            hub.publish(topic, {"kind": "secret", "number": SECRET, "id": 815})
        hub.publish("cards", told | {"department": "foreign", "id": 4712})
        hub.publish("cards", told | {"department": None, "id": 4713})
        async with asyncio.timeout(10):
            while b"4712" not in stranger.heard or b"4711" not in own.heard:
                await asyncio.sleep(0.01)
        for reader in (own, stranger):
            reader.task.cancel()
        return own.heard, stranger.heard

    own, stranger = house.runner.run(listened())
    assert b"4711" in own
    assert b"4712" not in own
    assert b"4712" in stranger
    assert b"4711" not in stranger
    for heard in (own, stranger):
        assert b"4713" not in heard
        assert b"815" not in heard
        assert SECRET.encode() not in heard


def link_of(house: GuardedHouse, card: int) -> str:
    """The path of the link in the letter to the office."""
    with reading(house.engine) as connection:
        texts = connection.scalars(select(letters.c.text).where(letters.c.about == f"card/{card}"))
        found = [match[1] for text in texts if (match := re.search(r"(/c/\S+)", text))]
    assert found
    return found[-1]


def test_a_signed_link_opens_one_card(house: GuardedHouse) -> None:
    """K4. Not another one, not when a letter of it is changed, and nothing else of the house."""
    first, second = card_for(house, "legal"), card_for(house, "foreign")
    link, other = link_of(house, first), link_of(house, second)
    page = house.ask("GET", link, accept="text/html")
    assert page.status == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert f"/cards/{second}" not in page.text
    token, foreign = link.rpartition("/")[2], other.rpartition("/")[2]
    payload, _, signature = token.rpartition(".")
    foreign_payload, _, _ = foreign.rpartition(".")
    changed = [
        f"{foreign_payload}.{signature}",
        f"{payload}.{signature[:-1]}",
        f"{payload}.",
        payload,
        f"{payload}.{signature[:-2]}AA",
        f"W{payload[1:]}.{signature}" if payload[0] != "W" else f"X{payload[1:]}.{signature}",
        "x" * 5000,
        "%2e%2e",
    ]
    for number, one in enumerate(changed):
        for method, path in (("GET", f"/c/{one}"), ("POST", f"/c/{one}/attempt"), ("POST", f"/c/{one}/report")):
            answer = house.ask(method, path, form={} if method == "POST" else None, client=f"192.0.2.{number}")
            assert answer.status in {404, 410}, one
            assert SECRET not in answer.text
    for path in ("/cards", f"/cards/{first}", "/api/cards", f"/api/cards/{first}", "/desk", "/account"):
        assert house.ask("GET", path, cookie=f"hotline_session={token}").status == 401


def test_guessing_links_ends_soon(house: GuardedHouse) -> None:
    """From one address; others still come in."""
    link = link_of(house, card_for(house, "legal"))
    answers = [house.ask("GET", f"/c/guess{n}", client="198.51.100.7").status for n in range(60)]
    assert set(answers[:10]) == {404}
    assert answers[-1] == 429
    assert house.ask("GET", link, client="198.51.100.8").status == 200


def test_pages_of_the_office_give_every_value_once_escaped(house: GuardedHouse) -> None:
    """What is asked for in an address is not written back as it came."""
    html = "%3Cscript%3Ealert(1)%3C/script%3E%22%27"
    session = house.session("administrator")
    for path in (
        "/login?next=",
        "/cards?q=",
        "/people?q=",
        "/directory?q=",
        "/admin/staff?q=",
        "/admin/audit?q=",
        "/wallboard?queue=",
        "/account?done=",
        "/desk?lang=",
        "/inbox?lang=",
        "/c/",
    ):
        for who in (session, None):
            text: Any = house.ask("GET", path + html, who, accept="text/html").text
            assert "<script>alert" not in text, path
