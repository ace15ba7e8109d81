"""Opening hours ("The call" no. 4): open, why not, and when next."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.calendar.opening import Opening
from dialplan.sections import WEEKDAYS, Hours

BANGKOK = ZoneInfo("Asia/Bangkok")
OFFICE = Hours()  # 08:30-18:30, Monday to Friday
SPLIT = Hours(monday=("08:30-12:00", "13:00-16:30"), tuesday=("13:00-16:30", "08:30-12:00"))
NIGHT = Hours(**dict.fromkeys(WEEKDAYS, ("00:00-02:00", "22:00-23:59")))
NEVER = Hours(**dict.fromkeys(WEEKDAYS, ()))
ROUND_THE_CLOCK = Hours(always_open=True, **dict.fromkeys(WEEKDAYS, ()))
FATHERS_DAY = frozenset({date(2026, 12, 7)})  # a Monday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BANGKOK)


def opening(hours: Hours, holidays: frozenset[date] = frozenset(), closures: tuple[str, ...] = ()) -> Opening:
    return Opening(hours, BANGKOK, holidays, frozenset(closures))


@pytest.mark.parametrize(
    ("hours", "moment", "reason"),
    [
        (OFFICE, "2026-11-20 08:29:59.999999", "hours"),
        (OFFICE, "2026-11-20 08:30", None),  # half-open: the first moment is inside
        (OFFICE, "2026-11-20 18:29:59.999999", None),
        (OFFICE, "2026-11-20 18:30", "hours"),  # and the last is not
        (OFFICE, "2026-11-21 10:00", "hours"),  # Saturday
        (OFFICE, "2026-12-07 10:00", "holiday"),
        (OFFICE, "2026-12-07 03:00", "holiday"),  # holiday before hours, like the dialplan
        (SPLIT, "2026-11-23 12:00", "hours"),
        (SPLIT, "2026-11-23 13:00", None),
        (SPLIT, "2026-11-24 09:00", None),  # spans written out of order
        (NIGHT, "2026-11-20 23:59:30", None),  # 23:59 as an end means midnight
        (NIGHT, "2026-11-20 00:00", None),
        (NIGHT, "2026-11-20 02:00", "hours"),
        (NEVER, "2026-11-20 10:00", "hours"),
        (ROUND_THE_CLOCK, "2026-12-07 03:00", None),  # holidays too
    ],
)
def test_open_or_why_not(hours: Hours, moment: str, reason: str | None) -> None:
    calendar = opening(hours, FATHERS_DAY)
    assert calendar.closed_reason(at(moment)) == reason
    assert calendar.is_open(at(moment)) == (reason is None)
    assert calendar.closed_reason(at(moment).astimezone(UTC)) == reason  # whatever zone the moment comes in


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        (OFFICE, "2026-11-20 07:00", "2026-11-20 08:30"),
        (OFFICE, "2026-11-20 10:00", "2026-11-20 10:00"),  # open: now
        (OFFICE, "2026-11-20 18:30", "2026-11-23 08:30"),  # Friday evening
        (OFFICE, "2026-12-04 18:30", "2026-12-08 08:30"),  # a weekend and a holiday
        (SPLIT, "2026-11-23 12:30", "2026-11-23 13:00"),
        (SPLIT, "2026-11-24 07:00", "2026-11-24 08:30"),
        (NIGHT, "2026-11-20 21:00", "2026-11-20 22:00"),
        (NIGHT, "2026-12-06 21:00", "2026-12-06 22:00"),
        (NIGHT, "2026-12-07 00:30", "2026-12-08 00:00"),  # the holiday begins at midnight, and ends there
        (NEVER, "2026-11-20 10:00", None),
        (ROUND_THE_CLOCK, "2026-12-07 03:00", "2026-12-07 03:00"),
    ],
)
def test_next_opening(hours: Hours, now: str, opens: str | None) -> None:
    assert opening(hours, FATHERS_DAY).next_opening(at(now)) == (at(opens) if opens else None)


def test_holidays_for_more_than_a_year_are_searched_only_so_far() -> None:
    first = date(2026, 11, 20)
    days = frozenset(first + timedelta(days=n) for n in range(500))
    assert opening(OFFICE, days).next_opening(at("2026-11-20 07:00")) is None
    fewer = frozenset(sorted(days)[:395])
    assert opening(OFFICE, fewer).next_opening(at("2026-11-20 07:00")) == at("2027-12-20 08:30")


def test_an_emergency_closes_before_all_else_and_promises_nothing() -> None:
    closed = opening(ROUND_THE_CLOCK, closures=("1169",))
    now = at("2026-11-20 10:00")
    assert closed.closed_reason(now, "1169") == "emergency"
    assert closed.next_opening(now, "1169") is None
    assert closed.closed_reason(now, "1203") is None
    assert closed.closed_reason(now) is None
    assert opening(OFFICE, closures=("all",)).closed_reason(now, "1203") == "emergency"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        opening(OFFICE).is_open(datetime(2026, 11, 20, 10))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("span", "now", "opens"),
    [
        ("02:30-05:00", "2027-03-28T00:00+01:00", "2027-03-28T03:00+02:00"),  # 02:30 does not exist: open from 03:00
        ("02:15-02:45", "2027-10-31T00:00+02:00", "2027-10-31T02:15+02:00"),  # comes twice: the first
        ("02:15-02:45", "2027-10-31T02:45+02:00", "2027-10-31T02:15+01:00"),  # and the second
    ],
)
def test_days_on_which_clocks_are_put_forward_or_back(span: str, now: str, opens: str) -> None:
    calendar = Opening(Hours(**dict.fromkeys(WEEKDAYS, (span,))), ZoneInfo("Europe/Berlin"))
    assert calendar.next_opening(datetime.fromisoformat(now)) == datetime.fromisoformat(opens)


@st.composite
def _spans(draw: st.DrawFn) -> tuple[str, ...]:
    marks = sorted(draw(st.lists(st.integers(0, 23 * 60 + 59), unique=True, max_size=6)))
    clock = [f"{mark // 60:02}:{mark % 60:02}" for mark in marks]
    return tuple(f"{start}-{end}" for start, end in zip(clock[::2], clock[1::2], strict=False))


@st.composite
def _openings(draw: st.DrawFn) -> Opening:
    days = {day: draw(_spans()) for day in WEEKDAYS}
    holidays = draw(st.sets(st.integers(0, 12), max_size=6))
    zone = draw(st.sampled_from(["Asia/Bangkok", "Europe/Berlin", "America/St_Johns"]))
    first = date(2026, 10, 20)
    return Opening(Hours(**days), ZoneInfo(zone), frozenset(first + timedelta(days=n) for n in holidays))


@settings(max_examples=40, deadline=None)
@given(_openings(), st.integers(0, 14 * 24 * 60))
def test_the_next_opening_is_open_and_no_minute_before_it_is(calendar: Opening, minutes: int) -> None:
    now = datetime(2026, 10, 19, 17, tzinfo=UTC) + timedelta(minutes=minutes)
    opens_at = calendar.next_opening(now)
    if opens_at is None:
        assert not any(calendar.is_open(now + timedelta(minutes=n)) for n in range(0, 400 * 24 * 60, 97))
        return
    assert opens_at >= now
    assert calendar.is_open(opens_at)
    wait = int((opens_at - now) / timedelta(minutes=1))
    assert not any(calendar.is_open(now + timedelta(minutes=n)) for n in range(min(wait, 3 * 24 * 60)))
