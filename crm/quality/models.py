"""Tables of score cards, of talks to be scored, and of scores."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, false, true

from crm.database import Identity, Instant, metadata, one_of


class SampleReason(StrEnum):
    """Why a talk shall be scored."""

    RANDOM = "random"
    LOW_RATING = "low_rating"
    LONG_HOLD = "long_hold"
    NEW_AGENT = "new_agent"
    CHOSEN = "chosen"  # by a supervisor, from the recording


class SampleState(StrEnum):
    """Where a sample stands."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


class ReviewState(StrEnum):
    """Whether the grader is done."""

    DRAFT = "draft"
    FINAL = "final"  # never changes any more; the agent sees it


qa_cards: Final = Table(
    "qa_cards",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("draft", Text, nullable=False),  # crm.quality.forms.Form as JSON: what is being designed
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

qa_versions: Final = Table(
    "qa_versions",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("card_id", Identity, ForeignKey("qa_cards.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("form", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Text, nullable=False),
    Index("uq_qa_versions_card_id_number", "card_id", "number", unique=True),
)

qa_samples: Final = Table(
    "qa_samples",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("queue", Text),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("drawn_at", Instant, nullable=False),
    one_of("reason", SampleReason),
    one_of("state", SampleState),
    Index("uq_qa_samples_call_id_agent", "call_id", "agent", unique=True),
    Index(None, "state", "answered_at"),
)

qa_rounds: Final = Table(  # calibration: several graders, one talk, one card
    "qa_rounds",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("sample_id", Identity, ForeignKey("qa_samples.id", ondelete="CASCADE"), nullable=False),
    Column("version_id", Identity, ForeignKey("qa_versions.id"), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("begun_by", Text, nullable=False),
    Column("closed_at", Instant),
)

qa_reviews: Final = Table(
    "qa_reviews",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("sample_id", Identity, ForeignKey("qa_samples.id", ondelete="CASCADE"), nullable=False),
    Column("round_id", Identity, ForeignKey("qa_rounds.id", ondelete="CASCADE")),
    Column("version_id", Identity, ForeignKey("qa_versions.id"), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("queue", Text),
    Column("answered_at", Instant, nullable=False),  # of the talk: figures count it on that day
    Column("grader_id", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("grader", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("answers", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("score", Float),
    Column("fatal", Boolean, nullable=False, server_default=false()),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("seen_at", Instant),
    Column("reply", Text),
    Column("replied_at", Instant),
    one_of("state", ReviewState),
    Index(None, "answered_at"),
    Index(None, "agent", "answered_at"),
    Index(None, "sample_id"),
)
