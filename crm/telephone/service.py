"""Whose browser telephones are valid: asked of the log-in's tables, nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from crm.staff.models import PhoneKind, Role, sessions, staff
from crm.staff.sessions import IDLE, LONGEST

ANSWERING = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class LogIn:
    """A log-in that holds, of somebody who answers in the browser."""

    session: str
    extension: str
    address: str | None
    browser: str | None


def log_ins(connection: Connection, tokens: Iterable[str], at: datetime) -> dict[str, LogIn]:
    """Those of ``tokens`` (hashes of sessions) that are valid at ``at`` and belong to a browser telephone."""
    rows = connection.execute(
        select(sessions.c.token_hash, staff.c.extension, sessions.c.address, sessions.c.browser)
        .join(staff, staff.c.id == sessions.c.staff_id)
        .where(
            sessions.c.token_hash.in_(list(tokens)),
            sessions.c.seen_at > at - IDLE,
            sessions.c.created_at > at - LONGEST,
            staff.c.active,
            staff.c.role.in_(ANSWERING),
            staff.c.phone == PhoneKind.BROWSER,
            staff.c.extension.is_not(None),
        )
    )
    return {row.token_hash: LogIn(row.token_hash, row.extension, row.address, row.browser) for row in rows}
