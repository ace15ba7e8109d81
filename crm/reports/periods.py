"""Which period a report is of, in the words of its page, and the one before."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from metrics.intervals import Period, Step, day_of, period_of, periods

ONE_DAY: Final = timedelta(days=1)
MOST_ROWS: Final = 800  # of a table; two years of days


class Span(StrEnum):
    """How long a report is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    OWN = "own"  # from one day to another


_STEPS: Final = {
    Span.DAY: (Step.HOUR, Step.HALF_HOUR),
    Span.WEEK: (Step.DAY, Step.HOUR),
    Span.MONTH: (Step.DAY, Step.WEEK, Step.HOUR),
    Span.YEAR: (Step.MONTH, Step.WEEK, Step.DAY),
    Span.OWN: (Step.DAY, Step.HOUR, Step.WEEK, Step.MONTH),
}
_OF_SPAN: Final = {Span.DAY: Step.DAY, Span.WEEK: Step.WEEK, Span.MONTH: Step.MONTH}
_LENGTHS: Final = {Step.HALF_HOUR: 1 / 48, Step.HOUR: 1 / 24, Step.DAY: 1.0, Step.WEEK: 7.0, Step.MONTH: 30.0}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen. ``last``: the last day of an own span."""

    span: Span
    first: date
    last: date

    def period(self, zone: ZoneInfo) -> Period:
        """Whole local days."""
        if self.span is Span.OWN:
            return Period(day_of(self.first, zone).start_at, day_of(max(self.first, self.last), zone).end_at)
        if self.span is Span.YEAR:
            start = day_of(date(self.first.year, 1, 1), zone).start_at
            return Period(start, day_of(date(self.first.year, 12, 31), zone).end_at)
        return period_of(day_of(self.first, zone).start_at, _OF_SPAN[self.span], zone)

    def moved(self, steps: int, zone: ZoneInfo) -> "Choice":
        """The period after (1) or before (-1) this one, of the same kind."""
        period = self.period(zone)
        first, last = days_of(period, zone)
        length = last - first + ONE_DAY
        if self.span is Span.OWN:
            return Choice(self.span, first + steps * length, last + steps * length)
        edge = last + ONE_DAY if steps > 0 else first - ONE_DAY
        beside = Choice(self.span, edge, edge)
        return Choice(self.span, *days_of(beside.period(zone), zone))

    def before(self, now: datetime, zone: ZoneInfo) -> Period:
        """The period before, to compare with. Of one that is not over: only as much of it as has passed of this one,
        so that Monday's morning is not compared with a whole week."""
        period, earlier = self.period(zone), self.moved(-1, zone).period(zone)
        if not period.start_at <= now < period.end_at:
            return earlier
        return Period(earlier.start_at, min(earlier.end_at, earlier.start_at + (now - period.start_at)))

    def steps(self) -> tuple[Step, ...]:
        """Into which parts it may be divided, the usual first."""
        days = (self.last - self.first + ONE_DAY).days if self.span is Span.OWN else 1
        fit = tuple(step for step in _STEPS[self.span] if days / _LENGTHS[step] <= MOST_ROWS)
        return fit or (Step.MONTH,)


def days_of(period: Period, zone: ZoneInfo) -> tuple[date, date]:
    """First and last local day."""
    last = period.end_at - timedelta(microseconds=1)
    return period.start_at.astimezone(zone).date(), last.astimezone(zone).date()


def rows_of(period: Period, step: Step, zone: ZoneInfo) -> list[Period]:
    """The parts of a period, cut at its ends: a week that began last month has only its days of this one."""
    return [
        Period(max(part.start_at, period.start_at), min(part.end_at, period.end_at))
        for part in periods(period.start_at, period.end_at, step, zone)
    ]
