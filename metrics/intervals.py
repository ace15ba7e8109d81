"""Periods in local time: half-open, without gap or overlap, also on days when the clocks change."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Step(StrEnum):
    """How long a period is."""

    QUARTER = "quarter"  # of an hour
    HALF_HOUR = "half_hour"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"


_MINUTES = {Step.QUARTER: 15, Step.HALF_HOUR: 30, Step.HOUR: 60}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From ``start_at`` until before ``end_at``, aware UTC."""

    start_at: datetime
    end_at: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start_at <= at < self.end_at


def period_of(at: datetime, step: Step, zone: ZoneInfo) -> Period:
    """The period that holds a moment."""
    if at.tzinfo is None:
        raise ValueError("the moment has no time zone: give an aware time, such as datetime.now(UTC)")
    at = at.astimezone(UTC)
    if step in _MINUTES:
        return _clock_period(at, timedelta(minutes=_MINUTES[step]), zone)
    first = _first_day(at.astimezone(zone).date(), step)
    period = _calendar_period(first, step, zone)
    while at >= period.end_at:  # an hour that repeats across midnight belongs to the day that began first
        first = _next_first_day(first, step)
        period = _calendar_period(first, step, zone)
    return period


def periods(start_at: datetime, end_at: datetime, step: Step, zone: ZoneInfo) -> Iterator[Period]:
    """Whole periods that together hold everything from ``start_at`` until before ``end_at``."""
    at = start_at
    while at < end_at:
        period = period_of(at, step, zone)
        yield period
        at = period.end_at


def day_of(day: date, zone: ZoneInfo) -> Period:
    """A local day as a period."""
    return _calendar_period(day, Step.DAY, zone)


def _clock_period(at: datetime, length: timedelta, zone: ZoneInfo) -> Period:
    local = at.astimezone(zone)
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    since_midnight += timedelta(microseconds=local.microsecond)
    start = at - since_midnight % length
    end = start + length
    offset = local.utcoffset()
    if start.astimezone(zone).utcoffset() != offset:
        start = _change_of_clocks(start, at, zone)
    last = end - timedelta(microseconds=1)
    if last.astimezone(zone).utcoffset() != offset:
        end = _change_of_clocks(at, last, zone)
    return Period(start, end)


def _change_of_clocks(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment with the later offset; exactly one change lies between the two."""
    later = after.astimezone(zone).utcoffset()
    while after - before > timedelta(microseconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == later:
            after = middle
        else:
            before = middle
    return after


def _calendar_period(first: date, step: Step, zone: ZoneInfo) -> Period:
    return Period(_midnight(first, zone), _midnight(_next_first_day(first, step), zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day; a midnight that the clocks skip is the moment they are put forward."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _first_day(day: date, step: Step) -> date:
    if step is Step.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step is Step.MONTH else day


def _next_first_day(first: date, step: Step) -> date:
    if step is Step.WEEK:
        return first + timedelta(days=7)
    if step is Step.MONTH:
        return first + timedelta(days=calendar.monthrange(first.year, first.month)[1])
    return first + timedelta(days=1)
