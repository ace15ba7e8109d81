"""Tables of recordings and of the parts of them that were left out."""

from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Table, Text, text

from crm.database import Identity, Instant, metadata, one_of


class RecordingState(StrEnum):
    """Where a recording stands."""

    RUNNING = "running"  # somebody talks, or the sound is not taken in yet
    KEPT = "kept"
    DELETED = "deleted"  # its time is over; that it was there stays on record
    LOST = "lost"  # no sound was found: the disk was full, or somebody took it away


# One row a call: a recording goes through transfers. No foreign key: it is told before the call itself is written.
recordings: Final = Table(
    "recordings",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("started_at", Instant, nullable=False),  # the first answer: where the sound begins
    Column("queue", Text),
    Column("sides", Boolean, nullable=False),  # caller left, agents right; else both in one
    Column("announced", Boolean, nullable=False),
    Column("channel", Text),  # the caller's, for as long as the call lives
    Column("state", Text, nullable=False),
    Column("path", Text),  # below the folder of recordings
    Column("seconds", Float),
    Column("missing_seconds", Float),  # of the talk, that are not in the sound: the disk was full, or a thread too slow
    Column("size_bytes", BigInteger),
    Column("sha256", Text),
    Column("peaks", Text),  # of the wave form; see crm.recordings.sound
    Column("kept_at", Instant),
    Column("deleted_at", Instant),
    one_of("state", RecordingState),
    Index(None, "started_at"),
    Index(
        "ix_recordings_running",
        "call_id",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)

recording_pauses: Final = Table(
    "recording_pauses",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant),
    Column("staff_id", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("who", Text, nullable=False),
    Index(None, "call_id"),
)

# Keys pressed in a talk: when and by whom. Which is not kept: it may be of a card's number.
recording_keys: Final = Table(
    "recording_keys",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("pressed_at", Instant, nullable=False),
    Column("agent", Text),  # extension; empty: the caller
    Index(None, "call_id"),
)
