"""A plan of simulated calls, and what their telephones tell of one that was answered."""

from datetime import datetime
from typing import Any

from hotline.simulation.configuration import EVENT
from hotline.simulation.observed import moment
from hotline.simulation.plan import CallPlan
from hotline.simulation.progress import Stage

BEGIN = 1_700_000_000
MEANINGS = {"1": "impressed", "2": "satisfied", "3": "not_satisfied"}


def make_plan(index: int = 1, number: str | None = "0812345678", **changes: Any) -> CallPlan:
    values: dict[str, Any] = {
        "index": index,
        "arrives_seconds": 0,
        "caller_number": number,
        "patience_seconds": 60,
        "talk_seconds": 4,
        "caller_ends": False,
        "survey_keys": ("1",),
        "key_delay_seconds": 1,
        "second_key_delay_seconds": 4,
        "wait_key": None,
        "wait_key_seconds": 4,
        "message_seconds": 12,
    }
    return CallPlan(**{**values, **changes})


def at(seconds: float) -> datetime:
    return moment(f"{BEGIN + seconds:.6f}")


def fact(what: str, seconds: float, **fields: str) -> dict[str, str]:
    return {"Event": "UserEvent", "UserEvent": EVENT, "What": what, "At": f"{BEGIN + seconds:.6f}", **fields}


def channel(event: str, seconds: float, state: str = "Down", index: int = 1) -> dict[str, str]:
    return {
        "Event": event,
        "Uniqueid": f"call-{index}",
        "ChannelStateDesc": state,
        "Timestamp": f"{BEGIN + seconds:.6f}",
    }


def leg(what: str, seconds: float, agent: str = "1001", **fields: str) -> dict[str, str]:
    return fact(what, seconds, Leg=f"leg-{agent}", Agent=agent, Name="12345678", **fields)


def answered_call() -> list[tuple[dict[str, str], Stage]]:
    picked_up = f"{BEGIN + 2.9:.6f}"
    return [
        (channel("Newchannel", 0), Stage.DIALLING),
        (channel("Newstate", 0.01, "Ringing"), Stage.RINGING),
        (leg("agent_rang", 0.02), Stage.RINGING),
        (leg("agent_rang", 0.02, "1002"), Stage.RINGING),
        (channel("Newstate", 3.0, "Up"), Stage.WAITING),
        (leg("agent_ended", 3.01, "1002", By="", Answered=""), Stage.WAITING),
        (leg("agent_answered", 3.2, Answered=picked_up), Stage.TALKING),
        (leg("agent_ended", 7.0, By="agent", Answered=picked_up, Kept="1"), Stage.SURVEY),
        (fact("key", 8.0, Call="1", Key="1", Phase="survey"), Stage.SURVEY),
        (fact("caller_ended", 8.5, Call="1", By="", Cause="16"), Stage.ENDED),
    ]
