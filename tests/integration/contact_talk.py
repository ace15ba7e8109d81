"""Calls that make records of service, told as Asterisk tells them."""

from typing import Any

from records_rig import RecordsRig

from ami_listener.events import (
    AgentLegEnded,
    AgentRang,
    CallAnswered,
    CallArrived,
    Event,
    LanguageChosen,
    QueueJoined,
)

CALLER = "0812345678"


def made(rig: RecordsRig, event: type[Event], call: str = "c1", /, **more: Any) -> Event:
    name = f"{event.__name__}-{call}-{rig.at.isoformat()}-{more.get('agent')}"
    return event(event_id=name, occurred_at=rig.at, call_id=call, **more)


def arrive(rig: RecordsRig, call: str = "c1", caller: str | None = CALLER, **more: Any) -> None:
    rig.play(
        made(rig, CallArrived, call, caller_number=caller, called_number="1169", trunk="provider", **more),
        made(rig, LanguageChosen, call, language="th"),
        made(rig, QueueJoined, call, queue="enquiries", pass_number=1),
    )


def answer(rig: RecordsRig, call: str = "c1", agent: str = "1001", rings: float = 4, queue: str = "enquiries") -> None:
    rig.play(made(rig, AgentRang, call, queue=queue, agent=agent))
    rig.later(rings)
    rig.play(made(rig, CallAnswered, call, queue=queue, agent=agent, agent_channel=f"PJSIP/{agent}-1"))


def leave(rig: RecordsRig, call: str = "c1", agent: str = "1001") -> None:
    rig.play(made(rig, AgentLegEnded, call, agent=agent, agent_channel=f"PJSIP/{agent}-1"))


def talk(rig: RecordsRig, call: str = "c1", agent: str = "1001") -> dict[str, Any]:
    """A call that was answered; its record."""
    arrive(rig, call)
    rig.later(2)
    answer(rig, call, agent)
    contact: dict[str, Any] = rig.get(f"/api/contacts/current?extension={agent}", "vipa")["contact"]
    return contact


def person(rig: RecordsRig, number: str | None = CALLER, name: str = "สมชาย") -> int:
    added = rig.send("POST", "/api/people", {"fields": {"first_name": name}, "number": number})
    return int(added["id"])


def topic(rig: RecordsRig, asked: str) -> dict[str, Any]:
    first: dict[str, Any] = rig.get(f"/api/topics?q={asked}")["topics"][0]
    return first
