"""Tables of people and their numbers, and what a person is in Python."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

from crm.database import Identity, Instant, metadata, one_of


class Sex(StrEnum):
    """As the person says (C4)."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


class BusinessLevel(StrEnum):
    """How far the caller's business is (H4): what advice fits."""

    NONE = "none"  # no business, or not yet
    BEGINNER = "beginner"
    READY = "ready"
    EXPORTER = "exporter"


people: Final = Table(
    "people",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("title", Text),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("display_name", Text, nullable=False),
    Column("language", Text),
    Column("business_level", Text),
    Column("occupation", Text),
    Column("sex", Text),
    Column("birth_year", SmallInteger),
    Column("province", Text),
    Column("email", Text),
    Column("notes", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    one_of("sex", Sex),
    one_of("business_level", BusinessLevel),
)

phone_numbers: Final = Table(
    "phone_numbers",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    CheckConstraint("kind IN ('e164', 'short', 'internal', 'other')", name="kind"),
    Index("uq_phone_numbers_number", "number", unique=True),
)

# The key begins with the number: finding who calls is what must be quick (C1).
person_numbers: Final = Table(
    "person_numbers",
    metadata,
    Column("number_id", Identity, ForeignKey("phone_numbers.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", Identity, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("last_used_at", Instant),
    PrimaryKeyConstraint("number_id", "person_id"),
    Index(None, "person_id"),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of a person (C2, C4). Only ``display_name`` is always there; unknown is None."""

    display_name: str
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    business_level: BusinessLevel | None = None
    occupation: str | None = None
    sex: Sex | None = None
    birth_year: int | None = None  # an age grows old; the year does not
    province: str | None = None
    email: str | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Profile):
    """A person as stored. ``last_used_at``: of the number it was found by, else None."""

    id: int
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = None

    def age(self, year: int) -> int | None:
        """Age reached in ``year``; None when the year of birth is not known."""
        return None if self.birth_year is None else year - self.birth_year


@dataclass(frozen=True, slots=True)
class PersonNumber:
    """A number of a person."""

    number: str
    kind: str
    is_primary: bool
    last_used_at: datetime | None
