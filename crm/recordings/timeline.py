"""Where in a recording something happened: a function of the call's record. Pure.

The sound goes on only while caller and agent are connected, so what lies between two talks (a transfer that rings) is
not in it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ami_listener.records import CallRecord

MISSING_SECONDS: Final = 3.0  # less is how the ends of a talk are told; so is a twentieth of it
MISSING_SHARE: Final = 0.05


class MarkKind(StrEnum):
    """What one may jump to."""

    RING = "ring"
    ANSWER = "answer"
    HOLD = "hold"
    RESUME = "resume"
    TRANSFER = "transfer"
    END = "end"  # of one agent's part
    KEY = "key"  # in a menu
    TOUCH = "touch"  # any, in the talk
    PAUSE = "pause"
    CONTINUE = "continue"
    SURVEY = "survey"


@dataclass(frozen=True, slots=True)
class Mark:
    """One moment. ``seconds``: where in the sound; None: before or after it. ``who``: extension or user name;
    ``detail``: the key, the target, the meaning of the rating."""

    kind: MarkKind
    at: datetime
    seconds: float | None
    who: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Touch:
    """A key was pressed in the talk; which, nobody knows. ``agent``: extension, None: by the caller."""

    at: datetime
    agent: str | None


@dataclass(frozen=True, slots=True)
class PauseSpan:
    """A part that was left out; ``until_at`` None: to the end."""

    from_at: datetime
    until_at: datetime | None
    who: str


Span = tuple[datetime, datetime]


def spans_of(record: CallRecord, people: Collection[str | None] | None = None) -> list[Span]:
    """When caller and somebody (of these people) were connected, in order, without overlaps."""
    spans: list[Span] = []
    for talk in sorted(record.conversations, key=lambda one: one.answered_at):
        end = talk.ended_at or record.ended_at
        if end is None or end <= talk.answered_at or (people is not None and talk.agent not in people):
            continue
        if spans and talk.answered_at <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((talk.answered_at, end))
    return spans


def missing_of(record: CallRecord, seconds: float) -> float | None:
    """How much of the talk a sound of this length lacks; None: nothing, or so little that nobody can tell. What was
    said with a department or an outside number after a transfer is not recorded, and not missed."""
    targets = {moved.to for moved in record.transfers}
    first = record.conversations[0].agent if record.conversations else None
    known = {ring.agent for ring in record.rings} | targets | {first}
    talk = sum((until - start).total_seconds() for start, until in spans_of(record, known))
    missing = talk - seconds
    return missing if missing > max(MISSING_SECONDS, MISSING_SHARE * talk) else None


def place(spans: Sequence[Span], at: datetime, seconds: float | None = None) -> float | None:
    """Where in the sound a moment is; None when it is not in it. ``seconds``: how long the sound is."""
    before = 0.0
    for start, end in spans:
        if at < start:
            return None
        if at <= end:
            found = before + (at - start).total_seconds()
            return found if seconds is None or found <= seconds else None
        before += (end - start).total_seconds()
    return None


def marks_of(
    record: CallRecord,
    pauses: Iterable[PauseSpan] = (),
    seconds: float | None = None,
    touches: Iterable[Touch] = (),
) -> list[Mark]:
    """Everything that happened in the call, in order. Of the ``touches`` those in the talk: the others are a menu's."""
    told: list[tuple[MarkKind, datetime, str | None, str | None]] = []
    told += [(MarkKind.RING, ring.rang_at, ring.agent, None) for ring in record.rings]
    told += [(MarkKind.KEY, key.pressed_at, None, key.key) for key in record.menu_keys]
    for talk in record.conversations:
        told.append((MarkKind.ANSWER, talk.answered_at, talk.agent, None))
        if talk.ended_at is not None:
            told.append((MarkKind.END, talk.ended_at, talk.agent, None))
    for hold in record.holds:
        told.append((MarkKind.HOLD, hold.held_at, hold.agent, None))
        if hold.resumed_at is not None:
            told.append((MarkKind.RESUME, hold.resumed_at, hold.agent, None))
    told += [(MarkKind.TRANSFER, one.transferred_at, one.agent or None, one.to) for one in record.transfers]
    for pause in pauses:
        told.append((MarkKind.PAUSE, pause.from_at, pause.who, None))
        if pause.until_at is not None:
            told.append((MarkKind.CONTINUE, pause.until_at, pause.who, None))
    if record.survey is not None and record.survey.key and record.survey.answered_at:
        told.append((MarkKind.SURVEY, record.survey.answered_at, None, record.survey.key))
    spans = spans_of(record)
    told += [
        (MarkKind.TOUCH, touch.at, touch.agent, None)
        for touch in touches
        if place(spans, touch.at, seconds) is not None
    ]
    told.sort(key=lambda one: one[1])
    return [Mark(kind, at, place(spans, at, seconds), who, detail) for kind, at, who, detail in told]


def parts_of(record: CallRecord, seconds: float | None = None) -> list[tuple[str, float, float]]:
    """Each person's part of the sound: extension, from, to."""
    spans, parts = spans_of(record), []
    for talk in record.conversations:
        end = talk.ended_at or record.ended_at
        start = place(spans, talk.answered_at, seconds)
        until = place(spans, end, seconds) if end else None
        if start is not None:
            parts.append((talk.agent, start, until if until is not None else seconds or start))
    return parts
