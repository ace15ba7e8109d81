"""What the figures know of a call: one frozen row, without any personal data of the caller."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ANSWERED: Final = "answered"
ABANDONED: Final = "abandoned"
TIMED_OUT: Final = "timed_out"
CLOSED: Final = "closed"
MESSAGE: Final = "message"
CALLBACK: Final = "callback"
FAILED: Final = "failed"
OUTCOMES: Final = (ANSWERED, ABANDONED, TIMED_OUT, CLOSED, MESSAGE, CALLBACK, FAILED)

IMPRESSED: Final = "impressed"
SATISFIED: Final = "satisfied"
NOT_SATISFIED: Final = "not_satisfied"
MEANINGS: Final = (IMPRESSED, SATISFIED, NOT_SATISFIED)

OUT_OF_HOURS: Final = frozenset({"hours", "holiday"})  # reasons of closed doors; an emergency closes open hours


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact:
    """One call. Times are aware UTC from Asterisk's clock; None is not (yet) happened or not known.

    ``outcome`` is one of `OUTCOMES`, None while the call lives. ``agent`` is the first person who picked up;
    talk, hold and wrap-up are sums over everybody the caller spoke with. ``survey_meaning`` is None when the caller
    gave no valid answer; ``survey_open``: it goes on (a called-back caller's outlasts the call's own leg).
    ``callback``: the caller asked to be called back. ``left_queue_at``: when a caller who chose callback or message
    left the queue. ``closed``: the call met closed doors; ``out_of_hours``: because it came outside opening hours or on
    a holiday. ``callback_of``: the call that asked, when this one is the callback.
    """

    call_id: str
    arrived_at: datetime
    called_number: str
    queue: str | None = None
    agent: str | None = None
    assistant_answered_at: datetime | None = None
    agent_answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    talk_seconds: float | None = None
    hold_seconds: float | None = None
    wrap_up_seconds: float | None = None
    survey_asked: bool = False
    survey_meaning: str | None = None
    survey_open: bool = False
    callback: bool = False
    left_queue_at: datetime | None = None
    closed: bool = False
    out_of_hours: bool = False
    callback_of: str | None = None

    @property
    def offered(self) -> bool:
        """Somebody called us while we were open. Closed calls and our own callbacks are not offered."""
        return self.callback_of is None and not self.closed and self.outcome != CLOSED

    @property
    def wait_over(self) -> bool:
        """Known whether a person answered. A caller still waiting is in no rate yet."""
        return self.agent_answered_at is not None or self.ended_at is not None or self.outcome is not None

    @property
    def answered(self) -> bool:
        """A person picked up."""
        return self.agent_answered_at is not None

    @property
    def wait(self) -> timedelta | None:
        """Arrival until a person picked up, the caller chose callback or message, or the call ended."""
        if self.agent_answered_at is not None:
            return self.agent_answered_at - self.arrived_at
        chosen = self.left_queue_at if self.outcome in {CALLBACK, MESSAGE} else None
        until = chosen or self.ended_at
        return until - self.arrived_at if until is not None else None

    @property
    def picked_up_after(self) -> timedelta | None:
        """Arrival until anyone picked up, person or assistant. None: nobody did (yet)."""
        times = [at for at in (self.agent_answered_at, self.assistant_answered_at) if at is not None]
        return min(times) - self.arrived_at if times else None
