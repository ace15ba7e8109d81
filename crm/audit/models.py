"""The table of what was done."""

from typing import Final

from sqlalchemy import JSON, Column, Index, Table, Text

from crm.database import Identity, Instant, metadata

audit_lines: Final = Table(
    "audit_lines",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("done_at", Instant, nullable=False),
    Column("staff_id", Identity),  # NULL: the system itself; no foreign key, lines outlive people
    Column("who", Text, nullable=False),  # user name at that time
    Column("action", Text, nullable=False),  # "person.changed", "staff.locked", …
    Column("subject", Text),  # "person/12", "card/7"
    Column("details", JSON, nullable=False),
    Index(None, "done_at"),
    Index(None, "subject"),
)
