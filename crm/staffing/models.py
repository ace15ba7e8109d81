"""Tables of the roster, and of forecasts that were brought in from elsewhere.

Days and minutes are of the site's own clocks: a shift at 08:30 stays at 08:30.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from crm.database import Identity, Instant, metadata

ALL_QUEUES: Final = ""

roster_shifts: Final = Table(
    "roster_shifts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("day", Date, nullable=False),
    Column("starts", Integer, nullable=False),  # minutes of the day; half-open
    Column("ends", Integer, nullable=False),
    Column("break_starts", Integer),
    Column("break_ends", Integer),
    Column("staff_id", Identity, ForeignKey("staff.id", ondelete="CASCADE")),  # one person, or
    Column("team_id", Identity, ForeignKey("teams.id", ondelete="CASCADE")),  # so many of a team
    Column("people", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("(staff_id IS NULL) <> (team_id IS NULL)", name="who"),
    CheckConstraint("starts >= 0 AND starts < ends AND ends <= 1440", name="times"),
    CheckConstraint("people BETWEEN 1 AND 999", name="people"),
    Index(None, "day"),
    Index(None, "staff_id"),
    Index(None, "team_id"),
)

forecast_slots: Final = Table(
    "forecast_slots",
    metadata,
    Column("queue", Text, nullable=False),  # ALL_QUEUES: of the whole hotline
    Column("day", Date, nullable=False),
    Column("minute", Integer, nullable=False),  # at which the half hour begins
    Column("calls", Float, nullable=False),
    Column("handling_seconds", Float),  # NULL: as measured
    Column("imported_at", Instant, nullable=False),
    CheckConstraint("minute >= 0 AND minute < 1440 AND calls >= 0", name="slot"),
    PrimaryKeyConstraint("queue", "day", "minute"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One shift. Times in minutes of the local day, half-open. Either ``staff_id`` or, with ``people``, ``team_id``."""

    day: date
    starts: int
    ends: int
    break_starts: int | None = None
    break_ends: int | None = None
    staff_id: int | None = None
    team_id: int | None = None
    people: int = 1
    id: int | None = None

    def at_work(self, minute: int, length: int) -> float:
        """How many of it are at work in the ``length`` minutes from ``minute`` on, by the time they are."""
        there = _overlap(minute, minute + length, self.starts, self.ends)
        if self.break_starts is not None and self.break_ends is not None:
            rest = max(minute, self.starts), min(minute + length, self.ends)
            there -= _overlap(*rest, self.break_starts, self.break_ends)
        return self.people * max(0, there) / length


def _overlap(start: int, end: int, other_start: int, other_end: int) -> int:
    return max(0, min(end, other_end) - max(start, other_start))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSlot:
    """Calls expected in one half hour, as somebody else forecast them."""

    day: date
    minute: int
    calls: float
    handling_seconds: float | None = None
