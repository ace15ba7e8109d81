"""The story of a call: everything that is on record of it, in the order in which it happened. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ami_listener.records import CallRecord, Conversation, Hold, QueuePass, Ring


class Kind(StrEnum):
    """What happened."""

    ARRIVED = "arrived"
    CLOSED = "closed"
    ASSISTANT = "assistant"
    KEY = "key"
    JOINED = "joined"
    LEFT = "left"
    RANG = "rang"
    ANSWERED = "answered"
    HELD = "held"
    RESUMED = "resumed"
    TRANSFERRED = "transferred"
    TALK_ENDED = "talk_ended"
    SURVEY_ASKED = "survey_asked"
    SURVEY = "survey"
    CALLBACK = "callback"
    MESSAGE = "message"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened. ``after``: since the call arrived; ``lasted``: how long it went on, None when it is a
    moment or still goes on. ``agent``, ``queue``: whose it is; ``values``: what else words need (keys, reasons)."""

    at: datetime
    after: timedelta
    kind: Kind
    lasted: timedelta | None = None
    agent: str | None = None
    queue: str | None = None
    values: dict[str, str] = field(default_factory=dict)


_Make = Callable[..., Moment]
_ORDER = {kind: place for place, kind in enumerate(Kind)}


def story_of(call: CallRecord) -> list[Moment]:
    """All moments, oldest first; of one moment in the order in which such things happen."""
    return sorted(_moments(call), key=lambda moment: (moment.at, _ORDER[moment.kind]))


def _moments(call: CallRecord) -> Iterator[Moment]:
    def moment(at: datetime, kind: Kind, until: datetime | None = None, **more: object) -> Moment:
        lasted = until - at if until is not None else None
        return Moment(at=at, after=at - call.arrived_at, kind=kind, lasted=lasted, **more)  # type: ignore[arg-type]

    yield moment(call.arrived_at, Kind.ARRIVED, values={"number": call.called_number, "trunk": call.trunk})
    if call.closed_reason is not None:
        yield moment(call.arrived_at, Kind.CLOSED, values={"reason": call.closed_reason})
    if call.assistant_answered_at is not None:
        reason = call.assistant_reason.value if call.assistant_reason else ""
        yield moment(call.assistant_answered_at, Kind.ASSISTANT, values={"reason": reason})
    for key in call.menu_keys:
        values = {"key": key.key, "choice": key.choice or "", "menu": key.menu}
        yield moment(key.pressed_at, Kind.KEY, values=values)
    for one in call.passes:
        yield from _pass(one, moment)
    for ring in call.rings:
        yield _ring(ring, moment)
    for talk in call.conversations:
        yield from _talk(talk, moment)
    for hold in call.holds:
        yield from _hold(hold, moment)
    for transfer in call.transfers:
        values = {"to": transfer.to or "", "way": transfer.kind}
        yield moment(transfer.transferred_at, Kind.TRANSFERRED, agent=transfer.agent or None, values=values)
    yield from _afterwards(call, moment)


def _afterwards(call: CallRecord, moment: _Make) -> Iterator[Moment]:
    if call.survey is not None:
        yield moment(call.survey.asked_at, Kind.SURVEY_ASKED)
        if call.survey.answered_at is not None:
            values = {"key": call.survey.key or "", "meaning": call.survey.meaning or ""}
            yield moment(call.survey.answered_at, Kind.SURVEY, values=values)
    if call.callback is not None:
        yield moment(call.callback.requested_at, Kind.CALLBACK, queue=call.callback.queue)
    if call.message is not None:
        yield moment(call.message.left_at, Kind.MESSAGE, values={"seconds": f"{call.message.seconds:.0f}"})
    if call.ended_at is not None:
        yield moment(call.ended_at, Kind.ENDED, values={"by": call.ended_by.value if call.ended_by else ""})


def _pass(one: QueuePass, moment: _Make) -> Iterator[Moment]:
    place = str(one.position) if one.position is not None else ""
    yield moment(one.joined_at, Kind.JOINED, one.left_at, queue=one.queue, values={"place": place})
    if one.left_at is not None:
        yield moment(one.left_at, Kind.LEFT, queue=one.queue, values={"status": one.status.value if one.status else ""})


def _ring(ring: Ring, moment: _Make) -> Moment:
    result = "" if ring.answered is None else "answered" if ring.answered else "unanswered"
    return moment(ring.rang_at, Kind.RANG, ring.ended_at, agent=ring.agent, queue=ring.queue, values={"result": result})


def _talk(talk: Conversation, moment: _Make) -> Iterator[Moment]:
    yield moment(talk.answered_at, Kind.ANSWERED, talk.ended_at, agent=talk.agent, queue=talk.queue)
    if talk.ended_at is not None:
        by = talk.ended_by.value if talk.ended_by else ""
        yield moment(talk.ended_at, Kind.TALK_ENDED, agent=talk.agent, values={"by": by})


def _hold(hold: Hold, moment: _Make) -> Iterator[Moment]:
    yield moment(hold.held_at, Kind.HELD, hold.resumed_at, agent=hold.agent)
    if hold.resumed_at is not None:
        yield moment(hold.resumed_at, Kind.RESUMED, agent=hold.agent)
