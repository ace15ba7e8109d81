"""When the hotline is open. Pure: hours, holidays and closures in, answers out, from memory and for any moment.

The dialplan answers the same question alone (`hotline-doors`); both must agree, also on the order of the reasons:
emergency before holiday before hours, and round the clock means on holidays too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from crm.closure.models import ALL_NUMBERS
from dialplan.sections import Hours

ClosedReason = Literal["hours", "holiday", "emergency"]

SEARCH_DAYS: Final = 400  # longer than any holiday; then there is no next opening
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_LAST_MINUTE: Final = time(23, 59)  # as the end of a span it means to midnight (`dialplan.sections.parse_span`)


@dataclass(frozen=True)
class Opening:
    """All that decides whether doors are open. ``holidays``: local dates. ``closures``: called numbers, or ``all``."""

    hours: Hours
    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()
    closures: frozenset[str] = frozenset()

    def is_open(self, now: datetime, number: str | None = None) -> bool:
        """Whether calls to ``number`` (None: to any) are put through at ``now`` (aware)."""
        return self.closed_reason(now, number) is None

    def closed_reason(self, now: datetime, number: str | None = None) -> ClosedReason | None:
        """Why the doors are closed at ``now`` (aware); None when they are open."""
        if ALL_NUMBERS in self.closures or number in self.closures:
            return "emergency"
        if self.hours.always_open:
            return None
        local = _local(now, self.zone)
        if local.date() in self.holidays:
            return "holiday"
        clock = local.time()
        inside = (start <= clock and (clock < end or end == _LAST_MINUTE) for start, end in self._spans(local.date()))
        return None if any(inside) else "hours"

    def next_opening(self, now: datetime, number: str | None = None) -> datetime | None:
        """The first moment from ``now`` on at which the doors are open, aware UTC: ``now`` itself when they are.

        None in an emergency, whose end nobody knows, and when there is none within `SEARCH_DAYS` days.
        """
        reason = self.closed_reason(now, number)
        if reason == "emergency":
            return None
        if reason is None:
            return now.astimezone(UTC)
        unclosed = replace(self, closures=frozenset())
        today = _local(now, self.zone).date()
        for days in range(SEARCH_DAYS + 1):
            for moment in unclosed._openings(today + days * _DAY):
                if moment >= now and unclosed.is_open(moment):
                    return moment
        return None

    def _spans(self, day: date) -> list[tuple[time, time]]:
        return self.hours.spans(day.weekday())

    def _openings(self, day: date) -> Iterator[datetime]:
        """Moments of a local day, in order, the first open one among them."""
        spans = self._spans(day)
        if day in self.holidays or not spans:
            return
        begins = datetime.combine(day, time(0), self.zone).astimezone(UTC)
        ends = datetime.combine(day + _DAY, time(0), self.zone).astimezone(UTC)
        if ends - begins == _DAY:
            yield from (datetime.combine(day, start, self.zone).astimezone(UTC) for start, _ in spans)
            return
        # clocks are put forward or back on this day: a time of the wall clock comes twice or not at all
        yield from (begins + n * _MINUTE for n in range((ends - begins) // _MINUTE))


def _local(now: datetime, zone: ZoneInfo) -> datetime:
    if now.tzinfo is None:
        raise ValueError("a time without zone says nothing about opening hours: give it one, UTC is best")
    return now.astimezone(zone)
