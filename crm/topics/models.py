"""The table of subjects."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

from crm.database import Identity, Instant, metadata, one_of


class Matter(StrEnum):
    """The kinds of matter (K1); each is the root of a tree."""

    GENERAL = "general"
    TECHNICAL = "technical"
    NEW_PRODUCT = "new_product"
    COMPLAINT = "complaint"


topics: Final = Table(
    "topics",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("parent_id", Identity, ForeignKey("topics.id")),  # NULL: a kind of matter
    Column("kind", Text, nullable=False),
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("also", Text, nullable=False, server_default=text("''")),  # other words callers use for it
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("retired_at", Instant),  # not offered any more; what was recorded keeps it
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    one_of("kind", Matter),
    Index(None, "parent_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One subject. ``path``: ids from the kind of matter down to this one."""

    id: int
    parent_id: int | None
    kind: Matter
    name_th: str
    name_en: str
    also: str = ""
    position: int = 0
    retired_at: datetime | None = None
    path: tuple[int, ...] = ()

    def name(self, language: str) -> str:
        """Its name."""
        return (self.name_th if language == "th" else self.name_en) or self.name_th or self.name_en
