"""The emergency switch. Asterisk's own database is what counts for a call; the table says who did it, when and why.

Both hold the moment of closing, so that after any of the two was away the other can be put right: an entry of Asterisk
that the table never heard of is a closure made while the database was away, and stays; one that the table knows as
opened again goes.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, Engine, RowMapping, select, update
from sqlalchemy.exc import SQLAlchemyError

from crm.closure.models import ALL_NUMBERS, closures
from crm.database import explain, insert_into, reading, writing
from crm.pbx_store import Send, delete, put, read_family
from dialplan.names import Store

log = logging.getLogger(__name__)

FOUND_BY: Final = "asterisk"  # who closed, when only Asterisk knows of it


class UnknownNumber(ValueError):
    """There is no such number to close."""


@dataclass(frozen=True, slots=True)
class Closure:
    """One time closed. ``scope``: a called number or ``all``; ``reopened_at`` None while it lasts."""

    id: int
    scope: str
    closed_at: datetime
    closed_by: str
    reason: str
    reopened_at: datetime | None = None
    reopened_by: str | None = None


def checked_scope(scope: str, numbers: Iterable[str]) -> str:
    """``scope`` when it is ``all`` or one of our ``numbers``. Raises UnknownNumber."""
    ours = sorted(numbers)
    if scope != ALL_NUMBERS and scope not in ours:
        raise UnknownNumber(f"{scope} is no number of ours: write all or one of {', '.join(ours)}")
    return scope


def value_of(closed_at: datetime) -> str:
    """The moment of closing as Asterisk's database holds it."""
    return closed_at.astimezone(UTC).isoformat(timespec="microseconds")


def current_closures(connection: Connection) -> list[Closure]:
    """What is closed now, the oldest first."""
    query = select(closures).where(closures.c.reopened_at.is_(None)).order_by(closures.c.closed_at)
    return [_closure(row) for row in connection.execute(query).mappings()]


def closure_history(connection: Connection, limit: int = 20) -> list[Closure]:
    """The last closures, the newest first."""
    query = select(closures).order_by(closures.c.closed_at.desc(), closures.c.id.desc()).limit(limit)
    return [_closure(row) for row in connection.execute(query).mappings()]


def closed_scopes(connection: Connection) -> frozenset[str]:
    """Numbers closed now, and ``all``."""
    return frozenset(connection.scalars(select(closures.c.scope).where(closures.c.reopened_at.is_(None))))


def _closure(row: RowMapping) -> Closure:
    return Closure(**row)


def close(connection: Connection, scope: str, by: str, reason: str, now: datetime) -> Closure:
    """Notes that ``scope`` is closed from ``now`` on; what is closed already stays as it was, and is returned."""
    statement = insert_into(connection, closures).values(scope=scope, closed_at=now, closed_by=by, reason=reason)
    connection.execute(
        statement.on_conflict_do_nothing(index_elements=["scope"], index_where=closures.c.reopened_at.is_(None))
    )
    open_one = select(closures).where(closures.c.scope == scope, closures.c.reopened_at.is_(None))
    return _closure(connection.execute(open_one).mappings().one())


def reopen(connection: Connection, scope: str, by: str, now: datetime) -> bool:
    """Notes that ``scope`` is open again; False when it was not closed."""
    statement = update(closures).where(closures.c.scope == scope, closures.c.reopened_at.is_(None))
    return connection.execute(statement.values(reopened_at=now, reopened_by=by)).rowcount > 0


def reconcile(connection: Connection, there: dict[str, str], now: datetime) -> dict[str, str]:
    """What Asterisk must hold, given what it holds (``there``: scope → moment of closing). Notes closures that were
    made while the database was away."""
    for scope, value in there.items():
        closed_at = _moment(value) or now
        query = select(closures.c.id).where(closures.c.scope == scope, closures.c.closed_at == closed_at)
        if connection.execute(query).first() is None:
            close(connection, scope, FOUND_BY, "", closed_at)
    return {closure.scope: value_of(closure.closed_at) for closure in current_closures(connection)}


def _moment(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class ClosureService:
    """The switch while the service runs: the table and Asterisk, together."""

    def __init__(self, engine: Engine, numbers: Iterable[str], send: Send) -> None:
        self._engine = engine
        self._numbers = tuple(numbers)
        self._send = send

    async def close(self, scope: str, by: str, reason: str, now: datetime) -> Closure:
        """Closes, and notes it. Raises UnknownNumber, AmiError (then it is noted and done at the next login).

        An emergency does not wait for a database: without one it is closed all the same, and noted at the next login.
        """
        checked_scope(scope, self._numbers)
        try:
            closure = await asyncio.to_thread(self._note_closed, scope, by, reason, now)
        except SQLAlchemyError as error:
            log.exception("closed %s without a note of it: %s", scope, explain(error).advice)
            closure = Closure(0, scope, now, by, reason)
        await put(self._send, Store.CLOSURE, scope, value_of(closure.closed_at))
        return closure

    def _note_closed(self, scope: str, by: str, reason: str, now: datetime) -> Closure:
        with writing(self._engine) as connection:
            return close(connection, scope, by, reason, now)

    async def reopen(self, scope: str, by: str, now: datetime) -> bool:
        """Opens again, and notes it; False when it was open. Raises UnknownNumber, AmiError (see `close`)."""
        checked_scope(scope, self._numbers)
        was_closed = await asyncio.to_thread(self._note_reopened, scope, by, now)
        await delete(self._send, Store.CLOSURE, scope)
        return was_closed

    def _note_reopened(self, scope: str, by: str, now: datetime) -> bool:
        with writing(self._engine) as connection:
            return reopen(connection, scope, by, now)

    def status(self) -> list[Closure]:
        """What is closed now."""
        with reading(self._engine) as connection:
            return current_closures(connection)

    async def sync_to_asterisk(self, now: datetime) -> int:
        """Puts table and Asterisk right after any of the two was away; call at every login. Returns what differed."""
        there = await read_family(self._send, Store.CLOSURE)
        wanted = await asyncio.to_thread(self._reconcile, there, now)
        for scope, value in wanted.items():
            if there.get(scope) != value:
                await put(self._send, Store.CLOSURE, scope, value)
        gone = [scope for scope in there if scope not in wanted]
        for scope in gone:
            await delete(self._send, Store.CLOSURE, scope)
        if gone or wanted.keys() - there.keys():
            log.warning("closures in Asterisk were put right: %d closed, %d opened", len(wanted), len(gone))
        return len(gone) + sum(there.get(scope) != value for scope, value in wanted.items())

    def _reconcile(self, there: dict[str, str], now: datetime) -> dict[str, str]:
        with writing(self._engine) as connection:
            return reconcile(connection, there, now)
