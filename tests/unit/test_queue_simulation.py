"""The simulated queue in cases that can be reckoned by hand, and patience measured from it."""

import math

import pytest

from metrics.patience import Wait, measured_patience
from metrics.queue_simulation import Caller, Fate, outcome, poisson_callers, simulate


def test_one_agent_by_hand() -> None:
    """The second waits for the first, the third hangs up, the fourth finds the agent free."""
    callers = [Caller(0, 10), Caller(2, 5), Caller(3, 5, patience=4), Caller(15, 1)]
    assert simulate(callers, [(0, 1)]) == [Fate(0, True), Fate(8, True), Fate(4, False), Fate(0, True)]


def test_the_team_changes() -> None:
    """Nobody before eight; the second agent comes at 9 s; one who leaves ends the call first."""
    callers = [Caller(0, 20), Caller(1, 20), Caller(25, 5), Caller(26, 5)]
    fates = simulate(callers, [(5, 1), (9, 2), (24, 1)])
    assert fates == [Fate(5, True), Fate(8, True), Fate(4, True), Fate(8, True)]


def test_nobody_ever_comes() -> None:
    assert simulate([Caller(0, 9, patience=30)], []) == [Fate(30, False)]
    assert simulate([], [(0, 3)]) == []


def test_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="order of their arrival"):
        simulate([Caller(5, 1), Caller(4, 1)], [(0, 1)])


def test_outcome_counts_the_edge_as_inside() -> None:
    found = outcome([Fate(9.0, True), Fate(9.1, True), Fate(3, False)], 9)
    assert found.calls == 3
    assert found.answered_within == pytest.approx(1 / 3)
    assert found.abandoned == pytest.approx(1 / 3)
    assert found.mean_wait_seconds == pytest.approx(21.1 / 3)
    assert outcome([], 9).answered_within is None


@pytest.mark.parametrize("patience", [20.0, 90.0, 400.0])
def test_patience_is_found_again(patience: float) -> None:
    """Censored waits give back the patience that the callers had; those who hung up alone would not."""
    fates = simulate(poisson_callers(0.06, 240, patience, 60_000, seed=3), [(0, 12)])
    found = measured_patience(Wait(fate.wait, not fate.answered) for fate in fates)
    assert found is not None
    assert found.low_seconds < found.mean_seconds < found.high_seconds
    assert found.mean_seconds == pytest.approx(patience, rel=0.08)
    gone = [fate.wait for fate in fates if not fate.answered]
    assert sum(gone) / len(gone) < 0.8 * patience


def test_patience_by_hand() -> None:
    """Five callers, 20 s of waiting, two hung up; gathered or not; and of what came after three seconds."""
    waits = [Wait(2, True), Wait(3, False), Wait(4, True), Wait(5, False), Wait(6, False)]
    found = measured_patience(waits)
    assert found is not None
    assert (found.mean_seconds, found.waits, found.hung_up) == (10, 5, 2)
    later = measured_patience(waits, after_seconds=3)
    assert later is not None
    assert (later.mean_seconds, later.waits, later.hung_up) == (6, 4, 1)
    twice = measured_patience([Wait(wait.seconds, wait.hung_up, callers=2) for wait in waits])
    assert twice is not None
    assert (twice.mean_seconds, twice.waits, twice.hung_up) == (10, 10, 4)


def test_nobody_hung_up() -> None:
    """Then nothing is known, and nothing is made up."""
    assert measured_patience([Wait(5, False)]) is None
    assert measured_patience([]) is None
    assert math.isinf(poisson_callers(1, 1, None, 1, seed=1)[0].patience)
