"""The network's own events become observed calls: one table row an event."""

from datetime import UTC, datetime

import pytest
from observed_calls import BEGIN, MEANINGS, answered_call, at, channel, fact, leg, make_plan

from hotline.simulation.observed import Observer, moment
from hotline.simulation.progress import measure, stage


def test_a_call_from_ringing_to_survey_stage_by_stage() -> None:
    observer = Observer()
    call = observer.begin(make_plan())
    for message, expected_stage in answered_call():
        assert observer.take(message)
        assert stage(call) is expected_stage
    assert (call.invited_at, call.ringing_at, call.picked_up_at, call.ended_at) == (at(0), at(0.01), at(3), at(8.5))
    assert call.ended_by == "product"
    assert call.survey_keys == ("1",)
    talk = call.conversation
    assert talk is not None
    assert (talk.agent, talk.answered_at, talk.ended_at, talk.ended_by) == ("1001", at(2.9), at(7), "agent")
    assert [one.kept for one in call.legs] == [True, False]
    assert not observer.is_running("12345678")


@pytest.mark.parametrize(
    ("ended_at_seconds", "picked_up", "said", "who"),
    [
        (3.0, False, "", "caller"),  # patience ran out while it rang
        (1.0, False, "", "product"),  # turned away
        (9.5, True, "", "product"),
        (9.5, True, "caller", "caller"),
    ],
)
def test_who_ended_a_call_without_an_agent(ended_at_seconds: float, picked_up: bool, said: str, who: str) -> None:
    observer = Observer()
    call = observer.begin(make_plan(patience_seconds=3.0))
    observer.take(channel("Newchannel", 0))
    if picked_up:
        observer.take(channel("Newstate", 2, "Up"))
    observer.take(fact("caller_ended", ended_at_seconds, Call="1", By=said, Cause="0"))
    assert call.ended_by == who


def test_an_agents_phone_that_rings_for_nobody_on_the_line_belongs_to_no_call() -> None:
    observer = Observer()
    call = observer.begin(make_plan())
    observer.take(fact("caller_ended", 5, Call="1", By="caller", Cause="0"))
    observer.take(leg("agent_rang", 6))
    observer.take(fact("called_back", 7, Number="0812345678"))
    assert call.legs == []
    assert [back.number for back in observer.callbacks] == ["0812345678"]


def test_a_phone_that_rings_after_the_callback_key_rings_for_the_callback() -> None:
    observer = Observer()
    call = observer.begin(make_plan(wait_key="1"))
    observer.take(leg("agent_rang", 9))
    observer.take(fact("key", 13, Call="1", Key="1", Phase="waiting"))
    observer.take(leg("agent_rang", 14, "1002"))
    observer.take(leg("agent_answered", 16, "1002", Answered=f"{BEGIN + 16:.6f}"))
    assert [one.agent for one in call.legs] == ["1001"]
    assert call.conversation is None


def test_a_call_that_cannot_be_made_is_refused_once_and_frees_the_line() -> None:
    observer = Observer()
    call = observer.begin(make_plan())
    failure = {"Event": "OriginateResponse", "ActionID": "call-1", "Response": "Failure", "Timestamp": f"{BEGIN}.5"}
    assert observer.take(failure)
    assert call.refused is not None
    assert not observer.is_running(call.plan.name)


def test_a_callers_time_running_out_is_no_refusal() -> None:
    observer = Observer()
    call = observer.begin(make_plan())
    observer.take(channel("Newchannel", 0))
    failure = {"Event": "OriginateResponse", "ActionID": "call-1", "Response": "Failure", "Timestamp": f"{BEGIN}.5"}
    assert not observer.take(failure)
    assert call.refused is None


@pytest.mark.parametrize(
    "message",
    [
        {"Event": "FullyBooted"},
        {"Event": "UserEvent", "UserEvent": "Other"},
        fact("unheard_of", 1),
        channel("Newstate", 1, index=99),
        {"Event": "Newchannel", "Uniqueid": "1700000000.7"},
        fact("key", 1, Call="99", Key="1", Phase="survey"),
    ],
)
def test_what_belongs_to_no_call_changes_nothing(message: dict[str, str]) -> None:
    observer = Observer()
    call = observer.begin(make_plan())
    observer.take(message)
    assert (call.keys, call.legs, call.invited_at) == ([], [], None)


def test_ended_calls_are_let_go_in_an_endless_run() -> None:
    observer = Observer()
    for index in (1, 2, 3):
        observer.begin(make_plan(index, f"08{index}2345678"))
    observer.take(fact("caller_ended", 5, Call="1", By="caller", Cause="0"))
    observer.forget_before(3)
    assert sorted(observer.calls) == [2, 3]


def test_counters_count_each_call_once() -> None:
    observer = Observer()
    observer.begin(make_plan())
    for message, _ in answered_call():
        observer.take(message)
    observer.begin(make_plan(2, None, patience_seconds=3))
    observer.take(channel("Newchannel", 1, index=2))
    observer.take(fact("caller_ended", 4, Call="2", By="", Cause="0"))
    progress = measure(
        list(observer.calls.values()),
        planned=2,
        seconds=9,
        now=datetime(2023, 11, 15, tzinfo=UTC),
        answer_within_seconds=9,
        meanings=MEANINGS,
    )
    assert (progress.offered, progress.ended, progress.answered, progress.abandoned, progress.failed) == (2, 2, 1, 1, 0)
    assert (progress.answered_within, progress.answered_by_agent_within) == (1, 1)
    assert progress.surveys == {"impressed": 1, "satisfied": 0, "not_satisfied": 0, "none": 0}
    assert [call.plan.index for call in progress.last] == [1, 2]


def test_moments_keep_their_microseconds() -> None:
    assert moment("1700000000.000042") == datetime(2023, 11, 14, 22, 13, 20, 42, tzinfo=UTC)
    assert moment("1700000000.5").microsecond == 500_000
    assert moment("1700000000").microsecond == 0
