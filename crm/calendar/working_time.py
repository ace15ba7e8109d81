"""Working days and hours: when an answer is due (K4, R2, R3). Pure.

**Days** are counted as the Civil and Commercial Code does (§ 193/3): the day on which it begins does not count, and the
last ends when the office closes. **Hours** run only while the office is open. Office hours are the weekdays' hours of
the settings without holidays, also where the telephone itself is answered round the clock.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from crm.calendar.opening import SEARCH_DAYS, Opening

_DAY: Final = timedelta(days=1)
_WITHOUT_HOURS: Final = ((time(8, 30), time(16, 30)),)  # of a government office, Monday to Friday
_MIDNIGHT: Final = time(23, 59)  # as the end of a span (`dialplan.sections.parse_span`)
_SATURDAY: Final = 5


def due_after(opening: Opening, start: datetime, days: int, hours: float = 0) -> datetime:
    """The moment ``days`` working days and then ``hours`` working hours after ``start`` (aware); aware UTC.

    Without days the hours run from ``start`` itself, or from when the office opens next. When there is no working day
    within `SEARCH_DAYS`, the calendar cannot say: plain days and hours are added.
    """
    moment = start.astimezone(UTC)
    if days:
        ends = _closings(opening, moment.astimezone(opening.zone).date() + _DAY)
        closing = next((end for number, end in enumerate(ends, 1) if number == days), None)
        if closing is None:
            return moment + timedelta(days=days, hours=hours)
        moment = closing
    return _after_hours(opening, moment, timedelta(hours=hours))


def is_working_day(opening: Opening, day: date) -> bool:
    """Whether the office works on this local day."""
    return bool(_spans(opening, day))


def _spans(opening: Opening, day: date) -> tuple[tuple[time, time], ...]:
    if day in opening.holidays:
        return ()
    spans = tuple(opening.hours.spans(day.weekday()))
    if spans or any(opening.hours.spans(weekday) for weekday in range(7)):
        return spans
    return _WITHOUT_HOURS if day.weekday() < _SATURDAY else ()


def _open_stretches(opening: Opening, first: date) -> Iterator[tuple[datetime, datetime]]:
    """Begin and end of every stretch of office hours from a local day on, aware UTC, in order."""
    for number in range(SEARCH_DAYS):
        day = first + number * _DAY
        for begin, end in _spans(opening, day):
            last = datetime.combine(day + _DAY, time(0), opening.zone) if end == _MIDNIGHT else None
            yield (
                datetime.combine(day, begin, opening.zone).astimezone(UTC),
                (last or datetime.combine(day, end, opening.zone)).astimezone(UTC),
            )


def _closings(opening: Opening, first: date) -> Iterator[datetime]:
    """When the office closes on each working day from ``first`` on."""
    for number in range(SEARCH_DAYS):
        stretches = list(_spans(opening, first + number * _DAY))
        if stretches:
            day, end = first + number * _DAY, stretches[-1][1]
            if end == _MIDNIGHT:
                day, end = day + _DAY, time(0)
            yield datetime.combine(day, end, opening.zone).astimezone(UTC)


def _after_hours(opening: Opening, start: datetime, rest: timedelta) -> datetime:
    if not rest:
        return start
    for begin, end in _open_stretches(opening, start.astimezone(opening.zone).date()):
        begin = max(begin, start)  # noqa: PLW2901
        if end <= begin:
            continue
        if end - begin >= rest:
            return begin + rest
        rest -= end - begin
    return start + rest
