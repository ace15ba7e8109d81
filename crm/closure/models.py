"""Table of emergency closures: who closed what, when and why, and who opened it again."""

from typing import Final

from sqlalchemy import Column, Index, Table, Text, text

from crm.database import Identity, Instant, metadata

ALL_NUMBERS: Final = "all"  # a scope

closures: Final = Table(
    "closures",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("scope", Text, nullable=False),  # a called number, or ALL_NUMBERS
    Column("closed_at", Instant, nullable=False),
    Column("closed_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reopened_at", Instant),
    Column("reopened_by", Text),
    Index(None, "closed_at"),
    # two people who press the switch at once close once
    Index(
        "uq_closures_open",
        "scope",
        unique=True,
        sqlite_where=text("reopened_at IS NULL"),
        postgresql_where=text("reopened_at IS NULL"),
    ),
)
