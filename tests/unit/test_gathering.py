"""A changed record is handed on once: a moment after its first fact, or at once when all of a read is delivered."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from ami_listener.events import CallArrived, CallEnded
from ami_listener.records import CallRecord
from hotline.demonstration import _heard_to_the_end
from hotline.listening import Listener, Sinks

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GATHER_SECONDS = 0.02
FACTS = (
    CallArrived(
        event_id="a", occurred_at=AT, call_id="one", caller_number="0812345678", called_number="1169", trunk="t"
    ),
    CallEnded(event_id="e", occurred_at=AT + timedelta(seconds=9), call_id="one", cause=16),
)


async def nothing(_what: object) -> list[CallRecord]:
    return []


def listener(told: list[tuple[CallRecord, datetime]], gather_seconds: float) -> Listener:
    sinks = Sinks(
        lambda _event: None,
        lambda record, at: told.append((record, at)),
        lambda _position: None,
        nothing,  # type: ignore[arg-type]
        nothing,
        lambda _call_id: None,
    )
    return Listener(Path("none"), sinks, lambda: AT, gather_seconds)


def handed_on(*, flush: bool) -> list[tuple[CallRecord, datetime]]:
    """The records and change times that were handed on within several times the moment."""
    told: list[tuple[CallRecord, datetime]] = []

    async def hear() -> None:
        listening = listener(told, GATHER_SECONDS)
        for fact in FACTS:
            listening.apply(fact)
        assert told == []
        if flush:
            listening.flush()
            assert len(told) == 1
        await asyncio.sleep(GATHER_SECONDS * 4)

    asyncio.run(hear())
    return told


def test_facts_of_one_moment_are_handed_on_together() -> None:
    ((record, changed_at),) = handed_on(flush=False)
    assert (record.ended_at, changed_at) == (FACTS[1].occurred_at, AT)


def test_what_was_handed_on_at_once_is_not_handed_on_again() -> None:
    ((record, changed_at),) = handed_on(flush=True)
    assert (record.ended_at, changed_at) == (FACTS[1].occurred_at, AT)


def test_the_demo_looks_at_no_record_that_is_still_gathered() -> None:
    """The end of its last call has been heard a moment ago: the summary must not find that call without an end."""
    told: list[tuple[CallRecord, datetime]] = []

    async def hear() -> None:
        listening = listener(told, 60)
        for fact in FACTS:
            listening.apply(fact)
        await _heard_to_the_end(SimpleNamespace(listener=listening))  # type: ignore[arg-type]

    asyncio.run(hear())
    ((record, _),) = told
    assert record.ended_at == FACTS[1].occurred_at
