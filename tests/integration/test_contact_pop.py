"""What the desk is shown of a caller, and what was before (C1, C2, C3, C5)."""

from contact_talk import CALLER, arrive, leave, made, person, talk, topic
from records_rig import RecordsRig

from ami_listener.events import (
    CallEnded,
    SurveyAnswered,
    SurveyAsked,
)


def test_C5_contacts_of_a_person_are_kept_in_order(rig: RecordsRig) -> None:
    person_id = person(rig)
    first = talk(rig)
    rig.later(100)
    second = talk(rig, "c2")
    lines = rig.get(f"/api/contacts?person_id={person_id}")["contacts"]
    assert [line["id"] for line in lines] == [second["id"], first["id"]]


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
