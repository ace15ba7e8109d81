"""Writing and reading the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, insert, select

from crm.audit.models import audit_lines

SYSTEM: Final = "system"


class Doer(Protocol):
    """Whoever does something: a `crm.staff.access.Visitor`, for one."""

    @property
    def staff_id(self) -> int: ...
    @property
    def username(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One thing that was done. ``staff_id`` None: by the system itself."""

    id: int
    done_at: datetime
    staff_id: int | None
    who: str
    action: str
    subject: str | None
    details: Mapping[str, Any]


def changes_between(before: object, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Name → old and new of what will be different, as the audit keeps it."""
    return {name: [getattr(before, name), value] for name, value in values.items() if getattr(before, name) != value}


def note(
    connection: Connection,
    at: datetime,
    doer: Doer | None,
    action: str,
    subject: str | None = None,
    **details: Any,
) -> None:
    """Writes one line, in the transaction of the change itself. ``details``: JSON; old and new values, no secrets."""
    connection.execute(
        insert(audit_lines).values(
            done_at=at,
            staff_id=doer.staff_id if doer else None,
            who=doer.username if doer else SYSTEM,
            action=action,
            subject=subject,
            details=details,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which lines. ``who``: user name; ``kind``: the part of the action before the dot; ``subject``: all of it;
    ``from_at`` inside, ``until_at`` outside; ``before``: only lines older than that line's id, for the next page."""

    who: str | None = None
    kind: str | None = None
    subject: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    before: int | None = None


def lines(connection: Connection, wanted: AuditFilter | None = None, *, limit: int = 200) -> list[AuditLine]:
    """The newest lines first."""
    wanted = wanted or AuditFilter()
    columns = audit_lines.c
    query = select(audit_lines).order_by(columns.id.desc()).limit(limit)
    if wanted.who is not None:
        query = query.where(columns.who == wanted.who)
    if wanted.kind is not None:
        query = query.where(columns.action.startswith(f"{wanted.kind}.", autoescape=True))
    if wanted.subject is not None:
        query = query.where(columns.subject == wanted.subject)
    if wanted.from_at is not None:
        query = query.where(columns.done_at >= wanted.from_at)
    if wanted.until_at is not None:
        query = query.where(columns.done_at < wanted.until_at)
    if wanted.before is not None:
        query = query.where(columns.id < wanted.before)
    return [AuditLine(**row._mapping) for row in connection.execute(query)]


def doers(connection: Connection) -> list[str]:
    """User names that the lines speak of, in order."""
    return list(connection.scalars(select(audit_lines.c.who).distinct().order_by(audit_lines.c.who)))


def kinds(connection: Connection) -> list[str]:
    """What the lines are about (``staff``, ``person`` …), in order."""
    actions = connection.scalars(select(audit_lines.c.action).distinct())
    return sorted({action.partition(".")[0] for action in actions})
