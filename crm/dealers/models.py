"""The table of dealers and representatives (K1)."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Index, Table, Text, text

from crm.database import Identity, Instant, metadata, one_of


class DealerKind(StrEnum):
    """Whom a line is about."""

    ORGANISATION = "organisation"
    PERSON = "person"


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


dealers: Final = Table(
    "dealers",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("code", Text, nullable=False),  # the key of imports
    Column("kind", Text, nullable=False),
    _words("name_th"),
    _words("name_en"),
    _words("contact"),  # whom to ask for
    _words("products"),  # parted by semicolons
    _words("areas"),  # provinces or countries, parted by semicolons
    _words("telephones"),  # E.164 or short codes, parted by semicolons
    _words("email"),
    _words("website"),
    _words("address"),
    _words("note"),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("retired_at", Instant),
    one_of("kind", DealerKind),
    Index("uq_dealers_code", "code", unique=True),
)
