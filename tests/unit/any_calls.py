"""Calls that were written by hand, and any that hypothesis thinks of, for figures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from metrics.facts import MEANINGS, OUTCOMES, CallFact

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def call(outcome: str | None = "answered", **known: Any) -> CallFact:
    base = CallFact(call_id="c", arrived_at=NOON, called_number="1169", queue="general", outcome=outcome)
    return replace(base, **known)


def answered(wait: float, **known: Any) -> CallFact:
    known = {"agent": "1001", "agent_answered_at": after(wait), "ended_at": after(wait + 60)} | known
    return call("answered", **known)


def lost(outcome: str, seconds: float, **known: Any) -> CallFact:
    return call(outcome, ended_at=after(seconds), **known)


seconds = st.floats(0, 5000, allow_nan=False)
maybe_seconds = st.none() | seconds


@st.composite
def any_call(draw: st.DrawFn) -> CallFact:
    """Any call at all, also ones that should not exist."""
    wait, picked_up, ended = draw(maybe_seconds), draw(maybe_seconds), draw(maybe_seconds)
    return CallFact(
        call_id=str(draw(st.integers(0, 9))),
        arrived_at=after(draw(st.integers(0, 86400))),
        called_number="1169",
        queue=draw(st.sampled_from([None, "general", "technical"])),
        agent_answered_at=None if wait is None else after(86400 + wait),
        assistant_answered_at=None if picked_up is None else after(86400 + picked_up),
        ended_at=None if ended is None else after(86400 + ended),
        outcome=draw(st.none() | st.sampled_from(OUTCOMES)),
        talk_seconds=draw(maybe_seconds),
        hold_seconds=draw(maybe_seconds),
        wrap_up_seconds=draw(maybe_seconds),
        survey_asked=draw(st.booleans()),
        survey_meaning=draw(st.none() | st.sampled_from(MEANINGS)),
        closed=draw(st.booleans()),
        callback_of=draw(st.none() | st.just("x")),
    )


calls_of_a_day = st.lists(any_call(), max_size=30)
