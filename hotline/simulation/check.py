"""Compares the records that the product kept with what the telephone network saw. Pure.

A record is an object of ``hotline calls export``. Every call must be there once, and say what happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hotline.simulation.observed import AgentLeg, ObservedCall
from hotline.simulation.plan import ANONYMOUS, CALLBACK_KEY, MESSAGE_KEY, line_name

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Tolerance:
    """How far a record may be from the network's own clock, in seconds.

    ``race_seconds``: two things this close to each other have no order that both sides could agree on.
    """

    time_seconds: float = 0.5
    race_seconds: float = 0.5
    match_seconds: float = 5.0  # a record this far from the call is another call's


@dataclass(frozen=True)
class Expected:
    """What the record of one call must say; several values where both sides may see it differently."""

    outcomes: frozenset[str]
    ended_by: frozenset[str]
    agents: frozenset[str | None]
    survey_keys: frozenset[str | None]
    arrived_at: datetime | None
    agent_answered_at: datetime | None
    assistant_answered_at: datetime | None
    ended_at: datetime | None
    assistant_perhaps_at: datetime | None = None  # a person picked up just after: either may be said to be first


@dataclass(frozen=True)
class Difference:
    """One thing that is wrong, in words. ``index``: the call's number in the run; None: a record without a call."""

    index: int | None
    call_id: str | None
    text: str

    def __str__(self) -> str:
        who = f"call {self.index}" if self.index is not None else f"record {self.call_id}"
        return f"{who}: {self.text}"


def expected(call: ObservedCall, meanings: Mapping[str, str], tolerance: Tolerance | None = None) -> Expected:
    """What must be on record, from what the network saw; ``meanings``: keys of the survey's scale."""
    race = timedelta(seconds=(tolerance or Tolerance()).race_seconds)
    talk = call.conversation
    outcomes, ended_by = _outcome(call)
    agents: set[str | None] = {talk.agent if talk else None}
    keys: set[str | None] = {_survey_key(call, meanings)}
    if talk is None and (lost := _lost_answer(call)):
        # The caller hung up as this agent picked up: the product may have seen either first.
        outcomes |= {"answered"}
        ended_by |= {"caller"}
        agents.add(lost.agent)
    if talk and talk.answered_at and call.ended_at and call.ended_at - talk.answered_at < race:
        outcomes |= {"abandoned"}
        agents.add(None)
    if talk and talk.ended_at and call.ended_at and abs(call.ended_at - talk.ended_at) < race:
        ended_by |= {"agent", "caller"}
    if call.ended_by == "caller" and call.keys and call.ended_at and call.ended_at - call.keys[-1].pressed_at < race:
        keys.add(None)
    answered_at = talk.answered_at if talk else None
    assistant_first = call.picked_up_at and (answered_at is None or call.picked_up_at < answered_at - race)
    perhaps = not assistant_first and call.picked_up_at and answered_at and call.picked_up_at < answered_at
    return Expected(
        outcomes=frozenset(outcomes),
        ended_by=frozenset(ended_by),
        agents=frozenset(agents),
        survey_keys=frozenset(keys),
        arrived_at=call.invited_at,
        agent_answered_at=talk.answered_at if talk else None,
        assistant_answered_at=call.picked_up_at if assistant_first else None,
        ended_at=call.ended_at,
        assistant_perhaps_at=call.picked_up_at if perhaps else None,
    )


def _outcome(call: ObservedCall) -> tuple[set[str], set[str]]:
    """Outcome and who ended it."""
    if talk := call.conversation:
        return {"answered"}, {"agent"} if talk.ended_by == "agent" else {"caller"}
    if call.wait_key == CALLBACK_KEY:
        return {"callback"}, {"caller", "system"}
    if call.wait_key == MESSAGE_KEY:
        return {"message"}, {"caller", "system"}
    if call.ended_by == "caller":
        return {"abandoned"}, {"caller"}
    return {"timed_out", "closed", "failed", "message"}, {"system", "failure", "caller"}


def _lost_answer(call: ObservedCall) -> AgentLeg | None:
    return next((leg for leg in call.legs if leg.answered_at and not leg.kept), None)


def _survey_key(call: ObservedCall, meanings: Mapping[str, str]) -> str | None:
    return next((key for key in call.survey_keys if key in meanings), None)


def compare(
    calls: Sequence[ObservedCall],
    records: Iterable[Record],
    *,
    meanings: Mapping[str, str],
    tolerance: Tolerance | None = None,
) -> list[Difference]:
    """Everything that is wrong, in the order of the calls; an empty list means that every record is right.

    Records of callbacks (``callback_of``) are not calls of the network and are left out.
    """
    tolerance = tolerance or Tolerance()
    pairs, extra = _match(calls, [record for record in records if not record.get("callback_of")], tolerance)
    differences = []
    for call in calls:
        differences += [Difference(call.plan.index, None, text) for text in _strange(call)]
        record = pairs.get(call.plan.index)
        if record is None:
            if call.invited_at is not None:
                differences.append(Difference(call.plan.index, None, "was lost: there is no record of it"))
            continue
        identity = str(record.get("call_id"))
        differences += [
            Difference(call.plan.index, identity, text)
            for text in _differences(expected(call, meanings, tolerance), call, record, meanings, tolerance)
        ]
    differences += [
        Difference(None, str(record.get("call_id")), "there was no such call, or it is on record twice")
        for record in extra
    ]
    return differences


def clock_errors(calls: Sequence[ObservedCall], records: Iterable[Record], field: str) -> list[float]:
    """Record minus network in seconds for one time (``arrived_at``, ``agent_answered_at``, ``ended_at`` …)."""
    pairs, _ = _match(calls, [record for record in records if not record.get("callback_of")], Tolerance())
    errors = []
    for call in calls:
        seen = getattr(expected(call, {}), field)
        kept = _time(pairs.get(call.plan.index, {}).get(field))
        if seen and kept:
            errors.append((kept - seen).total_seconds())
    return errors


def _match(
    calls: Sequence[ObservedCall], records: Sequence[Record], tolerance: Tolerance
) -> tuple[dict[int, Record], list[Record]]:
    """Call index → its record, and records left over. The nearest arrival of the same number is the same call."""
    left: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        left[line_name(record.get("caller_number"))].append(record)
    pairs: dict[int, Record] = {}
    for call in sorted(
        (c for c in calls if c.invited_at), key=lambda c: c.invited_at.timestamp() if c.invited_at else 0
    ):
        candidates = left[call.plan.name]
        distances = [(_distance(call, record), index) for index, record in enumerate(candidates)]
        if distances and min(distances)[0] <= tolerance.match_seconds:
            pairs[call.plan.index] = candidates.pop(min(distances)[1])
    return pairs, [record for group in left.values() for record in group]


def _distance(call: ObservedCall, record: Record) -> float:
    arrived = _time(record.get("arrived_at"))
    if arrived is None or call.invited_at is None:
        return float("inf")
    return abs((arrived - call.invited_at).total_seconds())


def _strange(call: ObservedCall) -> list[str]:
    """What went wrong on the telephone, whatever the record says."""
    if call.refused:
        return [f"could not be made: {call.refused}"]
    if call.ended_at is None:
        return ["had not ended when the simulation did"]
    talk = call.conversation
    if call.picked_up_at is None and call.ended_by == "product":
        return [f"was turned away before anybody picked up (cause {call.cause})"]
    if (
        talk
        and talk.ended_by == "agent"
        and call.plan.survey_keys
        and not call.survey_keys
        and call.ended_by != "caller"
    ):
        return ["the agent hung up first, but the caller was cut off before the survey"]
    return []


def _differences(
    wanted: Expected, call: ObservedCall, record: Record, meanings: Mapping[str, str], tolerance: Tolerance
) -> list[str]:
    key = record.get("survey_key")
    texts = [
        *_one_of("outcome", record.get("outcome"), wanted.outcomes),
        *_one_of("agent", record.get("agent"), wanted.agents),
        *_one_of("survey_key", key, wanted.survey_keys),
        *_one_of("ended_by", record.get("ended_by"), wanted.ended_by),
        *_number(call, record),
    ]
    meaning = meanings.get(key) if key is not None else None
    if record.get("survey_meaning") != meaning:
        texts.append(f"survey_meaning is {record.get('survey_meaning')!r}, key {key!r} means {meaning!r}")
    for field in ("arrived_at", "agent_answered_at", "assistant_answered_at", "ended_at"):
        certain = field != "agent_answered_at" or None not in wanted.agents or len(wanted.agents) == 1
        seen = getattr(wanted, field)
        if field == "assistant_answered_at" and record.get(field) is not None:
            seen = seen or wanted.assistant_perhaps_at
        if certain:
            texts += _near(field, record.get(field), seen, tolerance.time_seconds)
    return texts


def _one_of(field: str, kept: object, wanted: frozenset[Any]) -> list[str]:
    if kept in wanted:
        return []
    return [f"{field} is {kept!r}, the network saw {' or '.join(sorted(map(repr, wanted)))}"]


def _number(call: ObservedCall, record: Record) -> list[str]:
    kept = record.get("caller_number")
    if call.plan.name == ANONYMOUS:
        return [] if kept is None else [f"caller_number is {kept!r}, but the caller withheld it"]
    national = call.plan.caller_number or ""
    if kept in (national, f"+66{national[1:]}"):
        return []
    return [f"caller_number is {kept!r}, the caller was {national!r}"]


def _near(field: str, kept_text: object, seen: datetime | None, seconds: float) -> list[str]:
    kept = _time(kept_text)
    if kept is None and seen is None:
        return []
    if kept is None or seen is None:
        return [f"{field} is {kept_text!r}, the network saw {seen.isoformat() if seen else None!r}"]
    error = (kept - seen).total_seconds()
    return [f"{field} is {error:+.3f} s from what the network saw"] if abs(error) > seconds else []


def _time(value: object) -> datetime | None:
    """ISO 8601 text (``Z`` too) or a datetime."""
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value) if isinstance(value, str) else None
