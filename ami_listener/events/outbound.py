"""Facts of calls that agents make themselves: a colleague, a department, a number outside. Never callers' calls."""

from dataclasses import dataclass
from enum import StrEnum

from ami_listener.events.base import Event


class CallKind(StrEnum):
    """Whom an agent's own call goes to."""

    AGENT = "agent"
    DEPARTMENT = "department"
    OUTSIDE = "outside"


class OutboundResult(StrEnum):
    """What became of an agent's own call."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CANCELLED = "cancelled"  # the agent hung up while it rang
    UNREACHABLE = "unreachable"
    FAILED = "failed"  # Asterisk or the network died


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundDialled(Event):
    """An agent's telephone calls somebody: a colleague, a department, a number outside. No caller's call.

    ``outbound_id``: uniqueid of the agent's leg; ``call_id`` is None, so that no figure of callers takes it for one.
    """

    outbound_id: str
    agent: str
    kind: CallKind
    to: str
    agent_channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundAnswered(Event):
    """Who was called picked up."""

    outbound_id: str
    agent: str
    far_channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundHeld(Event):
    """An agent holds the far end of an own call; with ``on`` False, has taken it back."""

    outbound_id: str
    agent: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundEnded(Event):
    """An agent's own call is over. ``cause``: Q.850, if told."""

    outbound_id: str
    agent: str
    result: OutboundResult
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLegReplaced(Event):
    """A browser was loaded anew and took its call up again: another leg has the old one's place, the talk went on.

    ``call_id`` is None when it is an agent's own call (``outbound_id``).
    """

    agent: str
    old_channel: str
    queue: str | None = None
    outbound_id: str | None = None
