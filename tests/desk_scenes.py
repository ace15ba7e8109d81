"""What a desk looks like in the course of a call: events as Asterisk tells them."""

from datetime import datetime, timedelta
from typing import Any

from desk_server import AGENT, DeskServer, now

from ami_listener.events import (
    AgentRang,
    AgentState,
    CallAnswered,
    CallArrived,
    Event,
    LanguageChosen,
    QueueJoined,
)

CALLER = "+66812345678"
QUEUE = "enquiries"


def made(event: type[Event], call: str, at: datetime | None = None, /, **more: Any) -> Event:
    """One event of a call."""
    moment = at or now()
    return event(event_id=f"{event.__name__}-{call}-{moment.isoformat()}", occurred_at=moment, call_id=call, **more)


def arrive(server: DeskServer, call: str = "main-1.1", caller: str | None = CALLER, ago: float = 2.0) -> None:
    """A call waits in the queue."""
    at = now() - timedelta(seconds=ago)
    server.play(
        made(CallArrived, call, at, caller_number=caller, called_number="1169", trunk="provider"),
        made(LanguageChosen, call, at, language="th"),
        made(QueueJoined, call, at, queue=QUEUE, pass_number=1),
    )


def ring(server: DeskServer, call: str = "main-1.1", agent: str = AGENT) -> None:
    """The agent's telephone rings."""
    server.state(AgentState.RINGING, agent=agent)
    server.play(made(AgentRang, call, queue=QUEUE, agent=agent))


def answer(server: DeskServer, call: str = "main-1.1", agent: str = AGENT, ago: float = 0) -> None:
    """The agent picks up."""
    at = now() - timedelta(seconds=ago)
    server.play(made(CallAnswered, call, at, queue=QUEUE, agent=agent, agent_channel=f"PJSIP/{agent}-1"))
    server.state(AgentState.IN_CALL, agent=agent, ago=ago)
