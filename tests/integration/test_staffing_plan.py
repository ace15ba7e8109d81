"""What is learnt from records, the plan, roster and imports, on both databases (H1)."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import staffing_year
from sqlalchemy import Engine, insert

from crm.audit.models import audit_lines
from crm.calendar.service import CalendarService, add_holiday
from crm.calls.models import calls, conversations
from crm.database import open_engine, reading, writing
from crm.staff import teams
from crm.staffing import roster, service
from crm.staffing.models import ForecastSlot, Shift
from crm.staffing.service import Planner
from hotline.settings import parse
from hotline.settings_file import first_settings

TODAY = date(2026, 11, 26)  # a Thursday
NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
HOLIDAY = date(2026, 10, 23)  # a Friday
MONDAY = date(2026, 11, 30)


class Rig:
    """A planner at `TODAY`; the clock can be put on."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.now = engine, NOW
        settings = parse(first_settings(), folder / "hotline.toml")
        calendar = CalendarService(engine, settings, self.clock)
        self.planner = Planner(engine, lambda: calendar.opening, self.clock, settings.staffing, 9)

    def clock(self) -> datetime:
        return self.now


@pytest.fixture
def rig(engine: Engine, tmp_path: Path) -> Rig:
    return Rig(engine, tmp_path)


@pytest.fixture(scope="module")
def busy_file(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve weeks of calls with a holiday among them, written once."""
    path = tmp_path_factory.mktemp("busy") / "busy.sqlite3"
    shutil.copyfile(migrated_sqlite, path)
    engine = open_engine(f"sqlite:///{path}")
    with writing(engine) as connection:
        add_holiday(connection, HOLIDAY, "วันปิยมหาราช", "Chulalongkorn Day", NOW)
    staffing_year.fill(engine, TODAY, weeks=12, holidays=frozenset({HOLIDAY}))
    engine.dispose()
    return path


@pytest.fixture
def busy(busy_file: Path, tmp_path: Path) -> Iterator[Rig]:
    path = tmp_path / "busy.sqlite3"
    shutil.copyfile(busy_file, path)
    engine = open_engine(f"sqlite:///{path}")
    yield Rig(engine, tmp_path)
    engine.dispose()


def test_both_databases_tell_the_same(rig: Rig) -> None:
    """Two weeks of few calls, counted once more in plain Python."""
    staffing_year.fill(rig.engine, TODAY, weeks=2, calls_a_day=30, team=2)
    told = rig.planner.known().measured
    with reading(rig.engine) as connection:
        rows = list(connection.execute(calls.select()))
        talks = list(connection.execute(conversations.select()))
    spoken = sum((talk.ended_at - talk.answered_at).total_seconds() + staffing_year.WRAP_UP for talk in talks)
    ends = [(row.agent_answered_at or row.ended_at, row) for row in rows]
    waits = [((end - row.arrived_at).total_seconds(), row.outcome) for end, row in ends]
    later = sum(max(0.0, wait // 0.1 / 10 - 3) for wait, _ in waits)  # to a tenth of a second, as it is counted
    gone = sum(outcome == "abandoned" and wait >= 3.1 for wait, outcome in waits)
    assert (told.calls, told.answered) == (len(rows), len(talks))
    assert told.handling_seconds == pytest.approx(spoken / len(talks))
    assert told.ring_seconds == 3.0
    assert told.patience is not None
    assert (told.patience.hung_up, told.hung_up_early) == (gone, len(rows) - len(talks) - gone)
    assert told.patience.mean_seconds == pytest.approx(later / gone, rel=0.02)
    days = rig.planner.known().past.days.values()
    first = min(row.arrived_at for row in rows).astimezone(staffing_year.ZONE).date()
    whole = [row for row in rows if row.arrived_at.astimezone(staffing_year.ZONE).date() > first]
    assert sum(sum(day.values()) for day in days) == len(whole), "the day on which the records begin is not whole"


def test_measured_as_it_was(busy: Rig) -> None:
    """Handling, ringing, patience and the shape of days come back out of the records; the forecast is nearly as good as
    chance allows; and our own calls, replayed with the team planned, are answered as the formulas promise."""
    known = busy.planner.known()
    told = known.measured
    assert told.handling_seconds == pytest.approx(staffing_year.HANDLING + staffing_year.WRAP_UP, rel=0.03)
    assert (told.ring_seconds, told.until_rings_seconds) == (staffing_year.RING, 0)
    assert told.patience is not None
    assert told.patience.low_seconds < staffing_year.PATIENCE < told.patience.high_seconds
    assert told.hung_up_early == pytest.approx(told.calls * staffing_year.EARLY, rel=0.25)
    assert known.rules.patience_seconds == told.patience.mean_seconds
    assert known.accuracy is not None
    assert known.accuracy.half_hours < 1.2 * known.accuracy.chance
    assert known.accuracy.to_day == TODAY - timedelta(days=1)
    assert known.replay is not None
    assert known.replay.answered_within == pytest.approx(known.replay.promised, abs=0.02)
    assert known.replay.answered_within >= 0.95
    assert known.replay.calls == known.accuracy.calls


def test_two_weeks_with_a_holiday_and_a_roster(busy: Rig) -> None:
    """Closed days need nobody; the day after a holiday is told; the roster falls short where it does."""
    holiday = date(2026, 12, 10)
    with writing(busy.engine) as connection:
        add_holiday(connection, holiday, "วันรัฐธรรมนูญ", "Constitution Day", NOW)
        team = teams.create(connection, "ทีมเช้า", "Morning team", NOW, None)
        morning = Shift(day=MONDAY, starts=510, ends=750, team_id=team, people=12)
        roster.add(connection, morning, NOW, None)
    plans = {plan.day: plan for plan in busy.planner.plan(busy.planner.tomorrow(), 15)}
    assert plans[holiday].slots == []
    assert plans[holiday].holiday == ("วันรัฐธรรมนูญ", "Constitution Day")
    assert not plans[date(2026, 11, 28)].slots, "a Saturday"
    assert plans[date(2026, 12, 11)].after_holiday
    assert len(plans[MONDAY].slots) == 20
    mean = 260 * staffing_year.WEEKDAYS[0]
    assert plans[MONDAY].calls == pytest.approx(mean, rel=0.12)
    short = {slot.minute for slot in plans[MONDAY].short_slots}
    assert short == {slot.minute for slot in plans[MONDAY].slots if slot.minute >= 750}
    assert plans[MONDAY].has_roster
    within = plans[MONDAY].within_with_roster
    assert within is not None
    assert within < 0.9
    assert not plans[date(2026, 12, 1)].has_roster
    for slot in plans[MONDAY].slots:
        assert slot.needed is not None
        assert slot.needed.answered_within >= 0.95
        assert slot.to_roster is not None
        assert slot.to_roster * 0.9 >= slot.needed.agents - 1e-9


def test_only_of_a_queue(busy: Rig) -> None:
    """A queue without calls has no forecast; the one with all of them has the whole."""
    whole = busy.planner.plan(MONDAY, 1)[0].calls
    assert busy.planner.plan(MONDAY, 1, staffing_year.QUEUE)[0].calls == pytest.approx(whole)
    assert busy.planner.plan(MONDAY, 1, "other")[0].calls == 0


def test_nothing_is_known_yet(rig: Rig) -> None:
    """Without history the plan says so and needs nobody; an imported forecast is planned with assumed handling."""
    known = rig.planner.known()
    assert (known.accuracy, known.replay, known.learnt_from, known.handling_is_known) == (None, None, None, False)
    assert rig.planner.plan(MONDAY, 1)[0].calls == 0
    slots = [ForecastSlot(day=MONDAY, minute=540, calls=30), ForecastSlot(day=MONDAY, minute=570, calls=12.5)]
    with writing(rig.engine) as connection:
        assert service.import_forecast(connection, slots, None, NOW, None) == [MONDAY]
    plan = rig.planner.plan(MONDAY, 1)[0]
    assert [(slot.minute, slot.calls, slot.imported) for slot in plan.slots] == [(540, 30, True), (570, 12.5, True)]
    assert plan.slots[0].needed == plan.slots[0].erlang_c, "patience is not known"
    given = [ForecastSlot(day=MONDAY, minute=540, calls=3, handling_seconds=100)]
    assert rig.planner.plan(MONDAY, 1, forecast=given)[0].slots[0].handling_seconds == 100
    with writing(rig.engine) as connection:
        service.import_forecast(connection, [ForecastSlot(day=MONDAY, minute=600, calls=1)], None, NOW, None)
    assert [slot.minute for slot in rig.planner.plan(MONDAY, 1)[0].slots] == [600], "a new import replaces the day"
    with writing(rig.engine) as connection:
        service.drop_forecast(connection, MONDAY, None, NOW, None)
        service.drop_forecast(connection, MONDAY, None, NOW, None)
        actions = list(connection.scalars(audit_lines.select().with_only_columns(audit_lines.c.action)))
    assert actions == ["forecast.imported", "forecast.imported", "forecast.dropped"]
    assert not any(slot.imported for slot in rig.planner.plan(MONDAY, 1)[0].slots)


def test_what_was_learnt_is_kept_until_midnight(busy: Rig) -> None:
    """Ten minutes, but never over midnight: yesterday belongs to the history then."""
    first = busy.planner.known()
    assert busy.planner.known() is first
    busy.now = NOW + timedelta(minutes=11)
    assert busy.planner.known() is not first
    busy.now = datetime(2026, 11, 26, 16, 55, tzinfo=UTC)
    late = busy.planner.known()
    busy.now += timedelta(minutes=6)
    assert busy.planner.known() is not late
    busy.planner.forget()
    assert busy.planner.today() == date(2026, 11, 27)


def test_closed_callbacks_and_emergencies_are_no_usual_calls(busy: Rig) -> None:
    """Calls at closed doors and our own callbacks are not offered; a day with an emergency closure tells nothing."""
    before = busy.planner.known()
    at = datetime(2026, 11, 24, 3, tzinfo=UTC)
    row = {"arrived_at": at, "called_number": "1169", "trunk": "carrier", "precision": "microsecond", "updated_at": at}
    with writing(busy.engine) as connection:
        connection.execute(
            insert(calls),
            [
                row | {"call_id": "shut", "closed_reason": "hours", "outcome": "closed", "callback_of": None},
                row | {"call_id": "ours", "closed_reason": None, "outcome": "answered", "callback_of": "shut"},
            ],
        )
    busy.planner.forget()
    same = busy.planner.known()
    assert (same.past, same.measured.calls) == (before.past, before.measured.calls)
    with writing(busy.engine) as connection:
        connection.execute(
            insert(calls), [row | {"call_id": "flood", "closed_reason": "emergency", "outcome": "closed"}]
        )
    busy.planner.forget()
    assert date(2026, 11, 24) not in busy.planner.known().past.days
    assert date(2026, 11, 24) in same.past.days


def test_roster(rig: Rig) -> None:
    """Shifts are checked, copied from week to week without closed days, replaced by files, and noted in the audit."""
    with writing(rig.engine) as connection:
        team = teams.create(connection, "ทีมเช้า", "Morning team", NOW, None)
        first = roster.add(connection, Shift(day=MONDAY, starts=510, ends=990, team_id=team, people=3), NOW, None)
        roster.add(connection, Shift(day=MONDAY + timedelta(days=1), starts=510, ends=990, team_id=team), NOW, None)
    for wrong, fault in (
        (Shift(day=MONDAY, starts=600, ends=600, team_id=team), "fault_shift"),
        (Shift(day=MONDAY, starts=600, ends=700, team_id=team, break_starts=650), "fault_break"),
        (Shift(day=MONDAY, starts=600, ends=700, team_id=team, break_starts=690, break_ends=720), "fault_break"),
        (Shift(day=MONDAY, starts=600, ends=700), "fault_who"),
        (Shift(day=MONDAY, starts=600, ends=700, team_id=999), "fault_who"),
        (Shift(day=MONDAY, starts=600, ends=700, team_id=team, people=0), "fault_people"),
    ):
        with writing(rig.engine) as connection, pytest.raises(roster.BadShift, match=fault):
            roster.add(connection, wrong, NOW, None)
    next_week = MONDAY + timedelta(days=7)
    with writing(rig.engine) as connection:
        closed = [next_week + timedelta(days=1)]
        assert roster.copy_week(connection, next_week, NOW, None, closed) == 1
        assert roster.copy_week(connection, next_week, NOW, None, closed) == 0, "it is there"
        shifts = roster.shifts_between(connection, next_week, next_week + timedelta(days=6))
    assert [(shift.day, shift.people) for shift in shifts] == [(next_week, 3)]
    with writing(rig.engine) as connection:
        roster.replace_days(connection, [Shift(day=MONDAY, starts=480, ends=720, team_id=team, people=5)], NOW, None)
        assert [shift.people for shift in roster.shifts_between(connection, MONDAY, MONDAY)] == [5]
        with pytest.raises(roster.UnknownShift):
            roster.remove(connection, first, NOW, None)
        kept = roster.shifts_between(connection, MONDAY, MONDAY)[0]
        assert kept.id is not None
        assert roster.remove(connection, kept.id, NOW, None) == MONDAY
    with reading(rig.engine) as connection:
        actions = list(connection.scalars(audit_lines.select().with_only_columns(audit_lines.c.action)))
    assert actions == ["team.created", *["roster.added"] * 2, "roster.copied", "roster.imported", "roster.removed"]
