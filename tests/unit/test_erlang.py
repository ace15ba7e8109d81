"""Erlang C and A against published figures, against each other, and against a simulation of the same queue (H1)."""

import math
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.erlang import Queue, agents_needed, erlang_b, erlang_c, performance
from metrics.queue_simulation import outcome, poisson_callers, simulate


@pytest.mark.parametrize(
    ("load", "agents", "waits"),
    [
        # Dunlop, Girma, Irvine, "Digital Mobile Communications and the TETRA System" (Wiley 1999), appendix A.3,
        # Erlang C table: channels, offered traffic, probability of queueing
        (3.87, 8, 0.05),
        (4.08, 10, 0.01),
    ],
)
def test_erlang_c_as_in_published_tables(load: float, agents: int, waits: float) -> None:
    """H1: the table's load has two decimals, so the probability agrees to the table's own step."""
    assert erlang_c(load - 0.005, agents) < waits < erlang_c(load + 0.005, agents)


def test_erlang_c_worked_example() -> None:
    """Angus, "The Erlang-C formula": 360 calls in half an hour of 4 minutes, 55 agents, 15 s: 48 erlangs, occupancy
    87 %, 23.9 % wait, 8.2 s on average; 84.6 % answered in time."""
    found = performance(Queue(360 / 1800, 240), 55, 15)
    assert found.occupancy == pytest.approx(48 / 55)
    assert round(found.waits, 3) == 0.239
    assert found.mean_wait_seconds is not None
    assert round(found.mean_wait_seconds, 1) == 8.2
    assert found.answered_within == pytest.approx(1 - found.waits * math.exp(-7 * 15 / 240))


# Garnett, Mandelbaum, Reiman, "Designing a call center with impatient customers", M&SOM 4 (2002): 48 calls a minute,
# 1 minute each, 50 agents; with and without a mean patience of 2 minutes.
CALLS, TALK, AGENTS, PATIENCE = 48 / 60, 60.0, 50, 120.0


def test_published_queue_without_abandonment() -> None:
    """M/M/N: average wait 20.8 s, 90th percentile 58.1 s, queue 17, utilisation 96 %."""
    found = performance(Queue(CALLS, TALK), AGENTS, 58.1)
    assert found.mean_wait_seconds == pytest.approx(20.8, abs=0.05)
    assert found.mean_waiting == pytest.approx(17, abs=0.5)
    assert found.answered_within == pytest.approx(0.90, abs=0.0005)
    assert found.occupancy == pytest.approx(0.96)


def test_published_queue_with_abandonment() -> None:
    """M/M/N+M: 3.1 % abandon, average wait 3.7 s, queue 3, utilisation 93 %."""
    found = performance(Queue(CALLS, TALK, PATIENCE), AGENTS, 9)
    assert found.abandoned == pytest.approx(0.031, abs=0.0005)
    assert found.mean_wait_seconds == pytest.approx(3.7, abs=0.05)
    assert found.mean_waiting == pytest.approx(3, abs=0.5)
    assert found.occupancy == pytest.approx(0.93, abs=0.005)


def test_published_queue_with_fewer_calls() -> None:
    """The same paper: leaving out the 3.1 % who abandon and using M/M/N flatters nobody: 8.8 s, not 3.7."""
    found = performance(Queue(CALLS * (1 - 0.031), TALK), AGENTS, 9)
    assert found.mean_wait_seconds == pytest.approx(8.8, abs=0.1)


@pytest.mark.parametrize(
    ("calls", "handling", "patience", "agents"),
    [
        (0.05, 240, 60, 10),
        (0.05, 240, 60, 14),
        (0.05, 240, 600, 15),
        (0.8, 60, 120, 50),
        (0.02, 300, 30, 4),
        (0.05, 240, None, 15),
    ],
)
def test_as_simulated(calls: float, handling: float, patience: float | None, agents: int) -> None:
    """H1: the formulas lie within four standard errors of a simulation of the same queue: 8 runs of 20,000 calls."""
    expected = performance(Queue(calls, handling, patience), agents, 9)
    runs = [
        outcome(simulate(poisson_callers(calls, handling, patience, 20_000, seed), [(0, agents)]), 9)
        for seed in range(8)
    ]
    for name in ("answered_within", "abandoned", "mean_wait_seconds"):
        found = [getattr(run, name) for run in runs]
        error = stdev(found) / math.sqrt(len(found))
        assert mean(found) == pytest.approx(getattr(expected, name), abs=4 * error + 0.0005), name


def test_patience_without_end_is_erlang_c() -> None:
    """The two models meet where nobody hangs up."""
    patient, endless = Queue(0.05, 240, 1e9), Queue(0.05, 240)
    for agents in (13, 15, 20):
        left, right = performance(patient, agents, 9), performance(endless, agents, 9)
        assert left.answered_within == pytest.approx(right.answered_within, abs=1e-6)
        assert left.waits == pytest.approx(right.waits, abs=1e-6)
        assert left.mean_wait_seconds == pytest.approx(right.mean_wait_seconds, rel=1e-5)


queues = st.builds(
    Queue,
    calls_per_second=st.floats(0.0001, 5),
    handling_seconds=st.floats(5, 600),
    patience_seconds=st.one_of(st.none(), st.floats(1, 3600)),
)


@given(queues, st.integers(0, 300), st.floats(0, 120))
def test_every_performance_makes_sense(queue: Queue, agents: int, within: float) -> None:
    """Shares are shares, one more agent never harms, and who is answered did not hang up."""
    one, two = performance(queue, agents, within), performance(queue, agents + 1, within)
    for found in (one, two):
        for share in (found.waits, found.answered_within, found.abandoned, found.occupancy):
            assert 0 <= share <= 1 + 1e-9
        assert found.answered_within + found.abandoned <= 1 + 1e-9
    assert two.answered_within >= one.answered_within - 1e-9
    assert two.abandoned <= one.abandoned + 1e-9 or queue.patience_seconds is None


@given(queues)
def test_the_fewest_agents_are_enough_and_one_less_is_not(queue: Queue) -> None:
    needed = agents_needed(queue, 0.95, 9)
    assert needed is not None
    assert needed.answered_within >= 0.95
    if needed.agents:
        assert performance(queue, needed.agents - 1, 9).answered_within < 0.95


def test_edges() -> None:
    """Nobody calls, nobody answers, the load is too much, no number of agents is allowed to do it."""
    assert performance(Queue(0, 240, 60), 0, 9).answered_within == 1
    assert performance(Queue(0.1, 240, 60), 0, 9).abandoned == 1
    assert performance(Queue(0.1, 240), 0, 9).answered_within == 0
    crushed = performance(Queue(0.1, 240), 20, 9)
    assert (crushed.answered_within, crushed.mean_wait_seconds) == (0, None)
    flooded = performance(Queue(50, 240, 1800), 10, 9)  # a queue of tens of thousands: no overflow
    assert flooded.abandoned == pytest.approx(1 - 10 / 240 / 50, rel=1e-6)
    assert agents_needed(Queue(1, 240, 60), 0.95, 9, most=100) is None
    empty = agents_needed(Queue(0, 240), 0.95, 9)
    assert empty is not None
    assert empty.agents == 0
    assert erlang_b(2, 2) == pytest.approx(0.4)
    assert erlang_c(3, 2) == 1
    with pytest.raises(ValueError, match="times must be longer"):
        Queue(1, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        agents_needed(Queue(1, 60), 95, 9)
