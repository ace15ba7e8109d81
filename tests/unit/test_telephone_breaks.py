"""Breaks that outlive Asterisk: kept in its own database, and set again when a crash lost the last second of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fake_pbx import FakePbx

from ami_listener.actions import AmiDown
from ami_listener.events import (
    AgentState,
    AgentStateChanged,
    Precision,
    StreamInterrupted,
    StreamResumed,
)
from crm.telephone.breaks import Breaks
from dialplan.names import PauseReason, Store

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def state(
    agent: str, now: AgentState, reason: str | None = None, precision: Precision = Precision.MICROSECOND
) -> AgentStateChanged:
    return AgentStateChanged(
        event_id=f"{agent}{now}{reason}", occurred_at=NOW, agent=agent, state=now, pause_reason=reason,
        precision=precision,
    )  # fmt: skip


def resumed(started_at: datetime | None) -> StreamResumed:
    return StreamResumed(event_id="r", occurred_at=NOW, live_calls=frozenset(), asterisk_started_at=started_at)


def breaks_of(pbx: FakePbx) -> dict[str, str]:
    return {agent: kept.partition("|")[2] for agent, kept in pbx.family(Store.BREAK).items()}


async def told(breaks: Breaks, *events: object) -> None:
    """Tells events and lets the work be done."""
    for event in events:
        breaks.happened(event)  # type: ignore[arg-type]
    work = asyncio.create_task(breaks.run())
    await asyncio.sleep(0.01)
    work.cancel()


@pytest.fixture
def pbx() -> FakePbx:
    return FakePbx()


@pytest.fixture
def breaks(pbx: FakePbx) -> Breaks:
    return Breaks(pbx.send, lambda: NOW)


async def _paused_by_others(pbx: FakePbx, breaks: Breaks) -> None:
    await told(breaks, state("1001", AgentState.PAUSED, PauseReason.MISSED_CALLS))
    assert breaks_of(pbx) == {"1001": "missed-calls"}
    await told(breaks, state("1001", AgentState.PAUSED, "lunch"))
    assert breaks_of(pbx) == {"1001": "lunch"}
    await told(breaks, state("1001", AgentState.IN_CALL), state("1001", AgentState.OFFLINE))
    assert breaks_of(pbx) == {"1001": "lunch"}  # the telephone hides the break, it does not end it
    await told(breaks, state("1001", AgentState.AVAILABLE))
    assert breaks_of(pbx) == {}


def test_a_pause_by_whomever_is_kept_until_the_agent_is_back(pbx: FakePbx, breaks: Breaks) -> None:
    asyncio.run(_paused_by_others(pbx, breaks))


@pytest.mark.parametrize("reason", [PauseReason.WRAP_UP, PauseReason.RING_MISSED])
def test_what_passes_by_itself_is_no_break(pbx: FakePbx, breaks: Breaks, reason: PauseReason) -> None:
    asyncio.run(told(breaks, state("1001", AgentState.WRAP_UP, reason), state("1001", AgentState.PAUSED, reason)))
    assert breaks_of(pbx) == {}


def test_what_the_journal_tells_is_the_past(pbx: FakePbx, breaks: Breaks) -> None:
    asyncio.run(told(breaks, state("1001", AgentState.PAUSED, "lunch", Precision.SECOND)))
    assert breaks_of(pbx) == {}


async def _restarted(pbx: FakePbx, breaks: Breaks) -> None:
    breaks.begun("1001", "lunch")
    pbx.database[f"{Store.BREAK}/1002"] = "1|meeting"  # Asterisk knows that one and sets it itself
    interrupted = StreamInterrupted(event_id="i", occurred_at=NOW, reason="gone")
    available = state("1001", AgentState.AVAILABLE)  # an Asterisk that has just started
    await told(breaks, interrupted, available, resumed(NOW + timedelta(seconds=5)))
    assert breaks_of(pbx) == {"1001": "lunch", "1002": "meeting"}
    assert pbx.pauses == {"PJSIP/1001": "lunch"}


def test_a_crash_of_asterisk_that_lost_a_break_is_mended(pbx: FakePbx, breaks: Breaks) -> None:
    asyncio.run(_restarted(pbx, breaks))


async def _gap(pbx: FakePbx, breaks: Breaks) -> None:
    breaks.begun("1001", "lunch")
    await told(breaks, resumed(NOW - timedelta(hours=3)))
    assert pbx.pauses == {}
    assert await breaks.restore(NOW + timedelta(hours=1)) == []


def test_who_came_back_while_nobody_listened_is_not_paused_again(pbx: FakePbx, breaks: Breaks) -> None:
    asyncio.run(_gap(pbx, breaks))


def test_with_asterisk_away_nothing_breaks(pbx: FakePbx, breaks: Breaks) -> None:
    pbx.down = True
    asyncio.run(told(breaks, state("1001", AgentState.PAUSED, "lunch")))
    with pytest.raises(AmiDown):
        asyncio.run(breaks.restore(NOW))
