"""The table of agents' own calls: to colleagues, departments and numbers outside. No caller's call is among them."""

from typing import Final

from sqlalchemy import Column, Index, Integer, Table, Text

from ami_listener.events import CallKind, OutboundResult
from crm.database import Instant, metadata, one_of

outbound_calls: Final = Table(
    "outbound_calls",
    metadata,
    Column("outbound_id", Text, primary_key=True),  # uniqueid of the agent's leg
    Column("agent", Text, nullable=False),  # extension
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),  # as it was dialled
    Column("began_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("result", Text),
    Column("cause", Integer),  # Q.850
    one_of("kind", CallKind),
    one_of("result", OutboundResult),
    Index(None, "agent", "began_at"),
)
