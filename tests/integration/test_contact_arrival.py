"""The record of service comes by itself: whose it is, what the telephone tells, what was missed (C2, C3, K3)."""

from contact_talk import CALLER, answer, arrive, made, person, talk
from records_rig import RecordsRig

from ami_listener.events import (
    AgentLegEnded,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallTransferred,
    StreamResumed,
)


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
