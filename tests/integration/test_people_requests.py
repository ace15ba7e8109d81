"""People over HTTP (C1 to C5): found however they are written, changed field by field, merged and taken apart."""

from typing import Any

import pytest
from records_rig import RecordsRig
from sqlalchemy import select

from crm.autosave.models import done_requests
from crm.database import reading

SOMCHAI = {"title": "นาย", "first_name": "สมชาย", "last_name": "ใจดี"}


def add(rig: RecordsRig, number: str | None = "0812345678", **fields: Any) -> dict[str, Any]:
    added: dict[str, Any] = rig.send("POST", "/api/people", {"fields": fields or SOMCHAI, "number": number})
    return added


def found(rig: RecordsRig, asked: str) -> list[str]:
    return [one["display_name"] for one in rig.get(f"/api/people?q={asked}")["people"]]


def test_C2_a_new_caller_is_added_with_the_number_that_is_already_there(rig: RecordsRig) -> None:
    person = add(rig)
    assert person["display_name"] == "นายสมชาย ใจดี"
    assert [(one["number"], one["shown"], one["primary"]) for one in person["numbers"]] == [
        ("+66812345678", "081 234 5678", True)
    ]
    assert rig.get("/api/people?number=081-234-5678")["people"][0]["id"] == person["id"]
    assert rig.audit(f"person/{person['id']}")[0].who == "somsri"


def test_a_caller_is_not_added_twice_when_the_answer_was_lost(rig: RecordsRig) -> None:
    body = {"fields": SOMCHAI, "number": "0812345678", "key": "abc"}
    first, again = rig.send("POST", "/api/people", body), rig.send("POST", "/api/people", body)
    assert first["id"] == again["id"]
    other = rig.send("POST", "/api/people", body, "prasert")  # another one's key is another key
    assert other["id"] != first["id"]


def test_C2_a_name_is_needed(rig: RecordsRig) -> None:
    answer = rig.ask("POST", "/api/people?lang=en", {"fields": {"email": "x@example.com"}})
    assert (answer.status_code, answer.json()["problems"]) == (422, {"first_name": "A name is needed"})


def test_C4_every_field_of_the_profile(rig: RecordsRig) -> None:
    person = add(rig)
    changes = {
        "occupation": "Exporter",
        "sex": "male",
        "age": "46",
        "province": "Rayong",
        "email": "somchai@example.com",
        "language": "th",
        "business_level": "beginner",
        "notes": "ถามเรื่อง\nทุเรียน",
    }
    answer = rig.send("PATCH", f"/api/people/{person['id']}", {"changes": changes, "version": person["version"]})
    assert answer["problems"] == {}
    assert answer["fields"] == {
        "occupation": "ผู้ส่งออก", "sex": "male", "birth_year": 1980, "age": 46, "province": "ระยอง",
        "email": "somchai@example.com", "language": "th", "business_level": "beginner", "notes": "ถามเรื่อง\nทุเรียน",
    }  # fmt: skip
    shown = rig.get(f"/api/people/{person['id']}?lang=en")
    assert (shown["age"], shown["province_label"], shown["occupation_label"]) == (46, "Rayong", "Exporter")


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("birth_year", "2523", 1980),
        ("birth_year", 1980, 1980),
        ("birth_year", "", None),
        ("province", "จ.เชียงใหม่", "เชียงใหม่"),
        ("province", "กทม.", "กรุงเทพมหานคร"),
        ("province", None, None),
        ("first_name", "  สม  ชาย ", "สม ชาย"),
        ("email", " a@b.co ", "a@b.co"),
        ("notes", "x\0y\r\nz", "xy\nz"),
        ("occupation", "หมอดู", "หมอดู"),
    ],
)
def test_fields_are_taken_as_people_write_them(rig: RecordsRig, field: str, value: Any, stored: Any) -> None:
    person = add(rig)
    answer = rig.send("PATCH", f"/api/people/{person['id']}", {"changes": {field: value}})
    assert answer["problems"] == {}
    assert rig.get(f"/api/people/{person['id']}")[field] == stored


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("email", "somchai at example", "Write an address"),
        ("birth_year", "3000", "Write a year"),
        ("birth_year", "soon", "Write a year"),
        ("age", "200", "Write an age"),
        ("province", "Atlantis", "no such province"),
        ("sex", "fish", "Choose one"),
        ("business_level", "huge", "Choose one"),
        ("display_name", "  ", "A name is needed"),
        ("notes", "x" * 20_001, "Too long"),
        ("first_name", ["x"], "not text"),
        ("shoe_size", "43", "no such field"),
        ("merged_into_id", 1, "no such field"),
    ],
)
def test_what_cannot_be_is_told_and_the_rest_is_kept(rig: RecordsRig, field: str, value: Any, says: str) -> None:
    person = add(rig)
    changes = {field: value, "last_name": "ใจเย็น"}
    answer = rig.send("PATCH", f"/api/people/{person['id']}?lang=en", {"changes": changes})
    assert says in answer["problems"][field]
    assert rig.get(f"/api/people/{person['id']}")["last_name"] == "ใจเย็น"


def test_C5_changes_are_written_down_old_to_new(rig: RecordsRig) -> None:
    person = add(rig)
    rig.send("PATCH", f"/api/people/{person['id']}", {"changes": {"province": "ตราด"}})
    rig.send("PATCH", f"/api/people/{person['id']}", {"changes": {"province": "ระยอง"}}, "prasert")
    newest, before, _added = rig.audit(f"person/{person['id']}")
    assert (newest.who, newest.action, newest.details) == (
        "prasert",
        "person.changed",
        {"changes": {"province": ["ตราด", "ระยอง"]}},
    )
    assert before.details == {"changes": {"province": [None, "ตราด"]}}


def test_the_name_on_screens_follows_the_names_unless_somebody_wrote_another(rig: RecordsRig) -> None:
    person = add(rig)
    path = f"/api/people/{person['id']}"
    assert rig.send("PATCH", path, {"changes": {"last_name": "ใจเย็น"}})["fields"]["display_name"] == "นายสมชาย ใจเย็น"
    rig.send("PATCH", path, {"changes": {"display_name": "ร้านสมชาย"}})
    rig.send("PATCH", path, {"changes": {"first_name": "สมหมาย"}})
    assert rig.get(path)["display_name"] == "ร้านสมชาย"
    assert found(rig, "สมหมาย") == found(rig, "ร้านสม") == ["ร้านสมชาย"]


# --- two at once ------------------------------------------------------------------------------------------------------


def test_two_who_change_different_fields_both_get_theirs(rig: RecordsRig) -> None:
    person = add(rig)
    path, seen = f"/api/people/{person['id']}", person["version"]
    rig.send("PATCH", path, {"changes": {"province": "ตราด"}, "version": seen}, "prasert")
    answer = rig.send("PATCH", path, {"changes": {"email": "a@b.co"}, "version": seen})
    shown = rig.get(path)
    assert (shown["province"], shown["email"]) == ("ตราด", "a@b.co")
    assert answer["others"]["province"]["value"] == "ตราด"
    assert answer["others"]["province"]["by"]["name"] == "ประเสริฐ สุขใจ"
    assert answer["overwritten"] == {}
    assert answer["version"] == shown["version"] == seen + 2


def test_of_the_same_field_the_last_wins_and_both_are_told(rig: RecordsRig) -> None:
    person = add(rig)
    path, seen = f"/api/people/{person['id']}", person["version"]
    rig.send("PATCH", path, {"changes": {"notes": "จากประเสริฐ"}, "version": seen, "client": "p1"}, "prasert")
    answer = rig.send("PATCH", path, {"changes": {"notes": "จากสมศรี"}, "version": seen, "client": "s1"})
    assert answer["overwritten"]["notes"]["value"] == "จากประเสริฐ"
    assert rig.get(path)["notes"] == "จากสมศรี"
    told = rig.hub.of(f"person/{person['id']}")
    assert [(one["changes"], one["by"]["client"]) for one in told] == [
        ({"notes": "จากประเสริฐ"}, "p1"),
        ({"notes": "จากสมศรี"}, "s1"),
    ]
    old, new = rig.audit(f"person/{person['id']}")[0].details["changes"]["notes"]
    assert (old, new) == ("จากประเสริฐ", "จากสมศรี")  # what was written over is not lost


def test_a_repeated_request_changes_nothing(rig: RecordsRig) -> None:
    person = add(rig)
    path = f"/api/people/{person['id']}"
    body = {"changes": {"notes": "หนึ่ง"}, "version": person["version"], "key": "k1"}
    rig.send("PATCH", path, body)
    rig.send("PATCH", path, {"changes": {"notes": "สอง"}}, "prasert")
    again = rig.send("PATCH", path, body)  # the first answer was lost
    assert again["repeated"] is True
    assert again["fields"]["notes"] == "สอง"
    assert rig.get(path)["notes"] == "สอง"


def test_keys_are_forgotten_after_a_month(rig: RecordsRig) -> None:
    person = add(rig)
    rig.send("PATCH", f"/api/people/{person['id']}", {"changes": {"notes": "x"}, "key": "k1"})
    rig.later(31 * 86_400)
    rig.play()
    with reading(rig.engine) as connection:
        assert connection.execute(select(done_requests)).all() == []


def test_nothing_changed_is_no_change(rig: RecordsRig) -> None:
    person = add(rig)
    answer = rig.send("PATCH", f"/api/people/{person['id']}", {"changes": {"first_name": "สมชาย"}})
    assert answer["version"] == person["version"]
    assert rig.hub.of(f"person/{person['id']}") == []
    assert len(rig.audit(f"person/{person['id']}")) == 1


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_C4_numbers_come_and_go(rig: RecordsRig) -> None:
    person = add(rig)
    path = f"/api/people/{person['id']}/numbers"
    both = rig.send("POST", path, {"number": "02-507-7999"})
    assert [one["shown"] for one in both["numbers"]] == ["081 234 5678", "02 507 7999"]
    changed = rig.send("POST", path, {"number": "02-507-7999", "primary": True})
    assert [one["shown"] for one in changed["numbers"]] == ["02 507 7999", "081 234 5678"]
    left = rig.send("DELETE", f"{path}/+66812345678")
    assert [one["number"] for one in left["numbers"]] == ["+6625077999"]
    actions = [line.action for line in rig.audit(f"person/{person['id']}")]
    assert actions == ["person.number_removed", "person.number_added", "person.number_added", "person.added"]
    assert rig.ask("POST", path, {"number": "hello"}).status_code == 422
    assert rig.ask("POST", "/api/people/999/numbers", {"number": "0812345678"}).status_code == 404


# --- access -----------------------------------------------------------------------------------------------------------

REQUESTS = [
    ("GET", "/api/people?q=x"), ("GET", "/api/people/1"), ("GET", "/api/people/choices"), ("POST", "/api/people"),
    ("PATCH", "/api/people/1"), ("POST", "/api/people/1/numbers"), ("DELETE", "/api/people/1/numbers/1"),
    ("GET", "/api/people/1/duplicates"), ("POST", "/api/people/1/different"), ("POST", "/api/people/1/merge"),
    ("POST", "/api/people/1/unmerge"), ("GET", "/api/people/1/events"), ("GET", "/api/contacts/1"),
    ("GET", "/api/contacts?person_id=1"), ("GET", "/api/contacts/current"), ("GET", "/api/contacts/pop?number=1"),
    ("GET", "/api/contacts/unfinished"),
    ("POST", "/api/contacts"), ("PATCH", "/api/contacts/1"), ("POST", "/api/contacts/1/finish"),
    ("POST", "/api/contacts/1/steps/H3"), ("GET", "/api/contacts/1/events"), ("GET", "/api/topics"),
    ("GET", "/api/scripts"), ("PUT", "/api/scripts/voice"), ("GET", "/api/standards/hotline"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_nobody_without_a_log_in_no_officer_and_no_foreign_token(rig: RecordsRig, method: str, path: str) -> None:
    assert rig.client(None).request(method, path, headers={"Accept": "application/json"}).status_code == 401
    assert rig.ask(method, path, {}, "niti").status_code == 403
    if method != "GET":
        foreign = {"X-CSRF-Token": "of another session", "Accept": "application/json"}
        assert rig.client("somsri").request(method, path, json={}, headers=foreign).status_code == 403


def test_what_is_not_there(rig: RecordsRig) -> None:
    assert rig.ask("GET", "/api/people/999?lang=en").json()["detail"] == "There is no such person"
    assert rig.ask("PATCH", "/api/people/999", {"changes": {}}).status_code == 404
    assert rig.ask("GET", "/api/people/999/duplicates").status_code == 404
