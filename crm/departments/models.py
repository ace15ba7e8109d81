"""The table of departments."""

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text, true

from crm.database import Instant, metadata

departments: Final = Table(
    "departments",
    metadata,
    Column("name", Text, primary_key=True),  # as dialplan.sections.Name; what officers and cards refer to
    Column("label_th", Text, nullable=False),
    Column("label_en", Text, nullable=False),
    Column("extension", Text, nullable=False),
    Column("dial", Text, nullable=False, server_default=text("''")),  # outside number; empty: a telephone of ours
    Column("email", Text, nullable=False, server_default=text("''")),
    Column("answer_days", Integer, nullable=False, server_default=text("1")),  # working days until an answer is due
    Column("answer_hours", Integer, nullable=False, server_default=text("0")),  # and working hours on top
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("updated_at", Instant, nullable=False),
    Index("uq_departments_extension", "extension", unique=True),
)
