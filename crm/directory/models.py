"""Tables: numbers outside, and how often everybody was chosen."""

from typing import Final

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from crm.database import Identity, Instant, metadata

directory_entries: Final = Table(
    "directory_entries",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("office_th", Text, nullable=False, server_default=text("''")),  # whose number it is
    Column("office_en", Text, nullable=False, server_default=text("''")),
    Column("number", Text, nullable=False),  # as it is dialled
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("uq_directory_entries_number", "number", unique=True),
)

directory_uses: Final = Table(
    "directory_uses",
    metadata,
    Column("agent", Text, nullable=False),  # extension of who transferred
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("last_used_at", Instant, nullable=False),
    PrimaryKeyConstraint("agent", "kind", "key"),
)
