"""The record of service over HTTP (C2, C3, H9): it comes by itself, is written by two at once, and finished."""

from typing import Any

import pytest
from records_rig import RecordsRig

from ami_listener.events import (
    AgentLegEnded,
    AgentRang,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallTransferred,
    Event,
    LanguageChosen,
    QueueJoined,
    StreamResumed,
    SurveyAnswered,
    SurveyAsked,
)

CALLER = "0812345678"


def made(rig: RecordsRig, event: type[Event], call: str = "c1", /, **more: Any) -> Event:
    name = f"{event.__name__}-{call}-{rig.at.isoformat()}-{more.get('agent')}"
    return event(event_id=name, occurred_at=rig.at, call_id=call, **more)


def arrive(rig: RecordsRig, call: str = "c1", caller: str | None = CALLER, **more: Any) -> None:
    rig.play(
        made(rig, CallArrived, call, caller_number=caller, called_number="1169", trunk="provider", **more),
        made(rig, LanguageChosen, call, language="th"),
        made(rig, QueueJoined, call, queue="enquiries", pass_number=1),
    )


def answer(rig: RecordsRig, call: str = "c1", agent: str = "1001", rings: float = 4, queue: str = "enquiries") -> None:
    rig.play(made(rig, AgentRang, call, queue=queue, agent=agent))
    rig.later(rings)
    rig.play(made(rig, CallAnswered, call, queue=queue, agent=agent, agent_channel=f"PJSIP/{agent}-1"))


def leave(rig: RecordsRig, call: str = "c1", agent: str = "1001") -> None:
    rig.play(made(rig, AgentLegEnded, call, agent=agent, agent_channel=f"PJSIP/{agent}-1"))


def talk(rig: RecordsRig, call: str = "c1", agent: str = "1001") -> dict[str, Any]:
    """A call that was answered; its record."""
    arrive(rig, call)
    rig.later(2)
    answer(rig, call, agent)
    contact: dict[str, Any] = rig.get(f"/api/contacts/current?extension={agent}", "vipa")["contact"]
    return contact


def person(rig: RecordsRig, number: str | None = CALLER, name: str = "สมชาย") -> int:
    added = rig.send("POST", "/api/people", {"fields": {"first_name": name}, "number": number})
    return int(added["id"])


def topic(rig: RecordsRig, asked: str) -> dict[str, Any]:
    first: dict[str, Any] = rig.get(f"/api/topics?q={asked}")["topics"][0]
    return first


# --- it comes by itself -----------------------------------------------------------------------------------------------


def test_C2_a_draft_is_there_when_the_agent_answers(rig: RecordsRig) -> None:
    contact = talk(rig)
    assert (contact["state"], contact["call_id"], contact["agent"]) == ("draft", "c1", "1001")
    assert (contact["number"], contact["person"], contact["language"]) == ("+66812345678", None, "th")
    assert (contact["queue"], contact["staff_name"], contact["channel"]) == (
        "enquiries",
        "นางสาวสมศรี ใจดี",
        "telephone",
    )
    [told] = [one for one in rig.hub.of("agent/1001") if one["new"]]
    assert told == {
        "kind": "contact", "id": contact["id"], "call_id": "c1", "version": 1, "state": "draft", "new": True,
    }  # fmt: skip


def test_C3_who_alone_has_the_number_is_known_at_once(rig: RecordsRig) -> None:
    person_id = person(rig)
    assert talk(rig)["person"]["id"] == person_id


def test_C3_of_several_people_on_a_number_the_agent_chooses(rig: RecordsRig) -> None:
    mother, daughter = person(rig, name="แม่"), person(rig, name="ลูก")
    contact = talk(rig)
    assert contact["person"] is None
    rig.send("PATCH", f"/api/contacts/{contact['id']}", {"changes": {"person_id": daughter}})
    first = rig.get(f"/api/people?number={CALLER}")["people"][0]
    assert first["id"] == daughter  # shown first the next time
    assert mother != daughter


def test_C3_whoever_is_chosen_has_the_number_from_now_on_and_a_mistake_leaves_nothing(rig: RecordsRig) -> None:
    wrong, right = person(rig, number=None, name="ผิดคน"), person(rig, number=None, name="ถูกคน")
    contact = talk(rig)
    rig.record("c1")
    path = f"/api/contacts/{contact['id']}"
    rig.send("PATCH", path, {"changes": {"person_id": wrong}})
    assert [one["id"] for one in rig.get(f"/api/people?number={CALLER}")["people"]] == [wrong]
    rig.send("PATCH", path, {"changes": {"person_id": right}})
    assert [one["id"] for one in rig.get(f"/api/people?number={CALLER}")["people"]] == [right]
    rig.send("PATCH", path, {"changes": {"person_id": None}})
    assert rig.get(f"/api/people?number={CALLER}")["people"] == []


def test_a_number_that_somebody_had_before_stays_with_them(rig: RecordsRig) -> None:
    had = person(rig)
    other = person(rig, number=None, name="อีกคน")
    contact = talk(rig)
    path = f"/api/contacts/{contact['id']}"
    rig.send("PATCH", path, {"changes": {"person_id": other}})
    rig.send("PATCH", path, {"changes": {"person_id": had}})
    assert [one["id"] for one in rig.get(f"/api/people?number={CALLER}")["people"]] == [had]


def test_a_hidden_number_has_no_person_and_no_number(rig: RecordsRig) -> None:
    arrive(rig, caller="anonymous")
    answer(rig)
    contact = rig.get("/api/contacts/current")["contact"]
    assert (contact["number"], contact["person"]) == (None, None)


def test_telling_it_again_changes_nothing(rig: RecordsRig) -> None:
    contact = talk(rig)
    before = len(rig.hub.told)
    rig.play(made(rig, CallAnswered, queue="enquiries", agent="1001", agent_channel="PJSIP/1001-1"))
    again = rig.get("/api/contacts/current")["contact"]
    assert again["id"] == contact["id"]
    assert again["version"] == contact["version"]
    assert len(rig.hub.told) == before


def test_each_agent_of_a_call_has_a_record_and_nobody_without_an_account(rig: RecordsRig) -> None:
    talk(rig)
    rig.later(30)
    rig.play(made(rig, CallTransferred, kind="blind", agent="1001", to="1002"))
    answer(rig, agent="1002", queue="")
    rig.later(30)
    rig.play(made(rig, CallTransferred, kind="blind", agent="1002", to="1555"))
    answer(rig, agent="1555", queue="")
    found = {agent: rig.get(f"/api/contacts/current?extension={agent}", "vipa")["contact"] for agent in
             ("1001", "1002", "1555")}  # fmt: skip
    assert found["1001"]["id"] != found["1002"]["id"]
    assert found["1555"] is None
    assert found["1002"]["internal_extension"] == "1001"  # C2: filled in by itself, the call was transferred to us
    assert found["1001"]["outcome"] == found["1002"]["outcome"] == "transferred"


def test_K3_a_call_handed_to_an_office_says_so_by_itself(rig: RecordsRig) -> None:
    office = rig.settings.departments[0]
    contact = talk(rig)
    rig.play(made(rig, CallTransferred, kind="blind", agent="1001", to=office.extension))
    shown = rig.get(f"/api/contacts/{contact['id']}")
    assert (shown["outcome"], shown["department"]) == ("transferred", office.label_th or office.name)
    assert shown["internal_extension"] == office.extension


def test_what_the_agent_wrote_is_not_written_over_by_the_telephone(rig: RecordsRig) -> None:
    contact = talk(rig)
    path = f"/api/contacts/{contact['id']}"
    rig.send("PATCH", path, {"changes": {"outcome": "answered", "department": "กรมอื่น"}})
    rig.send("PATCH", path, {"changes": {"department": None}})
    rig.play(made(rig, CallTransferred, kind="blind", agent="1001", to=rig.settings.departments[0].extension))
    shown = rig.get(path)
    assert (shown["outcome"], shown["department"]) == ("answered", None)  # emptied on purpose


def test_a_call_answered_while_the_service_was_away_gets_its_record(rig: RecordsRig) -> None:
    """The events never came here: only the journal's record in the database tells of them."""
    for event in (
        made(rig, CallArrived, caller_number=CALLER, called_number="1169", trunk="provider"),
        made(rig, CallAnswered, queue="enquiries", agent="1001", agent_channel="PJSIP/1001-1"),
    ):
        rig.calls.apply(event)
    rig.later(60)
    rig.calls.apply(made(rig, AgentLegEnded, agent="1001", agent_channel="PJSIP/1001-1"))
    rig.record("c1")
    assert rig.get("/api/contacts/current")["contact"] is None
    rig.play(StreamResumed(event_id="r", occurred_at=rig.at, live_calls=frozenset()))
    contact = rig.get("/api/contacts/current")["contact"]
    assert contact["call_id"] == "c1"
    assert contact["talk_ended_at"] is not None
    rig.play(StreamResumed(event_id="r2", occurred_at=rig.at, live_calls=frozenset()))
    assert len(rig.get("/api/contacts/unfinished")["contacts"]) == 1


def test_a_record_whose_end_was_not_heard_is_completed(rig: RecordsRig) -> None:
    contact = talk(rig)
    rig.later(60)
    rig.calls.apply(made(rig, AgentLegEnded, agent="1001", agent_channel="PJSIP/1001-1"))
    rig.calls.apply(made(rig, CallEnded))
    rig.record("c1")
    rig.play(StreamResumed(event_id="r", occurred_at=rig.at, live_calls=frozenset()))
    assert rig.get(f"/api/contacts/{contact['id']}")["talk_ended_at"] is not None


def test_a_callback_is_an_outbound_contact(rig: RecordsRig) -> None:
    arrive(rig, callback_of="c0")
    answer(rig)
    assert rig.get("/api/contacts/current")["contact"]["direction"] == "outbound"


# --- writing ----------------------------------------------------------------------------------------------------------


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


# --- finishing --------------------------------------------------------------------------------------------------------


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


# --- without a call ---------------------------------------------------------------------------------------------------


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


def test_C5_contacts_of_a_person_are_kept_in_order(rig: RecordsRig) -> None:
    person_id = person(rig)
    first = talk(rig)
    rig.later(100)
    second = talk(rig, "c2")
    lines = rig.get(f"/api/contacts?person_id={person_id}")["contacts"]
    assert [line["id"] for line in lines] == [second["id"], first["id"]]


# --- the pop ----------------------------------------------------------------------------------------------------------


def test_C1_C3_a_returning_caller_pops_with_all_that_is_known(rig: RecordsRig) -> None:
    person_id = person(rig)
    rig.send("PATCH", f"/api/people/{person_id}", {"changes": {"notes": "พูดช้า ๆ", "business_level": "ready"}})
    contact = talk(rig)
    rig.later(120)
    leave(rig)
    rig.play(made(rig, SurveyAsked, scale="scale-123"))
    rig.later(3)
    rig.play(made(rig, SurveyAnswered, scale="scale-123", key="1", meaning="impressed"))
    rig.play(made(rig, CallEnded))
    rig.record("c1")
    subject = topic(rig, "ศุลกากร")
    changes = {"outcome": "answered", "topic_id": subject["id"], "answer": "บอกพิกัด"}
    rig.send("POST", f"/api/contacts/{contact['id']}/finish", {"changes": changes})
    rig.later(3600)
    arrive(rig, "c2")
    rig.record("c2")
    pop = rig.get(f"/api/contacts/pop?number={CALLER}&call_id=c2")
    assert (pop["kind"], pop["calls_before"], pop["drafts"]) == ("known", 1, [])
    [shown] = pop["people"]
    assert (shown["id"], shown["notes"], shown["business_level"]) == (person_id, "พูดช้า ๆ", "ready")
    assert (shown["contact_count"], shown["numbers"][0]["shown"]) == (1, "081 234 5678")
    [last] = shown["contacts"]
    assert (last["summary"], last["rating"], last["agent"]) == ("บอกพิกัด", "impressed", "นางสาวสมศรี ใจดี")
    assert last["subject"] == subject["name"]
    assert pop["last_calls"][0]["rating"] == "impressed"


def test_C2_a_new_caller_several_people_a_hidden_number_and_a_person_chosen_by_name(rig: RecordsRig) -> None:
    assert rig.get(f"/api/contacts/pop?number={CALLER}")["kind"] == "new"
    assert rig.get("/api/contacts/pop")["kind"] == "hidden"
    first, second = person(rig), person(rig, name="สมหญิง")
    several = rig.get(f"/api/contacts/pop?number={CALLER}")
    assert (several["kind"], {one["id"] for one in several["people"]}) == ("several", {first, second})
    assert rig.get(f"/api/contacts/pop?person_id={second}")["people"][0]["id"] == second
    assert rig.ask("GET", "/api/contacts/pop?person_id=999").status_code == 404


def test_a_pop_names_the_record_that_is_not_finished(rig: RecordsRig) -> None:
    contact = talk(rig)
    leave(rig)
    pop = rig.get(f"/api/contacts/pop?number={CALLER}&call_id=c2")
    assert pop["drafts"] == [contact["id"]]
