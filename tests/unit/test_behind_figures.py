"""The calls behind a figure are those that make it: as many in its denominator, as many that count."""

from typing import Any

import pytest
from any_calls import any_call
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.behind import BEHIND, means, number, others
from metrics.facts import CallFact
from metrics.kpi import KPIS, Kpi
from metrics.tally import Limits, tally

LIMITS = Limits()


def test_every_figure_has_calls_behind_it() -> None:
    assert list(BEHIND) == [kpi.name for kpi in KPIS]


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
@settings(max_examples=30, deadline=None)
@given(calls=st.lists(any_call(), max_size=12))
def test_the_calls_make_the_figure(kpi: Kpi, calls: list[CallFact]) -> None:
    """H1, H8: drill-down and figure cannot disagree."""
    behind, counted = BEHIND[kpi.name], tally(calls, LIMITS)
    whole = [call for call in calls if means(behind.whole, call, LIMITS)]
    assert len(whole) == number(behind.whole, counted)
    figure: Any = kpi.function(counted)
    if behind.part is None:
        if kpi.unit == "count":
            assert figure == len(whole)
        else:
            assert (figure is None) == (not whole) or kpi.name == "longest_wait"
        return
    part = [call for call in calls if means(behind.part, call, LIMITS)]
    assert figure == (len(part) / len(whole) if whole else None)
    rest = [call for call in calls if means(others(behind), call, LIMITS)]
    assert sorted(id(call) for call in [*part, *rest]) == sorted(id(call) for call in whole)
