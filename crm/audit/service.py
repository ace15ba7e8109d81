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


def lines(connection: Connection, *, subject: str | None = None, limit: int = 200) -> list[AuditLine]:
    """The newest lines first, of everything or of one subject."""
    query = select(audit_lines).order_by(audit_lines.c.done_at.desc(), audit_lines.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(audit_lines.c.subject == subject)
    return [AuditLine(**row._mapping) for row in connection.execute(query)]
