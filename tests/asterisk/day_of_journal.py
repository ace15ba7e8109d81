"""The figures of a day calculated from Asterisk's own queue_log alone: plain text, none of the product's code."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Heard:
    """What the journal says of one call."""

    arrived: float | None = None
    by_us: bool = False
    closed: str | None = None
    queue: str | None = None
    persons: list[float] = field(default_factory=list)
    assistant: float | None = None
    asked: bool = False
    meaning: str | None = None
    callback: bool = False
    message: bool = False
    ended: float | None = None
    by_system: bool = False


def calls_of(journal: Path) -> dict[str, Heard]:
    """Call → what happened to it."""
    calls: dict[str, Heard] = {}
    for line in journal.read_text("utf-8").splitlines():
        parts = line.split("|")
        if len(parts) < 6:
            continue
        _, call_id, queue, _, word, at, *data = parts
        call = calls.setdefault(call_id, Heard())
        if word == "ARRIVED":
            call.arrived, call.by_us = float(at), len(data) > 4 and bool(data[4])
        elif word == "CLOSED":
            call.closed = data[0]
        elif word == "QUEUED":
            call.queue = queue
        elif word == "ANSWERED":
            call.persons.append(float(at))
        elif word == "ASSISTANT":
            call.assistant = float(at) if call.assistant is None else min(call.assistant, float(at))
        elif word == "SURVEYASKED":
            call.asked = True
        elif word == "SURVEY":
            call.meaning = (data[2] if len(data) > 2 else "") or None
        elif word == "CALLBACK":
            call.callback = True
        elif word == "MESSAGE":
            call.message = True
        elif word == "ENDED":
            call.ended, call.by_system = float(at), len(data) > 1 and data[1] == "system"
    return {call_id: call for call_id, call in calls.items() if call.arrived is not None}


def figures_of(calls: dict[str, Heard], within: float, tolerance: float) -> dict[str, float | None]:
    """Figures by the words of docs/kpi.md."""
    inbound = [call for call in calls.values() if not call.by_us]
    offered = [call for call in inbound if call.closed is None]
    waits = [round(min(call.persons) - (call.arrived or 0), 6) for call in offered if call.persons]
    picked = [
        round(min([*call.persons, *([call.assistant] if call.assistant else [])]) - (call.arrived or 0), 6)
        for call in offered
        if call.persons or call.assistant
    ]
    answered, rated = len(waits), [call.meaning for call in calls.values() if call.meaning]
    asked = sum(call.asked for call in calls.values())
    good = sum(meaning in ("impressed", "satisfied") for meaning in rated)
    return {
        "offered": len(offered),
        "closed": len(inbound) - len(offered),
        "answered": answered,
        "answered_rate_strict": answered / len(offered) if offered else None,
        "answered_within": sum(wait <= within for wait in waits) / len(offered) if offered else None,
        "picked_up_within": sum(wait <= within + tolerance for wait in picked) / len(offered) if offered else None,
        "average_speed_of_answer": sum(waits) / answered if answered else None,
        "callbacks_completed": sum(bool(call.by_us and call.persons) for call in calls.values()),
        "satisfaction": good / len(rated) if rated else None,
        "survey_response_rate": len(rated) / asked if asked else None,
    }
