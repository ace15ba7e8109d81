"""Callers and agents drawn from a seed: rates, shares, numbers and limits."""

import re
from collections import Counter
from itertools import islice, pairwise
from statistics import mean, median

import pytest

from hotline.simulation.plan import Behaviour, CallPlan, line_name, plan_calls, plan_rings

CALLS = 4000


@pytest.fixture(scope="module")
def calls() -> list[CallPlan]:
    return list(islice(plan_calls(Behaviour(), 0.5, seed=7), CALLS))


def test_equal_seeds_give_equal_calls_and_others_do_not() -> None:
    one, same, other = (list(islice(plan_calls(Behaviour(), 2, seed), 50)) for seed in (3, 3, 4))
    assert one == same
    assert one != other


def test_arrivals_are_poisson_at_the_rate_and_begin_at_once(calls: list[CallPlan]) -> None:
    gaps = [later.arrives_seconds - call.arrives_seconds for call, later in pairwise(calls)]
    assert calls[0].arrives_seconds == 0
    assert mean(gaps) == pytest.approx(2, rel=0.1)
    assert median(gaps) == pytest.approx(2 * 0.693, rel=0.1)  # exponential: median is ln 2 of the mean
    assert all(gap >= 0 for gap in gaps)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        next(plan_calls(Behaviour(), rate, 1))


def test_numbers_are_thai_mobiles_and_landlines_or_withheld(calls: list[CallPlan]) -> None:
    kinds = Counter(
        "withheld"
        if call.caller_number is None
        else "mobile"
        if re.fullmatch(r"0[689]\d{8}", call.caller_number)
        else "landline"
        if re.fullmatch(r"02\d{7}", call.caller_number)
        else "strange"
        for call in calls
    )
    assert kinds["strange"] == 0
    assert kinds["withheld"] / CALLS == pytest.approx(0.05, abs=0.015)
    assert kinds["landline"] / (kinds["landline"] + kinds["mobile"]) == pytest.approx(0.3, abs=0.05)


def test_some_return_but_not_at_once_and_never_who_asked_for_a_callback(calls: list[CallPlan]) -> None:
    last: dict[str, CallPlan] = {}
    returned = 0
    for call in calls:
        if call.caller_number is None:
            continue
        if before := last.get(call.caller_number):
            returned += 1
            assert call.arrives_seconds - before.arrives_seconds >= Behaviour().return_after_seconds
            assert before.wait_key != "1"
        last[call.caller_number] = call
    assert returned / CALLS == pytest.approx(0.15, abs=0.03)
    assert len({line_name(number) for number in last}) == len(last)


def test_shares_of_behaviour(calls: list[CallPlan]) -> None:
    early = sum(call.patience_seconds <= 4 for call in calls)
    keys = Counter(call.survey_keys[-1] if call.survey_keys else "" for call in calls)
    waits = Counter(call.wait_key for call in calls)
    assert early / CALLS == pytest.approx(0.12, abs=0.02)
    assert sum(call.caller_ends for call in calls) / CALLS == pytest.approx(0.2, abs=0.03)
    assert keys[""] / CALLS == pytest.approx(0.1, abs=0.02)
    assert set(keys) == {"", "1", "2", "3"}
    assert sum(len(call.survey_keys) == 2 for call in calls) / CALLS == pytest.approx(0.08, abs=0.02)
    assert all(call.survey_keys[0] in "79" for call in calls if len(call.survey_keys) == 2)
    assert waits["1"] / CALLS == pytest.approx(0.19, abs=0.03)
    assert waits["2"] / CALLS == pytest.approx(0.15, abs=0.03)
    assert not any(call.caller_number is None and call.wait_key == "1" for call in calls)


def test_agents_pick_up_after_a_median_of_3_s_and_some_do_not() -> None:
    rings = plan_rings(Behaviour(), 5000, seed=1)
    actions = Counter(ring.action for ring in rings)
    delays = [ring.delay_seconds for ring in rings if ring.action == "answer"]
    assert median(delays) == pytest.approx(3, rel=0.05)
    assert min(delays) >= 0.4
    assert max(delays) <= 12
    assert actions["miss"] / 5000 == pytest.approx(0.04, abs=0.01)
    assert actions["reject"] / 5000 == pytest.approx(0.03, abs=0.01)


def test_steady_callers_are_all_alike() -> None:
    calls = list(islice(plan_calls(Behaviour.steady(talk_seconds=3), 20, 1), 200))
    assert {call.talk_seconds for call in calls} == {3.0}
    assert {len(call.survey_keys) for call in calls} == {1}
    assert not any(call.caller_ends or call.wait_key for call in calls)
    assert all(call.caller_number for call in calls)
    assert {ring.action for ring in plan_rings(Behaviour.steady(), 200, 1)} == {"answer"}


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("0812345678", "12345678"),
        ("+66812345678", "12345678"),
        ("66812345678", "12345678"),
        ("021234567", "21234567"),
        ("+6621234567", "21234567"),
        (None, "anonymous"),
        ("", "anonymous"),
        ("Anonymous", "anonymous"),
        ("1001", "anonymous"),
    ],
)
def test_one_name_for_all_spellings_of_a_number(number: str | None, name: str) -> None:
    assert line_name(number) == name
