"""One call's events → its record. A pure function of the set of events: neither their order nor repeats matter.

Times of whole seconds (app_queue's lines in the journal) and of microseconds meet here. A whole-second time is cut off,
never rounded, so it is up to a second early; it is matched to an exact one of the same agent within `NEAR` and is used
alone only when there is no exact one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Final, TypeVar

from ami_listener.calls_outcome import settle
from ami_listener.calls_rings import fill_rings
from ami_listener.calls_times import NEAR, is_exact, is_near, nearest
from ami_listener.events import (
    AgentLegEnded,
    AgentLegReplaced,
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
    Event,
    LanguageChosen,
    LeaveStatus,
    MenuAnswered,
    MessageLeft,
    Precision,
    QueueJoined,
    QueueLeft,
    SurveyAnswered,
    SurveyAsked,
)
from ami_listener.records import (
    Callback,
    CallbackTry,
    CallRecord,
    Conversation,
    Hold,
    MenuKey,
    Message,
    QueuePass,
    Survey,
    Transfer,
)

_AT_ONCE: Final = timedelta(seconds=0.3)  # the same step, told by two
_VAGUENESS: Final = {Precision.MICROSECOND: 0, Precision.SECOND: 1, Precision.ESTIMATED: 2}
_BY_VAGUENESS: Final = tuple(_VAGUENESS)
_E = TypeVar("_E", bound=Event)


def build(call_id: str, events: Iterable[Event]) -> CallRecord:
    """The record of one call from all that is known of it; ``events`` must not be empty."""
    return _Build(call_id, events).record


class _Build:
    """The steps, in the order in which they need each other."""

    def __init__(self, call_id: str, events: Iterable[Event]) -> None:
        self.by: dict[type[Event], list[Event]] = {}
        # Exact times first, then by time; the name of the event makes the order of equal times fixed.
        ordered = sorted(events, key=lambda e: (_VAGUENESS[e.precision], e.occurred_at, e.event_id))
        for event in ordered:
            self.by.setdefault(type(event), []).append(event)
        self.vague = 0
        self.record = self.arrive(call_id, ordered)
        self.end()
        self.say()
        self.pass_through_queues()
        self.hand_over()
        self.converse()
        fill_rings(self.record, self.of(AgentRang), self.of(AgentRingEnded))
        self.hold()
        self.record.precision = _BY_VAGUENESS[self.vague]
        settle(self.record, self.of(CallEnded), self.of(QueueLeft), self.of(AgentLegEnded))

    def of(self, kind: type[_E]) -> Sequence[_E]:
        return self.by.get(kind, ())  # type: ignore[return-value]  # the key says what is in the list

    def seen(self, event: Event) -> None:
        self.vague = max(self.vague, _VAGUENESS[event.precision])

    def arrive(self, call_id: str, ordered: Sequence[Event]) -> CallRecord:
        arrived = next(iter(self.of(CallArrived)), None)
        if arrived is None:  # provisional: completed when the journal brings the arrival
            self.vague = _VAGUENESS[Precision.ESTIMATED]
            first = min(event.occurred_at for event in ordered)
            return CallRecord(call_id=call_id, arrived_at=first, caller_number=None, called_number="", trunk="")
        self.seen(arrived)
        return CallRecord(
            call_id=call_id,
            arrived_at=arrived.occurred_at,
            caller_number=arrived.caller_number,
            called_number=arrived.called_number,
            trunk=arrived.trunk,
            callback_of=arrived.callback_of,
        )

    def end(self) -> None:
        for ended in self.of(CallEnded):  # the most exact comes first
            if self.record.ended_at is None:
                self.record.ended_at = self.not_before_arrival(ended)
                self.seen(ended)
            if self.record.cause is None:
                self.record.cause = ended.cause

    def not_before_arrival(self, event: Event) -> datetime:
        """A time cut to the second may lie before the arrival that it followed."""
        if event.precision is Precision.MICROSECOND:
            return event.occurred_at
        return max(event.occurred_at, self.record.arrived_at)

    # --- what was said and pressed ------------------------------------------------------------------------------------

    def say(self) -> None:
        record = self.record
        for language in self.of(LanguageChosen):
            record.language = language.language
        for closed in self.of(CallFoundClosed)[:1]:
            record.closed_reason = closed.reason
        for assistant in self.of(AssistantAnswered)[:1]:
            record.assistant_answered_at, record.assistant_reason = assistant.occurred_at, assistant.reason
        for key in self.of(MenuAnswered):
            pressed = MenuKey(key.menu, key.key, key.choice, key.occurred_at)
            if pressed not in record.menu_keys:
                record.menu_keys.append(pressed)
        for asked in self.of(SurveyAsked)[:1]:
            record.survey = Survey(asked.scale, asked.occurred_at)
        for answer in self.of(SurveyAnswered):
            survey = record.survey = record.survey or Survey(answer.scale, answer.occurred_at)
            survey.answered_at, survey.key, survey.meaning = answer.occurred_at, answer.key, answer.meaning
        for wish in self.of(CallbackRequested)[:1]:
            record.callback = Callback(wish.queue, wish.number, wish.occurred_at, wish.duplicate)
        for message in self.of(MessageLeft):
            record.message = Message(message.path, message.seconds, message.occurred_at, message.queue)
        for tried in self.of(CallbackTried):
            tries = CallbackTry(tried.try_number, tried.result, tried.occurred_at, tried.number)
            if self.concerns(tried) and tries not in record.callback_tries:
                record.callback_tries.append(tries)

    def concerns(self, tried: CallbackTried) -> bool:
        """A request knows all tries; the call that tries knows those while it lasted."""
        if tried.request_call_id == self.record.call_id:
            return True
        ended_at = self.record.ended_at
        return self.record.arrived_at <= tried.occurred_at and (ended_at is None or tried.occurred_at <= ended_at)

    # --- passes -------------------------------------------------------------------------------------------------------

    def pass_through_queues(self) -> None:
        record = self.record
        told: dict[tuple[str, datetime], set[int]] = {}
        passes: dict[tuple[str, datetime], QueuePass] = {}
        for joined in sorted(self.of(QueueJoined), key=lambda e: e.pass_number == 0):  # facts before app_queue
            key = (joined.queue, joined.occurred_at)
            near = nearest(joined.occurred_at, [k for k in passes if k[0] == joined.queue], lambda k: k[1])
            if near and (joined.pass_number == 0 or abs(near[1] - joined.occurred_at) <= _AT_ONCE):
                key = near
            queue_pass = passes.setdefault(key, QueuePass(joined.queue, 0, self.not_before_arrival(joined)))
            told.setdefault(key, set()).add(joined.pass_number)
            queue_pass.position = queue_pass.position or joined.position
        record.passes = [passes[key] for key in sorted(passes, key=lambda k: (k[1], k[0]))]
        self.number_passes([told[key] for key in sorted(passes, key=lambda k: (k[1], k[0]))])
        for left in self.of(QueueLeft):
            self.leave(left)
        for queue_pass, following in zip(record.passes, record.passes[1:], strict=False):
            if queue_pass.left_at is None:  # a key that leads back into the queue is told by nobody else
                queue_pass.left_at, queue_pass.status = following.joined_at, LeaveStatus.KEY
        if record.passes and record.ended_at is not None:
            last = record.passes[-1]  # app_queue notices the end of the caller's leg a moment after it
            last.left_at = max(min(last.left_at or record.ended_at, record.ended_at), last.joined_at)
            last.status = last.status or LeaveStatus.ABANDONED

    def number_passes(self, told: list[set[int]]) -> None:
        """A number is used once a queue: who comes back after a failed transfer is told as in pass 1, kept as 4."""
        used: set[tuple[str, int]] = set()
        for queue_pass, numbers in zip(self.record.passes, told, strict=True):
            queue = queue_pass.queue
            free = [number for number in numbers if number and (queue, number) not in used]
            top = max((number for name, number in used if name == queue), default=0)
            queue_pass.pass_number = max(free) if free else (max(top, 3) + 1 if numbers - {0} else top + 1)
            used.add((queue, queue_pass.pass_number))

    def leave(self, left: QueueLeft) -> None:
        at, passes = left.occurred_at, [p for p in self.record.passes if p.queue == left.queue]
        mine = [p for p in passes if p.joined_at <= at]
        if left.precision is not Precision.MICROSECOND:
            known = [p.left_at for p in passes] + [self.record.ended_at]
            if is_near(at, [mark for mark in known if mark]):
                return  # told exactly; the guard's second pass may have begun within that second
            mine = mine or [p for p in passes if p.joined_at <= at + NEAR]
        queue_pass = mine[-1] if mine else None
        if queue_pass is None:
            number = left.pass_number or 1
            if not any(p.queue == left.queue and p.pass_number == number for p in self.record.passes):
                joined_at = min(self.record.arrived_at, left.occurred_at)
                queue_pass = QueuePass(left.queue, number, joined_at)
                self.record.passes.insert(0, queue_pass)
        if queue_pass is None:
            return
        # Exact facts come first and stay; app_queue says "abandoned" of every end, so any other word is better.
        if queue_pass.status is None or (
            queue_pass.status is LeaveStatus.ABANDONED and left.status is not LeaveStatus.ABANDONED
        ):
            queue_pass.left_at, queue_pass.status = max(left.occurred_at, queue_pass.joined_at), left.status

    # --- people -------------------------------------------------------------------------------------------------------

    def hand_over(self) -> None:
        transfers = self.record.transfers
        for moved in self.of(CallTransferred):
            known = nearest(moved.occurred_at, [t for t in transfers if _may_be(t, moved)], _transferred_at)
            if known is None:
                transfers.append(Transfer(moved.kind, moved.agent, moved.to, moved.occurred_at))
            else:
                known.agent, known.to = known.agent or moved.agent, known.to or moved.to
        transfers.sort(key=_transferred_at)

    def converse(self) -> None:
        conversations = self.record.conversations
        for answered in self.of(CallAnswered):
            own = [c for c in conversations if c.agent == answered.agent]
            known = nearest(answered.occurred_at, own, _answered_at)
            if known is None and self.too_late(answered):
                continue
            if known is None:
                at = self.not_before_arrival(answered)
                channel = answered.agent_channel
                conversations.append(Conversation(answered.queue or None, answered.agent, at, agent_channel=channel))
                self.seen(answered)
            else:
                known.agent_channel = known.agent_channel or answered.agent_channel
                known.queue = known.queue or answered.queue or None
        conversations.sort(key=_answered_at)
        self.find_target()
        self.name_transferers()
        for conversation in conversations:
            self.end_conversation(conversation)
        for queue_pass, following in zip_longest(self.record.passes, self.record.passes[1:]):
            self.answer_pass(queue_pass, following)

    def too_late(self, answered: CallAnswered) -> bool:
        """In a pass that ran out nobody talked: the guard struck as an agent picked up. app_queue says "connected"."""
        slack = timedelta(0) if answered.precision is Precision.MICROSECOND else timedelta(seconds=1)
        return any(
            queue_pass.status is LeaveStatus.TIMED_OUT
            and queue_pass.left_at is not None
            and queue_pass.joined_at - slack <= answered.occurred_at <= queue_pass.left_at
            for queue_pass in self.record.passes
        )

    def find_target(self) -> None:
        """The journal does not say to whom an attended transfer went: to the one who left the call later."""
        for moved in self.record.transfers:
            if moved.kind != "attended":
                continue
            at = moved.transferred_at
            mine = [c.answered_at for c in self.record.conversations if c.agent == moved.agent and c.answered_at <= at]
            joined = [
                c
                for c in self.record.conversations
                # who spoke before the one who transfers is not who it went to
                if c.agent != moved.agent
                and abs(c.answered_at - at) <= NEAR
                and c.answered_at > max(mine, default=at - NEAR)
            ]
            if joined:
                moved.to = moved.to or joined[0].agent
                continue
            for left in self.of(AgentLegEnded):
                spoke = {c.agent for c in self.record.conversations if c.answered_at <= left.occurred_at}
                if left.occurred_at >= at and left.agent not in spoke | {moved.agent}:
                    found = Conversation(None, left.agent, at, agent_channel=left.agent_channel)
                    self.record.conversations.append(found)
                    moved.to = moved.to or left.agent
                    break
        self.record.conversations.sort(key=_answered_at)

    def name_transferers(self) -> None:
        for moved in self.record.transfers:
            if not moved.agent:
                spoke = [c for c in self.record.conversations if c.answered_at <= moved.transferred_at]
                moved.agent = spoke[-1].agent if spoke else ""

    def end_conversation(self, talk: Conversation) -> None:
        start = talk.answered_at
        again = [c.answered_at for c in self.record.conversations if c.agent == talk.agent and c.answered_at > start]
        until = min(again, default=None)
        exact: list[datetime] = []
        vague: list[datetime] = []
        # a browser that was loaded anew goes on with its talk on another leg
        moved_on = any(moved.old_channel == talk.agent_channel for moved in self.of(AgentLegReplaced))
        for left in self.of(AgentLegEnded):
            if left.agent == talk.agent and (moved_on or left.agent_channel in (None, "", talk.agent_channel)):
                (exact if left.precision is Precision.MICROSECOND else vague).append(left.occurred_at)
        for moved in self.record.transfers:
            if moved.agent == talk.agent:
                (exact if is_exact(moved.transferred_at) else vague).append(moved.transferred_at)
        exact += [e.occurred_at for e in self.of(QueueLeft) if e.status is LeaveStatus.ANSWERED]
        end = self.record.ended_at
        exact += [end] if end else []
        talk.ended_at = min((at for at in exact if at >= start and (until is None or at < until)), default=until)
        rough = [max(at, start) for at in vague if at + NEAR >= start and (until is None or at < until)]
        if rough and (talk.ended_at is None or (talk.ended_at == end and min(rough) + NEAR < end)):
            talk.ended_at = min(rough)
            self.vague = max(self.vague, 1)

    def answer_pass(self, queue_pass: QueuePass, following: QueuePass | None) -> None:
        """A pass ends when a person picks up, not when the dialplan goes on after the talk.

        Whom a supervisor takes out of the queue has abandoned it, as app_queue sees it, just before."""
        for talk in self.record.conversations:
            inside = queue_pass.left_at is None or talk.answered_at <= queue_pass.left_at
            if queue_pass.status is LeaveStatus.ABANDONED and talk.queue is not None:
                inside = following is None or talk.answered_at <= following.joined_at
            if talk.answered_at + NEAR >= queue_pass.joined_at and inside and talk.queue in (None, queue_pass.queue):
                queue_pass.left_at = max(talk.answered_at, queue_pass.joined_at)
                queue_pass.status = LeaveStatus.ANSWERED
                return

    def hold(self) -> None:
        resumed = list(self.of(CallResumed))
        for held in self.of(CallHeld):
            own = [h for h in self.record.holds if h.agent == held.agent]
            if any(
                h.held_at <= held.occurred_at and (not h.resumed_at or h.resumed_at > held.occurred_at) for h in own
            ):
                continue  # held twice without being taken back: one hold
            back = [r.occurred_at for r in resumed if r.agent == held.agent and r.occurred_at >= held.occurred_at]
            ends = [c.ended_at for c in self.record.conversations if c.agent == held.agent and c.ended_at]
            back += [at for at in [*ends, self.record.ended_at] if at and at >= held.occurred_at]
            self.record.holds.append(Hold(held.agent, held.occurred_at, min(back, default=None)))


def _may_be(known: Transfer, told: CallTransferred) -> bool:
    """Whether both can be the same hand-over: what both say of it is the same."""
    said = ((known.kind, told.kind), (known.agent, told.agent), (known.to, told.to))
    return all(one == other for one, other in said if one and other)


def _answered_at(talk: Conversation) -> datetime:
    return talk.answered_at


def _transferred_at(transfer: Transfer) -> datetime:
    return transfer.transferred_at
