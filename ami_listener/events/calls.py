"""Facts of one call: from the ring on a trunk to the end of the caller's leg, and what is asked and left afterwards."""

from dataclasses import dataclass
from enum import StrEnum

from ami_listener.events.base import Event


class PickUpReason(StrEnum):
    """Why the assistant, not a person, picked up."""

    GUARD = "guard"  # nobody within answer_within_seconds
    NOBODY = "nobody"  # nobody logged in
    MENU = "menu"
    CLOSED = "closed"
    FULL = "full"  # more callers than the queue takes


class EndedBy(StrEnum):
    """Who ended the conversation (or, without one, the call)."""

    CALLER = "caller"
    AGENT = "agent"
    TRANSFER = "transfer"
    SYSTEM = "system"  # the dialplan came to its end: closed message, time-out, message left
    FAILURE = "failure"  # Asterisk or the network died


class LeaveStatus(StrEnum):
    """How a caller left a queue."""

    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    FULL = "full"
    UNAVAILABLE = "unavailable"
    KEY = "key"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(Event):
    """A call came in on a trunk: the clock of H1 starts. ``caller_number``: as it came, None if withheld."""

    caller_number: str | None
    called_number: str
    trunk: str
    channel: str | None = None
    callback_of: str | None = None  # call id whose caller asked to be called back; None for inbound calls


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageChosen(Event):
    """The language the caller is spoken to: ``th`` or ``en``."""

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFoundClosed(Event):
    """The call met closed doors: ``reason`` is hours, holiday or emergency."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantAnswered(Event):
    """The assistant picked up: the caller is no longer ringing and pays."""

    reason: PickUpReason


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuAnswered(Event):
    """A key in a menu; ``choice`` None when the key meant nothing."""

    menu: str
    key: str
    choice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueJoined(Event):
    """One pass through one queue begins.

    ``pass_number``: 1 before the guard, 2 after it, 3 a callback's place, 0 when the source does not tell.
    """

    queue: str
    pass_number: int
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLeft(Event):
    """That pass ended. ``pass_number`` 0: the source does not tell which."""

    queue: str
    pass_number: int
    status: LeaveStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRang(Event):
    """An agent's telephone began to ring for this call."""

    queue: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRingEnded(Event):
    """It stopped without an answer from this agent: refused, time-out, guard, caller gone, another was faster."""

    queue: str
    agent: str
    rang_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(Event):
    """A person picked up. ``queue`` is empty for a person reached outside any queue, by transfer."""

    queue: str
    agent: str
    agent_channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(Event):
    """The agent put the caller on hold."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(Event):
    """The agent took the caller back from hold."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(Event):
    """The agent handed the caller on. ``kind``: blind or attended; ``to``: extension or number, None when not told.

    ``agent`` is empty when the source does not tell who.
    """

    kind: str
    agent: str
    to: str | None


class TransferResult(StrEnum):
    """What became of a blind transfer."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"  # no such telephone, not registered, or a number that may not be dialled


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEnded(Event):
    """The telephone that a blind transfer led to rang in vain, or the talk there is over. ``to``: what was dialled."""

    to: str | None
    result: TransferResult


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLegEnded(Event):
    """The agent's own leg ended (K3: after a transfer the call itself goes on). ``ended_by``: when the source tells."""

    agent: str
    agent_channel: str | None = None
    cause: int | None = None
    ended_by: EndedBy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted(Event):
    """The talks of this call are recorded from its first answer on. ``sides``: caller and agent apart; ``announced``:
    both are told so; ``channel``: the caller's, on which it goes on."""

    agent: str
    queue: str
    sides: bool
    announced: bool
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkKeyPressed(Event):
    """A key was pressed during a call that is recorded: when and by whom, never which: it may be of a card's number.

    ``agent`` is None when it was the caller. ``call_id`` is None: it is a mark of the recording, no part of the call.
    """

    of_call: str
    agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAsked(Event):
    """The satisfaction question was put (H7). ``scale``: name of the scale in the settings."""

    scale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered(Event):
    """The caller's answer (H8). ``key`` and ``meaning`` None when no valid key came."""

    scale: str
    key: str | None
    meaning: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequested(Event):
    """Key 1 in the queue. ``duplicate``: this number was already waiting for its callback."""

    queue: str
    number: str
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTried(Event):
    """One try of a callback. ``request_call_id``: the call that asked.

    ``result``: calling, connected, no_answer, busy, failed.
    """

    request_call_id: str
    number: str | None
    try_number: int
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(Event):
    """Key 2, or closed doors: a recorded message. ``path`` is relative to the message folder."""

    path: str
    seconds: float
    queue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    """The caller's leg is gone. ``cause``: Q.850, if told. ``ended_by``: SYSTEM when the dialplan came to its end."""

    cause: int | None = None
    by_failure: bool = False
    ended_by: EndedBy | None = None
