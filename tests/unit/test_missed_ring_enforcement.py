"""Rests and pauses after missed rings ("The call" no. 7), and whose pauses are not ours to touch."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fake_pbx import FakePbx

from ami_listener.actions import PauseAgent, SendUserEvent
from ami_listener.events import AgentMissedRing, AgentRang, AgentRingEnded, AgentState, AgentStateChanged, Event
from ami_listener.missed import MissedRings
from crm.agents.missed import MissedRingEnforcer

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REST = 10.0
PAUSED, AVAILABLE, IN_CALL = AgentState.PAUSED, AgentState.AVAILABLE, AgentState.IN_CALL


class Floor:
    """An enforcer with its own clock and Asterisk; every pause comes back as a fact, as it does in life."""

    def __init__(self, limit: int = 2) -> None:
        self.pbx = FakePbx()
        self.now = NOON
        self.emitted: list[AgentMissedRing] = []
        policy = MissedRings(limit, REST, {"enquiries": 20.0})
        self.enforcer = MissedRingEnforcer(policy, self.pbx.send, REST, self.emitted.append, lambda: self.now)
        self.rings = 0
        self.state(AVAILABLE)

    def after(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        before = len(self.pauses())
        asyncio.run(self.enforcer.work())
        for action in self.pauses()[before:]:
            self.state(PAUSED if action.paused else AVAILABLE, action.reason)

    def state(self, state: AgentState, reason: str | None = None) -> None:
        self.tell(AgentStateChanged(event_id="", occurred_at=self.now, agent="1001", state=state, pause_reason=reason))

    def tell(self, event: Event) -> None:
        self.enforcer.apply(event)

    def miss(self) -> None:
        self.rings += 1
        ring = {"queue": "enquiries", "agent": "1001", "call_id": f"main-{self.rings}.1"}
        self.tell(AgentRang(event_id=f"r{self.rings}", occurred_at=self.now, **ring))  # type: ignore[arg-type]
        self.now += timedelta(seconds=4)
        self.tell(AgentRingEnded(event_id=f"e{self.rings}", occurred_at=self.now, **ring))  # type: ignore[arg-type]
        self.after(0.5)

    def pauses(self) -> list[PauseAgent]:
        return [action for action in self.pbx.sent if isinstance(action, PauseAgent)]

    @property
    def reason(self) -> str | None:
        return self.pbx.pauses.get("PJSIP/1001")


def test_a_miss_is_a_short_rest() -> None:
    floor = Floor()
    floor.miss()
    assert floor.reason == "ring-missed"
    floor.after(REST - 0.1)
    assert floor.reason == "ring-missed"
    floor.after(0.2)
    assert floor.reason is None
    floor.after(60)
    assert len(floor.pauses()) == 2


def test_two_misses_in_a_row_pause_for_good_and_are_told() -> None:
    floor = Floor()
    floor.miss()
    floor.after(REST)
    floor.miss()
    floor.after(3600)
    assert floor.reason == "missed-calls"
    assert [(missed.in_a_row, missed.paused, missed.refused) for missed in floor.emitted] == [
        (1, False, True),
        (2, True, True),
    ]
    told = [action.headers for action in floor.pbx.sent if isinstance(action, SendUserEvent)]
    assert [headers["Paused"] for headers in told] == ["no", "yes"]


@pytest.mark.parametrize(
    ("state", "reason"), [(PAUSED, "lunch"), (PAUSED, None), (AgentState.WRAP_UP, "wrap-up"), (PAUSED, "missed-calls")]
)
def test_a_pause_that_somebody_else_set_meanwhile_stays(state: AgentState, reason: str | None) -> None:
    floor = Floor()
    floor.miss()
    floor.state(state, reason)
    floor.after(REST + 1)
    floor.after(60)
    assert [action.paused for action in floor.pauses()] == [True]  # only ours, never taken back


def test_who_paused_himself_during_the_ring_is_not_paused_over() -> None:
    floor = Floor()
    floor.state(PAUSED, "lunch")
    floor.miss()
    assert floor.pauses() == []
    assert len(floor.emitted) == 1


def test_who_came_back_by_himself_is_left_alone() -> None:
    floor = Floor()
    floor.miss()
    floor.state(AVAILABLE)
    floor.after(REST + 1)
    assert len(floor.pauses()) == 1


def test_a_pause_hidden_behind_a_call_is_looked_at_when_it_shows() -> None:
    floor = Floor()
    floor.miss()
    floor.state(IN_CALL)  # dialled out during the rest
    floor.after(REST + 30)
    assert floor.reason == "ring-missed"
    floor.state(PAUSED, "ring-missed")
    floor.after(0.2)
    assert floor.reason is None


def test_a_rest_left_over_from_a_dead_service_ends_at_the_login() -> None:
    floor = Floor()
    floor.state(PAUSED, "ring-missed")
    floor.enforcer.logged_in()
    floor.after(0.1)
    assert [action.paused for action in floor.pauses()] == [False]


def test_a_rest_that_shows_later_ends_after_its_time() -> None:
    floor = Floor()
    floor.state(IN_CALL)
    floor.enforcer.logged_in()
    floor.state(PAUSED, "ring-missed")
    floor.after(REST - 1)
    assert floor.pauses() == []
    floor.after(1)
    assert [action.paused for action in floor.pauses()] == [False]


def test_with_asterisk_away_the_rest_is_ended_later() -> None:
    floor = Floor()
    floor.miss()
    floor.pbx.down = True
    floor.after(REST)
    assert floor.reason == "ring-missed"
    floor.pbx.down = False
    floor.after(REST)
    assert floor.reason is None
