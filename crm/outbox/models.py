"""The table of letters."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from crm.database import Identity, Instant, metadata, one_of


class LetterState(StrEnum):
    """Where a letter stands."""

    QUEUED = "queued"  # waits for its turn, or for another try
    SENDING = "sending"  # its text is being handed to the server just now
    SENT = "sent"  # the server has taken it
    UNCERTAIN = "uncertain"  # the connection was cut before the server said whether it has taken it
    REFUSED = "refused"  # the server will not have it, or it could not be handed over in time


letters: Final = Table(
    "letters",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("message_id", Text, nullable=False),  # of all tries: whoever gets it twice can see that it is one
    Column("kind", Text, nullable=False),  # "card.new", …
    Column("about", Text),  # "card/7"
    Column("recipient", Text, nullable=False),  # one address; another recipient is another letter
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),  # the same as a page, for programs that show one
    Column("state", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("useless_after", Instant),  # a reminder of last month is not sent
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("first_tried_at", Instant),
    Column("next_try_at", Instant, nullable=False),
    Column("settled_at", Instant),  # sent, refused, or found uncertain
    Column("answer", Text),  # the server's last words
    Column("server", Text),  # the one that said them
    Column("bounced_at", Instant),  # it came back: taken by the server, but not delivered
    Column("bounce", Text),  # what the letter that brought it back says
    one_of("state", LetterState),
    Index("uq_letters_message_id", "message_id", unique=True),
    Index(None, "state", "next_try_at"),
    Index(None, "about"),
)

# What goes with a letter. Attached, or, when ``link_key`` is set, fetched by a link until ``link_until``.
letter_files: Final = Table(
    "letter_files",
    metadata,
    Column("letter_id", Identity, ForeignKey("letters.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # of `crm.files`
    Column("size_bytes", Integer, nullable=False),
    Column("link_key", Text),
    Column("link_until", Instant),
    PrimaryKeyConstraint("letter_id", "ordinal"),
    Index("uq_letter_files_link_key", "link_key", unique=True),
    sqlite_with_rowid=False,
)
