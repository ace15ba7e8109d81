"""The table of letters."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Index, Integer, Table, Text, text

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
    Column("state", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("useless_after", Instant),  # a reminder of last month is not sent
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("first_tried_at", Instant),
    Column("next_try_at", Instant, nullable=False),
    Column("settled_at", Instant),  # sent, refused, or found uncertain
    Column("answer", Text),  # the server's last words
    one_of("state", LetterState),
    Index("uq_letters_message_id", "message_id", unique=True),
    Index(None, "state", "next_try_at"),
    Index(None, "about"),
)
