"""What the desk asks of cards, and who may ask it (K3, K4)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from card_office import CALLER, CardOffice
from sqlalchemy import Engine, insert, update

from ami_listener.events import TransferResult
from crm.cards.lists import open_cards_of, open_cards_of_number
from crm.contacts.models import contacts
from crm.database import reading, writing
from crm.people.models import Profile
from crm.people.service import create_person

LEGAL = {"kind": "department", "key": "legal"}
CARD = {"to": LEGAL, "why": "เรื่องกฎหมาย", "question": "ภาษีนำเข้าผ้า", "mode": "blind"}


@pytest.fixture
def office(sqlite_engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(sqlite_engine, tmp_path)
    yield made
    made.close()


@pytest.fixture
def both(engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(engine, tmp_path)
    yield made
    made.close()


def made(office: CardOffice, username: str = "somsri", **more: Any) -> dict[str, Any]:
    answer = office.as_(username).ask("POST", "/api/cards", {**CARD, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_the_dialog_writes_a_card_of_the_call_that_goes_on(both: CardOffice) -> None:
    """K4: who, why, question so far, to whom."""
    record = both.call()
    card = made(both)
    assert card["number"] == "T-2569-000001"
    assert (card["call_id"], card["caller_number"], card["agent"]) == (record.call_id, CALLER, "1001")
    assert (card["state"], card["handover"], card["incomplete"]) == ("open", "planned", False)
    assert card["to"] == {"kind": "department", "key": "legal", "name": "กองกฎหมาย", "dial": "701"}
    assert card["number_to_dial"] == "701"
    assert card["can"] == ["hand_over", "withdraw"]
    both.transfer(record, "701", picked_up_by="carrier")
    seen = both.as_("prasert").ask("GET", f"/api/cards/{card['id']}").json()
    assert (seen["handover"], seen["turn"]) == ("connected", "office")


@pytest.mark.parametrize(
    "to",
    [
        {"kind": "department", "name": "legal"},
        {"kind": "department", "extension": "701"},
        {"kind": "officer", "key": "kanya"},
        {"kind": "officer", "extension": "1501", "name": "Kanya Khakhai"},
        {"kind": "agent", "extension": "1002", "name": "Prasert Sukjai"},
        {"kind": "outside", "number": "02-111-2222"},
        {"kind": "outside", "number": "+66 2 111 2222"},
    ],
    ids=str,
)
def test_a_target_by_any_of_its_names(office: CardOffice, to: dict[str, str]) -> None:
    card = made(office, to=to)
    assert card["number_to_dial"] in {"701", "1501", "1002", "021112222"}


@pytest.mark.parametrize(
    "to",
    [
        {"kind": "department", "key": "nobody"}, {"kind": "agent", "key": "legal"}, {"kind": "outside", "number": "x"},
        {"kind": "outside", "number": ""}, {"kind": "officer", "key": "somsri"},
    ],
    ids=str,
)  # fmt: skip
def test_a_target_that_is_none(office: CardOffice, to: dict[str, str]) -> None:
    answer = office.as_("somsri").ask("POST", "/api/cards", {**CARD, "to": to})
    assert answer.status_code == 422
    assert answer.json()["faults"] == {"to": "ไม่พบปลายทางนี้"}
    assert office.all_cards() == []


def test_what_is_wrong_is_said(office: CardOffice) -> None:
    browser = office.as_("somsri")
    answer = browser.ask("POST", "/api/cards", {**CARD, "why": "x" * 501})
    assert (answer.status_code, answer.json()["faults"]) == (422, {"why": "ยาวเกินไป"})
    answer = browser.ask("POST", "/api/cards", {**CARD, "why": "", "without_call": True})
    assert answer.json()["faults"] == {"why": "จำเป็นต้องกรอก"}
    answer = browser.ask("POST", "/api/cards", {**CARD, "surprise": 1})
    assert answer.status_code == 422
    card = made(office)
    answer = browser.ask("POST", f"/api/cards/{card['id']}/close", {})
    assert (answer.status_code, answer.json()["detail"]) == (409, "state")
    assert answer.json()["advice"] == "การ์ดเปลี่ยนสถานะไปแล้ว โปรดดูข้อมูลล่าสุด"


def test_all_the_way_by_requests(office: CardOffice) -> None:
    """K4: to the end."""
    card = made(office, without_call=True)
    path = f"/api/cards/{card['id']}"
    niti, somsri = office.as_("niti"), office.as_("somsri")
    answer = niti.ask("POST", f"{path}/attempts", {"result": "not_satisfied", "answer": "ตอบครั้งแรก"})
    assert answer.json()["state"] == "not_satisfied"
    answer = niti.ask("POST", f"{path}/attempts", {"result": "satisfied", "answer": "ตอบครั้งที่สอง", "report": False})
    assert answer.json()["state"] == "satisfied"
    assert niti.ask("POST", f"{path}/report", {"reason": "เรียบร้อย"}).json()["state"] == "reported"
    assert somsri.ask("PATCH", path, {"outcome": "ร่างผล"}).json()["outcome"] == "ร่างผล"
    answer = somsri.ask("POST", f"{path}/follow-up", {"close": True})
    assert (answer.json()["state"], answer.json()["outcome"]) == ("closed", "ร่างผล")
    seen = somsri.ask("GET", path).json()
    assert [(one["ordinal"], one["officer"]) for one in seen["made_attempts"]] == [(1, "นิติ กฎหมาย"), (2, "นิติ กฎหมาย")]


def test_a_transfer_that_failed_is_withdrawn_or_goes_without_the_call(office: CardOffice) -> None:
    """K3."""
    record = office.call()
    card = made(office)
    office.transfer(record, "701", result=TransferResult.BUSY)
    path = f"/api/cards/{card['id']}"
    seen = office.as_("somsri").ask("GET", path).json()
    assert (seen["handover"], seen["reason"]) == ("failed", "busy")
    assert office.as_("somsri").ask("POST", f"{path}/withdraw", {"reason": ""}).status_code == 422
    assert office.as_("somsri").ask("POST", f"{path}/hand-over", {}).json()["handover"] == "without_call"
    assert office.as_("somsri").ask("POST", f"{path}/withdraw", {"reason": "x"}).json()["detail"] == "handed_over"


def test_lists_of_the_desk(both: CardOffice) -> None:
    """K4: mine, of a person, due, overdue."""
    mine = made(both, without_call=True)
    other = made(both, "prasert", to={"kind": "department", "key": "trade"}, without_call=True)

    def numbers(query: str) -> list[int]:
        return [card["id"] for card in both.as_("somsri").ask("GET", f"/api/cards{query}").json()["cards"]]

    assert numbers("?mine=true") == [mine["id"]]
    assert numbers("") == [other["id"], mine["id"]]
    assert numbers("?due=overdue") == []
    both.clock.forward(days=1)
    assert numbers("?due=today") == [mine["id"]]
    both.clock.forward(hours=12)
    assert numbers("?due=overdue") == [mine["id"]]
    assert numbers("?q=000002") == [other["id"]]
    assert numbers("?q=nothing") == []
    assert numbers("?state=closed") == []


def test_the_badge_counts_what_waits_for_me(office: CardOffice) -> None:
    def counts() -> list[int]:
        return [
            office.as_(who).ask("GET", "/api/cards/count").json()["cards"]
            for who in ("somsri", "prasert", "niti", "kanya", "mali")
        ]

    record = office.call()
    assert counts() == [0, 0, 0, 0, 0]
    card = made(office)
    assert counts() == [1, 0, 0, 0, 0]  # prepared: the agent's
    office.transfer(record, "701", picked_up_by="carrier")
    assert counts() == [0, 0, 1, 0, 0]
    path = f"/api/cards/{card['id']}"
    office.as_("niti").ask("POST", f"{path}/attempts", {"result": "satisfied", "answer": "x"})
    assert counts() == [1, 0, 0, 0, 0]
    office.clock.forward(days=5)
    assert counts()[4] == 1  # a supervisor counts what is overdue


def test_the_pop_finds_open_cards(both: CardOffice) -> None:
    """C3: by person, also when the person was named in the record of service afterwards; by number before that."""
    record = both.call()
    with writing(both.engine) as connection:
        values = {"call_id": record.call_id, "agent": "1001", "staff_id": both.staff["somsri"], "channel": "telephone",
                  "direction": "inbound", "state": "draft", "begun_at": both.clock(), "updated_at": both.clock(),
                  "field_versions": {}, "number": CALLER}  # fmt: skip
        contact_id = connection.execute(insert(contacts).values(**values).returning(contacts.c.id)).scalar_one()
    card = made(both, contact_id=contact_id)
    assert card["contact_id"] == contact_id
    with reading(both.engine) as connection:
        assert [one.id for one in open_cards_of_number(connection, CALLER)] == [card["id"]]
    with writing(both.engine) as connection:
        person = create_person(connection, Profile(display_name="วิชัย มั่นคง"), both.clock())
        connection.execute(update(contacts).values(person_id=person))
    with reading(both.engine) as connection:
        assert [one.caller_name for one in open_cards_of(connection, person)] == ["วิชัย มั่นคง"]
        assert open_cards_of_number(connection, CALLER) == []
    assert both.as_("prasert").ask("GET", f"/api/cards?person={person}").json()["count"] == 1
    both.as_("mali").ask("POST", f"/api/cards/{card['id']}/close", {"reason": "ทดสอบ"})
    with reading(both.engine) as connection:
        assert open_cards_of(connection, person) == []


# --- who may ----------------------------------------------------------------------------------------------------------

REQUESTS = [
    ("GET", "/api/cards", None), ("GET", "/api/cards/count", None), ("GET", "/api/cards/1", None),
    ("POST", "/api/cards", CARD), ("PATCH", "/api/cards/1", {}), ("POST", "/api/cards/1/follow-up", {}),
    ("POST", "/api/cards/1/close", {}), ("POST", "/api/cards/1/attempts", {"result": "answered", "answer": "x"}),
    ("POST", "/api/cards/1/report", {}), ("POST", "/api/cards/1/withdraw", {"reason": "x"}),
    ("GET", "/api/directory", None), ("GET", "/cards", None), ("GET", "/cards/1", None), ("GET", "/cards/events", None),
    ("GET", "/directory", None), ("POST", "/cards/1/attempt", None), ("POST", "/cards/1/follow", None),
    ("POST", "/cards/1/complete", None), ("POST", "/cards/1/close_early", None), ("POST", "/directory/new", None),
    ("POST", "/cards/1/letters/1/again", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS, ids=lambda value: str(value)[:30])
def test_nothing_without_a_log_in(office: CardOffice, method: str, path: str, body: Any) -> None:
    made(office, without_call=True)
    answer = office.stranger().request(method, path, json=body, headers={"accept": "application/json"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"), [one for one in REQUESTS if one[0] != "GET"], ids=lambda value: str(value)[:30]
)
def test_nothing_without_the_session_s_own_token(office: CardOffice, method: str, path: str, body: Any) -> None:
    """A foreign page makes the browser ask: with cookies, without the token; or with another session's."""
    made(office, without_call=True)
    browser = office.as_("mali")
    for token in ({}, {"X-CSRF-Token": office.as_("somsri").csrf}):
        answer = browser.request(method, path, json=body, headers={"accept": "application/json", **token})
        assert answer.status_code == 403
    assert office.only_card().state == "open"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [one for one in REQUESTS if one[1] in {
        "/api/cards/1/follow-up", "/api/cards/1/close", "/api/directory", "/cards/1/follow", "/cards/1/complete",
        "/cards/1/letters/1/again",
    } or one[:2] in {("POST", "/api/cards"), ("PATCH", "/api/cards/1")}],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_officers_do_not_do_the_agents_work(office: CardOffice, method: str, path: str, body: Any) -> None:
    made(office, without_call=True)
    assert office.as_("niti").ask(method, path, body).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/cards/{id}", None), ("GET", "/cards/{id}", None),
        ("POST", "/api/cards/{id}/attempts", {"result": "satisfied", "answer": "x"}),
        ("POST", "/api/cards/{id}/report", {}), ("POST", "/cards/{id}/report", None),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_an_officer_never_sees_another_office_s_card(office: CardOffice, method: str, path: str, body: Any) -> None:
    """K4: not by guessing its number either."""
    card = made(office, without_call=True)
    kanya = office.as_("kanya")
    assert kanya.ask(method, path.format(id=card["id"]), body).status_code == 404
    assert kanya.ask("GET", "/api/cards?q=T-2569").json() == {"cards": [], "count": 0}
    assert kanya.ask("GET", f"/api/cards?person={card['person_id'] or 1}").json()["count"] == 0
    page = kanya.get("/cards?view=all").text
    assert card["number"] not in page
    assert office.as_("niti").ask("GET", f"/api/cards/{card['id']}").status_code == 200


def test_an_officer_does_not_see_what_is_still_the_agent_s(office: CardOffice) -> None:
    office.call()
    card = made(office)
    assert office.as_("niti").ask("GET", f"/api/cards/{card['id']}").status_code == 404
    assert office.as_("niti").ask("GET", "/api/cards").json()["count"] == 0


def test_nobody_writes_on_another_agent_s_call(office: CardOffice) -> None:
    record = office.call()
    answer = office.as_("prasert").ask("POST", "/api/cards", {**CARD, "call_id": record.call_id})
    assert answer.status_code == 403
    with writing(office.engine) as connection:
        values = {"agent": "1001", "staff_id": office.staff["somsri"], "channel": "chat", "direction": "inbound",
                  "state": "draft", "begun_at": record.arrived_at, "updated_at": record.arrived_at,
                  "field_versions": {}}  # fmt: skip
        contact_id = connection.execute(insert(contacts).values(**values).returning(contacts.c.id)).scalar_one()
    assert office.as_("prasert").ask("POST", "/api/cards", {**CARD, "contact_id": contact_id}).status_code == 403
    assert office.as_("prasert").ask("POST", "/api/cards", {**CARD, "contact_id": 4711}).status_code == 404
    assert office.all_cards() == []


def test_news_go_to_those_concerned_and_say_nothing_of_the_caller(office: CardOffice) -> None:
    own, others = office.listening("agent/1001"), office.listening("agent/1002", f"staff/{office.staff['kanya']}")
    everybody = office.listening("cards")
    made(office, to={"kind": "officer", "key": "kanya"}, question="ความลับ", without_call=True)
    heard = office.heard(everybody)
    assert [message["what"] for message in heard] == ["created", "handed_over", "letter"]
    assert len(office.heard(own)) == 3
    assert {message["to_staff_id"] for message in office.heard(others)} == {office.staff["kanya"]}
    assert "ความลับ" not in str(heard)
    assert CALLER not in str(heard)
