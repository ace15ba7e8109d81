"""A record → events that say the same: what a record read back from the database brings along to be merged with.

``build(call_id, events_of(record))`` gives the record again.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ami_listener.calls_outcome import NOTHING_HEARD
from ami_listener.events import (
    AgentLegEnded,
    AgentRang,
    AgentRingEnded,
    AssistantAnswered,
    CallAnswered,
    CallArrived,
    CallbackRequested,
    CallbackTried,
    CallEnded,
    CallFoundClosed,
    CallHeld,
    CallResumed,
    CallTransferred,
    EndedBy,
    Event,
    LanguageChosen,
    LeaveStatus,
    MenuAnswered,
    MessageLeft,
    PickUpReason,
    Precision,
    QueueJoined,
    QueueLeft,
    SurveyAnswered,
    SurveyAsked,
)
from ami_listener.facts import stable_id
from ami_listener.records import CallRecord, Conversation, QueuePass


def events_of(record: CallRecord) -> Iterator[Event]:
    """Everything that the record knows, as events."""
    seed = _Seed(record)
    yield from seed.course()
    yield from seed.waiting()
    yield from seed.talking()
    yield from seed.afterwards()


class _Seed:
    def __init__(self, record: CallRecord) -> None:
        self.record = record
        self.exact = record.precision is Precision.MICROSECOND

    def base(self, kind: str, at: datetime, *more: object, precision: Precision | None = None) -> dict[str, Any]:
        if precision is None:
            cut = not self.exact and (at.microsecond == 0 or kind in ("CallAnswered", "AgentLegEnded"))
            cut = cut and (at.microsecond == 0 or at == self.record.arrived_at)
            precision = Precision.SECOND if cut else Precision.MICROSECOND
        name = stable_id("seed", self.record.call_id, kind, at.isoformat(), *map(str, more))
        return {"event_id": name, "occurred_at": at, "call_id": self.record.call_id, "precision": precision}

    def course(self) -> Iterator[Event]:
        record = self.record
        # A provisional record has no called number; its arrival is only the first thing that was seen.
        if record.called_number:
            yield CallArrived(
                **self.base("CallArrived", record.arrived_at),
                caller_number=record.caller_number,
                called_number=record.called_number,
                trunk=record.trunk,
                callback_of=record.callback_of,
            )
        if record.language:
            yield LanguageChosen(**self.base("LanguageChosen", record.arrived_at), language=record.language)
        if record.closed_reason:
            yield CallFoundClosed(**self.base("CallFoundClosed", record.arrived_at), reason=record.closed_reason)
        if record.assistant_answered_at:
            base = self.base("AssistantAnswered", record.assistant_answered_at)
            yield AssistantAnswered(**base, reason=record.assistant_reason or PickUpReason.GUARD)
        if record.ended_at:
            failed = record.ended_by is EndedBy.FAILURE
            base = self.base("CallEnded", record.ended_at, precision=Precision.ESTIMATED if failed else None)
            told = record.ended_by if record.ended_by is EndedBy.SYSTEM else None
            yield CallEnded(**base, cause=record.cause, by_failure=failed, ended_by=told)

    def waiting(self) -> Iterator[Event]:
        for one in self.record.passes:
            base = self.base("QueueJoined", one.joined_at, one.queue)
            yield QueueJoined(**base, queue=one.queue, pass_number=one.pass_number, position=one.position)
            if one.left_at and one.status and not self.follows(one):
                base = self.base("QueueLeft", one.left_at, one.queue)
                yield QueueLeft(**base, queue=one.queue, pass_number=one.pass_number, status=one.status)
        for ring in self.record.rings:
            base = self.base("AgentRang", ring.rang_at, ring.agent, precision=ring.precision)
            yield AgentRang(**base, queue=ring.queue, agent=ring.agent)
            if ring.ended_at and not ring.answered:
                rang = (ring.ended_at - ring.rang_at).total_seconds()
                base = self.base("AgentRingEnded", ring.ended_at, ring.agent, precision=ring.precision)
                yield AgentRingEnded(**base, queue=ring.queue, agent=ring.agent, rang_seconds=rang)

    def follows(self, one: QueuePass) -> bool:
        """The end of this pass follows from other things, and must go on following when those become better known."""
        marks: dict[LeaveStatus, list[datetime | None]] = {
            LeaveStatus.ANSWERED: [talk.answered_at for talk in self.record.conversations],
            LeaveStatus.KEY: [other.joined_at for other in self.record.passes],
            LeaveStatus.ABANDONED: [self.record.ended_at],
        }
        return one.status is not None and one.left_at in marks.get(one.status, [])

    def talking(self) -> Iterator[Event]:
        for talk in self.record.conversations:
            base = self.base("CallAnswered", talk.answered_at, talk.agent)
            channel = talk.agent_channel
            yield CallAnswered(**base, queue=talk.queue or "", agent=talk.agent, agent_channel=channel)
            if talk.ended_at and not self.ended_with_the_call(talk):
                by = talk.ended_by if talk.ended_by in (EndedBy.AGENT, EndedBy.CALLER) else None
                cause = NOTHING_HEARD if talk.ended_by is EndedBy.FAILURE else None
                base = self.base("AgentLegEnded", talk.ended_at, talk.agent)
                yield AgentLegEnded(**base, agent=talk.agent, agent_channel=channel, cause=cause, ended_by=by)
        for hold in self.record.holds:
            yield CallHeld(**self.base("CallHeld", hold.held_at, hold.agent), agent=hold.agent)
            if hold.resumed_at:
                yield CallResumed(**self.base("CallResumed", hold.resumed_at, hold.agent), agent=hold.agent)
        for moved in self.record.transfers:
            base = self.base("CallTransferred", moved.transferred_at, moved.kind)
            yield CallTransferred(**base, kind=moved.kind, agent=moved.agent, to=moved.to)

    def ended_with_the_call(self, talk: Conversation) -> bool:
        """Its end follows from the call's, and is only as well known."""
        return talk.ended_at == self.record.ended_at

    def afterwards(self) -> Iterator[Event]:
        record = self.record
        for key in record.menu_keys:
            base = self.base("MenuAnswered", key.pressed_at, key.menu, key.key)
            yield MenuAnswered(**base, menu=key.menu, key=key.key, choice=key.choice)
        if survey := record.survey:
            yield SurveyAsked(**self.base("SurveyAsked", survey.asked_at), scale=survey.scale)
            if survey.answered_at:
                base = self.base("SurveyAnswered", survey.answered_at)
                yield SurveyAnswered(**base, scale=survey.scale, key=survey.key, meaning=survey.meaning)
        if wish := record.callback:
            base = self.base("CallbackRequested", wish.requested_at)
            yield CallbackRequested(**base, queue=wish.queue, number=wish.number, duplicate=wish.duplicate)
        if message := record.message:
            base = self.base("MessageLeft", message.left_at)
            yield MessageLeft(**base, path=message.path, seconds=message.seconds, queue=message.queue)
        for tried in record.callback_tries:
            yield CallbackTried(
                **self.base("CallbackTried", tried.tried_at, tried.try_number, tried.result),
                request_call_id=record.callback_of or record.call_id,
                number=tried.number,
                try_number=tried.try_number,
                result=tried.result,
            )
