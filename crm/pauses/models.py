"""The table of pause reasons."""

from typing import Final

from sqlalchemy import Boolean, Column, Integer, Table, Text, false, text, true

from crm.database import Instant, metadata

pause_reasons: Final = Table(
    "pause_reasons",
    metadata,
    Column("name", Text, primary_key=True),  # what Asterisk and the records keep
    Column("label_th", Text, nullable=False),
    Column("label_en", Text, nullable=False),
    Column("supervisors_only", Boolean, nullable=False, server_default=false()),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("updated_at", Instant, nullable=False),
)
