"""The signed link in an office's letter: opens one card, for as long as it should, and nothing else (K4)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from card_office import CALLER, CardOffice
from cards_written import EVIL, written
from itsdangerous import URLSafeSerializer
from sqlalchemy import Engine

from crm.cards.links import SALT, Links
from crm.cards.service import actor_of
from crm.cards.states import Action, CardState
from crm.cards.words import WORDS
from dialplan.secrets import own_key


@pytest.fixture
def office(sqlite_engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(sqlite_engine, tmp_path)
    yield made
    made.close()


def send(office: CardOffice, path: str, **fields: str) -> int:
    return office.stranger().post(path, data=fields).status_code


def test_the_office_answers_without_an_account(office: CardOffice) -> None:
    """K4: not satisfied, next attempt, satisfied, reported back; the story names who wrote."""
    card = written(office, caller_number=CALLER, caller_name="วิชัย มั่นคง")
    link = office.link()
    page = office.stranger().get(link)
    assert page.status_code == 200
    assert card.number in page.text
    assert "081 234 5678" in page.text
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    assert "noindex" in page.headers["x-robots-tag"]
    fields = {"answer": "ตอบครั้งแรก", "officer": "คุณนิติ"}
    assert send(office, f"{link}/attempt", result="not_satisfied", **fields) == 303
    assert office.only_card().state is CardState.NOT_SATISFIED
    page = office.stranger().get(f"{link}?done=1&lang=en")
    assert "Saved, thank you" in page.text
    assert "คุณนิติ" in page.text
    assert send(office, f"{link}/attempt", result="satisfied", **fields) == 303
    assert office.only_card().state is CardState.REPORTED
    page = office.stranger().get(link)
    assert WORDS["th"]["wait_agent"] in page.text
    assert "<form" not in page.text
    assert send(office, f"{link}/attempt", result="satisfied", **fields) == 409
    assert office.story(card)[-3:] == ["attempt", "attempt", "reported"]


def test_who_writes_must_say_so(office: CardOffice) -> None:
    written(office)
    link = office.link()
    answer = office.stranger().post(f"{link}/attempt", data={"result": "answered", "answer": "ตอบยาว"})
    assert answer.status_code == 422
    assert "ตอบยาว</textarea>" in answer.text
    assert office.only_card().state is CardState.OPEN


def test_a_link_dies_with_its_card(office: CardOffice) -> None:
    """Revoked when the card is closed; what was opened again has a link of its own."""
    card = written(office)
    link = office.link()
    mali = actor_of(office.visitor("mali"))
    office.cards.act(card.id, mali, Action.CLOSE_EARLY, "ถอนเรื่อง")
    page = office.stranger().get(link)
    assert (page.status_code, WORDS["th"]["link_closed"] in page.text) == (410, True)
    assert send(office, f"{link}/attempt", result="answered", answer="x", officer="y") == 410
    office.cards.act(card.id, mali, Action.REOPEN, "อีกครั้ง")
    assert office.stranger().get(link).status_code == 404
    assert office.link() != link
    assert office.stranger().get(office.link()).status_code == 200


def test_a_link_expires(office: CardOffice) -> None:
    written(office)
    link = office.link()
    office.clock.forward(days=30, seconds=-1)
    assert office.stranger().get(link).status_code == 200
    office.clock.forward(seconds=1)
    page = office.stranger().get(link)
    assert (page.status_code, WORDS["th"]["link_expired"] in page.text) == (410, True)
    assert send(office, f"{link}/attempt", result="answered", answer="x", officer="y") == 410


def test_a_card_that_went_back_to_the_agent_is_not_open_to_the_office(office: CardOffice) -> None:
    card = written(office)
    path = office.link()
    links = Links(own_key(office.settings.state, "links"), lambda: "", timedelta(days=1))
    other = written(office, without_call=False)
    assert office.stranger().get(links.to_card(other, office.clock())).status_code == 404
    assert office.stranger().get(path).status_code == 200
    assert card.id != other.id


def forged(office: CardOffice) -> list[str]:
    card = office.only_card()
    until = int((office.clock() + timedelta(days=1)).timestamp())
    key = own_key(office.settings.state, "links")
    token = office.link().removeprefix("/c/")
    payload, _, signature = token.partition(".")
    return [
        "x", token[:-1], token[:-4] + "AAAA", f"{payload}.", f".{signature}", f"{payload}x.{signature}", "." * 50,
        "A" * 5000, "%00", "..%2f..%2fetc",
        URLSafeSerializer("another key", salt=SALT).dumps([card.id, card.link_key, until]),
        URLSafeSerializer(key, salt="other").dumps([card.id, card.link_key, until]),
        URLSafeSerializer(key, salt=SALT).dumps([card.id, "another", until]),
        URLSafeSerializer(key, salt=SALT).dumps([4711, card.link_key, until]),
        URLSafeSerializer(key, salt=SALT).dumps({"card": card.id}),
        URLSafeSerializer(key, salt=SALT).dumps([card.id, card.link_key, "soon"]),
        URLSafeSerializer(key, salt=SALT).dumps([card.id, card.link_key, 10**30]),
    ]  # fmt: skip


def test_a_forged_link_opens_nothing(office: CardOffice) -> None:
    written(office)
    for number, token in enumerate(forged(office)):
        browser = office.stranger(f"192.0.2.{number}")
        page = browser.get(f"/c/{token}")
        assert page.status_code == 404, token
        assert office.only_card().number not in page.text
        fields = {"result": "answered", "answer": "x", "officer": "y"}
        assert browser.post(f"/c/{token}/attempt", data=fields).status_code == 404
    assert office.only_card().state is CardState.OPEN


def test_trying_links_is_limited_by_address(office: CardOffice) -> None:
    written(office)
    link, tries = office.link(), 0
    browser = office.stranger("198.51.100.9")
    while browser.get("/c/guess").status_code == 404:
        tries += 1
        assert tries < 100
    assert tries == 30
    page = browser.get(link)
    assert (page.status_code, WORDS["th"]["link_limited"] in page.text) == (429, True)
    assert office.stranger().get(link).status_code == 200  # others are not concerned
    office.clock.forward(minutes=6)
    assert browser.get(link).status_code == 200


def test_right_links_are_not_counted_but_changes_are(office: CardOffice) -> None:
    written(office)
    link, browser = office.link(), office.stranger()
    for _ in range(40):
        assert browser.get(link).status_code == 200
    statuses = [send(office, f"{link}/attempt", result="not_reached", details="x", officer="y") for _ in range(32)]
    assert statuses.count(303) == 30
    assert statuses[-1] == 429


def test_one_link_one_card_and_no_way_further(office: CardOffice) -> None:
    """No personal data beyond that card, and no page behind it."""
    first = written(office, caller_name="คนแรก")
    link = office.link()
    second = written(office, caller_name="คนที่สอง")
    browser = office.stranger()
    page = browser.get(link).text
    assert "คนที่สอง" not in page
    assert second.number not in page
    assert not re.search(r'href="/(?!static|c/|\?)', page)
    for path in (f"/cards/{first.id}", "/cards", f"/api/cards/{first.id}", "/cards/events"):
        assert browser.request("GET", path, headers={"accept": "application/json"}).status_code == 401


def test_no_script_comes_in_by_the_link(office: CardOffice) -> None:
    card = written(office, question=EVIL, caller_name=EVIL)
    link = office.link()
    assert send(office, f"{link}/attempt", result="not_satisfied", answer=EVIL, details=EVIL, officer=EVIL) == 303
    for page in (office.stranger().get(link), office.as_("somsri").get(f"/cards/{card.id}")):
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


def test_a_letter_tells_nothing_of_the_caller(office: CardOffice) -> None:
    """Mail is read by many: number, office, time and the link, no more."""
    written(office, why="เหตุผลลับ", question="คำถามลับ", caller_name="วิชัย มั่นคง", caller_number=CALLER)
    (letter,) = office.letters()
    text = letter.subject + letter.text
    for secret in ("ลับ", "วิชัย", "812345678", "081"):
        assert secret not in text
    assert "T-2569-000001" in letter.subject
    assert "27 พ.ย. 2569 18:30" in letter.text


def test_the_key_is_the_installation_s_own_and_private(office: CardOffice) -> None:
    path = office.settings.state / "links.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text()) >= 40
