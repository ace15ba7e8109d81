"""The rings of one call: which telephone rang when, and what ended it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ami_listener.calls_times import NEAR, is_exact, is_near, nearest
from ami_listener.events import AgentRang, AgentRingEnded, Precision
from ami_listener.records import CallRecord, Conversation, Ring

_AT_ONCE: Final = timedelta(seconds=0.3)


def fill_rings(record: CallRecord, rang: Sequence[AgentRang], stopped: Sequence[AgentRingEnded]) -> None:
    """Fills in ``rings`` of a record whose passes, conversations and end are known. Exact events come first."""
    rings = record.rings
    for event in rang:
        own = [r for r in rings if r.agent == event.agent]
        exact_event = event.precision is Precision.MICROSECOND
        at = event.occurred_at if exact_event else max(event.occurred_at, record.arrived_at)
        if any(r.rang_at == at for r in own):
            continue
        exact = [r for r in own if r.precision is Precision.MICROSECOND]
        if exact_event or nearest(at, exact, _rang_at) is None:
            rings.append(Ring(event.queue, event.agent, at, precision=event.precision))
    for ended in stopped:
        _stop(record, ended)
    rings.sort(key=lambda r: (r.rang_at, r.agent))
    for ring in rings:
        _close(record, ring)


def _stop(record: CallRecord, stopped: AgentRingEnded) -> None:
    at, own = stopped.occurred_at, [r for r in record.rings if r.agent == stopped.agent]
    started = record.arrived_at if stopped.rang_seconds is None else at - timedelta(seconds=stopped.rang_seconds)
    if stopped.precision is Precision.MICROSECOND:
        before = [r for r in own if r.rang_at <= at]
        if before:
            last = max(before, key=_rang_at)
            last.ended_at = last.ended_at or at
            return
    elif any(r.ended_at and (r.ended_at == at or is_near(at - _AT_ONCE, [r.ended_at])) for r in own):
        return  # app_queue's ringing time is in whole seconds too: the end is the better mark
    known = nearest(started, [r for r in own if r.ended_at is None], _rang_at)
    if known is not None:
        known.ended_at = max(at, known.rang_at)
        return
    started = max(started, record.arrived_at)
    if not any(r.rang_at == started for r in own):
        ring = Ring(stopped.queue, stopped.agent, started, max(at, started), precision=Precision.SECOND)
        record.rings.append(ring)


def _close(record: CallRecord, ring: Ring) -> None:
    # A telephone that answers by itself may do so before a busy app_queue has said that it rings.
    slack = _AT_ONCE if ring.precision is Precision.MICROSECOND else NEAR
    later = [r.rang_at for r in record.rings if r.agent == ring.agent and r.rang_at > ring.rang_at]
    marks = later[:1]
    marks += [p.left_at for p in record.passes if p.left_at and p.left_at >= ring.rang_at]
    marks += [record.ended_at] if record.ended_at and record.ended_at >= ring.rang_at else []
    stopped = ring.ended_at
    if stopped and not is_exact(stopped) and is_near(stopped, [*marks, *map(_answered_at, record.conversations)]):
        stopped = None  # the same moment is known better
    marks += [stopped] if stopped else []
    end = min(marks, default=None)
    for talk in record.conversations:
        if talk.answered_at + slack < ring.rang_at:
            continue
        if end is None or talk.answered_at <= end:
            ring.ended_at = max(talk.answered_at, ring.rang_at)
            ring.answered = talk.agent == ring.agent
            return
    ring.ended_at, ring.answered = end, None if end is None else False


def _rang_at(ring: Ring) -> datetime:
    return ring.rang_at


def _answered_at(talk: Conversation) -> datetime:
    return talk.answered_at
