"""A simulated caller learns that a person in a browser talks, and that the talk is over."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ami_listener.events import CallAnswered, CallEnded, Event, SurveyAsked
from hotline.demo_person import DemoPerson

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)


def event(kind: type[Event], **more: Any) -> Event:
    return kind(event_id="e", occurred_at=NOON, call_id="c-1", **more)


def told(*events: Event, number: str | None = "0812345678", fails: bool = False) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []

    async def tell(name: str, state: str) -> None:
        said.append((name, state))
        if fails:
            raise OSError("the network is away")

    async def play() -> None:
        person = DemoPerson("1100", lambda _call_id: SimpleNamespace(caller_number=number), tell)  # type: ignore[arg-type, return-value]
        for one in events:
            person.happened(one)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(play())
    return said


ANSWERED = event(CallAnswered, queue="enquiries", agent="1100")
ASKED = event(SurveyAsked, scale="scale-123")


def test_the_caller_talks_until_the_survey_asks() -> None:
    assert told(ANSWERED, ASKED) == [("12345678", "person"), ("12345678", "left")]
    assert told(ANSWERED, number=None) == [("anonymous", "person")]


def test_calls_of_others_and_calls_that_are_over_are_let_be() -> None:
    assert told(event(CallAnswered, queue="enquiries", agent="1001"), ASKED) == []
    ended = event(CallEnded, cause=16)
    assert told(ANSWERED, ended, ASKED) == [("12345678", "person")]


def test_the_demo_goes_on_when_the_network_cannot_be_told(caplog: pytest.LogCaptureFixture) -> None:
    assert told(ANSWERED, fails=True) == [("12345678", "person")]
    assert "was not told" in caplog.text
