"""Tables of staff, teams, skills and sessions."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, false, text, true

from crm.database import Identity, Instant, metadata, one_of


class Role(StrEnum):
    """What a member of staff may do."""

    AGENT = "agent"
    OFFICER = "officer"  # of a department that calls are transferred to: sees that department's cards
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class PhoneKind(StrEnum):
    """What rings: the page itself, or a telephone beside it."""

    BROWSER = "browser"
    DESK = "desk"


class Sex(StrEnum):
    """Which words of politeness a person uses of themselves: ค่ะ or ครับ (H2)."""

    FEMALE = "female"
    MALE = "male"


teams: Final = Table(
    "teams",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
)

staff: Final = Table(
    "staff",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("username", Text, nullable=False),  # lower case
    Column("password_hash", Text, nullable=False),
    Column("password_is_temporary", Boolean, nullable=False, server_default=false()),
    Column("role", Text, nullable=False),
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("sex", Text),  # for the words of politeness; NULL: not known
    Column("email", Text),
    Column("language", Text),  # of the pages; NULL: the site's first
    Column("department", Text),  # name of the department of an officer
    Column("team_id", Identity, ForeignKey("teams.id", ondelete="SET NULL")),
    Column("extension", Text),  # of the telephone; NULL: none
    Column("phone", Text, nullable=False, server_default=text("'browser'")),
    Column("auto_answer", Boolean, nullable=False, server_default=false()),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("failed_logins", Integer, nullable=False, server_default=text("0")),
    Column("locked_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    one_of("role", Role),
    one_of("phone", PhoneKind),
    one_of("sex", Sex),
    Index("uq_staff_username", "username", unique=True),
    Index("uq_staff_extension", "extension", unique=True),
)

staff_queues: Final = Table(
    "staff_queues",
    metadata,
    Column("staff_id", Identity, ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
    Column("queue", Text, nullable=False),
    Column("penalty", Integer, nullable=False, server_default=text("0")),  # skill: 0 is rung first
    PrimaryKeyConstraint("staff_id", "queue"),
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),  # SHA-256 of the cookie: a stolen backup opens no door
    Column("staff_id", Identity, ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("address", Text),
    Column("browser", Text),
    Index(None, "staff_id"),
)
