"""Steps of a service and their times (H1 to H9): the telephone moves them where it knows, the agent's key elsewhere."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener.events import EndedBy
from ami_listener.records import CallRecord, Conversation, Ring, Survey, Transfer
from crm.contacts.facts import talks_of
from crm.contacts.models import Channel, Contact, ContactState, Direction
from crm.contacts.stepping import facts_of, marked_at, timeline
from crm.contacts.steps import Facts, Mark, StepTime, current_step, next_step, steps_of
from crm.people.numbers import normalise
from crm.standards.judging import Verdict, judge
from crm.standards.models import PLANS, Standard, StandardSet, StepChannel

HOTLINE, CHAT, COUNTER = (PLANS[channel] for channel in StepChannel)
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def facts(**times: float | None) -> Facts:
    """Times in seconds after the answer."""
    moments: dict[str, Any] = {name: None if seconds is None else at(seconds) for name, seconds in times.items()}
    return Facts(begun_at=NOON, **moments)


def lengths(stays: list[StepTime]) -> list[tuple[str, float, float | None]]:
    """(step, begin, end) in seconds after the answer."""
    return [
        (
            stay.step,
            (stay.started_at - NOON).total_seconds(),
            None if stay.ended_at is None else (stay.ended_at - NOON).total_seconds(),
        )
        for stay in stays
    ]


WHOLE = facts(rang_at=-4, talk_ended_at=900, survey_asked_at=900.5, survey_ended_at=905, finished_at=925)


@pytest.mark.parametrize(
    ("known", "marks", "steps"),
    [
        pytest.param(
            facts(rang_at=-4), [], [("H1", -4, 0), ("H2", 0, None)], id="H1 ends and H2 begins at the answer"
        ),
        pytest.param(facts(), [], [("H2", 0, None)], id="nobody heard it ring"),
        pytest.param(
            facts(rang_at=-4), [("H3", 12)], [("H1", -4, 0), ("H2", 0, 12), ("H3", 12, None)], id="one key"
        ),
        pytest.param(
            WHOLE,
            [("H3", 12), ("H4", 60), ("H5", 400), ("H7", 870)],
            [
                ("H1", -4, 0), ("H2", 0, 12), ("H3", 12, 60), ("H4", 60, 400), ("H5", 400, 870), ("H7", 870, 900),
                ("H9", 900, 925), ("H8", 900.5, 905),
            ],
            id="a whole call; the survey runs beside the summary",
        ),
        pytest.param(
            WHOLE,
            [("H3", 10), ("H4", 100), ("H3", 200), ("H4", 300)],
            [
                ("H1", -4, 0), ("H2", 0, 10), ("H3", 10, 100), ("H4", 100, 200), ("H3", 200, 300), ("H4", 300, 900),
                ("H9", 900, 925), ("H8", 900.5, 905),
            ],
            id="going back",
        ),
        pytest.param(
            facts(talk_ended_at=100),
            [("H3", 10), ("H5", 100), ("H6", 101)],
            [("H2", 0, 10), ("H3", 10, 100), ("H9", 100, None)],
            id="what was pressed with the end or after it never began",
        ),
        pytest.param(
            facts(), [("H3", -5)], [("H3", 0, None)], id="pressed before the answer: there was no greeting"
        ),
        pytest.param(facts(), [("H2", 5), ("H3", 7), ("H3", 9)], [("H2", 0, 7), ("H3", 7, None)], id="pressed twice"),
        pytest.param(facts(), [("H3", 7), ("H4", 7)], [("H2", 0, 7), ("H4", 7, None)], id="pressed through"),
        pytest.param(
            facts(talk_ended_at=50),
            [("H1", 1), ("H8", 2), ("H9", 3)],
            [("H2", 0, 50), ("H9", 50, None)],
            id="steps that come by themselves are not to be pressed",
        ),
        pytest.param(
            facts(talk_ended_at=50, finished_at=40), [("H3", 10)], [("H2", 0, 10), ("H3", 10, 50)],
            id="finished while they still talked: no summary afterwards",
        ),
        pytest.param(
            facts(talk_ended_at=50, survey_asked_at=51), [], [("H2", 0, 50), ("H9", 50, None), ("H8", 51, None)],
            id="the survey goes on",
        ),
    ],
)  # fmt: skip
def test_steps_of_a_call(
    known: Facts, marks: list[tuple[str, float]], steps: list[tuple[str, float, float | None]]
) -> None:
    """H1 H2 H3 H4 H5 H6 H7 H8 H9: each begins and ends where it should."""
    pressed = [Mark(step, at(seconds)) for step, seconds in marks]
    told_anyhow = len(pressed) < 4 and len({mark.at for mark in pressed}) == len(pressed)
    for order in permutations(pressed) if told_anyhow else [pressed]:
        assert lengths(steps_of(HOTLINE, known, list(order))) == steps


def test_without_a_call_the_last_step_ends_when_the_record_is_finished() -> None:
    known = Facts(begun_at=NOON, finished_at=at(600), has_call=False)
    marks = [Mark("W2", at(20)), Mark("W3", at(200)), Mark("W9", at(590))]
    assert lengths(steps_of(COUNTER, known, marks)) == [
        ("W1", 0, 20), ("W2", 20, 200), ("W3", 200, 590), ("W9", 590, 600),
    ]  # fmt: skip
    chat = Facts(begun_at=NOON, finished_at=at(100), has_call=False)
    assert lengths(steps_of(CHAT, chat, [Mark("L8", at(80))])) == [("L1", 0, 80), ("L8", 80, 100)]


def test_who_never_presses_a_key_has_measured_nothing_and_is_not_judged() -> None:
    [talk, summary] = steps_of(HOTLINE, facts(talk_ended_at=900, finished_at=920), [])
    assert (talk.step, talk.measured, summary.measured) == ("H2", False, True)
    assert steps_of(HOTLINE, facts(talk_ended_at=9), [Mark("H3", at(10))])[0].measured is False  # too late
    assert all(stay.measured for stay in steps_of(HOTLINE, facts(talk_ended_at=9), [Mark("H3", at(8))]))


TIMES = st.floats(min_value=-10, max_value=1000)


@given(
    st.lists(st.tuples(st.sampled_from(["H2", "H3", "H4", "H5", "H6", "H7"]), TIMES), max_size=8),
    st.floats(min_value=0.001, max_value=900),
)
def test_the_talk_is_divided_without_gap_or_overlap(pressed: list[tuple[str, float]], end: float) -> None:
    marks = [Mark(step, at(seconds)) for step, seconds in pressed]
    talk = [stay for stay in steps_of(HOTLINE, facts(talk_ended_at=end), marks) if stay.step != "H9"]
    assert talk[0].started_at == NOON
    assert talk[-1].ended_at == at(end)
    for stay, following in pairwise(talk):
        assert stay.ended_at == following.started_at
        assert stay.step != following.step
    assert all(stay.ended_at and stay.ended_at > stay.started_at for stay in talk)


@pytest.mark.parametrize(
    ("current", "following"),
    [("H2", "H3"), ("H3", "H4"), ("H4", "H5"), ("H5", "H6"), ("H6", "H7"), ("H7", None), ("H9", None), (None, None)],
)
def test_one_key_leads_to_the_next_step(current: str | None, following: str | None) -> None:
    """H3 H4 H5 H6 H7 by one key each; H1, H8 and H9 come by themselves."""
    order = [f"H{n}" for n in range(1, 10)]
    assert next_step(order, HOTLINE, current) == following


def test_the_agents_step_is_current_not_the_callers() -> None:
    stays = steps_of(HOTLINE, facts(talk_ended_at=50, survey_asked_at=51), [])
    assert current_step(HOTLINE, stays) == "H9"
    assert current_step(HOTLINE, steps_of(HOTLINE, WHOLE, [])) is None


# --- judging ----------------------------------------------------------------------------------------------------------

GREETING = Standard(step="H2", ordinal=1, name_th="", name_en="", max_seconds=30)
ASKING = Standard(step="H3", ordinal=2, name_th="", name_en="", max_seconds=300, counted=False)
BASICS = Standard(step="H4", ordinal=3, name_th="", name_en="", min_seconds=300, max_seconds=600)
SURVEY = Standard(step="H8", ordinal=7, name_th="", name_en="", counted=False)
PRINTING = Standard(step="W7", ordinal=6, name_th="", name_en="")


@pytest.mark.parametrize(
    ("standard", "seconds", "ended", "verdict"),
    [
        (GREETING, 29.999, True, Verdict.WITHIN),
        (GREETING, 30.0, True, Verdict.WITHIN),  # exactly the standard is in time
        (GREETING, 30.001, True, Verdict.OVER),
        (GREETING, 10, False, Verdict.OPEN),
        (GREETING, 31, False, Verdict.OVER),  # it will not come back
        (GREETING, None, True, Verdict.NONE),
        (BASICS, 299, True, Verdict.QUICKER),
        (BASICS, 300, True, Verdict.WITHIN),
        (BASICS, 600, True, Verdict.WITHIN),
        (BASICS, 601, True, Verdict.OVER),
        (ASKING, 9999, True, Verdict.NOT_COUNTED),
        (SURVEY, 9999, True, Verdict.NOT_COUNTED),
        (PRINTING, 9999, True, Verdict.NOT_COUNTED),  # no time is set
        (None, 5, True, Verdict.NOT_COUNTED),
    ],
)
def test_a_step_is_judged_by_its_standard(
    standard: Standard | None, seconds: float | None, ended: bool, verdict: Verdict
) -> None:
    assert judge(standard, seconds, ended=ended) is verdict


def test_what_was_not_measured_is_not_judged() -> None:
    assert judge(GREETING, 900, measured=False) is Verdict.UNMEASURED


# --- what a call tells ------------------------------------------------------------------------------------------------


def record(**more: object) -> CallRecord:
    values: dict[str, object] = {"caller_number": "0812345678", "called_number": "1169", "trunk": "t", "language": "th"}
    return CallRecord(call_id="c1", arrived_at=at(-10), **values, **more)  # type: ignore[arg-type]


def test_each_agent_has_the_own_part_and_the_last_one_the_survey() -> None:
    call = record(
        queue="enquiries",
        ended_at=at(130),
        rings=[
            Ring("enquiries", "1001", at(-9), at(-6), False),
            Ring("enquiries", "1001", at(-3), at(0), True),
            Ring("", "1002", at(50), at(60), True),
        ],
        conversations=[
            Conversation("enquiries", "1001", at(0), at(55), EndedBy.TRANSFER),
            Conversation(None, "1002", at(60), at(120), EndedBy.AGENT),
        ],
        transfers=[Transfer("blind", "1001", "1002", at(55))],
        survey=Survey("scale-123", at(121)),
    )
    first, second = talks_of(call, normalise)
    assert (first.agent, first.rang_at, first.begun_at, first.talk_ended_at) == ("1001", at(-3), at(0), at(55))
    assert (first.transferred_to, first.transferred_by, first.survey_asked_at) == ("1002", None, None)
    assert (second.agent, second.rang_at, second.begun_at, second.talk_ended_at) == ("1002", at(50), at(60), at(120))
    assert (second.transferred_to, second.transferred_by) == (None, "1001")
    assert (second.survey_asked_at, second.survey_ended_at) == (at(121), at(130))  # hung up without an answer
    assert (second.queue, second.number.recognisable, second.language) == ("enquiries", "+66812345678", "th")


def test_who_spoke_twice_has_one_record_and_a_talk_that_goes_on_has_no_end() -> None:
    call = record(
        conversations=[
            Conversation("q", "1001", at(0), at(20)),
            Conversation("q", "1002", at(30), at(40)),
            Conversation("q", "1001", at(50), None),
        ]
    )
    first, second = talks_of(call, normalise)
    assert (first.agent, first.begun_at, first.talk_ended_at) == ("1001", at(0), None)
    assert (second.agent, second.talk_ended_at) == ("1002", at(40))
    assert talks_of(record(), normalise) == []


# --- as pages draw it -------------------------------------------------------------------------------------------------


def test_the_timeline_shows_every_step_with_its_standard() -> None:
    contact = Contact(
        id=1, call_id="c1", agent="1001", staff_id=1, channel=Channel.TELEPHONE, direction=Direction.INBOUND,
        state=ContactState.DRAFT, queue=None, number=None, person_id=None, attached_number=False, topic_id=None,
        kind=None, department=None, internal_extension=None, notes=None, question=None, answer=None, outcome=None,
        language=None, rang_at=at(-4), begun_at=NOON, talk_ended_at=None, survey_asked_at=None, survey_ended_at=None,
        finished_at=None, version=1, updated_at=NOON,
    )  # fmt: skip
    standards = StandardSet(
        StepChannel.HOTLINE,
        date(2016, 10, 1),
        {one.step: one for one in (Standard(step="H1", ordinal=0, name_th="", name_en="", max_seconds=9),
                                   GREETING, ASKING, BASICS)},
    )  # fmt: skip
    stays = steps_of(HOTLINE, facts_of(contact), [Mark("H3", at(12)), Mark("H4", at(30)), Mark("H3", at(50))])
    drawn = {step["step"]: step for step in timeline(contact, standards, stays, at(60))}
    assert (drawn["H1"]["seconds"], drawn["H1"]["verdict"], drawn["H1"]["by_itself"]) == (4.0, "within", True)
    assert (drawn["H2"]["seconds"], drawn["H2"]["standard_seconds"]) == (12.0, 30)
    assert (drawn["H3"]["seconds"], drawn["H3"]["before_seconds"], drawn["H3"]["current"]) == (28.0, 18.0, True)
    assert (drawn["H3"]["started_at"], drawn["H3"]["ended_at"]) == (at(50).isoformat(), None)
    assert (drawn["H3"]["counted"], drawn["H3"]["verdict"]) == (False, "not_counted")
    basics = drawn["H4"]
    assert (basics["next"], basics["verdict"], basics["ended_at"]) == (True, "quicker", at(50).isoformat())


@pytest.mark.parametrize(("ago", "seconds"), [(None, 0), (0, 0), (5.5, -5.5), (-3, 0), (1e9, -12 * 3600)])
def test_a_key_pressed_while_the_network_was_away_counts_from_when_it_was_pressed(
    ago: float | None, seconds: float
) -> None:
    assert marked_at(NOON, ago) == at(seconds)
