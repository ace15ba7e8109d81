"""Half hours and days of the plan: ringing, absence and rosters (H1)."""

from datetime import date

import pytest

from crm.staffing.models import Shift
from metrics.erlang import Queue, agents_needed
from metrics.staffing import DayPlan, Rules, slot_plan

RULES = Rules(patience_seconds=90, ring_seconds=3, until_rings_seconds=1, away=0.2)


def test_ringing_counts() -> None:
    """H1: of 9 seconds, 5 are left for waiting when a telephone rings after 1 and is taken up after 3; and ringing
    occupies the agent."""
    slot = slot_plan(540, 30, 240, 0, RULES)
    assert RULES.waiting_seconds == 5
    assert slot.erlang_a == agents_needed(Queue(30 / 1800, 243, 90), 0.95, 5)
    assert slot.erlang_c == agents_needed(Queue(30 / 1800, 243), 0.95, 5)
    assert slot.needed == slot.erlang_a
    assert slot_plan(540, 30, 240, 0, Rules(patience_seconds=90)).needed.agents <= slot.needed.agents  # type: ignore[union-attr]


def test_who_is_away_is_rostered_on_top() -> None:
    """Eight at their telephones are ten on the roster when one in five is away; and ten make eight."""
    assert RULES.rostered(8) == 10
    assert RULES.at_telephones(10) == 8
    assert (RULES.rostered(9), RULES.at_telephones(11)) == (12, 8)
    assert (Rules().rostered(9), Rules().at_telephones(9)) == (9, 9)


def test_short_and_spare() -> None:
    """A break of a quarter of an hour is half a person in that half hour, who is not there for the whole of it."""
    need = slot_plan(540, 30, 240, 0, RULES).to_roster
    assert need is not None
    assert slot_plan(540, 30, 240, need, RULES).short == 0
    assert slot_plan(540, 30, 240, need - 0.5, RULES).short == 1
    assert slot_plan(540, 30, 240, need + 2.5, RULES).spare == 2
    enough = slot_plan(540, 30, 240, need, RULES).with_roster
    assert enough.answered_within >= 0.95
    assert slot_plan(540, 30, 240, 0, RULES).with_roster.answered_within == 0


def test_a_promise_that_ringing_breaks() -> None:
    """When telephones ring for longer than is promised, no number is enough, and the plan says so."""
    rules = Rules(ring_seconds=12, patience_seconds=60)
    slot = slot_plan(540, 30, 240, 5, rules)
    assert rules.cannot_be_kept
    assert slot.needed is None
    assert slot.to_roster is None
    assert slot.short == 1


def test_without_patience_erlang_c() -> None:
    """Nobody ever hung up: expected abandons are not known, and the plan is Erlang C's."""
    slot = slot_plan(540, 30, 240, 20, Rules())
    plan = DayPlan(day=date(2026, 11, 30), slots=[slot])
    assert slot.needed == slot.erlang_c
    assert plan.abandons is None


def test_a_day() -> None:
    """Sums and the peak."""
    slots = [slot_plan(540, 20, 240, 6, RULES), slot_plan(570, 40, 240, 6, RULES), slot_plan(600, 0, 240, 1, RULES)]
    plan = DayPlan(day=date(2026, 11, 30), slots=slots)
    assert plan.calls == 60
    assert plan.peak is slots[1]
    assert plan.hours_rostered == 6.5
    assert plan.hours_needed == sum(slot.to_roster or 0 for slot in slots) / 2
    assert slots[2].to_roster == 0
    assert slots[1] in plan.short_slots
    assert plan.within_with_roster is not None
    assert plan.within_with_roster < 0.95
    assert plan.abandons is not None
    assert plan.abandons_with_roster > plan.abandons
    shut = DayPlan(day=date(2026, 12, 5), slots=[])
    assert (shut.calls, shut.peak, shut.within_with_roster) == (0, None, None)


@pytest.mark.parametrize(
    ("minute", "there"), [(480, 0), (510, 1), (540, 1), (720, 0.5), (750, 0), (780, 1), (990, 0.5), (1020, 0)]
)
def test_a_shift_by_the_half_hour(minute: int, there: float) -> None:
    """08:30 to 16:45 with a break from 12:15 to 13:00."""
    shift = Shift(day=date(2026, 11, 30), starts=510, ends=1005, break_starts=735, break_ends=780, staff_id=1)
    assert shift.at_work(minute, 30) == there
    team = Shift(day=date(2026, 11, 30), starts=510, ends=1005, break_starts=735, break_ends=780, team_id=1, people=4)
    assert team.at_work(minute, 30) == 4 * there
