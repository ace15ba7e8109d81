"""What became of a call and who ended it: read off a record that is otherwise complete."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from ami_listener.events import AgentLegEnded, CallEnded, EndedBy, LeaveStatus, QueueLeft
from ami_listener.records import CallRecord, Conversation, Outcome, QueuePass

_SOON: Final = timedelta(seconds=1.5)
NOTHING_HEARD: Final = 44  # Asterisk's cause when no audio has come from a telephone for too long: it died
_TOLD: Final = (EndedBy.AGENT, EndedBy.CALLER, EndedBy.TRANSFER)


def settle(
    record: CallRecord, ended: Sequence[CallEnded], left: Sequence[QueueLeft], legs: Sequence[AgentLegEnded]
) -> None:
    """Fills in ``queue``, ``ended_by`` of every conversation, ``outcome`` and ``ended_by`` of the call."""
    places = [*(talk.queue for talk in record.conversations), *(queue_pass.queue for queue_pass in record.passes)]
    record.queue = places[-1] if places else None
    failed = bool(ended) and ended[0].by_failure
    for talk in record.conversations:
        talk.ended_by = _who_ended(talk, record, left, legs, failed)
    if record.ended_at is None:
        return
    record.outcome = _outcome(record, failed)
    told = next((event.ended_by for event in ended if event.ended_by), None)
    if record.outcome is Outcome.ANSWERED:
        last = record.conversations[-1].ended_by if record.conversations else EndedBy.AGENT
        lost = last is EndedBy.FAILURE and not failed  # the agent's telephone died; the call went on
        record.ended_by = (told or EndedBy.CALLER) if lost else last
    elif failed:
        record.ended_by = EndedBy.FAILURE
    elif record.outcome is Outcome.ABANDONED:
        record.ended_by = EndedBy.CALLER
    else:
        # Closed, message, callback, time-out: the dialplan says when it came to its own end.
        record.ended_by = told or _unless_told(record.outcome)


def _unless_told(outcome: Outcome) -> EndedBy:
    return EndedBy.CALLER if outcome in (Outcome.CLOSED, Outcome.MESSAGE) else EndedBy.SYSTEM


def _who_ended(
    talk: Conversation,
    record: CallRecord,
    left: Sequence[QueueLeft],
    legs: Sequence[AgentLegEnded],
    failed: bool,
) -> EndedBy | None:
    end = talk.ended_at
    if end is None:
        return None
    told = [e for e in legs if e.agent == talk.agent and e.ended_by in _TOLD and abs(e.occurred_at - end) <= _SOON]
    handed_over = any(
        moved.agent == talk.agent and talk.answered_at - _SOON <= moved.transferred_at <= end + _SOON
        for moved in record.transfers
    )
    lost = any(e.agent == talk.agent and e.cause == NOTHING_HEARD and abs(e.occurred_at - end) <= _SOON for e in legs)
    by: EndedBy | None = EndedBy.AGENT
    if handed_over:
        by = EndedBy.TRANSFER
    elif lost or (failed and end == record.ended_at):
        by = EndedBy.FAILURE
    elif _went_on(talk, record, left):
        by = EndedBy.AGENT  # app_queue says "caller" of some transfers that failed; the dialplan knows better
    elif told:
        by = told[0].ended_by
    elif record.ended_at is None:
        by = None
    elif record.ended_at - end <= _SOON:
        by = EndedBy.CALLER
    return by


def _went_on(talk: Conversation, record: CallRecord, left: Sequence[QueueLeft]) -> bool:
    """The caller's dialplan went on after the talk: then it was not the caller who hung up."""
    end = talk.ended_at
    if end is None:
        return False
    marks = [event.occurred_at for event in left if event.status is LeaveStatus.ANSWERED]
    if record.survey:
        marks.append(record.survey.asked_at)
    marks += [queue_pass.joined_at for queue_pass in record.passes if queue_pass.joined_at > talk.answered_at]
    return any(mark >= end - timedelta(seconds=0.1) for mark in marks)


def _outcome(record: CallRecord, failed: bool) -> Outcome:
    last = record.passes[-1] if record.passes else None
    status = last.status if last else None
    timed_out = last is not None and status is LeaveStatus.TIMED_OUT and not _is_guard(last, record)
    refused = status in (LeaveStatus.FULL, LeaveStatus.UNAVAILABLE)
    results = {tried.result for tried in record.callback_tries} if record.callback_of else set()
    rules = (  # the first that holds
        ("no_answer" in results and "connected" not in results, Outcome.TIMED_OUT),
        (bool(results) and "connected" not in results, Outcome.FAILED),  # the agent waited, nobody was reached
        (bool(record.conversations) or status is LeaveStatus.ANSWERED, Outcome.ANSWERED),
        (record.callback is not None, Outcome.CALLBACK),
        (record.message is not None, Outcome.MESSAGE),
        (record.closed_reason is not None, Outcome.CLOSED),
        (timed_out, Outcome.TIMED_OUT),
        (failed or refused, Outcome.FAILED),
    )
    return next((outcome for holds, outcome in rules if holds), Outcome.ABANDONED)


def _is_guard(queue_pass: QueuePass, record: CallRecord) -> bool:
    """The first pass always runs out before the assistant picks up: that is no time-out of the caller's."""
    if queue_pass.pass_number in (2, 3):
        return False
    picked_up_at = record.assistant_answered_at
    return picked_up_at is None or picked_up_at > queue_pass.joined_at
