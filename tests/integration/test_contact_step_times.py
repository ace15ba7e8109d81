"""Steps over HTTP and in the database: recorded by themselves and by key, judged by the day's standards (H1 to H9)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from contact_talk import answer, arrive, leave, made, talk, topic
from records_rig import NOON, RecordsRig
from sqlalchemy import insert, select

from ami_listener.events import CallEnded, SurveyAnswered, SurveyAsked
from crm.contacts.models import Channel, contact_steps, contacts
from crm.contacts.reports import day_range, step_shares
from crm.database import reading, writing
from crm.standards.models import Standard, StepChannel
from crm.standards.service import all_standards, set_standards, standards_on

BANGKOK = ZoneInfo("Asia/Bangkok")


def steps(rig: RecordsRig, contact_id: int) -> dict[str, dict[str, Any]]:
    return {step["step"]: step for step in rig.get(f"/api/contacts/{contact_id}")["steps"]}


def press(rig: RecordsRig, contact_id: int, step: str, **more: Any) -> dict[str, Any]:
    done: dict[str, Any] = rig.send("POST", f"/api/contacts/{contact_id}/steps/{step}", more)
    return done


def test_H1_H2_H3_H4_H5_H7_H8_H9_a_whole_call_step_by_step(rig: RecordsRig) -> None:
    arrive(rig)
    rig.later(3)
    answer(rig, rings=5)
    contact = rig.get("/api/contacts/current")["contact"]
    first = steps(rig, contact["id"])
    assert (first["H1"]["seconds"], first["H1"]["verdict"]) == (5.0, "within")
    assert (first["H2"]["current"], first["H3"]["next"]) == (True, True)
    for seconds, step in ((12, "H3"), (40, "H4"), (320, "H5"), (700, "H7")):
        rig.later(seconds)
        press(rig, contact["id"], step)
    rig.later(65)
    leave(rig)
    rig.play(made(rig, SurveyAsked, scale="scale-123"))
    rig.later(6)
    rig.play(made(rig, SurveyAnswered, scale="scale-123", key="2", meaning="satisfied"))
    rig.play(made(rig, CallEnded))
    rig.later(20)
    changes = {"outcome": "answered", "topic_id": topic(rig, "ส่งออก")["id"], "answer": "ตอบ"}
    rig.send("POST", f"/api/contacts/{contact['id']}/finish", {"changes": changes})
    done = steps(rig, contact["id"])
    assert {name: (step["seconds"], step["verdict"]) for name, step in done.items()} == {
        "H1": (5.0, "within"),
        "H2": (12.0, "within"),
        "H3": (40.0, "not_counted"),
        "H4": (320.0, "within"),
        "H5": (700.0, "within"),
        "H6": (None, "none"),
        "H7": (65.0, "over"),
        "H8": (6.0, "not_counted"),
        "H9": (26.0, "within"),
    }
    with reading(rig.engine) as connection:
        stored = connection.execute(select(contact_steps.c.step).order_by(contact_steps.c.ordinal)).scalars().all()
    assert stored == ["H1", "H2", "H3", "H4", "H5", "H7", "H8", "H9"]


def test_a_key_of_a_page_that_was_away_counts_from_when_it_was_pressed_and_once(rig: RecordsRig) -> None:
    contact = talk(rig)
    rig.later(60)
    press(rig, contact["id"], "H3", ago_seconds=45, key="k")
    rig.later(10)
    press(rig, contact["id"], "H3", ago_seconds=55, key="k")
    press(rig, contact["id"], "H4", ago_seconds=20)
    done = steps(rig, contact["id"])
    assert (done["H2"]["seconds"], done["H3"]["seconds"], done["H4"]["seconds"]) == (15.0, 35.0, 20.0)


def test_going_back_adds_up(rig: RecordsRig) -> None:
    contact = talk(rig)
    for seconds, step in ((10, "H3"), (20, "H4"), (30, "H3"), (40, "H4")):
        rig.later(seconds)
        shown = press(rig, contact["id"], step)
    rig.later(5)
    done = steps(rig, contact["id"])
    assert (done["H3"]["seconds"], done["H4"]["seconds"], done["H4"]["before_seconds"]) == (60.0, 35.0, 30.0)
    assert [step["step"] for step in shown["steps"] if step["current"]] == ["H4"]


@pytest.mark.parametrize(
    ("step", "code"), [("H1", "step_by_itself"), ("H8", "step_by_itself"), ("H9", "step_by_itself"), ("L2", "no_step"),
                       ("X", "no_step")],
)  # fmt: skip
def test_steps_that_cannot_be_pressed(rig: RecordsRig, step: str, code: str) -> None:
    contact = talk(rig)
    refused = rig.ask("POST", f"/api/contacts/{contact['id']}/steps/{step}", {})
    assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_step_is_told_to_whoever_looks(rig: RecordsRig) -> None:
    contact = talk(rig)
    rig.later(12)
    press(rig, contact["id"], "H3", client="page-1")
    told = rig.hub.of(f"contact/{contact['id']}")[-1]
    assert (told["by"]["client"], [one["step"] for one in told["steps"] if one["current"]]) == ("page-1", ["H3"])
    pressed = rig.send("POST", f"/api/contacts/{contact['id']}/steps/H4", {})
    assert (told["marks"], pressed["marks"]) == (1, 2)  # an older answer is told from a newer one


def test_other_channels_use_the_same_engine(rig: RecordsRig) -> None:
    """W1 W2 W9 and L1 L8, by key, with the standards of their own channel."""
    visit = rig.send("POST", "/api/contacts", {"channel": "counter"})["id"]
    rig.later(20)
    press(rig, visit, "W2")
    rig.later(200)
    press(rig, visit, "W9")
    rig.later(31)
    rig.send("POST", f"/api/contacts/{visit}/finish", {"changes": {"outcome": "cut_off"}})
    done = steps(rig, visit)
    assert [(name, done[name]["seconds"], done[name]["verdict"]) for name in ("W1", "W2", "W9")] == [
        ("W1", 20.0, "within"), ("W2", 200.0, "not_counted"), ("W9", 31.0, "over"),
    ]  # fmt: skip
    chat = rig.send("POST", "/api/contacts", {"channel": "chat"})["id"]
    rig.later(100)
    press(rig, chat, "L8")
    rig.later(170)
    rig.send("POST", f"/api/contacts/{chat}/finish", {"changes": {"outcome": "cut_off"}})
    done = steps(rig, chat)
    assert (done["L1"]["verdict"], done["L8"]["seconds"], done["L8"]["verdict"]) == ("within", 170.0, "within")
    letter = rig.send("POST", "/api/contacts", {"channel": "letter"})["id"]
    assert rig.ask("POST", f"/api/contacts/{letter}/steps/W1", {}).json()["code"] == "no_step"


# --- standards --------------------------------------------------------------------------------------------------------


def test_the_manuals_times_are_there_by_channel_and_year(rig: RecordsRig) -> None:
    with reading(rig.engine) as connection:
        hotline = standards_on(connection, StepChannel.HOTLINE, date(2026, 11, 20))
        chat_2560 = standards_on(connection, StepChannel.CHAT, date(2019, 9, 30)).standards
        chat_2563 = standards_on(connection, StepChannel.CHAT, date(2019, 10, 1)).standards
        counter = standards_on(connection, StepChannel.COUNTER, date(2000, 1, 1)).standards
        assert len(all_standards(connection, StepChannel.CHAT)) == 2
    assert list(hotline.standards) == [f"H{n}" for n in range(1, 10)]
    times = {name: (one.min_seconds, one.max_seconds, one.counted) for name, one in hotline.standards.items()}
    assert times == {
        "H1": (None, 9, True), "H2": (None, 30, True), "H3": (None, 300, False), "H4": (300, 600, True),
        "H5": (600, 7200, True), "H6": (300, 600, True), "H7": (None, 60, True), "H8": (None, None, False),
        "H9": (None, 30, True),
    }  # fmt: skip
    assert (chat_2560["L7"].max_seconds, chat_2563["L7"].max_seconds) == (300, 120)
    assert (chat_2560["L8"].max_seconds, chat_2563["L8"].max_seconds) == (30, 180)
    assert (counter["W4"].max_seconds, counter["W6"].target_share, counter["W7"].max_seconds) == (8400, 1.0, None)
    shown = rig.get("/api/standards/hotline")
    assert (shown["valid_from"], len(shown["standards"])) == ("2016-10-01", 9)
    assert [one["valid_from"] for one in rig.get("/api/standards/chat/all")["sets"]] == ["2016-10-01", "2019-10-01"]


def test_new_standards_judge_from_their_day_on_and_leave_the_past(rig: RecordsRig) -> None:
    old = talk(rig)
    rig.later(25)
    press(rig, old["id"], "H3")
    rig.later(1)
    leave(rig)
    body = [one | ({"max_seconds": 20} if one["step"] == "H2" else {}) for one in
            rig.get("/api/standards/hotline")["standards"]]  # fmt: skip
    day = (NOON + timedelta(days=1)).astimezone(BANGKOK).date().isoformat()
    assert rig.ask("PUT", f"/api/standards/hotline/{day}", {"standards": body}).status_code == 403
    rig.send("PUT", f"/api/standards/hotline/{day}", {"standards": body}, "vipa")
    assert rig.audit(f"standards/hotline/{day}")[0].who == "vipa"
    rig.later(86_400)
    rig.log_out("somsri")
    rig.log_out("vipa")
    new = talk(rig, "c2")
    rig.later(25)
    press(rig, new["id"], "H3")
    assert (steps(rig, old["id"])["H2"]["verdict"], steps(rig, new["id"])["H2"]["verdict"]) == ("within", "over")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"min_seconds": 10, "max_seconds": 5}, "bad_range"),
        ({"min_seconds": -1}, "bad_range"),
        ({"min_seconds": 10, "max_seconds": None}, "bad_range"),
        ({"target_share": 1.5}, "bad_share"),
        ({"step": "H2"}, "each_step_once"),
    ],
)
def test_standards_that_cannot_be_are_refused(rig: RecordsRig, change: dict[str, Any], code: str) -> None:
    body = rig.get("/api/standards/hotline")["standards"]
    body[0] |= change
    refused = rig.ask("PUT", "/api/standards/hotline/2027-01-01", {"standards": body}, "vipa")
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert rig.ask("PUT", "/api/standards/hotline/2027-01-01", {"standards": []}, "vipa").status_code == 422


# --- reports ----------------------------------------------------------------------------------------------------------


def test_the_share_of_contacts_within_the_standard_by_step(rig: RecordsRig) -> None:
    """Each contact by the standards of its own day; stays of one contact together; unmeasured ones not judged."""
    day = datetime(2026, 11, 20, 3, tzinfo=UTC)
    stricter = [Standard(step="H2", ordinal=1, name_th="x", name_en="x", max_seconds=10),
                Standard(step="H3", ordinal=2, name_th="x", name_en="x", max_seconds=60, counted=False)]  # fmt: skip
    with writing(rig.engine) as connection:
        set_standards(connection, StepChannel.HOTLINE, date(2026, 11, 21), stricter, day, None)
        measured: list[tuple[datetime, list[tuple[str, float | None, bool]]]] = [
            (day, [("H2", 20, True), ("H3", 50, True)]),
            (day, [("H2", 20, True), ("H2", 15, True)]),  # 35 s together
            (day, [("H2", 900, False)]),
            (day, [("H2", None, True)]),  # it goes on
            (day + timedelta(days=1), [("H2", 9, True)]),
            (day + timedelta(days=1), [("H2", 20, True)]),
            (day + timedelta(days=2), [("H2", 1, True)]),  # outside
        ]
        for at, stays in measured:
            _contact(connection, at, stays)
        from_at, to_at = day_range(date(2026, 11, 20), date(2026, 11, 21), BANGKOK)
        shares = {one.standard.step: one for one in
                  step_shares(connection, Channel.TELEPHONE, from_at, to_at, BANGKOK)}  # fmt: skip
        nobody = step_shares(connection, Channel.TELEPHONE, from_at, to_at, BANGKOK, agents=["9999"])
    greeting, asking = shares["H2"], shares["H3"]
    assert (greeting.done, greeting.judged, greeting.in_time, greeting.share) == (6, 4, 2, 0.5)
    assert (asking.done, asking.judged, asking.share) == (1, 0, None)
    assert greeting.mean_seconds == pytest.approx((27.5 * 4 + 14.5 * 2) / 6)
    assert all(one.done == 0 and one.share is None for one in nobody)
    with reading(rig.engine) as connection:
        assert step_shares(connection, Channel.LETTER, from_at, to_at, BANGKOK) == []


def _contact(connection: Any, at: datetime, stays: list[tuple[str, float | None, bool]]) -> None:
    values = {"channel": "telephone", "direction": "inbound", "state": "draft", "agent": "1001", "begun_at": at}
    made_ = insert(contacts).values(**values, updated_at=at).returning(contacts.c.id)
    contact_id = connection.execute(made_).scalar_one()
    begun = at
    for ordinal, (step, seconds, measured) in enumerate(stays):
        ended = None if seconds is None else begun + timedelta(seconds=seconds)
        row = {"contact_id": contact_id, "ordinal": ordinal, "step": step, "started_at": begun, "ended_at": ended}
        connection.execute(insert(contact_steps).values(**row, measured=measured))
        begun = ended or begun
