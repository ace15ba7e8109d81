"""One call as one agent sees it: a function of the call's record and nothing else, so that a page that was away reads
the same as one that followed every step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from ami_listener.records import CallRecord, Conversation, Ring, Transfer
from crm.people.numbers import Number


class Phase(StrEnum):
    """Where the call stands for this agent."""

    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    ENDED = "ended"  # the agent's part of it; the caller may be at the survey, or with somebody else
    MISSED = "missed"  # rang here and was not answered here


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """``number``: in its one form, None when withheld. ``recognisable``: people can be found by it. ``queue`` None:
    reached outside any queue. ``handed_on``: to whom and how this agent gave the call on. ``from_agent``: the colleague
    who gave it. ``survey``: ``asked``, a meaning, or ``no_answer``; None when it was not asked (yet)."""

    call_id: str
    phase: Phase
    number: str | None
    recognisable: bool
    queue: str | None
    language: str | None
    called_number: str
    arrived_at: datetime
    rang_at: datetime | None
    answered_at: datetime | None
    held_since: datetime | None
    hold_seconds: float
    agent_ended_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    from_agent: str | None
    handed_on: Mapping[str, str | None] | None
    is_callback: bool
    survey: str | None

    def json(self) -> dict[str, Any]:
        """As a page reads it: times in ISO 8601."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def view_of(record: CallRecord, agent: str, normalise: Callable[[str | None], Number]) -> CallView | None:
    """The call as ``agent`` sees it; None when it never came to this agent."""
    ring = next((ring for ring in reversed(record.rings) if ring.agent == agent), None)
    talk = next((talk for talk in reversed(record.conversations) if talk.agent == agent), None)
    given = _given(record.transfers, agent)
    taken = _taken(record.transfers, agent)
    phase = _phase(record, agent, ring, talk, given)
    if phase is None:
        return None
    number = normalise(record.caller_number)
    talked = talk if phase in {Phase.TALKING, Phase.HELD, Phase.ENDED} else None
    return CallView(
        call_id=record.call_id,
        phase=phase,
        number=number.number,
        recognisable=number.recognisable is not None,
        queue=(ring.queue if ring else None) or record.queue,
        language=record.language,
        called_number=record.called_number,
        arrived_at=record.arrived_at,
        rang_at=ring.rang_at if ring else given.transferred_at if given else None,
        answered_at=talked.answered_at if talked else None,
        held_since=_held_since(record, agent) if phase is Phase.HELD else None,
        hold_seconds=sum(
            (hold.resumed_at - hold.held_at).total_seconds()
            for hold in record.holds
            if hold.agent == agent and hold.resumed_at is not None
        ),
        agent_ended_at=talked.ended_at if talked else None,
        ended_at=record.ended_at,
        ended_by=(talked.ended_by if talked else None) or record.ended_by,
        from_agent=_giver(record, given) if given else None,
        handed_on={"kind": taken.kind, "to": taken.to} if taken and talked else None,
        is_callback=record.callback_of is not None,
        survey=_survey(record),
    )


def _given(transfers: list[Transfer], agent: str) -> Transfer | None:
    return next((transfer for transfer in reversed(transfers) if transfer.to == agent), None)


def _giver(record: CallRecord, given: Transfer) -> str | None:
    before = [talk.agent for talk in record.conversations if talk.answered_at <= given.transferred_at]
    return given.agent or next((agent for agent in reversed(before) if agent != given.to), None)


def _taken(transfers: list[Transfer], agent: str) -> Transfer | None:
    return next((transfer for transfer in reversed(transfers) if transfer.agent == agent), None)


def _phase(
    record: CallRecord, agent: str, ring: Ring | None, talk: Conversation | None, given: Transfer | None
) -> Phase | None:
    came_at = max((at for at in (ring and ring.rang_at, given and given.transferred_at) if at), default=None)
    if talk is not None and (came_at is None or talk.ended_at is None or came_at <= talk.answered_at):
        if talk.ended_at is not None or record.ended_at is not None:
            return Phase.ENDED
        return Phase.HELD if _held_since(record, agent) else Phase.TALKING
    if came_at is None:
        return None
    rings = ring is not None and ring.rang_at == came_at
    stopped = (rings and ring is not None and ring.ended_at is not None) or record.ended_at is not None
    if not rings:  # a blind transfer tells of no ring's end: another's answer or the queue does
        stopped = stopped or _went_on(record, came_at)
    return Phase.MISSED if stopped else Phase.RINGING


def _went_on(record: CallRecord, since: datetime) -> bool:
    later = [talk.answered_at for talk in record.conversations] + [one.joined_at for one in record.passes]
    return any(at > since for at in later)


def _held_since(record: CallRecord, agent: str) -> datetime | None:
    holds = (hold for hold in reversed(record.holds) if hold.agent == agent)
    last = next(holds, None)
    return last.held_at if last is not None and last.resumed_at is None else None


def _survey(record: CallRecord) -> str | None:
    if record.survey is None:
        return None
    if record.survey.meaning:
        return record.survey.meaning
    over = record.survey.answered_at is not None or record.ended_at is not None
    return "no_answer" if over else "asked"
