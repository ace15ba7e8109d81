"""The floor as it is now: right through a call, between the guard's passes, and straight after a login."""

import pytest
from scenarios import CALL, ami_events, moment

from ami_listener.events import (
    AgentState,
    AgentStateChanged,
    Event,
    OutboundEnded,
    OutboundHeld,
    OutboundResult,
    Precision,
)
from ami_listener.floor import FloorState, Resync, TalkingCall, WaitingCall

OTHER = "1763636410.9"


def fed(*batches: list[Event]) -> FloorState:
    floor = FloorState()
    for batch in batches:
        for event in batch:
            floor.apply(event)
    return floor


def picture(floor: FloorState, at: float = 60.0) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    now = floor.snapshot(moment(at))
    waiting = {queue: [call.call_id for call in calls] for queue, calls in now.waiting.items()}
    return waiting, [(call.call_id, call.agent) for call in now.talking]


def state(agent: str, state: AgentState, at: float, reason: str | None = None) -> AgentStateChanged:
    return AgentStateChanged(
        event_id=f"{agent}{state}{at}", occurred_at=moment(at), agent=agent, state=state, pause_reason=reason
    )


WAITS = "0.0 ARRIVED - - 1|1169|t|c\n0.1 QUEUED general - 1\n0.2 AgentCalled general 1001 -\n"
GUARD = "9.0 AgentRingNoAnswer general 1001 9000\n9.0 QueueCallerAbandon general - 1\n9.1 LEFT general - 1|TIMEOUT\n"
TALKS = "12.0 ANSWERED general 1001 PJSIP/1001-00000001\n12.1 AgentConnect general 1001 -\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (WAITS, ({"general": [CALL]}, [])),
        (WAITS + GUARD, ({"general": [CALL]}, [])),  # H1: between the passes the caller still waits
        (WAITS + GUARD + "9.5 QUEUED general - 2", ({"general": [CALL]}, [])),
        (WAITS + TALKS, ({}, [(CALL, "1001")])),
        (WAITS + TALKS + "20.0 AGENTLEFT general 1001 PJSIP/1001-00000001|16", ({}, [])),
        (WAITS + "5.0 ENDED - - 16|", ({}, [])),
        (WAITS + "5.0 ENDED - - 16|\n5.1 AgentConnect general 1001 -\n0.1 QUEUED general - 1", ({}, [])),
        (WAITS + "11.0 LEFT general - 2|KEY", ({}, [])),
        (WAITS + "11.0 LEFT general - 2|TIMEOUT", ({}, [])),
        (WAITS + "0.2 LEFT general - 1|FULL", ({}, [])),
        (WAITS + TALKS + "15.0 AttendedTransfer general 1001 1003", ({}, [(CALL, "1003")])),
        (WAITS + TALKS + "15.0 BlindTransfer general 1001 1003", ({}, [])),
    ],
)
def test_through_a_call(rows: str, expected: tuple[dict[str, list[str]], list[tuple[str, str]]]) -> None:
    events = ami_events(rows)
    assert picture(fed(events)) == expected
    assert picture(fed(events, events[-1:])) == expected


def test_who_holds_a_call_is_on_hold_and_not_just_busy() -> None:
    rows = WAITS + TALKS + "20.0 Hold general 1001 -\n"
    busy = state("1001", AgentState.IN_CALL, 12.0)
    held = fed(ami_events(rows), [busy]).snapshot(moment(30)).agents["1001"]
    assert (held.state, held.since, held.call_id) == (AgentState.ON_HOLD, moment(20), CALL)
    for rest in (
        "25.0 Unhold general 1001 -",
        "25.0 AGENTLEFT general 1001 PJSIP/1001-00000001|16",
        "25.0 AttendedTransfer general 1001 1003",
        "25.0 ENDED - - 16|",
    ):
        floor = fed(ami_events(rows + rest), [busy])
        assert floor.snapshot(moment(30)).agents["1001"].state is AgentState.IN_CALL, rest


def test_longest_wait_first_and_counted_from_arrival() -> None:
    """H1: the clock starts with the call, not with the pass."""
    floor = fed(
        ami_events("4.0 ARRIVED - - 1|1169|t|c\n4.1 QUEUED general - 1", OTHER),
        ami_events("0.0 ARRIVED - - 1|1169|t|c\n9.5 QUEUED general - 2"),
    )
    assert picture(floor)[0] == {"general": [CALL, OTHER]}
    now = floor.snapshot(moment(10))
    assert now.longest_wait_seconds() == now.longest_wait_seconds("general") == 10
    assert now.longest_wait_seconds("other") == 0
    assert fed().snapshot(moment(10)).longest_wait_seconds() == 0


def test_agents_with_their_calls() -> None:
    floor = fed(
        [state("1001", AgentState.RINGING, 0.3), state("1002", AgentState.PAUSED, 0.0, "lunch")], ami_events(WAITS)
    )
    agents = floor.snapshot(moment(5)).agents
    assert (agents["1001"].state, agents["1001"].call_id) == (AgentState.RINGING, CALL)
    assert (agents["1002"].state, agents["1002"].pause_reason, agents["1002"].call_id) == ("paused", "lunch", None)
    for event in [state("1001", AgentState.IN_CALL, 12.0), *ami_events(WAITS + TALKS)]:
        floor.apply(event)
    assert floor.snapshot(moment(15)).agents["1001"].call_id == CALL


def test_since_when_is_kept_while_the_state_stays() -> None:
    floor = fed([state("1001", AgentState.AVAILABLE, 1.0), state("1001", AgentState.AVAILABLE, 9.0)])
    assert floor.snapshot(moment(20)).agents["1001"].since == moment(1.0)
    floor.apply(state("1001", AgentState.PAUSED, 0.5, "late news"))
    assert floor.snapshot(moment(20)).agents["1001"].state is AgentState.AVAILABLE


def test_the_journal_does_not_change_what_agents_do_now() -> None:
    past = AgentStateChanged(
        event_id="j",
        occurred_at=moment(50),
        agent="1001",
        state=AgentState.AVAILABLE,
        precision=Precision.SECOND,
    )
    floor = fed([state("1001", AgentState.IN_CALL, 1.0), past])
    assert floor.snapshot(moment(60)).agents["1001"].state is AgentState.IN_CALL


def test_right_straight_after_a_restart() -> None:
    floor = FloorState()
    floor.resync(
        Resync(
            moment(30),
            waiting=(WaitingCall(CALL, "general", moment(24)),),
            talking=(TalkingCall(OTHER, None, "1001", moment(30)),),
            live_calls=frozenset({CALL, OTHER}),
        )
    )
    assert picture(floor) == ({"general": [CALL]}, [(OTHER, "1001")])
    assert floor.snapshot(moment(30)).longest_wait_seconds() == 6


def test_what_asterisk_lists_replaces_what_was_heard() -> None:
    """Ends that nobody heard are gone; what was known better (arrival, begin of the talk) stays."""
    third = "1763636420.1"
    floor = fed(
        ami_events(WAITS),
        ami_events(WAITS + TALKS, OTHER),
        ami_events("1.0 ARRIVED - - 1|1169|t|c\n1.1 QUEUED general - 1", third),
    )
    floor.resync(
        Resync(
            moment(40),
            waiting=(WaitingCall(CALL, "general", moment(34)),),
            talking=(TalkingCall(OTHER, None, "1001", moment(40)),),
            live_calls=frozenset({CALL, OTHER}),
        )
    )
    assert picture(floor) == ({"general": [CALL]}, [(OTHER, "1001")])
    now = floor.snapshot(moment(40))
    assert now.waiting["general"][0].arrived_at == moment(0)
    assert now.talking[0].since == moment(12.0)


def test_a_call_heard_by_an_earlier_run_waits_since_its_arrival() -> None:
    """H1: after a restart Asterisk's list says only since when a caller is in this pass of the queue."""
    floor = fed(ami_events("9.00 QUEUED general - 2"))  # all that the journal had left to tell
    floor.read_back(CALL, moment(0.0))
    floor.read_back(OTHER, moment(0.0))  # gone meanwhile
    floor.resync(Resync(moment(20.0), (WaitingCall(CALL, "general", moment(9.0)),), (), frozenset({CALL})))
    assert floor.snapshot(moment(20.0)).longest_wait_seconds("general") == 20
    assert picture(floor) == ({"general": [CALL]}, [])


def own_held(at: float, *, on: bool) -> OutboundHeld:
    return OutboundHeld(event_id=f"o{at}", occurred_at=moment(at), outbound_id=OTHER, agent="1001", on=on)


def test_who_holds_an_own_call_is_on_hold_too() -> None:
    """Until the far end is taken back, or the call is over; a caller who is on hold meanwhile stays so."""
    busy = state("1001", AgentState.IN_CALL, 1)
    over = OutboundEnded(
        event_id="e", occurred_at=moment(9), outbound_id=OTHER, agent="1001", result=OutboundResult.ANSWERED
    )
    for end in (own_held(5, on=False), over):
        floor = fed([busy, own_held(4, on=True)])
        agent = floor.agent("1001")
        assert agent is not None
        assert (agent.state, agent.since) == (AgentState.ON_HOLD, moment(4))
        floor.apply(end)
        agent = floor.agent("1001")
        assert agent is not None
        assert agent.state is AgentState.IN_CALL
    floor = fed([busy], ami_events(WAITS + TALKS + "20.0 Hold general 1001 -\n"), [over])
    agent = floor.agent("1001")
    assert agent is not None
    assert agent.state is AgentState.ON_HOLD
