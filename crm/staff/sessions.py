"""Sessions: a random token in a cookie, its hash in the database, and what it opens."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from crm.staff.models import PhoneKind, Role, Sex, sessions, staff

IDLE: Final = timedelta(hours=10)  # longer than a shift with its breaks
LONGEST: Final = timedelta(hours=24)
SEEN_EVERY: Final = timedelta(minutes=1)  # a write now and then, not one a request


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is logged in, and by which session. ``extension``: of the telephone, None when there is none.

    ``csrf``: what every changing request of this session must carry.
    """

    staff_id: int
    username: str
    role: Role
    name_th: str
    name_en: str
    sex: Sex | None
    language: str | None
    department: str | None
    extension: str | None
    phone: PhoneKind
    auto_answer: bool
    password_is_temporary: bool
    session: str
    csrf: str

    def name(self, language: str) -> str:
        """The name to show in ``language``."""
        names = (self.name_th, self.name_en) if language == "th" else (self.name_en, self.name_th)
        return names[0] or names[1] or self.username

    def is_one_of(self, *roles: Role) -> bool:
        """Whether this person has one of the roles. Administrators may do everything."""
        return self.role is Role.ADMINISTRATOR or self.role in roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in of a person, as the account page lists it."""

    session: str
    created_at: datetime
    seen_at: datetime
    address: str | None
    browser: str | None


def hash_of(token: str) -> str:
    """What the database keeps of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(
    connection: Connection, staff_id: int, at: datetime, address: str | None = None, browser: str | None = None
) -> str:
    """Begins a session; returns the token for the cookie."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(sessions).values(
            token_hash=hash_of(token),
            staff_id=staff_id,
            csrf=secrets.token_urlsafe(32),
            created_at=at,
            seen_at=at,
            address=address,
            browser=(browser or "")[:200] or None,
        )
    )
    return token


def visitor_of(connection: Connection, token: str, at: datetime) -> tuple[Visitor, bool] | None:
    """Whose session this is, and whether `seen` is due; None when there is none, it is too old, or the person is no
    longer active."""
    person = [
        staff.c[name]
        for name in (
            "username", "role", "name_th", "name_en", "sex", "language", "department", "extension", "phone",
            "auto_answer", "password_is_temporary",
        )
    ]  # fmt: skip
    row = connection.execute(
        select(staff.c.id.label("staff_id"), *person, sessions.c.token_hash.label("session"), sessions.c.csrf)
        .add_columns(sessions.c.seen_at)
        .join(staff, staff.c.id == sessions.c.staff_id)
        .where(
            sessions.c.token_hash == hash_of(token),
            sessions.c.seen_at > at - IDLE,
            sessions.c.created_at > at - LONGEST,
            staff.c.active,
        )
    ).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    seen_at = values.pop("seen_at")
    values |= {"role": Role(values["role"]), "phone": PhoneKind(values["phone"])}
    values["sex"] = Sex(values["sex"]) if values["sex"] else None
    return Visitor(**values), at - seen_at > SEEN_EVERY


def seen(connection: Connection, session: str, at: datetime) -> None:
    """The session is in use."""
    connection.execute(update(sessions).where(sessions.c.token_hash == session).values(seen_at=at))


def of_person(connection: Connection, staff_id: int, at: datetime) -> list[Session]:
    """Where this person is logged in, the last used first."""
    names = ("created_at", "seen_at", "address", "browser")
    query = select(sessions.c.token_hash.label("session"), *(sessions.c[name] for name in names))
    holds = sessions.c.staff_id == staff_id, sessions.c.seen_at > at - IDLE, sessions.c.created_at > at - LONGEST
    rows = connection.execute(query.where(*holds).order_by(sessions.c.seen_at.desc(), sessions.c.created_at.desc()))
    return [Session(**row._mapping) for row in rows]


def end(connection: Connection, session: str) -> None:
    """Logs out here."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == session))


def end_all(connection: Connection, staff_id: int, *, but: str | None = None) -> int:
    """Logs out everywhere (``but``: not there); returns how many sessions ended."""
    query = delete(sessions).where(sessions.c.staff_id == staff_id)
    if but is not None:
        query = query.where(sessions.c.token_hash != but)
    return connection.execute(query).rowcount


def forget_old(connection: Connection, at: datetime) -> int:
    """Deletes sessions that open nothing any more."""
    old = (sessions.c.seen_at <= at - IDLE) | (sessions.c.created_at <= at - LONGEST)
    return connection.execute(delete(sessions).where(old)).rowcount
