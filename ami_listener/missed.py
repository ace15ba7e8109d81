"""Which rings were missed, and what follows: a short rest, and after too many in a row a pause until the agent is back.

app_queue reports a ring without answer also when the caller's pass ends (the guard, the longest wait). In a moment of
that report the pass ends too; only a ring whose caller goes on waiting was missed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ami_listener.events import (
    AgentMissedRing,
    AgentRang,
    AgentRingEnded,
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallEnded,
    Event,
    Precision,
    QueueLeft,
)
from ami_listener.facts import stable_id
from dialplan.names import PauseReason

HEARS: Final = (AgentRang, AgentRingEnded, CallAnswered, QueueLeft, CallEnded, AgentStateChanged)
_MOMENT: Final = timedelta(seconds=0.3)
_GONE: Final = timedelta(seconds=1.0)
_FULL_RING_SLACK_SECONDS: Final = 1.0
# Pauses that the system sets and takes back itself: their end says nothing about the agent being there.
_OUR_PAUSES: Final = frozenset({PauseReason.WRAP_UP.value, PauseReason.RING_MISSED.value})


@dataclass(frozen=True, slots=True)
class MissDecision:
    """What follows from a missed ring. ``rest_seconds`` None: pause until the agent comes back (`PauseReason`)."""

    missed: AgentMissedRing
    rest_seconds: float | None

    @property
    def pause_reason(self) -> PauseReason:
        """The reason to pause the agent with."""
        return PauseReason.MISSED_CALLS if self.rest_seconds is None else PauseReason.RING_MISSED


class MissedRings:
    """The policy. Pure: feed it live events in order and tell it the time; it does nothing itself.

    ``limit``: misses in a row that pause for good; ``rest_seconds``: rest after each one before; ``ring_seconds``: how
    long a telephone rings when nobody touches it, by queue, to tell refused from not answered.
    """

    def __init__(self, limit: int, rest_seconds: float, ring_seconds: dict[str, float] | None = None) -> None:
        self._limit = limit
        self._rest_seconds = rest_seconds
        self._ring_seconds = ring_seconds or {}
        self._ringing: dict[tuple[str, str], AgentRang] = {}  # (call, agent)
        self._pending: list[tuple[AgentRingEnded, float]] = []
        self._in_a_row: dict[str, int] = {}
        self._paused: dict[str, str] = {}
        self._gone_at: dict[str, datetime] = {}

    def apply(self, event: Event) -> list[MissDecision]:
        """Takes in one event; decisions are those that have become certain by its time."""
        if event.precision is not Precision.MICROSECOND:
            return []  # the journal tells the past; nobody is paused for it
        certain = self.tick(event.occurred_at)
        if isinstance(event, AgentRang):
            self._ringing[event.call_id or "", event.agent] = event
        elif isinstance(event, AgentRingEnded):
            self._ring_ended(event)
        elif isinstance(event, CallAnswered):
            self._in_a_row.pop(event.agent, None)
            self._caller_gone(event.call_id)
        elif isinstance(event, QueueLeft | CallEnded):
            self._caller_gone(event.call_id)
        elif isinstance(event, AgentStateChanged):
            self._state_changed(event)
        return certain

    def tick(self, now: datetime) -> list[MissDecision]:
        """Decisions that have become certain by ``now`` (Asterisk's clock); call it when no event comes for a while."""
        certain = [pending for pending in self._pending if pending[0].occurred_at + _MOMENT <= now]
        self._pending = [pending for pending in self._pending if pending[0].occurred_at + _MOMENT > now]
        return [self._decide(ended, rang_seconds) for ended, rang_seconds in certain if not self._was_gone(ended)]

    def in_a_row(self, agent: str) -> int:
        """Misses since the agent's last answer."""
        return self._in_a_row.get(agent, 0)

    def _ring_ended(self, ended: AgentRingEnded) -> None:
        rang = self._ringing.pop((ended.call_id or "", ended.agent), None)
        if rang is not None:  # a ring whose beginning was not heard is nobody's fault
            self._pending.append((ended, (ended.occurred_at - rang.occurred_at).total_seconds()))

    def _caller_gone(self, call_id: str | None) -> None:
        self._pending = [pending for pending in self._pending if pending[0].call_id != call_id]
        for key in [key for key in self._ringing if key[0] == call_id]:
            del self._ringing[key]

    def _was_gone(self, ended: AgentRingEnded) -> bool:
        """Whose telephone is gone (a page loaded anew, a browser that died) has neither refused nor missed."""
        gone_at = self._gone_at.get(ended.agent)
        return gone_at is not None and abs(gone_at - ended.occurred_at) <= _GONE

    def _state_changed(self, changed: AgentStateChanged) -> None:
        if changed.state is AgentState.OFFLINE:
            self._gone_at[changed.agent] = changed.occurred_at
        if changed.state in (AgentState.PAUSED, AgentState.WRAP_UP):
            self._paused[changed.agent] = changed.pause_reason or ""
        else:
            reason = self._paused.pop(changed.agent, None)
            if reason is not None and reason not in _OUR_PAUSES:
                self._in_a_row.pop(changed.agent, None)

    def _decide(self, ended: AgentRingEnded, rang_seconds: float) -> MissDecision:
        count = self._in_a_row[ended.agent] = self.in_a_row(ended.agent) + 1
        paused = count >= self._limit
        full = self._ring_seconds.get(ended.queue)
        missed = AgentMissedRing(
            event_id=stable_id("missed", ended.event_id),
            occurred_at=ended.occurred_at,
            call_id=ended.call_id,
            agent=ended.agent,
            queue=ended.queue,
            refused=full is not None and rang_seconds < full - _FULL_RING_SLACK_SECONDS,
            in_a_row=count,
            paused=paused,
        )
        return MissDecision(missed, None if paused else self._rest_seconds)
