"""A recorded call as the figures see it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ami_listener.events import LeaveStatus
from ami_listener.records import CallRecord, Conversation, Hold
from metrics.facts import OUT_OF_HOURS, CallFact


def fact_of(record: CallRecord, wrap_up_seconds: float | None = None) -> CallFact:
    """The call for `metrics`: without the caller's number. ``wrap_up_seconds`` is known to the agent's side only."""
    talk, hold = talk_and_hold(record.conversations, record.holds)
    survey = record.survey
    return CallFact(
        call_id=record.call_id,
        arrived_at=record.arrived_at,
        called_number=record.called_number,
        queue=record.queue,
        agent=record.agent,
        assistant_answered_at=record.assistant_answered_at,
        agent_answered_at=record.agent_answered_at,
        ended_at=record.ended_at,
        outcome=record.outcome.value if record.outcome is not None else None,
        talk_seconds=talk,
        hold_seconds=hold,
        wrap_up_seconds=wrap_up_seconds,
        survey_asked=survey is not None,
        survey_meaning=survey.meaning if survey is not None else None,
        survey_open=survey is not None and survey.answered_at is None,
        callback=record.callback is not None,
        left_queue_at=_left_by_key_at(record),
        closed=record.closed_reason is not None,
        out_of_hours=record.closed_reason in OUT_OF_HOURS,
        callback_of=record.callback_of,
    )


def talk_and_hold(conversations: Iterable[Conversation], holds: Iterable[Hold]) -> tuple[float | None, float | None]:
    """Seconds of talk (hold not included) and of hold. Both None while anybody still talks, or nobody ever did."""
    parts = list(conversations)
    if not parts or any(part.ended_at is None for part in parts):
        return None, None
    whole = sum((part.ended_at - part.answered_at for part in parts if part.ended_at is not None), timedelta())
    held = sum((_held(hold, parts) for hold in holds), timedelta())
    return max(whole - held, timedelta()).total_seconds(), held.total_seconds()


def _held(hold: Hold, conversations: list[Conversation]) -> timedelta:
    """A hold that nobody ended lasts until the end of the talk it began in."""
    until = hold.resumed_at or _end_of_talk(hold, conversations)
    return max(until - hold.held_at, timedelta()) if until is not None else timedelta()


def _end_of_talk(hold: Hold, conversations: list[Conversation]) -> datetime | None:
    ends = [
        part.ended_at
        for part in conversations
        if part.agent == hold.agent and part.ended_at is not None and part.answered_at <= hold.held_at <= part.ended_at
    ]
    return min(ends, default=None)


def _left_by_key_at(record: CallRecord) -> datetime | None:
    """When the caller chose callback or message: from then on nobody is kept waiting."""
    by_key = [queued.left_at for queued in record.passes if queued.status is LeaveStatus.KEY and queued.left_at]
    if by_key:
        return max(by_key)
    return record.callback.requested_at if record.callback is not None else None
