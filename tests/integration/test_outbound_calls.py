"""Agents' own calls: told as they go on, on record once, whatever is heard twice or late."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ami_listener.events import (
    CallKind,
    Event,
    OutboundAnswered,
    OutboundDialled,
    OutboundEnded,
    OutboundResult,
    StreamResumed,
)
from crm.database import open_engine, reading, upgrade
from crm.telephone.outbound import OutboundCalls
from crm.telephone.service import outbound_of

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


DIALLED = OutboundDialled(
    event_id="1", occurred_at=at(0), outbound_id="main-1.1", agent="1001", kind=CallKind.OUTSIDE, to="0812345678",
    agent_channel="PJSIP/1001-1",
)  # fmt: skip
ANSWERED = OutboundAnswered(event_id="2", occurred_at=at(4), outbound_id="main-1.1", agent="1001")
ENDED = OutboundEnded(
    event_id="3", occurred_at=at(9), outbound_id="main-1.1", agent="1001", result=OutboundResult.ANSWERED, cause=16
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    upgrade(made)
    yield made
    made.dispose()


async def heard(calls: OutboundCalls, *events: Event) -> None:
    work = asyncio.create_task(calls.run())
    for event in events:
        calls.happened(event)
        await asyncio.sleep(0)
    await asyncio.sleep(0.15)
    work.cancel()


def test_a_call_from_dial_to_end(engine: Engine) -> None:
    said: list[tuple[str, dict[str, Any]]] = []

    async def story() -> None:
        calls = OutboundCalls(engine, lambda agent, call: said.append((agent, call)))
        await heard(calls, DIALLED)
        current = calls.current("1001")
        assert current is not None
        assert (current.number, current.answered_at) == ("0812345678", None)
        assert calls.current("1002") is None
        await heard(calls, ANSWERED, ENDED, ENDED)
        assert calls.current("1001") is None

    asyncio.run(story())
    assert [(agent, call["result"]) for agent, call in said] == [("1001", None), ("1001", None), ("1001", "answered")]
    assert said[-1][1]["ended_at"] == at(9).isoformat()
    with reading(engine) as connection:
        (kept,) = outbound_of(connection, "1001")
    assert (kept.kind, kept.answered_at, kept.ended_at, kept.cause) == (CallKind.OUTSIDE, at(4), at(9), 16)


@pytest.mark.parametrize("order", list(permutations([DIALLED, ANSWERED, ENDED, DIALLED])))
def test_in_any_order_and_twice_it_is_the_same(engine: Engine, order: tuple[Event, ...]) -> None:
    asyncio.run(heard_once(engine, order))
    with reading(engine) as connection:
        (kept,) = outbound_of(connection, "1001")
    assert (kept.began_at, kept.answered_at, kept.ended_at) == (at(0), at(4), at(9))


async def heard_once(engine: Engine, events: tuple[Event, ...]) -> None:
    await heard(OutboundCalls(engine, lambda agent, call: None), *events)


def test_what_asterisk_no_longer_lists_has_failed(engine: Engine) -> None:
    async def story() -> None:
        calls = OutboundCalls(engine, lambda agent, call: None)
        resumed = StreamResumed(event_id="r", occurred_at=at(20), live_calls=frozenset({"main-9.9"}))
        await heard(calls, DIALLED, resumed)
        assert calls.current("1001") is None
        await heard(calls, ENDED)  # the journal knows better
        found = calls.find("main-1.1")
        assert found is not None
        assert found.result is OutboundResult.ANSWERED

    asyncio.run(story())
