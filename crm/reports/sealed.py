"""What was counted and may be used: whole local days, and where each tally of a row comes from."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Connection, Engine, RowMapping, Table, func, select

from crm.calls.models import late_half_hours
from crm.reports.models import NO_QUEUE, figures_state
from metrics.intervals import Period, Step, period_of
from metrics.tally import SUMMED, Limits, Tally

HALF_HOUR: Final = timedelta(minutes=30)
_DURATIONS: Final = frozenset(name for name in SUMMED if isinstance(getattr(Tally(), name), timedelta))


@dataclass(frozen=True, slots=True)
class Frame:
    """How calls are counted here: thresholds and the local time that days are of."""

    zone: ZoneInfo
    limits: Limits

    @property
    def name(self) -> str:
        """Written beside what was counted: with another frame it is counted anew."""
        return json.dumps({"zone": self.zone.key, **asdict(self.limits), "columns": SUMMED}, sort_keys=True)

    def day(self, at: datetime) -> Period:
        """The local day of a moment."""
        return period_of(at, Step.DAY, self.zone)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Days before ``until`` are counted, but for ``late`` ones (by their begin). ``until`` None: nothing is."""

    until: datetime | None
    late: frozenset[datetime]

    def days_within(self, start_at: datetime, end_at: datetime, frame: Frame) -> tuple[Period | None, list[Period]]:
        """The span of whole counted days in a period, and the late days in it that must be counted directly."""
        if self.until is None:
            return None, []
        first = frame.day(start_at)
        start = first.start_at if first.start_at == start_at else first.end_at
        last = frame.day(min(end_at, self.until))
        end = last.end_at if last.end_at <= min(end_at, self.until) else last.start_at
        if start >= end:
            return None, []
        late = [frame.day(day) for day in sorted(self.late) if start <= day < end]
        return Period(start, end), late


def sealed(connection: Connection, frame: Frame) -> Sealed:
    """What may be used now."""
    row = connection.execute(select(figures_state.c.counted_with, figures_state.c.sealed_until)).first()
    if row is None or row.counted_with != frame.name or row.sealed_until is None:
        return Sealed(None, frozenset())
    days: set[datetime] = set()
    late = select(late_half_hours.c.half_hour_at).where(late_half_hours.c.half_hour_at < row.sealed_until)
    for at in connection.scalars(late):
        days |= {frame.day(at).start_at, frame.day(at + HALF_HOUR - timedelta(microseconds=1)).start_at}
    return Sealed(row.sealed_until, frozenset(days))


def values_of(tally: Tally) -> dict[str, Any]:
    """A tally as columns."""
    values: dict[str, Any] = {}
    for name in SUMMED:
        value = getattr(tally, name)
        values[name] = _micros(value) if name in _DURATIONS else value
    values["longest_wait"] = _micros(tally.longest_wait) if tally.longest_wait is not None else None
    return values


def sums(table: Table) -> list[ColumnElement[Any]]:
    """All sums of a group of rows, to be read by `tally_of`."""
    added = [func.sum(table.c[name]).label(name) for name in SUMMED]
    return [*added, func.max(table.c.longest_wait).label("longest_wait")]


def tally_of(row: RowMapping, limits: Limits) -> Tally:
    """The tally of a row."""
    values: dict[str, Any] = {}
    for name in SUMMED:
        number = int(row[name] or 0)
        values[name] = timedelta(microseconds=number) if name in _DURATIONS else number
    longest = row["longest_wait"]
    values["longest_wait"] = timedelta(microseconds=int(longest)) if longest is not None else None
    return Tally(limits=limits, **values)


def grouped(
    connection: Connection,
    table: Table,
    by: Column[Any],
    span: Period,
    without: list[Period],
    wanted: ColumnElement[bool],
) -> Iterator[tuple[Any, RowMapping]]:
    """Sums of sealed rows, by a column."""
    query = select(by.label("grouped_by"), *sums(table)).where(
        table.c.day_at >= span.start_at, table.c.day_at < span.end_at, wanted
    )
    if without:
        query = query.where(table.c.day_at.not_in([day.start_at for day in without]))
    for row in connection.execute(query.group_by(by)).mappings():
        yield row["grouped_by"], row


def queue_key(queue: str | None) -> str:
    """As it stands in the tables."""
    return NO_QUEUE if queue is None else queue


def queue_name(key: str) -> str | None:
    """And back."""
    return None if key == NO_QUEUE else key


def snapshot(engine: Engine) -> Any:
    """A connection all of whose queries see one state of the database; to be used with ``with``."""
    if engine.dialect.name == "postgresql":
        return engine.connect().execution_options(isolation_level="REPEATABLE READ")
    return engine.connect()


def _micros(length: timedelta) -> int:
    return (length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds
