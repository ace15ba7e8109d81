"""Today's tallies, kept call by call, are those of the calls counted at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.book import DayBook
from metrics.facts import CallFact
from metrics.intervals import Step, period_of
from metrics.tally import Limits, tally, tally_by

BANGKOK = ZoneInfo("Asia/Bangkok")
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def book(limits: Limits | None = None) -> DayBook:
    return DayBook(lambda at: period_of(at, Step.DAY, BANGKOK).start_at, limits or Limits())


def call(call_id: str, arrived_at: datetime = NOON, queue: str | None = "general") -> CallFact:
    return CallFact(call_id=call_id, arrived_at=arrived_at, called_number="1169", queue=queue)


def ended(fact: CallFact, outcome: str = "abandoned", seconds: float = 20) -> CallFact:
    return replace(fact, ended_at=fact.arrived_at + timedelta(seconds=seconds), outcome=outcome)


def test_counts_while_calls_live() -> None:
    """H1: a figure does not wait for the end of the talk."""
    day = book()
    assert day.tallies(NOON) == {}
    day.put(call("1"))
    assert day.tallies(NOON)["general"].waiting == 1
    day.put(replace(call("1"), agent_answered_at=NOON + timedelta(seconds=4)))
    assert day.tallies(NOON)["general"].answered_within == 1
    day.put(ended(replace(call("1"), agent_answered_at=NOON + timedelta(seconds=4)), "answered"))
    assert day.tallies(NOON)["general"].handled == 1


def test_the_day_ends_at_local_midnight() -> None:
    day = book()
    late, early = call("late", MIDNIGHT - timedelta(microseconds=1)), call("early", MIDNIGHT)
    day.put_all([late, early])
    assert day.tallies(NOON)["general"].offered == 1
    assert day.tallies(MIDNIGHT)["general"].offered == 1
    day.put(ended(late))
    assert day.tallies(MIDNIGHT)["general"].abandoned == 0
    day.put(ended(early))
    assert day.tallies(MIDNIGHT)["general"].abandoned == 1


def test_a_correction_after_the_end_counts() -> None:
    day = book()
    day.put(ended(call("1")))
    assert day.tallies(NOON)["general"].abandoned == 1
    day.put(ended(replace(call("1"), queue="technical"), "failed"))
    assert {queue: part.failed for queue, part in day.tallies(NOON).items()} == {"technical": 1}


@pytest.mark.parametrize("limit", [9.0, 30.0])
def test_limits_are_settings(limit: float) -> None:
    day = book(Limits(answer_within_seconds=limit))
    day.put(ended(replace(call("1"), agent_answered_at=NOON + timedelta(seconds=15)), "answered"))
    assert day.tallies(NOON)["general"].answered_within == int(limit == 30.0)


steps = st.tuples(
    st.integers(0, 5),  # which call
    st.sampled_from([NOON, MIDNIGHT - timedelta(seconds=1), MIDNIGHT, MIDNIGHT + timedelta(hours=30)]),
    st.sampled_from(["general", "technical", None]),
    st.sampled_from([None, "abandoned", "failed"]),
    st.booleans(),  # ask in between
)


@given(st.lists(steps, max_size=25))
def test_same_as_counting_at_once(story: list[tuple[int, datetime, str | None, str | None, bool]]) -> None:
    day, now = book(), NOON
    known: dict[str, CallFact] = {}
    for number, arrived_at, queue, outcome, ask in story:
        name = f"{number} {arrived_at}"
        fact = call(name, arrived_at, queue)
        known[name] = ended(fact, outcome) if outcome else fact
        day.put(known[name])
        if ask:
            day.tallies(now)
    for asked_at, last in ((NOON, MIDNIGHT), (MIDNIGHT, MIDNIGHT + timedelta(days=1))):
        first = last - timedelta(days=1)
        today = [fact for fact in known.values() if first <= fact.arrived_at < last]
        found = day.tallies(asked_at)
        assert found == tally_by(today, lambda fact: fact.queue)
        assert sum(found.values(), start=tally([])) == tally(today)
