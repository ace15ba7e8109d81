"""Tables of what was counted: tallies of whole half hours and days, by queue, and of agents by day.

They hold nothing that the calls do not say: `crm.reports.sealing` writes them, and `hotline figures rebuild` makes them
anew. Sums of time are whole microseconds, so that they add up exactly.
"""

from dataclasses import MISSING, fields
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from crm.database import Instant, metadata
from metrics.agent_figures import AgentTally
from metrics.tally import SUMMED, Tally

NO_QUEUE: Final = ""  # of a call that reached none; a key cannot be NULL


def _numbers(kind: type, names: tuple[str, ...]) -> list[Column[Any]]:
    defaults = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    return [
        Column(name, BigInteger if isinstance(defaults[name], timedelta) else Integer, nullable=False) for name in names
    ]


def _by_queue(name: str, *columns: Column[Any]) -> Table:
    keys = ("day_at", *(column.name for column in columns), "queue", "out_of_hours")
    return Table(
        name,
        metadata,
        Column("day_at", Instant, nullable=False),  # local midnight
        *columns,
        Column("queue", Text, nullable=False),
        Column("out_of_hours", Boolean, nullable=False),
        *_numbers(Tally, SUMMED),
        Column("longest_wait", BigInteger),
        PrimaryKeyConstraint(*keys),
        sqlite_with_rowid=False,
    )


figures_half_hour: Final = _by_queue("figures_half_hour", Column("half_hour_at", Instant, nullable=False))
figures_day: Final = _by_queue("figures_day")

figures_agent_day: Final = Table(
    "figures_agent_day",
    metadata,
    Column("day_at", Instant, nullable=False),
    Column("agent", Text, nullable=False),
    *_numbers(AgentTally, tuple(field.name for field in fields(AgentTally))),
    PrimaryKeyConstraint("day_at", "agent"),
    sqlite_with_rowid=False,
)

# One row: how all of it was counted, and until when. With other settings it is counted anew.
figures_state: Final = Table(
    "figures_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("counted_with", Text, nullable=False),
    Column("sealed_until", Instant),
)
Index("ix_figures_half_hour_half_hour_at", figures_half_hour.c.half_hour_at)
