"""Facts of the people at the telephones: what they are, rings they missed, supervisors who take part in a talk."""

from dataclasses import dataclass
from enum import StrEnum

from ami_listener.events.base import Event


class SpyMode(StrEnum):
    """How a supervisor takes part in a talk."""

    LISTEN = "listen"  # hears both, is heard by nobody
    WHISPER = "whisper"  # hears both, is heard by the agent
    BARGE = "barge"  # hears both, is heard by both


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSpied(Event):
    """A supervisor's own leg takes part in a talk, or does so in another way from now on. No caller's call.

    ``spy_id``: uniqueid of that leg; ``supervisor``: its extension; ``agent`` and ``of_call``: whose talk it is.
    ``call_id`` is None, so that nothing of it is taken for a part of the caller's call.
    """

    spy_id: str
    supervisor: str
    mode: SpyMode
    agent: str
    of_call: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpyEnded(Event):
    """That leg is gone."""

    spy_id: str
    supervisor: str


class AgentState(StrEnum):
    """What an agent can be. Exactly one at a time."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    RINGING = "ringing"
    IN_CALL = "in_call"
    ON_HOLD = "on_hold"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged(Event):
    """True to Asterisk at ``occurred_at``. ``pause_reason`` only with PAUSED and WRAP_UP."""

    agent: str
    state: AgentState
    pause_reason: str | None = None
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMissedRing(Event):
    """The agent refused or let it ring to the end.

    ``in_a_row`` counts since the last answer; ``paused``: the limit was reached.
    """

    agent: str
    queue: str
    refused: bool
    in_a_row: int
    paused: bool
