"""What a report page was asked for, from its address; and addresses of pages from what is wanted. Never fails: what
makes no sense is today's report."""

import calendar
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crm.reports.behind import Cursor
from crm.reports.counting import Wanted
from crm.reports.periods import Choice, Span
from crm.reports.service import Asked
from crm.web.dates import BUDDHIST_ERA, LAST_COMMON_YEAR, day_of
from metrics.intervals import Period, Step

FIRST_YEAR, LAST_YEAR = 2000, 2100
Query = Mapping[str, str]
Kind = TypeVar("Kind", Span, Step)


def asked_of(query: Query, today: date) -> Asked:
    """A report. ``on`` and ``to`` are dates; the page's form sends ``d m y`` and ``d2 m2 y2`` instead."""
    span = _enum(Span, query.get("span"), Span.DAY)
    first = _date(query, "", "on") or today
    choice = Choice(span, first, max(first, _date(query, "2", "to") or first))
    steps = choice.steps()
    step = _enum(Step, query.get("by"), steps[0])
    return Asked(
        choice=choice,
        step=step if step in steps else steps[0],
        queue=query.get("queue") or None,
        open_only=query.get("hours") != "all",
    )


def address(asked: Asked, path: str = "/reports", choice: Choice | None = None) -> str:
    """Where this report is (or the same of another period)."""
    at = choice or asked.choice
    values = {"span": at.span.value, "on": at.first.isoformat()}
    if at.span is Span.OWN:
        values["to"] = at.last.isoformat()
    values["by"] = asked.step.value
    if asked.queue:
        values["queue"] = asked.queue
    if not asked.open_only:
        values["hours"] = "all"
    return f"{path}?{urlencode(values)}"


def calls_address(figure: str, period: Period, queue: str | None, open_only: bool, **more: str) -> str:
    """The list of calls behind a figure of a period."""
    values = {"figure": figure, "from": _seconds(period.start_at), "to": _seconds(period.end_at)}
    if queue:
        values["queue"] = queue
    if not open_only:
        values["hours"] = "all"
    return f"/reports/calls?{urlencode(values | more)}"


def wanted_of(query: Query, default: Period) -> Wanted:
    """Which calls a list is of."""
    start_at, end_at = _moment(query.get("from")), _moment(query.get("to"))
    if start_at is None or end_at is None or start_at >= end_at:
        start_at, end_at = default.start_at, default.end_at
    return Wanted(
        start_at=start_at,
        end_at=end_at,
        queue=query.get("queue") or None,
        open_only=query.get("hours") != "all",
    )


def cursor_of(query: Query) -> Cursor | None:
    """Where a page of the list begins."""
    micros, separator, call_id = query.get("before", "").partition("~")
    at = _moment(micros, 1_000_000)
    return Cursor(at, call_id) if at is not None and separator else None


def cursor_text(cursor: Cursor) -> str:
    """And in the address."""
    whole = cursor.arrived_at.replace(microsecond=0)
    return f"{int(whole.timestamp()) * 1_000_000 + cursor.arrived_at.microsecond}~{cursor.call_id}"


def local_today(now: datetime, zone: ZoneInfo) -> date:
    """The date here."""
    return now.astimezone(zone).date()


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


def _moment(text: str | None, parts: int = 1) -> datetime | None:
    if not text or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    seconds, rest = divmod(int(text), parts)
    try:
        at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
    except (ValueError, OverflowError, OSError):
        return None
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None


def _date(query: Query, which: str, name: str) -> date | None:
    year, month, day = (query.get(part + which, "") for part in "ymd")
    if year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12:
        number = int(year) - BUDDHIST_ERA if int(year) >= LAST_COMMON_YEAR else int(year)
        if FIRST_YEAR <= number <= LAST_YEAR:
            last = calendar.monthrange(number, int(month))[1]
            return date(number, int(month), min(max(int(day) if day.isdecimal() else 1, 1), last))
        return None
    found = day_of(query.get(name, ""))
    return found if found and FIRST_YEAR <= found.year <= LAST_YEAR else None


def _enum(kind: type[Kind], text: str | None, otherwise: Kind) -> Kind:
    try:
        return kind(text or "")
    except ValueError:
        return otherwise
