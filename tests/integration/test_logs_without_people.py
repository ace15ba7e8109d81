"""Logs say nothing of people: neither who calls, nor who is looked for, nor what was typed, also when it is wrong."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from guarded_house import PASSWORD, GuardedHouse

from ami_listener.events import AgentRang, CallAnswered, CallArrived, CallEnded, EndedBy, QueueJoined

NAME, NUMBER, INTERNATIONAL = "นางสาวลับเฉพาะ", "0898765432", "+66898765432"
NOTE, MAIL, TYPED = "ความลับของผู้รับบริการ", "secret.person@example.go.th", "typed-password-of-somebody"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    house = GuardedHouse(tmp_path_factory.mktemp("logs"))
    yield house
    house.close()


def worked_with(house: GuardedHouse) -> None:
    """A day with this person: by pages, by requests that go wrong, by events of a call."""
    session = house.session("agent")
    fields = {"first_name": NAME, "last_name": NAME, "notes": NOTE, "email": MAIL}
    person = house.ask("POST", "/api/people", session, json_body={"fields": fields, "number": NUMBER}).json["id"]
    contact = house.ask("POST", "/api/contacts", session, json_body={"person_id": person, "number": NUMBER}).json["id"]
    house.ask("PATCH", f"/api/contacts/{contact}", session, json_body={"changes": {"notes": NOTE, "topic_id": 2**70}})
    house.ask("PATCH", f"/api/contacts/{2**70}", session, json_body={"changes": {"notes": NOTE}})
    house.ask("PATCH", f"/api/people/{person}", session, json_body={"changes": {"birth_year": NAME, "email": NUMBER}})
    house.ask("POST", "/api/people", session, body=f'{{"fields": {{"first_name": "{NAME}"'.encode())
    house.ask("POST", "/api/people", session, json_body={"fields": NAME})
    for path in (
        f"/api/people?q={NUMBER}",
        f"/api/people?number={NUMBER}",
        f"/people/{NUMBER}",
        f"/no/such/page/{NUMBER}",
    ):
        house.ask("GET", path, session)
        house.ask("GET", path)
    for order, name in (("dial", "number"), ("transfer", "to")):
        house.ask("POST", f"/api/telephone/{order}", session, json_body={name: NUMBER})
    card = {"to": {"kind": "department", "name": "legal"}, "why": NOTE, "caller_name": NAME, "without_call": True}
    house.ask("POST", "/api/cards", session, json_body=card | {"question": NOTE, "person_id": person})
    for username, password in ((NAME, TYPED), ("agent", TYPED), (NUMBER, TYPED), ("agent", PASSWORD)):
        house.ask("POST", "/login", form={"username": username, "password": password})


def called(house: GuardedHouse) -> None:
    """A call of this person, told as by Asterisk."""
    at = datetime.now(UTC)

    async def told() -> None:
        about: dict[str, Any] = {"occurred_at": at, "call_id": "main-1.1"}
        for event in (
            CallArrived(event_id="1", caller_number=NUMBER, called_number="1169", trunk="network", **about),
            QueueJoined(event_id="2", queue="enquiries", pass_number=1, **about),
            AgentRang(event_id="3", queue="enquiries", agent="1001", **about),
            CallAnswered(event_id="4", queue="enquiries", agent="1001", agent_channel="PJSIP/1001-1", **about),
            CallEnded(event_id="5", ended_by=EndedBy.CALLER, **about),
        ):
            house.service.office.happened(event)

    house.runner.run(told())


def test_nobody_is_in_the_logs(house: GuardedHouse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for quiet in ("asyncio", "sqlalchemy", "alembic"):
        logging.getLogger(quiet).setLevel(logging.INFO)
    worked_with(house)
    called(house)
    logging.getLogger("test").debug("the log is heard")
    assert "the log is heard" in caplog.text
    secret = (NAME, NUMBER, INTERNATIONAL, NOTE, MAIL, TYPED, PASSWORD, "hotline_session=")
    assert [word for word in secret if word in caplog.text] == []
