"""Who missed a ring: refused or let it ring; never because of the guard, the caller or a faster colleague."""

import pytest
from scenarios import ami_events, journal_events, moment

from ami_listener.events import AgentState, AgentStateChanged, Event, Precision
from ami_listener.missed import MissDecision, MissedRings
from dialplan.names import PauseReason

ARRIVED = "0.0 ARRIVED - - 1|1169|t|c\n0.1 QUEUED general - 1\n"
RANG = "0.2 AgentCalled general 1001 -\n"


def policy() -> MissedRings:
    return MissedRings(limit=2, rest_seconds=10, ring_seconds={"general": 20})


def decided(missed: MissedRings, events: list[Event], until: float = 100.0) -> list[MissDecision]:
    made = [decision for event in events for decision in missed.apply(event)]
    return made + missed.tick(moment(until))


@pytest.mark.parametrize(
    ("rows", "misses"),
    [
        ("1.2 AgentRingNoAnswer general 1001 1000", [True]),  # refused
        ("20.2 AgentRingNoAnswer general 1001 20000", [False]),  # rung to the end
        ("9.1 AgentRingNoAnswer general 1001 9000\n9.1 QueueCallerAbandon general - 1", []),  # guard's first pass
        ("9.1 AgentRingNoAnswer general 1001 9000\n9.11 LEFT general - 1|TIMEOUT", []),
        ("9.1 AgentRingNoAnswer general 1001 9000\n9.2 ENDED - - 16|", []),  # the caller left
        ("3.0 ENDED - - 16|", []),
        ("3.0 ANSWERED general 1002 PJSIP/1002-00000002", []),  # a colleague was faster
        ("3.0 ANSWERED general 1001 PJSIP/1001-00000001", []),
        ("3.0 AgentRingNoAnswer general 1002 2000", []),  # whose ring was not heard to begin
    ],
)
def test_what_is_a_miss(rows: str, misses: list[bool]) -> None:
    made = decided(policy(), ami_events(ARRIVED + RANG + rows))
    assert [decision.missed.refused for decision in made] == misses


def test_not_decided_before_it_is_certain() -> None:
    missed = policy()
    events = ami_events(ARRIVED + RANG + "1.2 AgentRingNoAnswer general 1001 1000")
    assert [missed.apply(event) for event in events] == [[]] * len(events)
    assert missed.tick(moment(1.3)) == []
    (decision,) = missed.tick(moment(1.6))
    assert decision.missed.occurred_at == moment(1.2)
    assert missed.tick(moment(9.0)) == []


@pytest.mark.parametrize(("gone_at", "misses"), [(1.0, 0), (1.25, 0), (1.49, 0), (-2.0, 1)])
def test_whose_telephone_is_gone_has_not_refused(gone_at: float, misses: int) -> None:
    """A page that is loaded anew, a browser that dies: nobody rests or is paused for it."""
    missed = policy()
    gone = AgentStateChanged(event_id="g", occurred_at=moment(gone_at), agent="1001", state=AgentState.OFFLINE)
    events = [*ami_events(ARRIVED + RANG + "1.2 AgentRingNoAnswer general 1001 1000"), gone]
    assert len(decided(missed, sorted(events, key=lambda event: event.occurred_at))) == misses


TWICE = (
    "1.2 AgentRingNoAnswer general 1001 1000\n12.0 AgentCalled general 1001 -\n13.0 AgentRingNoAnswer general 1001 1000"
)


def test_one_miss_rests_and_two_in_a_row_pause() -> None:
    first, second = decided(policy(), ami_events(ARRIVED + RANG + TWICE))
    assert (first.missed.in_a_row, first.missed.paused, first.rest_seconds) == (1, False, 10)
    assert first.pause_reason is PauseReason.RING_MISSED
    assert (second.missed.in_a_row, second.missed.paused, second.rest_seconds) == (2, True, None)
    assert second.pause_reason is PauseReason.MISSED_CALLS
    assert first.missed.event_id != second.missed.event_id


def state(at: float, state: AgentState, reason: str | None = None) -> AgentStateChanged:
    return AgentStateChanged(event_id=f"s{at}", occurred_at=moment(at), agent="1001", state=state, pause_reason=reason)


@pytest.mark.parametrize(
    ("between", "in_a_row"),
    [
        ([state(2.0, AgentState.PAUSED, "ring-missed"), state(11.0, AgentState.AVAILABLE)], [1, 2]),
        ([state(2.0, AgentState.WRAP_UP, "wrap-up"), state(11.0, AgentState.AVAILABLE)], [1, 2]),
        ([state(2.0, AgentState.PAUSED, "missed-calls"), state(11.0, AgentState.AVAILABLE)], [1, 1]),
        ([state(2.0, AgentState.PAUSED, "lunch"), state(11.0, AgentState.AVAILABLE)], [1, 1]),
        (ami_events("5.0 ANSWERED general 1001 PJSIP/1001-00000001"), [1, 1]),
    ],
)
def test_who_came_back_starts_anew(between: list[Event], in_a_row: list[int]) -> None:
    """An answer or the agent's own unpausing resets the count; the end of our own pauses does not."""
    events = ami_events(ARRIVED + RANG + TWICE)
    made = decided(policy(), [*events[:4], *between, *events[4:]])
    assert [decision.missed.in_a_row for decision in made] == in_a_row


def test_nobody_is_paused_for_what_the_journal_tells() -> None:
    rows = ARRIVED + "1.2 RINGNOANSWER general 1001 1000"
    events = journal_events(rows)
    assert any(event.precision is Precision.SECOND for event in events)
    assert decided(policy(), events) == []


def test_hearing_it_twice_counts_once() -> None:
    events = ami_events(ARRIVED + RANG + "1.2 AgentRingNoAnswer general 1001 1000")
    assert len(decided(policy(), [*events, events[-1]])) == 1
