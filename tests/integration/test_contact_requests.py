"""The record of service over HTTP (C2, C3, H9): written by two at once, corrected, and finished."""

from typing import Any

import pytest
from contact_talk import leave, person, talk, topic
from records_rig import RecordsRig


def test_C2_C3_subject_office_extension_and_text(rig: RecordsRig) -> None:
    contact = talk(rig)
    subject = topic(rig, "หนังสือรับรองถิ่นกำเนิด")
    changes = {
        "topic_id": subject["id"],
        "department": "กรมการค้าต่างประเทศ",
        "internal_extension": "4700",
        "question": "ขอ Form D ที่ไหน",
        "answer": "แจ้งขั้นตอนแล้ว",
        "notes": "โทรกลับช่วงบ่าย",
        "outcome": "answered",
        "language": "en",
    }
    answered = rig.send("PATCH", f"/api/contacts/{contact['id']}", {"changes": changes, "version": contact["version"]})
    assert answered["fields"]["kind"] == subject["kind"] == "general"  # the subject brings its kind along
    shown = rig.get(f"/api/contacts/{contact['id']}")
    assert {name: shown[name] for name in changes} == changes
    assert shown["topic"]["path"][-1] == subject["name"]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("topic_id", 99_999, "no such subject"),
        ("topic_id", "x", "Choose one"),
        ("person_id", 99_999, "no such person"),
        ("outcome", "sold", "Choose one"),
        ("kind", "fish", "Choose one"),
        ("answer", "x" * 20_001, "Too long"),
        ("state", "finished", "no such field"),
        ("staff_id", 1, "no such field"),
        ("begun_at", "2020-01-01", "no such field"),
    ],
)
def test_what_cannot_be_is_told_and_the_rest_is_kept(rig: RecordsRig, field: str, value: Any, says: str) -> None:
    contact = talk(rig)
    path = f"/api/contacts/{contact['id']}"
    told = rig.send("PATCH", f"{path}?lang=en", {"changes": {field: value, "notes": "เก็บไว้"}})
    assert says in told["problems"][field]
    assert rig.get(path)["notes"] == "เก็บไว้"


def test_two_pages_write_one_record(rig: RecordsRig) -> None:
    contact = talk(rig)
    path, seen = f"/api/contacts/{contact['id']}", contact["version"]
    rig.send("PATCH", path, {"changes": {"notes": "หัวหน้าเขียน"}, "version": seen, "client": "v"}, "vipa")
    answered = rig.send("PATCH", path, {"changes": {"question": "ถามว่า"}, "version": seen, "client": "s"})
    assert answered["others"]["notes"]["by"]["name"] == "วิภา รักงาน"
    told = rig.hub.of(f"contact/{contact['id']}")[-2:]
    assert [(one["kind"], one["changes"], one["by"]["client"]) for one in told] == [
        ("contact", {"notes": "หัวหน้าเขียน"}, "v"),
        ("contact", {"question": "ถามว่า"}, "s"),
    ]
    shown = rig.get(path)
    assert (shown["notes"], shown["question"]) == ("หัวหน้าเขียน", "ถามว่า")


def test_a_repeated_request_changes_nothing(rig: RecordsRig) -> None:
    contact = talk(rig)
    path = f"/api/contacts/{contact['id']}"
    body = {"changes": {"notes": "หนึ่ง"}, "key": "k"}
    rig.send("PATCH", path, body)
    rig.send("PATCH", path, {"changes": {"notes": "สอง"}}, "vipa")
    assert rig.send("PATCH", path, body)["repeated"] is True
    assert rig.get(path)["notes"] == "สอง"


def test_others_records_are_read_and_not_changed_but_by_supervisors(rig: RecordsRig) -> None:
    contact = talk(rig)
    path = f"/api/contacts/{contact['id']}"
    assert rig.get(path, "prasert")["may_change"] is False
    for method, where in (("PATCH", path), ("POST", f"{path}/finish"), ("POST", f"{path}/steps/H3")):
        refused = rig.ask(method, where, {"changes": {"notes": "x"}}, "prasert")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    assert rig.ask("GET", "/api/contacts/current?extension=1001", username="prasert").status_code == 403
    assert rig.ask("GET", "/api/contacts/unfinished?everyone=true", username="prasert").status_code == 403
    assert rig.send("PATCH", path, {"changes": {"notes": "ดูแล้ว"}}, "vipa")["fields"] == {"notes": "ดูแล้ว"}
    assert rig.send("PATCH", path, {"changes": {"notes": "ดูอีก"}}, "admin")["fields"] == {"notes": "ดูอีก"}


def test_H9_save_and_ready_wants_what_must_be_there_and_keeps_a_draft_otherwise(rig: RecordsRig) -> None:
    contact = talk(rig)
    rig.later(300)
    leave(rig)
    path = f"/api/contacts/{contact['id']}"
    asked = rig.ask("POST", f"{path}/finish?lang=en", {"changes": {"notes": "พิมพ์ไว้"}})
    assert (asked.status_code, asked.json()["missing"]) == (422, {"outcome": "Choose an outcome"})
    asked = rig.ask("POST", f"{path}/finish", {"changes": {"outcome": "answered"}})
    assert set(asked.json()["missing"]) == {"topic_id", "answer"}
    draft = rig.get(path)
    assert (draft["state"], draft["notes"], draft["outcome"]) == ("draft", "พิมพ์ไว้", "answered")  # nothing is lost
    assert [one["id"] for one in rig.get("/api/contacts/unfinished")["contacts"]] == [contact["id"]]
    rig.later(10)
    done = rig.send("POST", f"{path}/finish", {"changes": {"topic_id": topic(rig, "ส่งออก")["id"], "answer": "ตอบ"}})
    assert done["state"] == "finished"
    assert rig.get("/api/contacts/unfinished")["contacts"] == []
    assert rig.get("/api/contacts/current")["contact"] is None
    assert rig.audit(f"contact/{contact['id']}")[0].action == "contact.finished"
    again = rig.send("POST", f"{path}/finish", {})
    assert again["contact"]["finished_at"] == done["contact"]["finished_at"]


def test_a_caller_who_was_cut_off_needs_no_summary_and_a_transfer_needs_its_office(rig: RecordsRig) -> None:
    first = talk(rig)
    leave(rig)
    assert rig.send("POST", f"/api/contacts/{first['id']}/finish", {"changes": {"outcome": "cut_off"}})["state"] == (
        "finished"
    )
    second = talk(rig, "c2")
    leave(rig, "c2")
    asked = rig.ask("POST", f"/api/contacts/{second['id']}/finish", {"changes": {"outcome": "transferred"}})
    assert set(asked.json()["missing"]) == {"topic_id", "department", "answer"}


def test_what_is_finished_can_be_corrected_and_the_correction_is_written_down(rig: RecordsRig) -> None:
    contact = talk(rig)
    path = f"/api/contacts/{contact['id']}"
    leave(rig)
    rig.send("POST", f"{path}/finish", {"changes": {"outcome": "cut_off"}})
    rig.send("PATCH", path, {"changes": {"notes": "แก้ไข"}})
    newest = rig.audit(f"contact/{contact['id']}")[0]
    assert (newest.action, newest.details) == ("contact.changed", {"changes": {"notes": [None, "แก้ไข"]}})
    assert rig.get(path)["state"] == "finished"


def test_a_talk_that_goes_on_is_not_unfinished_work(rig: RecordsRig) -> None:
    contact = talk(rig)
    assert rig.get("/api/contacts/unfinished")["contacts"] == []
    leave(rig)
    assert [one["id"] for one in rig.get("/api/contacts/unfinished?everyone=true", "vipa")["contacts"]] == [
        contact["id"]
    ]


def test_the_talk_that_goes_on_is_current_before_an_older_draft(rig: RecordsRig) -> None:
    talk(rig)
    rig.later(60)
    leave(rig)
    rig.later(60)
    newer = talk(rig, "c2")
    assert newer["call_id"] == "c2"
    leave(rig, "c2")
    assert rig.get("/api/contacts/current")["contact"]["call_id"] == "c2"


def test_R1_a_contact_of_another_channel_or_a_call_out(rig: RecordsRig) -> None:
    person_id = person(rig)
    body = {"channel": "counter", "person_id": person_id, "key": "k"}
    first, again = rig.send("POST", "/api/contacts", body), rig.send("POST", "/api/contacts", body)
    assert first["id"] == again["id"]
    assert (first["person"]["id"], first["call_id"], first["steps"][0]["step"]) == (person_id, None, "W1")
    out = rig.send("POST", "/api/contacts", {"direction": "outbound", "number": "081-234-5678"})
    assert (out["number"], out["person"]["id"]) == ("+66812345678", person_id)
    letter = rig.send("POST", "/api/contacts", {"channel": "letter"})
    assert letter["steps"] == []
    assert rig.ask("POST", "/api/contacts", {"person_id": 999}).status_code == 422
    assert {one["id"] for one in rig.get("/api/contacts/unfinished")["contacts"]} == {
        first["id"], out["id"], letter["id"],
    }  # fmt: skip
