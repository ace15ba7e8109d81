"""Working days and hours, as tables (K4, R2)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.calendar.opening import Opening
from crm.calendar.working_time import due_after, is_working_day
from dialplan.sections import WEEKDAYS, Hours

BANGKOK = ZoneInfo("Asia/Bangkok")
WEEK = dict.fromkeys(WEEKDAYS[:5], ("08:30-12:00", "13:00-16:30"))
OFFICE = Opening(Hours(**WEEK), BANGKOK, frozenset({date(2026, 12, 7), date(2026, 12, 10)}))


def local(text: str, zone: ZoneInfo = BANGKOK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "days", "hours", "due"),
    [
        # the day it begins does not count, the last ends when the office closes (R2: one and two working days)
        ("2026-11-26 10:00", 1, 0, "2026-11-27 16:30"),  # Thursday → Friday
        ("2026-11-26 08:00", 1, 0, "2026-11-27 16:30"),  # before the office opens: the same
        ("2026-11-26 23:59", 1, 0, "2026-11-27 16:30"),
        ("2026-11-27 10:00", 1, 0, "2026-11-30 16:30"),  # Friday → Monday
        ("2026-11-28 10:00", 1, 0, "2026-11-30 16:30"),  # Saturday → Monday
        ("2026-11-27 10:00", 2, 0, "2026-12-01 16:30"),
        ("2026-12-04 10:00", 1, 0, "2026-12-08 16:30"),  # a holiday on Monday
        ("2026-12-09 10:00", 1, 0, "2026-12-11 16:30"),
        ("2026-11-26 10:00", 5, 0, "2026-12-03 16:30"),
        # hours run while the office is open
        ("2026-11-26 10:00", 0, 1, "2026-11-26 11:00"),
        ("2026-11-26 11:30", 0, 1, "2026-11-26 13:30"),  # noon does not count
        ("2026-11-26 16:00", 0, 1, "2026-11-27 09:00"),
        ("2026-11-27 16:00", 0, 4, "2026-11-30 12:00"),
        ("2026-11-27 16:00", 0, 4.5, "2026-11-30 13:30"),
        ("2026-11-28 12:00", 0, 1, "2026-11-30 09:30"),
        ("2026-11-26 06:00", 0, 7, "2026-11-26 16:30"),
        ("2026-11-26 16:30", 0, 0.5, "2026-11-27 09:00"),
        # both: hours after the last day
        ("2026-11-26 10:00", 1, 2, "2026-11-30 10:30"),
        # nothing: now
        ("2026-11-28 10:00", 0, 0, "2026-11-28 10:00"),
    ],
)
def test_when_an_answer_is_due(start: str, days: int, hours: float, due: str) -> None:
    found = due_after(OFFICE, local(start), days, hours)
    assert found == local(due)
    assert found.tzinfo is UTC


def test_a_hotline_round_the_clock_still_has_office_days() -> None:
    opening = Opening(Hours(always_open=True), BANGKOK)
    assert due_after(opening, local("2026-11-27 22:00"), 1) == local("2026-11-30 18:30")


def test_without_any_hours_the_government_s_are_taken() -> None:
    opening = Opening(Hours(always_open=True, **dict.fromkeys(WEEKDAYS, ())), BANGKOK)
    assert due_after(opening, local("2026-11-27 22:00"), 1) == local("2026-11-30 16:30")
    assert not is_working_day(opening, date(2026, 11, 28))


def test_a_span_to_midnight_ends_at_midnight() -> None:
    opening = Opening(Hours(**dict.fromkeys(WEEKDAYS, ("00:00-23:59",))), BANGKOK)
    assert due_after(opening, local("2026-11-27 22:00"), 1) == local("2026-11-29 00:00")
    assert due_after(opening, local("2026-11-27 22:00"), 0, 3) == local("2026-11-28 01:00")


def test_a_calendar_of_nothing_but_holidays_cannot_say() -> None:
    every_day = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(1500))
    opening = Opening(Hours(), BANGKOK, every_day)
    assert due_after(opening, local("2026-11-27 10:00"), 2, 1) == local("2026-11-29 11:00")
    assert due_after(opening, local("2026-11-27 10:00"), 0, 1) == local("2026-11-27 11:00")


def test_where_clocks_change_an_hour_is_an_hour() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    opening = Opening(Hours(**dict.fromkeys(WEEKDAYS, ("00:00-23:59",))), berlin)
    start = local("2026-03-29 00:30", berlin)
    assert due_after(opening, start, 0, 3) - start.astimezone(UTC) == timedelta(hours=3)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)),  # noqa: DTZ001
    st.integers(0, 20),
    st.integers(0, 40),
)
def test_later_and_in_office_hours(start: datetime, days: int, hours: int) -> None:
    """Never before it begins; more time is never due sooner; always on a working day."""
    begin = start.replace(tzinfo=UTC)
    due = due_after(OFFICE, begin, days, hours)
    assert due >= begin
    assert due_after(OFFICE, begin, days + 1, hours) >= due
    assert due_after(OFFICE, begin, days, hours + 1) >= due
    if days or hours:
        assert is_working_day(OFFICE, due.astimezone(BANGKOK).date())
        assert OFFICE.is_open(due - timedelta(microseconds=1))
