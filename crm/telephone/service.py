"""Whose browser telephones are valid, and agents' own calls on record."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from ami_listener.events import CallKind, OutboundResult
from crm.staff.models import PhoneKind, Role, sessions, staff
from crm.staff.sessions import IDLE, LONGEST
from crm.telephone.models import outbound_calls

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


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A call that an agent's telephone made. ``outbound_id``: uniqueid of the agent's leg; ``number``: as dialled."""

    outbound_id: str
    agent: str
    kind: CallKind
    number: str
    began_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    result: OutboundResult | None = None
    cause: int | None = None


def keep(connection: Connection, calls: Iterable[OutboundCall]) -> None:
    """Writes calls, or over what is there of them."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for call in calls:
        values = asdict(call)
        statement = insert(outbound_calls).values(values)
        key = outbound_calls.c.outbound_id
        connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=values))


def outbound_of(connection: Connection, agent: str, limit: int = 50) -> list[OutboundCall]:
    """An agent's own calls, the newest first."""
    table = outbound_calls
    query = select(table).where(table.c.agent == agent).order_by(table.c.began_at.desc()).limit(limit)
    return [
        OutboundCall(
            **{**row, "kind": CallKind(row["kind"]), "result": row["result"] and OutboundResult(row["result"])}
        )
        for row in (dict(found._mapping) for found in connection.execute(query))
    ]
