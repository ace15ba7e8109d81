"""The figures (H1, H7, H8, D17): tables of calls, and laws that hold for any calls."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from any_calls import after, answered, call, calls_of_a_day, lost
from hypothesis import given
from hypothesis import strategies as st

from metrics import kpi, kpi_doc
from metrics.facts import MEANINGS, CallFact
from metrics.tally import Limits, Tally, tally, tally_by

WAITING = call(None)
TALKING = call(None, agent_answered_at=after(4))


@pytest.mark.parametrize(
    ("figure", "calls", "expected"),
    [
        (kpi.answered_rate_strict, [answered(3), lost("abandoned", 2)], 0.5),
        (kpi.answered_rate_without_short_abandons, [answered(3), lost("abandoned", 2)], 1.0),
        (kpi.answered_rate_without_short_abandons, [answered(3), lost("abandoned", 5)], 1.0),
        (kpi.answered_rate_without_short_abandons, [answered(3), lost("abandoned", 5.000001)], 0.5),
        (kpi.answered_rate_without_short_abandons, [lost("abandoned", 2)], None),
        (kpi.answered_rate_strict, [answered(3), lost("callback", 20)], 0.5),
        (kpi.answered_rate_strict, [answered(3), lost("message", 20)], 0.5),
        (kpi.answered_rate_strict, [answered(3), lost("timed_out", 900)], 0.5),
        (kpi.answered_rate_strict, [answered(3), lost("failed", 1)], 0.5),
        (kpi.answered_rate_strict, [answered(3), lost("closed", 20)], 1.0),
        (kpi.answered_rate_strict, [answered(3), lost("message", 20, closed=True)], 1.0),
        (kpi.answered_rate_strict, [answered(3), call(None, ended_at=after(9))], 0.5),
        (kpi.answered_rate_strict, [answered(3), WAITING], 1.0),
        (kpi.answered_rate_strict, [TALKING], 1.0),
        (kpi.answered_rate_strict, [], None),
        (kpi.answered_within, [answered(9)], 1.0),
        (kpi.answered_within, [answered(9.000001)], 0.0),
        (kpi.answered_within, [answered(9), lost("abandoned", 1)], 0.5),
        (kpi.picked_up_within, [answered(9.4)], 1.0),
        (kpi.picked_up_within, [answered(40, assistant_answered_at=after(9.5))], 1.0),
        (kpi.picked_up_within, [answered(40, assistant_answered_at=after(9.500001))], 0.0),
        (kpi.picked_up_within, [call(None, assistant_answered_at=after(9.1))], 1.0),
        (kpi.picked_up_within, [WAITING], None),
        (kpi.picked_up_within, [answered(2), lost("abandoned", 3)], 0.5),
        (kpi.average_speed_of_answer, [answered(2), answered(5), lost("abandoned", 80)], 3.5),
        (kpi.average_speed_of_pick_up, [answered(2), answered(30, assistant_answered_at=after(9))], 5.5),
        (kpi.longest_wait, [answered(2), lost("abandoned", 80)], 80.0),
        (kpi.longest_wait, [lost("callback", 80, left_queue_at=after(31))], 31.0),
        (kpi.longest_wait, [lost("closed", 80)], None),
        (kpi.abandon_rate, [answered(2), lost("abandoned", 1), lost("abandoned", 30), lost("message", 30)], 0.5),
        (kpi.short_abandons, [lost("abandoned", 5), lost("abandoned", 6), lost("message", 1)], 1),
        (kpi.service_level_of_answered, [answered(2), answered(12), lost("abandoned", 1)], 0.5),
        (kpi.service_level_without_short_abandons, [answered(2), lost("abandoned", 1), lost("abandoned", 6)], 0.5),
        (kpi.service_level_late_losses_only, [answered(2), lost("abandoned", 9), lost("abandoned", 10)], 0.5),
        (kpi.offered, [answered(2), WAITING, lost("closed", 2), answered(2, callback_of="x")], 2),
        (kpi.waiting, [answered(2), WAITING, TALKING], 1),
        (kpi.answered, [answered(2), TALKING, answered(2, callback_of="x")], 2),
        (kpi.closed, [lost("closed", 2), lost("message", 20, closed=True)], 2),
        (kpi.messages, [lost("message", 20), lost("message", 20, closed=True)], 1),
        (kpi.callbacks, [lost("callback", 20, callback=True)], 1),
        (kpi.callbacks_completed, [answered(2, callback_of="x"), lost("failed", 2, callback_of="y")], 1),
        (kpi.timed_out, [lost("timed_out", 900)], 1),
        (kpi.failed, [lost("failed", 900)], 1),
        (kpi.average_talk, [answered(2, talk_seconds=60.0), answered(2, talk_seconds=30.0), TALKING], 45.0),
        (kpi.average_hold, [answered(2, hold_seconds=0.0), answered(2, hold_seconds=30.0)], 15.0),
        (kpi.average_wrap_up, [answered(2), answered(2, wrap_up_seconds=30.0)], 30.0),
        (kpi.average_wrap_up, [answered(2)], None),
        (kpi.average_handling_time, [answered(2, talk_seconds=60.0, hold_seconds=5.0, wrap_up_seconds=30.0)], 95.0),
        (kpi.average_handling_time, [TALKING], None),
        (
            kpi.satisfaction,
            [answered(2, survey_asked=True, survey_meaning=meaning) for meaning in (*MEANINGS, "satisfied", None)],
            0.75,
        ),
        (kpi.satisfaction, [answered(2, survey_asked=True)], None),
        (
            kpi.survey_response_rate,
            [answered(2), answered(2, survey_asked=True), answered(2, survey_asked=True, survey_meaning="satisfied")],
            0.5,
        ),
        (kpi.survey_response_rate, [answered(2)], None),
    ],
)
def test_figure_of_calls(figure: Callable[[Tally], kpi.Figure], calls: list[CallFact], expected: float) -> None:
    assert figure(tally(calls)) == expected


def test_nothing_is_none_for_every_ratio_and_mean() -> None:
    for figure in kpi.KPIS:
        assert figure.function(tally([])) == (0 if figure.unit == "count" else None), figure.name


def test_thresholds_are_settings() -> None:
    calls = [answered(14), lost("abandoned", 8)]
    wide = tally(calls, Limits(answer_within_seconds=15, short_abandon_seconds=10))
    assert kpi.answered_within(wide) == 0.5
    assert kpi.service_level_without_short_abandons(wide) == 1.0
    with pytest.raises(ValueError, match="same Limits"):
        wide + tally(calls)


def test_per_queue_and_agent() -> None:
    calls = [answered(2), answered(20, agent="1002"), lost("abandoned", 9, queue="technical")]
    by_queue = tally_by(calls, lambda c: c.queue)
    assert {queue: kpi.answered_rate_strict(t) for queue, t in by_queue.items()} == {"general": 1.0, "technical": 0.0}
    by_agent = tally_by(calls, lambda c: c.agent)
    assert {agent: kpi.answered_within(t) for agent, t in by_agent.items()} == {"1001": 1.0, "1002": 0.0, None: 0.0}


@given(calls_of_a_day)
def test_rates_lie_between_none_and_all(calls: list[CallFact]) -> None:
    counted = tally(calls)
    for figure in kpi.KPIS:
        value = figure.function(counted)
        assert value is None or value >= 0
        if figure.unit == "ratio":
            assert value is None or value <= 1


@given(calls_of_a_day)
def test_every_offered_call_is_counted_in_one_place(calls: list[CallFact]) -> None:
    t = tally(calls)
    assert t.offered == t.waiting + t.answered + t.abandoned + t.timed_out + t.messages + t.callbacks + t.failed
    assert t.answered_within <= t.answered
    assert t.picked_up_within <= t.picked_up <= t.offered
    assert t.short_abandoned <= t.abandoned_within <= t.abandoned
    assert t.surveys_answered <= t.surveys_asked
    callbacks = sum(c.callback_of is not None for c in calls)
    assert t.offered + t.closed + callbacks == len(calls)


@given(calls_of_a_day, st.randoms(use_true_random=False))
def test_order_changes_nothing(calls: list[CallFact], random: Random) -> None:
    shuffled = calls[:]
    random.shuffle(shuffled)
    assert tally(shuffled) == tally(calls)


@given(calls_of_a_day, st.integers(0, 86400))
def test_parts_of_a_period_add_up_to_the_whole(calls: list[CallFact], cut: int) -> None:
    before = [c for c in calls if c.arrived_at < after(cut)]
    rest = [c for c in calls if c.arrived_at >= after(cut)]
    assert tally(before) + tally(rest) == tally(calls)
    by_queue = tally_by(calls, lambda c: c.queue)
    assert sum(by_queue.values(), start=Tally()) == tally(calls)


def test_document_is_fresh() -> None:
    stale = "docs/kpi.md is stale: run python -m metrics.kpi_doc"
    written = Path(__file__).parents[2] / "docs" / "kpi.md"
    assert written.read_text(encoding="utf-8") == kpi_doc.document(), stale


def test_document_can_be_written_elsewhere(tmp_path: Path) -> None:
    assert kpi_doc.main([str(tmp_path / "kpi.md")]) == 0
    assert (tmp_path / "kpi.md").read_text(encoding="utf-8").startswith("# The figures")


def test_a_figure_without_its_definition_is_refused() -> None:
    def nameless(tally: Tally) -> int:
        """Something."""
        return tally.offered

    with pytest.raises(ValueError, match="nameless: its docstring lacks Formula, Denominator, Counted, Source"):
        kpi_doc.definition(kpi.Kpi(nameless, "count"))
