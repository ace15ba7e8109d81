"""Periods: local, half-open, complete, also when the clocks change."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.intervals import Period, Step, day_of, period_of, periods

BANGKOK = ZoneInfo("Asia/Bangkok")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # half an hour of summer time
GAZA = ZoneInfo("Asia/Gaza")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # clocks changed at midnight
ST_JOHNS = ZoneInfo("America/St_Johns")  # and here one minute after it
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # +05:45
ZONES = [BANGKOK, BERLIN, LORD_HOWE, GAZA, SAO_PAULO, ST_JOHNS, KATHMANDU, ZoneInfo("UTC")]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(start: str, end: str) -> Period:
    return Period(utc(start), utc(end))


@pytest.mark.parametrize(
    ("at", "step", "zone", "expected"),
    [
        # midnight in Bangkok is 17:00 UTC
        ("2026-11-19 16:59:59.999999", Step.DAY, BANGKOK, span("2026-11-18 17:00", "2026-11-19 17:00")),
        ("2026-11-19 17:00", Step.DAY, BANGKOK, span("2026-11-19 17:00", "2026-11-20 17:00")),
        ("2026-11-20 05:59:59.999999", Step.HOUR, BANGKOK, span("2026-11-20 05:00", "2026-11-20 06:00")),
        ("2026-11-20 06:00", Step.HOUR, BANGKOK, span("2026-11-20 06:00", "2026-11-20 07:00")),
        ("2026-11-20 06:44", Step.QUARTER, BANGKOK, span("2026-11-20 06:30", "2026-11-20 06:45")),
        ("2026-11-20 06:44", Step.HALF_HOUR, BANGKOK, span("2026-11-20 06:30", "2026-11-20 07:00")),
        ("2026-11-20 06:44", Step.HOUR, KATHMANDU, span("2026-11-20 06:15", "2026-11-20 07:15")),
        ("2026-11-20 06:44", Step.WEEK, BANGKOK, span("2026-11-15 17:00", "2026-11-22 17:00")),
        ("2026-12-31 17:00", Step.MONTH, BANGKOK, span("2026-12-31 17:00", "2027-01-31 17:00")),
        # Berlin: 23 hours in March, 25 in October; the hour that comes twice is two hours
        ("2026-03-29 12:00", Step.DAY, BERLIN, span("2026-03-28 23:00", "2026-03-29 22:00")),
        ("2026-10-25 12:00", Step.DAY, BERLIN, span("2026-10-24 22:00", "2026-10-25 23:00")),
        ("2026-10-25 00:30", Step.HOUR, BERLIN, span("2026-10-25 00:00", "2026-10-25 01:00")),
        ("2026-10-25 01:30", Step.HOUR, BERLIN, span("2026-10-25 01:00", "2026-10-25 02:00")),
        # Lord Howe: 02:00 becomes 01:30 again (15:00 UTC), 02:00 becomes 02:30 in October (15:30 UTC)
        ("2026-04-04 14:59", Step.HOUR, LORD_HOWE, span("2026-04-04 14:00", "2026-04-04 15:00")),
        ("2026-04-04 15:10", Step.HOUR, LORD_HOWE, span("2026-04-04 15:00", "2026-04-04 15:30")),
        ("2026-10-03 15:40", Step.HOUR, LORD_HOWE, span("2026-10-03 15:30", "2026-10-03 16:00")),
        # São Paulo 2018-11-04: midnight never came; the day begins at 01:00
        ("2018-11-04 12:00", Step.DAY, SAO_PAULO, span("2018-11-04 03:00", "2018-11-05 02:00")),
    ],
)
def test_period_of(at: str, step: Step, zone: ZoneInfo, expected: Period) -> None:
    assert period_of(utc(at), step, zone) == expected


def test_periods_cover_a_day_of_25_hours() -> None:
    day = day_of(date(2026, 10, 25), BERLIN)
    hours = list(periods(day.start_at, day.end_at, Step.HOUR, BERLIN))
    assert len(hours) == 25
    assert hours[0].start_at == day.start_at
    assert hours[-1].end_at == day.end_at
    assert all(before.end_at == after.start_at for before, after in itertools.pairwise(hours))


def test_end_belongs_to_the_next() -> None:
    day = day_of(date(2026, 11, 20), BANGKOK)
    assert day.start_at in day
    assert day.end_at - timedelta(microseconds=1) in day
    assert day.end_at not in day


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        period_of(datetime(2026, 11, 20), Step.DAY, BANGKOK)  # noqa: DTZ001


@given(
    st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(list(Step)),
    st.sampled_from(ZONES),
)
def test_every_moment_lies_in_exactly_one_period(at: datetime, step: Step, zone: ZoneInfo) -> None:
    period = period_of(at, step, zone)
    assert at in period
    assert period_of(period.start_at, step, zone) == period
    assert period_of(period.end_at - timedelta(microseconds=1), step, zone) == period
    assert period_of(period.end_at, step, zone).start_at == period.end_at
