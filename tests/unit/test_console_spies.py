"""Who listens to whom, and what of it must still be noted."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from ami_listener.events import CallSpied, SpyEnded, SpyMode, StreamResumed
from ami_listener.facts import fact_event
from crm.console.live import difference
from crm.console.spies import Spies, Spy

BEGAN = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
_numbers = count()


def spied(mode: SpyMode, *, leg: str = "spy-1", agent: str = "1001", after: float = 0.0) -> CallSpied:
    at = BEGAN + timedelta(seconds=after)
    return CallSpied(
        event_id=f"e{next(_numbers)}", occurred_at=at, spy_id=leg, supervisor="1009", mode=mode, agent=agent,
        of_call="main-1.1", channel="PJSIP/1009-1",
    )  # fmt: skip


@pytest.fixture
def by_key() -> list[Spy]:
    return []


@pytest.fixture
def spies(by_key: list[Spy]) -> Spies:
    return Spies(by_key.append)


def test_what_a_page_asked_for_is_not_noted_again_but_a_key_is(spies: Spies, by_key: list[Spy]) -> None:
    spies.asked("1009", "1001", SpyMode.LISTEN)
    spies.happened(spied(SpyMode.LISTEN))
    assert by_key == []
    barged = spied(SpyMode.BARGE, after=5)
    spies.happened(barged)
    spies.happened(barged)  # told twice: by the manager and by the journal
    assert [spy.mode for spy in by_key] == [SpyMode.BARGE]
    assert [(spy.supervisor, spy.agent, spy.mode) for spy in spies.all()] == [("1009", "1001", SpyMode.BARGE)]


def test_an_older_fact_does_not_bring_back_an_older_way(spies: Spies, by_key: list[Spy]) -> None:
    spies.happened(spied(SpyMode.WHISPER, after=5))
    spies.happened(spied(SpyMode.LISTEN))
    assert [spy.mode for spy in spies.all()] == [SpyMode.WHISPER]
    assert len(by_key) == 1  # nobody here asked for it: noted, rather twice than never


def test_the_leg_ends(spies: Spies) -> None:
    spies.happened(spied(SpyMode.LISTEN))
    spies.happened(SpyEnded(event_id="x", occurred_at=BEGAN, spy_id="spy-0", supervisor="1009"))
    assert spies.of("1009") is not None  # an older leg's end
    spies.happened(SpyEnded(event_id="y", occurred_at=BEGAN, spy_id="spy-1", supervisor="1009"))
    assert spies.of("1009") is None


def test_after_a_gap_only_what_asterisk_lists_goes_on(spies: Spies) -> None:
    spies.happened(spied(SpyMode.LISTEN))
    spies.happened(StreamResumed(event_id="r", occurred_at=BEGAN, live_calls=frozenset({"spy-1"})))
    assert spies.of("1009") is not None
    spies.happened(StreamResumed(event_id="s", occurred_at=BEGAN, live_calls=frozenset()))
    assert spies.all() == []


def test_facts_of_a_supervisors_leg_belong_to_no_callers_call() -> None:
    at = "1795690000.000001"
    began = fact_event("SPYING", "spy-1", "NONE", "1009", at, "whisper|1001|main-1.1|PJSIP/1009-0000000a")
    ended = fact_event("SPYENDED", "spy-1", "NONE", "1009", at, "1001|main-1.1")
    assert isinstance(began, CallSpied)
    assert (began.call_id, began.spy_id, began.supervisor, began.mode) == (None, "spy-1", "1009", SpyMode.WHISPER)
    assert isinstance(ended, SpyEnded)
    assert (ended.call_id, ended.spy_id) == (None, "spy-1")


def test_only_what_changed_of_a_picture_is_told() -> None:
    before = {"waiting": [], "heard": True, "agents": {"1001": {"state": "available"}, "1002": {"state": "paused"}}}
    now = {"waiting": [1], "heard": True, "agents": {"1001": {"state": "in_call"}, "1003": {"state": "offline"}}}
    assert difference(before, now) == {
        "waiting": [1],
        "agents": {"1001": {"state": "in_call"}, "1002": None, "1003": {"state": "offline"}},
    }
    assert difference(now, now) == {}
