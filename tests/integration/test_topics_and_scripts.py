"""Subjects and scripts over HTTP: as they are seeded, searched, said and changed (K1, H2, H7)."""

from typing import Any

import pytest
from records_rig import RecordsRig


def topics(rig: RecordsRig, query: str = "", username: str = "somsri") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rig.get(f"/api/topics{query}", username)["topics"]
    return found


def test_K1_the_four_kinds_of_matter_with_the_subjects_of_a_trade_hotline(rig: RecordsRig) -> None:
    everything = topics(rig)
    roots = [one for one in everything if one["parent_id"] is None]
    assert [one["kind"] for one in roots] == ["general", "technical", "new_product", "complaint"]
    assert len(everything) > 40
    assert all(one["name_th"] and one["name_en"] for one in everything)
    importers = topics(rig, "?q=พบผู้นำเข้า")[0]
    assert (importers["name"], importers["path"]) == ("การพบผู้นำเข้า", ["สอบถามข้อมูลทั่วไป", "การพบผู้นำเข้า"])
    assert topics(rig, "?q=HS+code&lang=en")[0]["path"] == ["Technical information", "Customs tariff codes"]
    assert {one["kind"] for one in topics(rig, "?kind=complaint")} == {"complaint"}


def test_the_tree_comes_parents_before_children(rig: RecordsRig) -> None:
    seen: set[int] = set()
    for one in topics(rig):
        assert one["parent_id"] is None or one["parent_id"] in seen
        seen.add(one["id"])


def test_subjects_are_added_renamed_retired_and_brought_back(rig: RecordsRig) -> None:
    parent = topics(rig, "?q=การส่งออก")[0]
    new = {"parent_id": parent["id"], "name_th": "ทุเรียน", "name_en": "Durian", "also": "หมอนทอง"}
    assert rig.ask("POST", "/api/topics", new).status_code == 403
    added = rig.send("POST", "/api/topics", new, "vipa")
    assert (added["kind"], added["path"][-2:]) == ("general", ["การส่งออก", "ทุเรียน"])
    assert topics(rig, "?q=หมอนทอง")[0]["id"] == added["id"]
    path = f"/api/topics/{added['id']}"
    rig.send("PATCH", path, {"name_th": "ทุเรียนสด"}, "admin")
    assert topics(rig, "?q=ทุเรียนสด")[0]["name"] == "ทุเรียนสด"
    rig.send("PATCH", f"/api/topics/{parent['id']}", {"retired": True}, "vipa")  # and what is below it
    assert added["id"] not in [one["id"] for one in topics(rig, "?q=ทุเรียนสด")]
    assert any(one["id"] == added["id"] and one["retired"] for one in topics(rig, "?retired=true", "vipa"))
    rig.send("PATCH", path, {"retired": False}, "vipa")  # and what is above it
    assert topics(rig, "?q=ทุเรียนสด")[0]["path"] == ["สอบถามข้อมูลทั่วไป", "การส่งออก", "ทุเรียนสด"]
    assert "Certificate of origin" not in [one["name_en"] for one in topics(rig, "?q=Form+D")]
    actions = [line.action for line in rig.audit(f"topic/{added['id']}")]
    assert actions == ["topic.brought_back", "topic.changed", "topic.added"]


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        ("POST", {"parent_id": 99_999, "name_th": "ก", "name_en": "a"}, "no_topic"),
        ("POST", {"parent_id": 1, "name_th": " ", "name_en": "a"}, "name_missing"),
        ("POST", {"parent_id": 1, "name_th": "ก" * 201, "name_en": "a"}, "too_long"),
        ("PATCH", {"retired": True}, "root_stays"),
    ],
)
def test_subjects_that_cannot_be(rig: RecordsRig, method: str, body: dict[str, Any], code: str) -> None:
    path = "/api/topics" if method == "POST" else "/api/topics/1"
    refused = rig.ask(method, path, body, "vipa")
    assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_retired_subject_stays_with_what_was_recorded(rig: RecordsRig) -> None:
    subject = topics(rig, "?q=พิกัดศุลกากร")[0]
    contact = rig.send("POST", "/api/contacts", {"channel": "counter"})["id"]
    rig.send("PATCH", f"/api/contacts/{contact}", {"changes": {"topic_id": subject["id"]}})
    rig.send("PATCH", f"/api/topics/{subject['id']}", {"retired": True}, "vipa")
    assert rig.get(f"/api/contacts/{contact}")["topic"]["name"] == "พิกัดศุลกากร"


# --- scripts ----------------------------------------------------------------------------------------------------------


def said(rig: RecordsRig, query: str, username: str = "somsri") -> str:
    return str(rig.get(f"/api/scripts?channel=hotline&{query}", username)["scripts"][0]["said"])


def test_H2_the_manuals_greeting_in_the_callers_language_with_the_agents_name(rig: RecordsRig) -> None:
    greeting = said(rig, "moment=greeting&language=th")
    assert greeting.startswith("ศูนย์บริการกระทรวงพาณิชย์ สวัสดีค่ะ ดิฉันสมศรี ใจดี รับสาย")
    assert "Somsri Jaidee speaking" in said(rig, "moment=greeting&language=en")
    man = said(rig, "moment=greeting&language=th", "prasert")  # neither title nor account says: both forms
    assert man.startswith("ศูนย์บริการกระทรวงพาณิชย์ สวัสดีค่ะ/ครับ")
    rig.send("PUT", "/api/scripts/voice", {"particle": "khrap"}, "prasert")
    assert said(rig, "moment=greeting&language=th", "prasert").startswith("ศูนย์บริการกระทรวงพาณิชย์ สวัสดีครับ ผมประเสริฐ")
    assert rig.ask("PUT", "/api/scripts/voice", {"particle": "miau"}).status_code == 422


def test_H7_the_ending_thanks_by_name_and_leads_to_the_survey(rig: RecordsRig) -> None:
    ending = said(rig, "moment=ending&language=th&caller=นายสมชาย ใจดี")
    assert "ขอบคุณคุณสมชาย ใจดีที่ใช้บริการ" in ending
    assert "ประเมินความพึงพอใจค่ะ" in ending
    assert "ขอบคุณที่ใช้บริการ" in said(rig, "moment=ending&language=th")
    assert ", Mr John Smith." in said(rig, "moment=ending&language=en&caller=Mr John Smith")


def test_every_channel_has_greeting_and_ending_in_both_languages(rig: RecordsRig) -> None:
    """L1 L7 W1 W9 too: the other channels use the same scripts."""
    scripts = rig.get("/api/scripts")["scripts"]
    there = {(one["channel"], one["moment"], one["language"]) for one in scripts}
    assert {
        (channel, moment, language)
        for channel in ("hotline", "chat", "counter")
        for moment in ("greeting", "ending")
        for language in ("th", "en")
    } <= there
    assert not any("{" in one["said"] or "[" in one["said"] for one in scripts)


def test_scripts_are_added_changed_and_taken_out(rig: RecordsRig) -> None:
    new = {"moment": "greeting", "channel": "hotline", "language": "th", "text": "สวัสดีปีใหม่{polite}", "position": -1}
    assert rig.ask("POST", "/api/scripts", new).status_code == 403
    script = rig.send("POST", "/api/scripts", new, "vipa")["id"]
    assert said(rig, "moment=greeting&language=th") == "สวัสดีปีใหม่ค่ะ"
    rig.send("PATCH", f"/api/scripts/{script}", {"text": "สุขสันต์{polite}"}, "vipa")
    assert said(rig, "moment=greeting&language=th") == "สุขสันต์ค่ะ"
    rig.send("PATCH", f"/api/scripts/{script}", {"retired": True}, "vipa")
    assert said(rig, "moment=greeting&language=th").startswith("ศูนย์บริการ")
    assert len(rig.audit(f"script/{script}")) == 3
    for body, code in (
        ({"text": "{gent}"}, "unknown_placeholder"),
        ({"text": ""}, "text_missing"),
        ({"text": "x" * 5000}, "too_long"),
    ):
        assert rig.ask("PATCH", f"/api/scripts/{script}", body, "vipa").json()["code"] == code
    assert rig.ask("PATCH", "/api/scripts/9999", {"text": "x"}, "vipa").json()["code"] == "no_script"
    assert rig.ask("POST", "/api/scripts", new | {"channel": "radio"}, "vipa").json()["code"] == "bad_choice"
