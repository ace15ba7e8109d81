"""Tables of messages to the floor. What else a supervisor does is kept where it belongs, and in the audit."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, false

from crm.database import Identity, Instant, metadata

floor_messages: Final = Table(
    "floor_messages",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("sent_at", Instant, nullable=False),
    Column("sent_by", Identity, ForeignKey("staff.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("queue", Text),  # to who answers this queue; with no agent either: to all
    Column("agent", Text),  # to this extension alone
    Column("urgent", Boolean, nullable=False, server_default=false()),  # stays until it is read
    Index(None, "sent_at"),
)

floor_message_reads: Final = Table(
    "floor_message_reads",
    metadata,
    Column("message_id", Identity, ForeignKey("floor_messages.id", ondelete="CASCADE"), primary_key=True),
    Column("staff_id", Identity, ForeignKey("staff.id"), primary_key=True),
    Column("read_at", Instant, nullable=False),
)
