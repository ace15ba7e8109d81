"""Work after the call is measured from the agent's states, for the queue of the last call (AHT and its parts)."""

from datetime import UTC, datetime, timedelta

from ami_listener.events import AgentState, AgentStateChanged, CallAnswered, Precision
from metrics.wrap_ups import WrapUps

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)


def state(seconds: float, now: AgentState, precision: Precision = Precision.MICROSECOND) -> AgentStateChanged:
    at = NOON + timedelta(seconds=seconds)
    return AgentStateChanged(event_id=f"{now}{seconds}", occurred_at=at, agent="1001", state=now, precision=precision)


def answered(queue: str = "enquiries") -> CallAnswered:
    return CallAnswered(event_id="a", occurred_at=NOON, call_id="1.1", queue=queue, agent="1001")


def test_a_wrap_up_is_told_once_when_it_ends() -> None:
    wrap_ups = WrapUps()
    told = [
        wrap_ups.apply(event)
        for event in (
            answered(),
            state(10, AgentState.IN_CALL),
            state(20, AgentState.WRAP_UP),
            state(21, AgentState.WRAP_UP),
            state(50.5, AgentState.AVAILABLE),
            state(51, AgentState.RINGING),
        )
    ]
    assert told == [None, None, None, None, ("enquiries", 30.5), None]


def test_what_is_not_known_is_not_counted() -> None:
    wrap_ups = WrapUps()
    assert wrap_ups.apply(state(1, AgentState.WRAP_UP)) is None
    assert wrap_ups.apply(state(5, AgentState.AVAILABLE)) is None, "whose call it was is not known after a start"
    wrap_ups.apply(answered())
    wrap_ups.apply(state(10, AgentState.WRAP_UP))
    assert wrap_ups.apply(state(20, AgentState.OFFLINE)) is None, "Asterisk died: when the work ended is not known"
    wrap_ups.apply(state(30, AgentState.WRAP_UP, Precision.SECOND))
    assert wrap_ups.apply(state(40, AgentState.AVAILABLE)) is None
