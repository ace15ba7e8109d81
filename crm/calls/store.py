"""Writes batches of calls in one transaction each, in one thread; replay changes nothing.

Every call comes as a whole snapshot, so order does not matter and a failed batch is simply written again. What is
written is the difference to what this store wrote last: a call of six snapshots costs little more than one row each.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Engine, Table, bindparam, case, delete, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.base import Executable

from ami_listener.events import AgentStateChanged, CallbackTried
from crm.calls.changes import CallChanges
from crm.calls.late import note_late
from crm.calls.models import (
    PARTS,
    CallbackState,
    agent_states,
    callbacks,
    calls,
    journal_position,
    messages,
    stream_gaps,
)
from crm.calls.rows import CallRows, Row
from crm.database import explain, insert_into
from crm.people.models import person_numbers, phone_numbers
from crm.prepared import Prepared

JOURNAL: Final = "queue_log"
REMEMBERED_CALLS: Final = 20_000  # snapshots kept to write differences; forgetting one costs a read, nothing else


@dataclass(frozen=True, slots=True)
class StreamGap:
    """We did not hear Asterisk from ``from_at`` to ``until_at`` (None: still not)."""

    from_at: datetime
    reason: str
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """How often a callback is tried, and how long after a failed try the next is due."""

    tries: int = 3
    retry_seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is written together. ``position``: journal read so far; never ahead of the calls it is written with."""

    calls: Sequence[CallRows] = ()
    agent_states: Sequence[AgentStateChanged] = ()
    callback_tries: Sequence[CallbackTried] = ()
    gaps: Sequence[StreamGap] = ()
    position: str | None = None


class BatchWriter(Protocol):
    """Whoever writes batches, in the recorder's thread."""

    def write(self, batch: Batch) -> Sequence[str]:
        """Writes all or nothing; returns the ids of calls whose rows the database refuses for good.

        Raises an error when the database cannot write at all; the same batch may then be given again.
        """

    def close(self) -> None:
        """Gives up the connection."""


class CallStore:
    """The writer of calls. Not thread-safe on purpose: one writer, one thread, one connection kept open."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], policy: CallbackPolicy | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._policy = policy or CallbackPolicy()
        driver = engine.dialect.loaded_dbapi
        self._errors = (SQLAlchemyError, driver.Error, ValueError, TypeError, OverflowError)
        self._connection: Connection | None = None
        self._written: OrderedDict[str, CallRows] = OrderedDict()
        self._statements: dict[str, Prepared] = {}
        self._changes = CallChanges()

    def write(self, batch: Batch) -> Sequence[str]:
        """See `BatchWriter.write`."""
        try:
            self._write(batch)
        except self._errors as error:
            self._forget(batch.calls)
            if not explain(error).data:
                raise
            return self._write_apart(batch)
        return ()

    def _write_apart(self, batch: Batch) -> list[str]:
        """One bad row must not keep thousands of calls out: each call alone, then the rest without position, so that
        the refused ones are read from the journal again after a restart."""
        refused = []
        for call in batch.calls:
            try:
                self._write(Batch(calls=[call]))
            except self._errors as error:
                self._forget([call])
                if not explain(error).data:
                    raise
                refused.append(call.call_id)
        position = None if refused else batch.position
        rest = Batch(
            agent_states=batch.agent_states, callback_tries=batch.callback_tries, gaps=batch.gaps, position=position
        )
        self._write(rest)
        return refused

    def close(self) -> None:
        """Gives up the connection; the next batch opens one again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _write(self, batch: Batch) -> None:
        try:
            connection = self._open()
            with connection.begin():
                self._write_calls(connection, batch.calls)
                self._write_callback_tries(connection, batch.callback_tries)
                self._write_agent_states(connection, batch.agent_states)
                note_late(connection, batch.calls, batch.agent_states, self._clock())
                _write_gaps(connection, batch.gaps)
                if batch.position is not None:
                    self._write_position(connection, batch.position)
        except BaseException:
            self._drop_connection()
            raise
        for call in batch.calls:
            self._written[call.call_id] = call
            self._written.move_to_end(call.call_id)
        while len(self._written) > REMEMBERED_CALLS:
            self._written.popitem(last=False)

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(writes=True)
        return self._connection

    def _drop_connection(self) -> None:
        """After an error the connection may be dead or in the middle of something: a new one is cheap."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*self._errors):
                connection.invalidate()
            with suppress(*self._errors):
                connection.close()

    def _forget(self, batch: Iterable[CallRows]) -> None:
        """After an error nobody knows whether the commit was done: those calls are written whole next time."""
        for call in batch:
            self._written.pop(call.call_id, None)

    def _write_calls(self, connection: Connection, batch: Sequence[CallRows]) -> None:
        new = [call.call_id for call in batch if call.call_id not in self._written]
        stored = _stored(connection, new) if new else frozenset[str]()
        now = self._clock()
        rows: dict[str, list[Row]] = {}
        changed_calls: list[tuple[Row, Row]] = []
        ended: list[Row] = []
        for call in batch:
            before = self._written.get(call.call_id)
            if before is None and call.call_id in stored:
                self._delete_gone(connection, call, None)
            elif before is not None:
                self._delete_gone(connection, call, before)
            if call.ended and not (before and before.ended):
                ended.append({"this_call": call.call_id})
            _collect(rows, call, before)
            if before is not None and call.call_row != before.call_row:
                changed_calls.append((call.call_row, before.call_row))
            elif before is None:
                rows.setdefault("calls", []).append({**call.call_row, "updated_at": now})
        for gone in self._changes.write(connection, changed_calls, now):
            rows.setdefault("calls", []).append({**gone, "updated_at": now})
        for name in _TABLES:  # calls first: a batch may begin with a new part of one call and have a new call behind it
            if changed := rows.get(name):
                self._prepared(connection, name).execute(connection, changed)
        if ended:
            self._prepared(connection, "link person").execute(connection, ended)

    def _delete_gone(self, connection: Connection, call: CallRows, before: CallRows | None) -> None:
        """Deletes what an earlier snapshot had and this one has not. ``before`` None: not known, look everywhere."""
        for table in _CHILDREN:
            left = len(call.tables[table.name])
            if before is None or len(before.tables[table.name]) > left:
                gone = delete(table).where(table.c.call_id == call.call_id)
                if "ordinal" in table.c:
                    gone = gone.where(table.c.ordinal >= left)
                elif left:
                    continue
                connection.execute(gone)

    def _prepared(self, connection: Connection, name: str) -> Prepared:
        statement = self._statements.get(name)
        if statement is None:
            statement = Prepared(connection.dialect, _statement(connection, name))
            self._statements[name] = statement
        return statement

    def _write_callback_tries(self, connection: Connection, tries: Sequence[CallbackTried]) -> None:
        for tried in tries:
            connection.execute(_callback_try(tried, self._policy))

    def _write_agent_states(self, connection: Connection, changes: Sequence[AgentStateChanged]) -> None:
        """Each state lasts until the agent's next one, in whatever order they are told."""
        rows: list[Row] = [
            {
                "this_agent": change.agent,
                "this_since": change.occurred_at,
                "this_state": change.state.value,
                "this_reason": change.pause_reason,
            }
            for change in changes
        ]
        if rows:
            self._prepared(connection, "set state").execute(connection, rows)
            self._prepared(connection, "end earlier state").execute(connection, rows)

    def _write_position(self, connection: Connection, position: str) -> None:
        statement = insert_into(connection, journal_position).values(
            journal=JOURNAL, position=position, updated_at=self._clock()
        )
        new = {"position": statement.excluded.position, "updated_at": statement.excluded.updated_at}
        connection.execute(statement.on_conflict_do_update(index_elements=["journal"], set_=new))


_CHILDREN: Final = (*PARTS, callbacks, messages)
_TABLES: Final[dict[str, Table]] = {table.name: table for table in (calls, *_CHILDREN)}
# What people, not calls, write; a snapshot of the call must not undo it.
_KEPT: Final = {
    "calls": {"person_id"},
    "callbacks": {"id", "tries", "next_try_at", "done_at", "answered_by"},
    "messages": {"id", "state", "heard_by"},
}
_KEY: Final = {"calls": ["call_id"], "callbacks": ["call_id"], "messages": ["call_id"]}


def _collect(rows: dict[str, list[Row]], call: CallRows, before: CallRows | None) -> None:
    """Adds the parts of ``call`` that are not as they were ``before``."""
    for name, now in call.tables.items():
        if not now or name == calls.name:
            continue
        then = before.tables[name] if before else ()
        known = len(then)
        changed = [row for n, row in enumerate(now) if n >= known or row != then[n]]
        if changed:
            rows.setdefault(name, []).extend(changed)


def _stored(connection: Connection, call_ids: list[str]) -> frozenset[str]:
    """Which of these calls the database has."""
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name == "postgresql":
            cursor.execute("SELECT call_id FROM calls WHERE call_id = ANY(%s)", (call_ids,))
        else:
            sql = "SELECT call_id FROM calls WHERE call_id IN (SELECT value FROM json_each(?))"
            cursor.execute(sql, (json.dumps(call_ids),))
        return frozenset(row[0] for row in cursor.fetchall())
    finally:
        cursor.close()


def _upsert(connection: Connection, table: Table) -> ClauseElement:
    """INSERT … ON CONFLICT DO UPDATE that touches a row only when something in it is new."""
    kept = _KEPT.get(table.name, set())
    key = _KEY.get(table.name, ["call_id", "ordinal"])
    written = [column for column in table.c if column.name not in kept or column.name == "state"]
    statement = insert_into(connection, table).values({column.name: bindparam(column.name) for column in written})
    new: dict[str, Any] = {
        column.name: statement.excluded[column.name]
        for column in written
        if column.name not in key and column.name not in kept
    }
    if table is callbacks:  # only what the caller did; not where our work on it stands
        untouched = or_(callbacks.c.state == CallbackState.WAITING, callbacks.c.state == CallbackState.DUPLICATE)
        new["state"] = case((untouched, statement.excluded.state), else_=callbacks.c.state)
    differs = [table.c[name].is_distinct_from(value) for name, value in new.items() if name != "updated_at"]
    result: ClauseElement = statement.on_conflict_do_update(index_elements=key, set_=new, where=or_(*differs))
    return result


def _statement(connection: Connection, name: str) -> ClauseElement:
    """What is prepared under this name: a table's is to write its rows."""
    if name == "link person":
        return _LINK_PERSON
    if name == "set state":
        return _set_state(connection)
    if name == "end earlier state":
        return _END_EARLIER_STATE
    return _upsert(connection, _TABLES[name])


# A call is linked to a person only when its number belongs to exactly one; else the agent says who it was (C3).
_LINK_PERSON: Final = (
    update(calls)
    .where(calls.c.call_id == bindparam("this_call"), calls.c.person_id.is_(None), calls.c.caller_e164.is_not(None))
    .values(
        person_id=select(func.min(person_numbers.c.person_id))
        .join(phone_numbers, phone_numbers.c.id == person_numbers.c.number_id)
        .where(phone_numbers.c.number == calls.c.caller_e164)
        .having(func.count() == 1)
        .correlate(calls)
        .scalar_subquery()
    )
)


def _callback_try(tried: CallbackTried, policy: CallbackPolicy) -> Executable:
    """One try of a callback. A try counts once and its result comes after its begin, however often each is told."""
    values: dict[str, Any] = {"tries": tried.try_number, "next_try_at": None}
    if tried.result == "calling":
        values["state"] = CallbackState.CALLING
    elif tried.result == "connected":
        values |= {"state": CallbackState.DONE, "done_at": tried.occurred_at}
    elif tried.try_number >= policy.tries:
        values |= {"state": CallbackState.GIVEN_UP, "done_at": tried.occurred_at}
    else:
        next_try_at = tried.occurred_at + timedelta(seconds=policy.retry_seconds)
        values |= {"state": CallbackState.WAITING, "next_try_at": next_try_at}
    newer = or_(
        callbacks.c.tries < tried.try_number,
        (callbacks.c.tries == tried.try_number) & (callbacks.c.state == CallbackState.CALLING),
    )
    unfinished = callbacks.c.state.in_([CallbackState.WAITING, CallbackState.CALLING])
    return update(callbacks).where(callbacks.c.call_id == tried.request_call_id, newer, unfinished).values(**values)


def _set_state(connection: Connection) -> ClauseElement:
    """An agent's state from ``this_since`` on, until the next one that is known."""
    later = (
        select(func.min(agent_states.c.since))
        .where(agent_states.c.agent == bindparam("this_agent"), agent_states.c.since > bindparam("this_since"))
        .scalar_subquery()
    )
    statement = insert_into(connection, agent_states).values(
        agent=bindparam("this_agent"),
        since=bindparam("this_since"),
        state=bindparam("this_state"),
        reason=bindparam("this_reason"),
        until=later,
    )
    new = {"state": statement.excluded.state, "reason": statement.excluded.reason}
    result: ClauseElement = statement.on_conflict_do_update(index_elements=["agent", "since"], set_=new)
    return result


_END_EARLIER_STATE: Final = (
    update(agent_states)
    .where(
        agent_states.c.agent == bindparam("this_agent"),
        agent_states.c.since < bindparam("this_since"),
        or_(agent_states.c.until.is_(None), agent_states.c.until > bindparam("this_since")),
    )
    .values(until=bindparam("this_since"))
)


def _write_gaps(connection: Connection, gaps: Sequence[StreamGap]) -> None:
    for gap in gaps:
        statement = insert_into(connection, stream_gaps).values(
            from_at=gap.from_at, until_at=gap.until_at, reason=gap.reason
        )
        until_at = func.coalesce(statement.excluded.until_at, stream_gaps.c.until_at)
        connection.execute(statement.on_conflict_do_update(index_elements=["from_at"], set_={"until_at": until_at}))
