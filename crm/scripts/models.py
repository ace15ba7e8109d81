"""Tables of scripts and of how each agent says them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

from crm.database import Identity, Instant, metadata, one_of


class Moment(StrEnum):
    """When it is said."""

    GREETING = "greeting"
    ENDING = "ending"
    OTHER = "other"  # holding, transferring …: to be said when it fits


class Particle(StrEnum):
    """How a person ends a polite sentence in Thai."""

    KHA = "kha"  # ค่ะ, คะ
    KHRAP = "khrap"  # ครับ


scripts: Final = Table(
    "scripts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("moment", Text, nullable=False),
    Column("channel", Text, nullable=False),  # as in crm.standards: hotline, chat, counter
    Column("language", Text, nullable=False),
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("retired_at", Instant),
    Column("updated_at", Instant, nullable=False),
    one_of("moment", Moment),
    Index(None, "channel", "moment"),
)

# Which particle each agent says; chosen on the desk.
script_voices: Final = Table(
    "script_voices",
    metadata,
    Column("staff_id", Identity, ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("particle", Text, nullable=False),
    one_of("particle", Particle),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One text. See `crm.scripts.wording` for what may stand in it."""

    id: int
    moment: Moment
    channel: str
    language: str
    name_th: str
    name_en: str
    text: str
    position: int = 0
    retired_at: datetime | None = None
