"""Tables of people and their numbers, and what a person is in Python."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
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
    Column("version", Integer, nullable=False, server_default=text("1")),  # see crm.autosave
    Column("field_versions", JSON, nullable=False, server_default=text("'{}'")),
    Column("merged_into_id", Identity, ForeignKey("people.id", ondelete="CASCADE")),  # the same person, kept there
    one_of("sex", Sex),
    one_of("business_level", BusinessLevel),
    Index(
        "ix_people_merged_into_id",
        "merged_into_id",
        sqlite_where=text("merged_into_id IS NOT NULL"),
        postgresql_where=text("merged_into_id IS NOT NULL"),
    ),
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


class WordKind(StrEnum):
    """What a word stands for in the search."""

    NAME = "name"
    WHOLE = "whole"  # first and last name in one, as Thai is typed without blanks
    EMAIL = "email"


# By code point in both databases: the beginnings of a word lie beside each other.
_BYTEWISE: Final = Text().with_variant(Text(collation="C"), "postgresql")

# A name in pieces, so that a search walks down an index and not through all people.
person_words: Final = Table(
    "person_words",
    metadata,
    Column("word", _BYTEWISE, nullable=False),  # folded: crm.thai
    Column("person_id", Identity, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    PrimaryKeyConstraint("word", "person_id"),
    one_of("kind", WordKind),
    Index(None, "person_id"),
    sqlite_with_rowid=False,
)

# How a word of a name may be mistaken: as it sounds, and with one letter left out. Whoever searches leaves one out too.
word_spellings: Final = Table(
    "word_spellings",
    metadata,
    Column("spelling", Text, nullable=False),
    Column("word", Text, nullable=False),
    PrimaryKeyConstraint("spelling", "word"),
    sqlite_with_rowid=False,
)

person_merges: Final = Table(
    "person_merges",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("kept_id", Identity, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("merged_id", Identity, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("merged_at", Instant, nullable=False),
    Column("merged_by", Text, nullable=False),
    Column("moved", JSON, nullable=False),  # what went where, to be undone: crm.people.merging
    Column("undone_at", Instant),
    Column("undone_by", Text),
    Index(None, "kept_id"),
    Index(None, "merged_id"),
)

# Two that somebody looked at: not the same person.
different_people: Final = Table(
    "different_people",
    metadata,
    Column("one_id", Identity, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),  # the smaller id
    Column("other_id", Identity, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("one_id", "other_id"),
    Index(None, "other_id"),
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
    """A person as stored. ``last_used_at``: of the number it was found by, else None. ``merged_into_id``: who this is
    the same as; everything is kept there then."""

    id: int
    created_at: datetime
    updated_at: datetime
    version: int = 1
    merged_into_id: int | None = None
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
