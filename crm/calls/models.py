"""Tables of calls, agents' states and the stream they are learnt from.

One row a call; what may happen several times in a call is a row each, keyed by the call and its place in the call's
order (``ordinal``), so that writing a call twice changes nothing. Names and meanings: `ami_listener.records`.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.schema import SchemaItem

from ami_listener.events import AgentState, EndedBy, LeaveStatus, PickUpReason, Precision
from ami_listener.records import Outcome
from crm.database import Identity, Instant, metadata, one_of


class CallbackState(StrEnum):
    """Where a callback stands. A second request of a number that is waiting already is only noted: duplicate."""

    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"
    GIVEN_UP = "given_up"
    DUPLICATE = "duplicate"


class MessageState(StrEnum):
    """Where a recorded message stands."""

    NEW = "new"
    HEARD = "heard"
    DONE = "done"


def _index_where(*columns: str, known: str) -> Index:
    """An index of those rows only that have ``known``: a call that just arrived has little, and is written at once."""
    where = text(f"{known} IS NOT NULL")
    return Index(f"ix_calls_{'_'.join(columns)}", *columns, sqlite_where=where, postgresql_where=where)


calls: Final = Table(
    "calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("arrived_at", Instant, nullable=False),
    Column("caller_number", Text),  # as it came; NULL when withheld
    Column("caller_e164", Text),  # E.164 or short code; NULL when it is neither
    Column("called_number", Text, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("callback_of", Text),
    Column("language", Text),
    Column("queue", Text),
    Column("closed_reason", Text),
    Column("assistant_answered_at", Instant),
    Column("assistant_reason", Text),
    Column("agent_answered_at", Instant),
    Column("agent", Text),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("outcome", Text),
    Column("cause", Integer),
    Column("precision", Text, nullable=False),
    Column("survey_scale", Text),
    Column("survey_asked_at", Instant),
    Column("survey_answered_at", Instant),
    Column("survey_key", Text),
    Column("survey_meaning", Text),
    Column("person_id", Identity, ForeignKey("people.id", ondelete="SET NULL")),
    Column("updated_at", Instant, nullable=False),
    one_of("assistant_reason", PickUpReason),
    one_of("ended_by", EndedBy),
    one_of("outcome", Outcome),
    one_of("precision", Precision),
    Index(None, "arrived_at"),
    Index(None, "queue", "arrived_at"),
    _index_where("agent", "agent_answered_at", known="agent"),
    _index_where("caller_e164", "arrived_at", known="caller_e164"),
    _index_where("person_id", known="person_id"),
    Index("ix_calls_open", "call_id", sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
    sqlite_with_rowid=False,
)


def _part(name: str, *columns: SchemaItem) -> Table:
    """A table of what may happen several times in a call."""
    return Table(
        name,
        metadata,
        Column("call_id", Text, ForeignKey("calls.call_id", ondelete="CASCADE"), nullable=False),
        Column("ordinal", Integer, nullable=False),
        *columns,
        PrimaryKeyConstraint("call_id", "ordinal"),
        sqlite_with_rowid=False,
    )


queue_passes: Final = _part(
    "queue_passes",
    Column("queue", Text, nullable=False),
    Column("pass_number", Integer, nullable=False),
    Column("joined_at", Instant, nullable=False),
    Column("position", Integer),
    Column("left_at", Instant),
    Column("status", Text),
    one_of("status", LeaveStatus),
    Index(None, "queue", "joined_at"),
)

rings: Final = _part(
    "rings",
    Column("queue", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("rang_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("answered", Boolean),
    Column("precision", Text, nullable=False),
    one_of("precision", Precision),
    Index(None, "agent", "rang_at"),
)

conversations: Final = _part(
    "conversations",
    Column("queue", Text),
    Column("agent", Text, nullable=False),
    Column("answered_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("agent_channel", Text),
    one_of("ended_by", EndedBy),
    Index(None, "agent", "answered_at"),
)

holds: Final = _part(
    "holds",
    Column("agent", Text, nullable=False),
    Column("held_at", Instant, nullable=False),
    Column("resumed_at", Instant),
)

transfers: Final = _part(
    "transfers",
    Column("kind", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("to", Text),
    Column("transferred_at", Instant, nullable=False),
)

menu_keys: Final = _part(
    "menu_keys",
    Column("menu", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("choice", Text),
    Column("pressed_at", Instant, nullable=False),
)


def _wish(name: str, *columns: SchemaItem | Any) -> Table:
    """A table of what a call may ask of us once, with work to do afterwards."""
    return Table(
        name,
        metadata,
        Column("id", Identity, primary_key=True),
        Column("call_id", Text, ForeignKey("calls.call_id", ondelete="CASCADE"), nullable=False),
        *columns,
        Index(f"uq_{name}_call_id", "call_id", unique=True),
    )


callbacks: Final = _wish(
    "callbacks",
    Column("number", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_try_at", Instant),
    Column("done_at", Instant),
    Column("answered_by", Text),
    one_of("state", CallbackState),
    Index(None, "state", "next_try_at"),
)

messages: Final = _wish(
    "messages",
    Column("path", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("left_at", Instant, nullable=False),
    Column("queue", Text),
    Column("state", Text, nullable=False),
    Column("heard_by", Text),
    one_of("state", MessageState),
    Index(None, "state", "left_at"),
)

agent_states: Final = Table(
    "agent_states",
    metadata,
    Column("agent", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    PrimaryKeyConstraint("agent", "since"),
    one_of("state", AgentState),
    Index(None, "since"),
    Index("ix_agent_states_now", "agent", sqlite_where=text("until IS NULL"), postgresql_where=text("until IS NULL")),
)

journal_position: Final = Table(
    "journal_position",
    metadata,
    Column("journal", Text, primary_key=True),
    Column("position", Text, nullable=False),  # in the words of whoever reads the journal
    Column("updated_at", Instant, nullable=False),
)

stream_gaps: Final = Table(
    "stream_gaps",
    metadata,
    Column("from_at", Instant, primary_key=True),
    Column("until_at", Instant),
    Column("reason", Text, nullable=False),
)

# Half hours of which a call was written long after they had passed: what was counted of them may not be used as it is.
late_half_hours: Final = Table(
    "late_half_hours",
    metadata,
    Column("half_hour_at", Instant, primary_key=True),
    Column("times", Integer, nullable=False),  # how often; whoever counts anew sees by it that nothing came meanwhile
    sqlite_with_rowid=False,
)

PARTS: Final = (queue_passes, rings, conversations, holds, transfers, menu_keys)
