"""Tables of transfer cards: the card, the calls that were handed over with it, the office's attempts, every step."""

from enum import StrEnum
from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from crm.cards.states import CardState, Handover, Result
from crm.database import Identity, Instant, metadata, one_of
from crm.directory.targets import TargetKind


class Reason(StrEnum):
    """Why a transfer failed."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"  # the caller was in the queue again, and nobody told why


card_numbers: Final = Table(
    "card_numbers",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),  # Buddhist era
    Column("last", Integer, nullable=False),
)

transfer_cards: Final = Table(
    "transfer_cards",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("number", Text, nullable=False),  # T-2569-000123
    Column("state", Text, nullable=False),
    Column("handover", Text, nullable=False),  # of the last call that was handed over
    Column("reason", Text),  # why that failed
    Column("mode", Text),  # blind, attended; NULL: not known yet
    Column("by_event", Boolean, nullable=False),  # made because a telephone transferred, without the dialog
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # who transferred: names as they were then
    Column("agent", Text, nullable=False),  # extension, empty when nobody told
    Column("agent_name_th", Text, nullable=False),
    Column("agent_name_en", Text, nullable=False),
    Column("staff_id", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    # whom
    Column("call_id", Text),  # no foreign key: the card may be written before the call is
    Column("contact_id", Identity, ForeignKey("contacts.id", ondelete="SET NULL")),
    Column("person_id", Identity, ForeignKey("people.id", ondelete="SET NULL")),
    Column("caller_name", Text, nullable=False),
    Column("caller_number", Text),  # E.164 or short code, else as it came; NULL: withheld
    # to whom
    Column("to_kind", Text, nullable=False),
    Column("to_key", Text, nullable=False),
    Column("to_name_th", Text, nullable=False),
    Column("to_name_en", Text, nullable=False),
    Column("to_dial", Text),
    Column("department", Text),  # whose cards these are; NULL: of no department
    Column("to_staff_id", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    # what about
    Column("why", Text, nullable=False),
    Column("question", Text, nullable=False),
    # when
    Column("transferred_at", Instant),
    Column("picked_up_at", Instant),
    Column("handed_over_at", Instant),  # since when the office has it
    Column("office_told_at", Instant),  # by letter; NULL with an office: still owed
    Column("due_at", Instant),  # of the next step; NULL: closed
    Column("reminded_for", Instant),  # the due time that was reminded of
    Column("overdue_told_for", Instant),  # the due time that was told to have passed
    # the end
    Column("outcome", Text, nullable=False, server_default=text("''")),
    Column("followed_up_at", Instant),
    Column("closed_at", Instant),
    Column("closed_because", Text),  # of a card that did not go the whole way
    Column("link_key", Text, nullable=False),  # links made with another one open nothing
    one_of("state", CardState),
    one_of("handover", Handover),
    one_of("reason", Reason),
    one_of("to_kind", TargetKind),
    Index("uq_transfer_cards_number", "number", unique=True),
    Index(None, "state", "due_at"),
    Index(None, "department", "state"),
    Index(None, "staff_id", "state"),
    Index(None, "person_id"),
    Index(None, "call_id"),
    Index(None, "contact_id"),
    Index(None, "created_at"),
)

card_handovers: Final = Table(
    "card_handovers",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("card_id", Identity, ForeignKey("transfer_cards.id", ondelete="CASCADE"), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("kind", Text, nullable=False),  # blind, attended
    Column("to", Text),
    Column("transferred_at", Instant, nullable=False),
    Column("result", Text, nullable=False),
    Column("reason", Text),
    Column("picked_up_at", Instant),
    one_of("result", Handover),
    one_of("reason", Reason),
    Index("uq_card_handovers_call_id_transferred_at", "call_id", "transferred_at", unique=True),
    Index(None, "card_id"),
    Index(None, "transferred_at"),
)

card_attempts: Final = Table(
    "card_attempts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("card_id", Identity, ForeignKey("transfer_cards.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("officer", Text, nullable=False),  # name, as given or of the account
    Column("staff_id", Identity),  # who wrote it down; NULL: by the link of a letter
    Column("details", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("next_due_at", Instant),
    one_of("result", Result),
    Index("uq_card_attempts_card_id_ordinal", "card_id", "ordinal", unique=True),
)

card_steps: Final = Table(
    "card_steps",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("card_id", Identity, ForeignKey("transfer_cards.id", ondelete="CASCADE"), nullable=False),
    Column("done_at", Instant, nullable=False),
    Column("staff_id", Identity),  # NULL: the system, or by the link of a letter
    Column("who", Text, nullable=False),  # name at that time; empty: the system
    Column("what", Text, nullable=False),
    Column("state", Text, nullable=False),  # of the card afterwards
    Column("details", JSON, nullable=False),
    one_of("state", CardState),
    Index(None, "card_id"),
)
