"""Calls to record, and what the database has of them."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ami_listener.events import (
    EndedBy,
    LeaveStatus,
    PickUpReason,
    Precision,
)
from ami_listener.records import (
    Callback,
    CallRecord,
    Conversation,
    Hold,
    MenuKey,
    Message,
    Outcome,
    QueuePass,
    Ring,
    Survey,
    Transfer,
)

NOON = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def now() -> datetime:
    return datetime.now(UTC)


def full_call(call_id: str = "pbx-1.1") -> CallRecord:
    """A call in which everything happens that can happen."""
    return CallRecord(
        call_id,
        NOON,
        "081-234-5678",
        "1169",
        "provider",
        language="th",
        queue="technical",
        assistant_answered_at=at(9),
        assistant_reason=PickUpReason.GUARD,
        ended_at=at(100),
        ended_by=EndedBy.AGENT,
        outcome=Outcome.ANSWERED,
        cause=16,
        precision=Precision.SECOND,
        passes=[
            QueuePass("hotline", 1, at(0.1), 1, at(9), LeaveStatus.TIMED_OUT),
            QueuePass("technical", 2, at(9.1), 3, at(12), LeaveStatus.ANSWERED),
        ],
        rings=[
            Ring("hotline", "1001", at(0.2), at(9), False),
            Ring("technical", "1002", at(10), at(12), True, Precision.SECOND),
            Ring("technical", "1003", at(10)),
        ],
        conversations=[
            Conversation("technical", "1002", at(12), at(50), EndedBy.TRANSFER, "PJSIP/1002-1"),
            Conversation(None, "1004", at(52), at(90), EndedBy.AGENT),
        ],
        holds=[Hold("1002", at(20), at(25)), Hold("1002", at(30))],
        transfers=[Transfer("attended", "1002", "1004", at(50)), Transfer("blind", "1004", None, at(60))],
        menu_keys=[MenuKey("language", "1", "th", at(3)), MenuKey("matter", "9", None, at(5))],
        survey=Survey("scale-123", at(91), at(95), "1", "impressed"),
        callback=Callback("hotline", "+66812345678", at(40)),
        message=Message("2026/11/20/pbx-1.1.wav", 12.5, at(45), "hotline"),
    )


def growing_call(call_id: str) -> list[CallRecord]:
    """Six snapshots of one call, as it grows."""
    call = CallRecord(call_id, NOON, "0812345678", "1169", "provider")
    seen = [copy.deepcopy(call)]

    def then(change: Callable[[], object]) -> None:
        change()
        seen.append(copy.deepcopy(call))

    then(lambda: call.passes.append(QueuePass("hotline", 1, at(0.1), 1)))
    then(lambda: call.rings.extend(Ring("hotline", str(1000 + n), at(0.2)) for n in range(3)))
    then(lambda: call.conversations.append(Conversation("hotline", "1001", at(4))))
    then(lambda: setattr(call, "survey", Survey("scale-123", at(60), at(62), "2", "satisfied")))
    call.outcome = Outcome.ANSWERED
    then(lambda: setattr(call, "ended_at", at(63)))
    return seen
