"""The table of requests that were carried out, so that one repeated after a lost answer changes nothing."""

from typing import Final

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text

from crm.database import Identity, Instant, metadata

done_requests: Final = Table(
    "done_requests",
    metadata,
    Column("staff_id", Identity, nullable=False),
    Column("key", Text, nullable=False),  # chosen by the page, random
    Column("subject", Text, nullable=False),  # "person/12": what was changed, or made
    Column("done_at", Instant, nullable=False),
    PrimaryKeyConstraint("staff_id", "key"),
    Index(None, "done_at"),
    sqlite_with_rowid=False,
)
