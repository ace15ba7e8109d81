"""Records against what the network saw: a right record passes, each wrong one is named."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from observed_calls import MEANINGS, answered_call, at, channel, fact, leg, make_plan

from hotline.simulation.check import clock_errors, compare
from hotline.simulation.observed import ObservedCall, Observer

Record = dict[str, Any]


def answered() -> ObservedCall:
    observer = Observer()
    call = observer.begin(make_plan())
    for message, _ in answered_call():
        observer.take(message)
    return call


def right_record() -> Record:
    return {
        "call_id": "a.1",
        "caller_number": "+66812345678",
        "called_number": "1169",
        "arrived_at": at(0.002).isoformat(),
        "assistant_answered_at": None,
        "agent_answered_at": at(2.91).isoformat().replace("+00:00", "Z"),
        "agent": "1001",
        "ended_at": at(8.49).isoformat(),
        "ended_by": "agent",
        "outcome": "answered",
        "survey_key": "1",
        "survey_meaning": "impressed",
    }


def waiting(*messages: dict[str, str], **plan: Any) -> ObservedCall:
    observer = Observer()
    call = observer.begin(make_plan(**plan))
    for message in (channel("Newchannel", 0), *messages):
        observer.take(message)
    return call


def test_a_right_record_has_no_difference() -> None:
    assert compare([answered()], [right_record()], meanings=MEANINGS) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome": "abandoned"}, "outcome is 'abandoned', the network saw 'answered'"),
        ({"agent": "1002"}, "agent is '1002'"),
        ({"agent": None}, "agent is None"),
        ({"survey_key": None, "survey_meaning": None}, "survey_key is None, the network saw '1'"),
        ({"survey_meaning": "satisfied"}, "survey_meaning is 'satisfied', key '1' means 'impressed'"),
        ({"ended_by": "caller"}, "ended_by is 'caller'"),
        ({"caller_number": "+66812345679"}, "was lost"),
        ({"caller_number": "+65812345678"}, "caller_number is '+65812345678'"),
        ({"arrived_at": at(0.7).isoformat()}, "arrived_at is +0.700 s"),
        ({"agent_answered_at": None}, "agent_answered_at is None"),
        ({"assistant_answered_at": at(2).isoformat()}, "assistant_answered_at"),
        ({"ended_at": None}, "ended_at is None"),
        ({"ended_at": at(6).isoformat()}, "ended_at is -2.500 s"),
        ({"arrived_at": at(100).isoformat()}, "was lost"),
    ],
)
def test_each_wrong_field_is_named(changes: Record, words: str) -> None:
    texts = [str(one) for one in compare([answered()], [{**right_record(), **changes}], meanings=MEANINGS)]
    assert any(words in text for text in texts), texts


def test_a_lost_and_a_doubled_call_are_named() -> None:
    assert [one.text for one in compare([answered()], [], meanings=MEANINGS)] == ["was lost: there is no record of it"]
    twice = compare([answered()], [right_record(), {**right_record(), "call_id": "a.2"}], meanings=MEANINGS)
    assert [(one.index, one.call_id) for one in twice] == [(None, "a.2")]


def test_a_callback_is_no_call_of_the_network() -> None:
    back = {**right_record(), "call_id": "b.1", "callback_of": "a.1"}
    assert compare([answered()], [right_record(), back], meanings=MEANINGS) == []


def test_two_calls_of_one_number_keep_their_own_records() -> None:
    first = answered()
    observer = Observer()
    second = observer.begin(make_plan(2))
    observer.take(channel("Newchannel", 100, index=2))
    observer.take(fact("caller_ended", 103, Call="2", By="caller", Cause="0"))
    later = {
        **right_record(),
        "call_id": "a.2",
        "arrived_at": at(100).isoformat(),
        "agent_answered_at": None,
        "agent": None,
        "ended_at": at(103).isoformat(),
        "ended_by": "caller",
        "outcome": "abandoned",
        "survey_key": None,
        "survey_meaning": None,
    }
    assert compare([first, second], [later, right_record()], meanings=MEANINGS) == []
    assert compare([second, first], [later, right_record()], meanings=MEANINGS) == []


def no_agent(**changes: Any) -> Record:
    return {
        **right_record(),
        "agent": None,
        "agent_answered_at": None,
        "survey_key": None,
        "survey_meaning": None,
        "ended_by": "caller",
        **changes,
    }


@pytest.mark.parametrize(
    ("outcome", "call", "ended_seconds", "assistant_seconds"),
    [
        ("abandoned", lambda: waiting(fact("caller_ended", 3, Call="1", By="caller", Cause="0")), 3, None),
        (
            "abandoned",
            lambda: waiting(channel("Newstate", 9, "Up"), fact("caller_ended", 20, Call="1", By="caller", Cause="0")),
            20,
            9,
        ),
        (
            "callback",
            lambda: waiting(
                channel("Newstate", 9, "Up"),
                fact("key", 13, Call="1", Key="1", Phase="waiting"),
                fact("caller_ended", 20, Call="1", By="", Cause="16"),
                wait_key="1",
            ),
            20,
            9,
        ),
        (
            "message",
            lambda: waiting(
                channel("Newstate", 9, "Up"),
                fact("key", 13, Call="1", Key="2", Phase="waiting"),
                fact("caller_ended", 25, Call="1", By="caller", Cause="0"),
                wait_key="2",
            ),
            25,
            9,
        ),
    ],
)
def test_calls_that_no_person_answered(
    outcome: str, call: Callable[[], ObservedCall], ended_seconds: float, assistant_seconds: float | None
) -> None:
    record = no_agent(
        outcome=outcome,
        ended_at=at(ended_seconds).isoformat(),
        assistant_answered_at=at(assistant_seconds).isoformat() if assistant_seconds else None,
    )
    assert compare([call()], [record], meanings=MEANINGS) == []
    wrong = compare([call()], [{**record, "outcome": "answered"}], meanings=MEANINGS)
    assert any("outcome is 'answered'" in one.text for one in wrong)


def test_hanging_up_as_the_agent_picks_up_may_be_seen_either_way() -> None:
    picked_up = f"{1_700_000_000 + 2.99:.6f}"
    call = waiting(
        leg("agent_rang", 0.1),
        leg("agent_ended", 3.05, By="", Answered=picked_up, Kept=""),
        fact("caller_ended", 3, Call="1", By="caller", Cause="0"),
    )
    spoken = no_agent(
        outcome="answered", agent="1001", agent_answered_at=at(2.99).isoformat(), ended_at=at(3).isoformat()
    )
    abandoned = no_agent(outcome="abandoned", ended_at=at(3).isoformat())
    assert compare([call], [spoken], meanings=MEANINGS) == []
    assert compare([call], [abandoned], meanings=MEANINGS) == []


def test_wrong_then_right_counts_the_right_key() -> None:
    call = answered()
    call.keys[0].key = "7"
    call.keys.append(type(call.keys[0])("3", "survey", at(8.2)))
    record = {**right_record(), "survey_key": "3", "survey_meaning": "not_satisfied"}
    assert compare([call], [record], meanings=MEANINGS) == []


def test_a_survey_that_was_not_asked_is_a_difference_even_when_the_record_agrees() -> None:
    call = answered()
    call.keys.clear()
    record = {**right_record(), "survey_key": None, "survey_meaning": None}
    assert [one.text for one in compare([call], [record], meanings=MEANINGS)] == [
        "the agent hung up first, but the caller was cut off before the survey"
    ]


def test_calls_turned_away_or_never_ended_are_named() -> None:
    away = waiting(fact("caller_ended", 0.1, Call="1", By="", Cause="21"))
    endless = waiting()
    record = no_agent(outcome="failed", ended_at=at(0.1).isoformat())
    assert "turned away" in str(compare([away], [record], meanings=MEANINGS)[0])
    assert "had not ended" in str(compare([endless], [record], meanings=MEANINGS)[0])


def test_a_withheld_number_must_stay_unknown() -> None:
    call = waiting(fact("caller_ended", 3, Call="1", By="caller", Cause="0"), number=None)
    record = no_agent(outcome="abandoned", ended_at=at(3).isoformat(), caller_number=None)
    assert compare([call], [record], meanings=MEANINGS) == []
    wrong = compare([call], [{**record, "caller_number": "anonymous"}], meanings=MEANINGS)
    assert "withheld" in wrong[0].text


def test_clock_errors_are_record_minus_network() -> None:
    assert clock_errors([answered()], [right_record()], "arrived_at") == [pytest.approx(0.002)]
    late = {**right_record(), "ended_at": (at(8.5) + timedelta(seconds=0.25)).isoformat()}
    assert clock_errors([answered()], [late], "ended_at") == [pytest.approx(0.25)]
