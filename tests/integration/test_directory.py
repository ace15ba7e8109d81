"""The directory: everybody there is, who is free, and numbers outside that supervisors keep (K3)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from card_office import CardOffice
from sqlalchemy import Engine, update

from ami_listener.events import AgentState
from ami_listener.floor import AgentNow
from crm.audit.service import AuditFilter, lines
from crm.database import reading, writing
from crm.directory.service import entries, of_dialled, targets
from crm.directory.words import WORDS
from crm.staff.models import staff

ENTRY = {"name_th": "ศุลกากรแหลมฉบัง", "name_en": "Customs", "office_th": "กรมศุลกากร", "number": "038-400-123"}


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(engine, tmp_path)
    yield made
    made.close()


def asked(office: CardOffice, query: str = "", who: str = "somsri") -> list[dict[str, Any]]:
    answer = office.as_(who).ask("GET", f"/api/directory?q={query}")
    assert answer.status_code == 200
    return list(answer.json()["entries"])


def test_everybody_there_is(office: CardOffice) -> None:
    found = {(entry["kind"], entry["name"]): entry for entry in asked(office)}
    assert set(found) == {
        ("department", "legal"), ("department", "trade"), ("department", "silent"), ("officer", "niti"),
        ("officer", "kanya"), ("agent", "1001"), ("agent", "1002"),
    }  # fmt: skip
    assert found["department", "legal"]["dial"] == "701"
    assert found["officer", "niti"]["dial"] is None
    assert found["officer", "kanya"]["office"] == "กองการค้า"
    assert found["agent", "1002"]["name_en"] == "Prasert Sukjai"


def test_who_is_free(office: CardOffice) -> None:
    at = office.clock()
    office.agents |= {"1001": AgentNow(AgentState.IN_CALL, at), "1002": AgentNow(AgentState.AVAILABLE, at)}
    found = {entry["name"]: (entry["presence"], entry["label"]) for entry in asked(office)}
    assert found["1001"] == ("busy", "ติดสาย")
    assert found["1002"] == ("free", "ว่าง")
    assert WORDS["th"]["busy"] in office.as_("niti").get("/directory").text


def test_a_closed_account_is_gone(office: CardOffice) -> None:
    with writing(office.engine) as connection:
        connection.execute(update(staff).where(staff.c.username == "niti").values(active=False))
    assert "niti" not in {entry["name"] for entry in asked(office)}


def test_a_number_that_is_only_typed(office: CardOffice) -> None:
    """It can be called when the settings permit it."""
    (entry,) = asked(office, "02-111-2222")
    assert (entry["to"], entry["known"], entry["dial"]) == ({"kind": "outside", "key": "021112222"}, False, "021112222")
    assert asked(office, "0019005551234") == []
    assert [entry["name"] for entry in asked(office, "701")] == ["legal"]


def test_supervisors_keep_numbers_outside(office: CardOffice) -> None:
    mali = office.as_("mali")
    assert mali.send("/directory/new", **ENTRY).status_code == 303
    (entry,) = asked(office, "แหลมฉบัง")
    assert (entry["kind"], entry["number"], entry["office"]) == ("outside", "038400123", "กรมศุลกากร")
    with reading(office.engine) as connection:
        entry_id = entries(connection)[0].id
    assert "ศุลกากรแหลมฉบัง" in mali.get(f"/directory/{entry_id}").text
    assert mali.send(f"/directory/{entry_id}", **{**ENTRY, "note": "ในเวลาราชการ"}).status_code == 303
    assert mali.send(f"/directory/{entry_id}/remove").status_code == 303
    assert asked(office, "แหลมฉบัง") == []
    assert mali.get(f"/directory/{entry_id}").status_code == 404
    with reading(office.engine) as connection:
        actions = [line.action for line in lines(connection, AuditFilter(subject=f"directory/{entry_id}"))]
    assert actions == ["directory.removed", "directory.changed", "directory.added"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name_th": "", "name_en": " "}, "name_missing"),
        ({"number": "0019005551234"}, "not_dialled"),
        ({"number": "call me"}, "not_dialled"),
        ({"number": ""}, "not_dialled"),
        ({"name_th": "x" * 121}, "too_long"),
        ({"name_th": "a\u202eb"}, "too_long"),
    ],
)
def test_a_number_that_cannot_be_kept(office: CardOffice, change: dict[str, str], fault: str) -> None:
    page = office.as_("mali").send("/directory/new", **{**ENTRY, **change})
    assert (page.status_code, WORDS["th"][fault] in page.text) == (422, True)
    with reading(office.engine) as connection:
        assert entries(connection) == []


def test_a_number_is_there_once(office: CardOffice) -> None:
    mali = office.as_("mali")
    mali.send("/directory/new", **ENTRY)
    page = mali.send("/directory/new", **{**ENTRY, "name_th": "อื่น", "number": "+66 38 400 123"})
    assert WORDS["th"]["number_taken"] in page.text
    assert "อื่น" in page.text  # nothing typed is lost


@pytest.mark.parametrize("who", ["somsri", "niti"])
def test_others_read_only(office: CardOffice, who: str) -> None:
    browser = office.as_(who)
    assert browser.get("/directory").status_code == 200
    assert "/directory/new" not in browser.get("/directory").text
    for path in ("/directory/new", "/directory/1", "/directory/1/remove"):
        assert browser.send(path, **ENTRY).status_code == 403
    assert browser.get("/directory/new").status_code == 403


def test_who_is_reached_by_what_was_dialled(office: CardOffice) -> None:
    """A department goes before a telephone of ours; a number of nobody we know is one outside."""
    office.as_("mali").send("/directory/new", **ENTRY)
    with reading(office.engine) as connection:
        found = {
            number: of_dialled(connection, office.settings, number) for number in ("701", "1501", "1002", "038400123")
        }
        assert [(number, one.kind, one.key) for number, one in found.items()] == [
            ("701", "department", "legal"), ("1501", "officer", "kanya"), ("1002", "agent", "1002"),
            ("038400123", "outside", "038400123"),
        ]  # fmt: skip
        assert of_dialled(connection, office.settings, "029999999").known is False
        assert len(targets(connection, office.settings)) == 8
