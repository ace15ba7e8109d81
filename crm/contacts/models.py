"""Tables of contacts and their steps."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    text,
)

from crm.database import Identity, Instant, metadata, one_of
from crm.standards.models import StepChannel
from crm.topics.models import Matter


class Channel(StrEnum):
    """How somebody came to us (R1)."""

    TELEPHONE = "telephone"
    CHAT = "chat"
    COUNTER = "counter"
    EMAIL = "email"
    LETTER = "letter"
    ONLINE = "online"

    @property
    def steps(self) -> StepChannel | None:
        """Whose standard steps it has; None: none."""
        return _STEPS.get(self)


_STEPS: Final = {
    Channel.TELEPHONE: StepChannel.HOTLINE,
    Channel.CHAT: StepChannel.CHAT,
    Channel.COUNTER: StepChannel.COUNTER,
}


class Direction(StrEnum):
    """Who began."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ContactState(StrEnum):
    """Whether the record is finished."""

    DRAFT = "draft"
    FINISHED = "finished"


class ContactOutcome(StrEnum):
    """What became of the matter."""

    ANSWERED = "answered"
    TRANSFERRED = "transferred"
    CALLBACK_PROMISED = "callback_promised"
    CASE_OPENED = "case_opened"
    CUT_OFF = "cut_off"  # the caller was gone before it was clear what they wanted
    WRONG_NUMBER = "wrong_number"


contacts: Final = Table(
    "contacts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("call_id", Text),  # no foreign key: the call may be written a moment later
    Column("agent", Text),  # extension
    Column("staff_id", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("queue", Text),
    Column("number", Text),  # of the caller: E.164 or short code; NULL: hidden
    Column("person_id", Identity, ForeignKey("people.id", ondelete="SET NULL")),
    Column("attached_number", Boolean, nullable=False, server_default=false()),  # the person got the number from here
    Column("topic_id", Identity, ForeignKey("topics.id")),
    Column("kind", Text),
    Column("department", Text),
    Column("internal_extension", Text),
    Column("notes", Text),
    Column("question", Text),
    Column("answer", Text),
    Column("outcome", Text),
    Column("language", Text),
    Column("rang_at", Instant),
    Column("begun_at", Instant, nullable=False),
    Column("talk_ended_at", Instant),
    Column("survey_asked_at", Instant),
    Column("survey_ended_at", Instant),
    Column("finished_at", Instant),
    Column("version", Integer, nullable=False, server_default=text("1")),  # see crm.autosave
    Column("field_versions", JSON, nullable=False, server_default=text("'{}'")),
    Column("updated_at", Instant, nullable=False),
    one_of("channel", Channel),
    one_of("direction", Direction),
    one_of("state", ContactState),
    one_of("kind", Matter),
    one_of("outcome", ContactOutcome),
    Index("uq_contacts_call_id_agent", "call_id", "agent", unique=True),  # NULL is never equal: others are free
    Index(None, "begun_at"),
    Index(None, "person_id", "begun_at"),
    Index(None, "number", "begun_at"),
    Index(None, "staff_id", "begun_at"),
    Index(
        "ix_contacts_drafts",
        "staff_id",
        "begun_at",
        sqlite_where=text("state = 'draft'"),
        postgresql_where=text("state = 'draft'"),
    ),
    Index(
        "ix_contacts_talking",
        "begun_at",
        sqlite_where=text("talk_ended_at IS NULL"),
        postgresql_where=text("talk_ended_at IS NULL"),
    ),
)

# What only the agent knows: when the next step began.
contact_marks: Final = Table(
    "contact_marks",
    metadata,
    Column("contact_id", Identity, ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("marked_at", Instant, nullable=False),
    PrimaryKeyConstraint("contact_id", "ordinal"),
    sqlite_with_rowid=False,
)

# Made of marks and of what the telephone tells (crm.contacts.steps); a step that was left and taken up has two rows.
contact_steps: Final = Table(
    "contact_steps",
    metadata,
    Column("contact_id", Identity, ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("measured", Boolean, nullable=False),
    PrimaryKeyConstraint("contact_id", "ordinal"),
    sqlite_with_rowid=False,
)


FIELDS: Final = (
    "person_id", "topic_id", "kind", "department", "internal_extension", "notes", "question", "answer", "outcome",
    "language",
)  # fmt: skip  # what agents write


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A record of service as stored."""

    id: int
    call_id: str | None
    agent: str | None
    staff_id: int | None
    channel: Channel
    direction: Direction
    state: ContactState
    queue: str | None
    number: str | None
    person_id: int | None
    attached_number: bool
    topic_id: int | None
    kind: str | None
    department: str | None
    internal_extension: str | None
    notes: str | None
    question: str | None
    answer: str | None
    outcome: str | None
    language: str | None
    rang_at: datetime | None
    begun_at: datetime
    talk_ended_at: datetime | None
    survey_asked_at: datetime | None
    survey_ended_at: datetime | None
    finished_at: datetime | None
    version: int
    updated_at: datetime


def contact_of(row: Any) -> Contact:
    """The contact of a row (a mapping) of the table."""
    values = {name: row[name] for name in Contact.__dataclass_fields__}
    values["channel"], values["direction"] = Channel(values["channel"]), Direction(values["direction"])
    return Contact(**values | {"state": ContactState(values["state"])})
