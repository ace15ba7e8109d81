"""The table of sources (K2)."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Index, Integer, Table, Text, text

from crm.database import Identity, Instant, metadata, one_of


class SourceKind(StrEnum):
    """Where knowledge is to be had."""

    OFFICE = "office"
    WEBSITE = "website"
    MANUAL = "manual"
    OFFICER = "officer"


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


sources: Final = Table(
    "sources",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("kind", Text, nullable=False),
    _words("name_th"),
    _words("name_en"),
    _words("about_th"),  # what is to be had there
    _words("about_en"),
    _words("url"),
    _words("department"),  # of crm.departments
    _words("extension"),  # inside the house
    _words("telephone"),  # outside, E.164 or short code
    _words("email"),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("retired_at", Instant),
    one_of("kind", SourceKind),
    Index(None, "kind", "position"),
)
