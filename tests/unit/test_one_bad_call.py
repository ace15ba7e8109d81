"""An error inside one call's record must not stop the others: it is logged with the call's id, never with numbers."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import ami_listener.calls
from ami_listener.calls_apply import build
from ami_listener.events import CallArrived, CallEnded, Event
from ami_listener.records import CallRecord
from hotline.listening import Listener, Sinks

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NUMBER = "0812345678"


def arrived(call_id: str) -> CallArrived:
    return CallArrived(
        event_id=f"a{call_id}",
        occurred_at=AT,
        call_id=call_id,
        caller_number=NUMBER,
        called_number="1169",
        trunk="t",
        callback_of=None,
    )


def ended(call_id: str) -> CallEnded:
    return CallEnded(event_id=f"e{call_id}", occurred_at=AT.replace(second=9), call_id=call_id, cause=16)


async def nothing(_what: object) -> list[CallRecord]:
    return []


def listener(told: list[str], failing: set[str]) -> Listener:
    def record(changed: CallRecord, _at: datetime) -> None:
        if changed.call_id in failing:
            raise KeyError("a fault in whoever listens")
        told.append(changed.call_id)

    def event(heard: Event) -> None:
        if heard.call_id in failing:
            raise KeyError("a fault in whoever listens")

    sinks = Sinks(event, record, lambda _position: None, nothing, nothing, lambda _call_id: None)  # type: ignore[arg-type]
    return Listener(Path("none"), sinks, lambda: AT)


def heard(events: Iterable[Event], failing: set[str]) -> list[str]:
    told: list[str] = []

    async def hear() -> None:
        listening = listener(told, failing)
        for event in events:
            listening.apply(event)
        listening.flush()

    asyncio.run(hear())
    return told


@pytest.fixture
def broken_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the assembler that only the call `bad` meets, until it has ended."""

    def breaking(call_id: str, events: Iterable[Event]) -> CallRecord:
        kept = list(events)
        if call_id == "bad" and not any(isinstance(event, CallEnded) for event in kept):
            raise IndexError("a fault in the assembler")
        return build(call_id, kept)

    monkeypatch.setattr(ami_listener.calls, "build", breaking)


@pytest.mark.usefixtures("broken_build")
def test_a_call_that_cannot_be_put_together_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert heard([arrived("bad"), arrived("good"), ended("good")], failing=set()) == ["good"]
    assert "call bad cannot be put together" in caplog.text
    assert NUMBER not in caplog.text


@pytest.mark.usefixtures("broken_build")
def test_the_next_fact_of_such_a_call_tries_again() -> None:
    assembler = ami_listener.calls.CallAssembler()
    assembler.apply(arrived("bad"))
    assert assembler.take_dirty() == []
    assembler.apply(ended("bad"))
    assert [record.call_id for record in assembler.take_dirty()] == ["bad"]


def test_whoever_listens_and_fails_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert heard([arrived("bad"), arrived("good")], failing={"bad"}) == ["good"]
    assert "failed on call bad" in caplog.text
    assert "CallArrived failed (call bad)" in caplog.text
    assert NUMBER not in caplog.text
