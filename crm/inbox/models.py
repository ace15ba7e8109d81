"""The table of callers whom somebody calls back by hand: who does it, and that it is done."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text

from crm.database import Identity, Instant, metadata, one_of


class TaskKind(StrEnum):
    """Why somebody is called back."""

    MISSED = "missed"
    CALLBACK = "callback"


inbox_tasks: Final = Table(
    "inbox_tasks",
    metadata,
    Column("kind", Text, nullable=False),
    Column("call_id", Text, ForeignKey("calls.call_id", ondelete="CASCADE"), nullable=False),
    Column("taken_by", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("taken_at", Instant),
    Column("done_by", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("done_at", Instant),
    PrimaryKeyConstraint("kind", "call_id"),
    one_of("kind", TaskKind),
    Index(None, "call_id"),
    sqlite_with_rowid=False,
)
