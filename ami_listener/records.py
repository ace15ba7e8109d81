"""One call as it is remembered: what the assembler (`ami_listener.calls`) builds and the recorder writes.

Mutable on purpose: the assembler fills a record in as facts arrive, in any order and any number of times.
All times are aware UTC from Asterisk's clock; None means not (yet) happened or not known.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ami_listener.events import EndedBy, LeaveStatus, PickUpReason, Precision


class Outcome(StrEnum):
    """What became of a call in the end. Exactly one of these for every call that has ended."""

    ANSWERED = "answered"  # a person spoke with the caller
    ABANDONED = "abandoned"  # the caller hung up while waiting
    TIMED_OUT = "timed_out"  # we gave up after the longest wait
    CLOSED = "closed"  # outside opening hours, holiday, emergency
    MESSAGE = "message"  # left a message
    CALLBACK = "callback"  # asked to be called back
    FAILED = "failed"  # a fault of ours: Asterisk died, queue full, nowhere to go


@dataclass(slots=True)
class QueuePass:
    """One pass through one queue. Key: (queue, pass_number)."""

    queue: str
    pass_number: int
    joined_at: datetime
    position: int | None = None
    left_at: datetime | None = None
    status: LeaveStatus | None = None


@dataclass(slots=True)
class Ring:
    """One ringing of one agent's telephone. ``answered`` None while it rings."""

    queue: str
    agent: str
    rang_at: datetime
    ended_at: datetime | None = None
    answered: bool | None = None
    precision: Precision = Precision.MICROSECOND


@dataclass(slots=True)
class Conversation:
    """One person's part of the call. After a transfer there is another."""

    queue: str | None
    agent: str
    answered_at: datetime
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    agent_channel: str | None = None


@dataclass(slots=True)
class Hold:
    """One time on hold."""

    agent: str
    held_at: datetime
    resumed_at: datetime | None = None


@dataclass(slots=True)
class Transfer:
    """One hand-over (K3)."""

    kind: str
    agent: str
    to: str | None
    transferred_at: datetime


@dataclass(slots=True)
class MenuKey:
    """One key pressed in a menu (K1)."""

    menu: str
    key: str
    choice: str | None
    pressed_at: datetime


@dataclass(slots=True)
class Survey:
    """The keypad survey (H7, H8)."""

    scale: str
    asked_at: datetime
    answered_at: datetime | None = None
    key: str | None = None
    meaning: str | None = None


@dataclass(slots=True)
class Callback:
    """The caller asked to be called back."""

    queue: str
    number: str
    requested_at: datetime
    duplicate: bool = False


@dataclass(slots=True)
class CallbackTry:
    """One try to reach the caller again; kept with the call that asked and with the call that tries."""

    try_number: int
    result: str  # calling, connected, no_answer, busy, failed
    tried_at: datetime
    number: str | None = None


@dataclass(slots=True)
class Message:
    """The caller left a message."""

    path: str
    seconds: float
    left_at: datetime
    queue: str | None = None


@dataclass(slots=True)
class CallRecord:
    """One call, whole. ``callback_of`` is None for inbound calls (only those are calls offered)."""

    call_id: str
    arrived_at: datetime
    caller_number: str | None
    called_number: str
    trunk: str
    callback_of: str | None = None
    language: str | None = None
    queue: str | None = None  # the queue it was in last
    closed_reason: str | None = None
    assistant_answered_at: datetime | None = None
    assistant_reason: PickUpReason | None = None
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    outcome: Outcome | None = None
    cause: int | None = None
    precision: Precision = Precision.MICROSECOND  # the least exact of the times above
    passes: list[QueuePass] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    menu_keys: list[MenuKey] = field(default_factory=list)
    survey: Survey | None = None
    callback: Callback | None = None
    message: Message | None = None
    callback_tries: list[CallbackTry] = field(default_factory=list)

    @property
    def agent_answered_at(self) -> datetime | None:
        """When the first person picked up."""
        return self.conversations[0].answered_at if self.conversations else None

    @property
    def agent(self) -> str | None:
        """The first person who picked up."""
        return self.conversations[0].agent if self.conversations else None

    @property
    def hold_seconds(self) -> float:
        """Time on hold, whole; a hold that still lasts is not counted yet."""
        return sum((hold.resumed_at - hold.held_at).total_seconds() for hold in self.holds if hold.resumed_at)
