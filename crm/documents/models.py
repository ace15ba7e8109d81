"""The table of documents; the files themselves lie in the file store by their checksum."""

from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Table, Text, false, text

from crm.database import Identity, Instant, metadata, one_of


class DocumentState(StrEnum):
    """How far a document is: checked by a second person before agents find it."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class TextState(StrEnum):
    """Whether its text could be taken out."""

    TAKEN = "taken"
    NONE = "none"  # a picture, a scan
    FAILED = "failed"  # damaged, locked, or too much for us


documents: Final = Table(
    "documents",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("name", Text, nullable=False),  # safe file name, with its ending
    Column("title_th", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("also", Text, nullable=False, server_default=text("''")),  # also asked as, one a line
    Column("media_type", Text, nullable=False),  # by content
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("sensitive", Boolean, nullable=False, server_default=false()),  # leaves the house only with a second person
    Column("restricted", Boolean, nullable=False, server_default=false()),  # agents do not see it
    Column("state", Text, nullable=False),
    Column("topic_id", Identity, ForeignKey("topics.id")),
    Column("department", Text, nullable=False, server_default=text("''")),
    Column("valid_until", Date),
    Column("text", Text, nullable=False, server_default=text("''")),
    Column("text_state", Text, nullable=False),
    Column("added_by", Identity),  # staff; NULL: by the system
    Column("added_at", Instant, nullable=False),
    Column("verified_by", Identity),
    Column("verified_at", Instant),
    Column("updated_at", Instant, nullable=False),
    one_of("state", DocumentState),
    one_of("text_state", TextState),
    Index(None, "state"),
    Index(None, "sha256"),
)
