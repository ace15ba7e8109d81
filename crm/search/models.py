"""Tables of the search index. Everything in them is made from other tables and can be made anew."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, text

from crm.database import Identity, Instant, metadata


class Kind(StrEnum):
    """What can be found."""

    ARTICLE = "article"
    DOCUMENT = "document"
    DEALER = "dealer"
    SOURCE = "source"
    CARD = "card"
    ASKED = "asked"  # a question that something answered (`useful_answers`); shown as that


RESTRICTED: Final = "restricted"  # the shelf of documents that agents do not find

search_blocks: Final = Table(  # passages are numbered in blocks of one shelf: who may not see a shelf reads none of it
    "search_blocks",
    metadata,
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("shelf", Text, nullable=False),
    Column("used", Integer, nullable=False),  # numbers given out, also those whose passage is gone
    Column("passages", Integer, nullable=False),  # that are there
    Index(None, "shelf", "block"),
)

search_passages: Final = Table(
    "search_passages",
    metadata,
    Column("id", Identity, primary_key=True, autoincrement=False),  # block * BLOCK + place
    Column("shelf", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ref", BigInteger, nullable=False),  # id in the kind's own table
    Column("ordinal", Integer, nullable=False),
    Column("title", Text, nullable=False),  # as shown
    Column("also", Text, nullable=False, server_default=text("''")),  # other ways to ask, one a line
    Column("body", Text, nullable=False),  # as shown
    Index("uq_search_passages_kind_ref_ordinal", "kind", "ref", "ordinal", unique=True),
)

search_postings: Final = Table(
    "search_postings",
    metadata,
    Column("term", BigInteger, primary_key=True, autoincrement=False),  # hash of the piece of text
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),  # passages of this block that have it
    Column("packed", LargeBinary, nullable=False),  # their places (16 bits each), then their weights (8 bits each)
    sqlite_with_rowid=False,
)

search_marks: Final = Table(  # how far the keepers of the index have come
    "search_marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

useful_answers: Final = Table(  # "this answered it": what was useful for such questions
    "useful_answers",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("ref", BigInteger, nullable=False),
    Column("question", Text, nullable=False),
    Column("topic_id", Identity),
    Column("contact_id", Identity),
    Column("staff_id", Identity),
    Column("marked_at", Instant, nullable=False),
    Index(None, "kind", "ref"),
    Index(None, "topic_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to be found, as its feature tells it. ``also``: other ways to ask; ``body``: plain text, cut into
    passages here."""

    kind: Kind
    ref: int
    shelf: str
    title: str
    body: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing found. ``snippet``: the passage that fits best, cut to what is worth reading."""

    kind: Kind
    ref: int
    title: str
    snippet: str
    score: float
