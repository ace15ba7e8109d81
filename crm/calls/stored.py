"""Reads stored calls back as records: after a restart, and to show a call's whole story."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, or_, select

from ami_listener.records import CallRecord
from crm.calls.models import PARTS, agent_states, callbacks, calls, journal_position, messages
from crm.calls.rows import record_of
from crm.calls.store import JOURNAL
from crm.database import reading

_CHUNK = 500


def load_open_calls(engine: Engine) -> list[CallRecord]:
    """All calls that have not ended as far as we know, whole, oldest first."""
    with reading(engine) as connection:
        return records_where(connection, calls.c.ended_at.is_(None))


def load_calls_since(engine: Engine, since: datetime) -> list[CallRecord]:
    """All calls that have not ended or that ended at ``since`` or later: those that a journal read again from there
    may still speak of."""
    with reading(engine) as connection:
        return records_where(connection, or_(calls.c.ended_at.is_(None), calls.c.ended_at >= since))


def load_calls(engine: Engine, call_ids: Iterable[str]) -> list[CallRecord]:
    """These calls, as far as they are stored, oldest first."""
    with reading(engine) as connection:
        return _records(connection, list(call_ids))


def load_position(engine: Engine) -> str | None:
    """How far the journal was read; None when never."""
    with reading(engine) as connection:
        return connection.scalar(select(journal_position.c.position).where(journal_position.c.journal == JOURNAL))


def load_agent_states(engine: Engine) -> dict[str, tuple[str, str | None, datetime]]:
    """Agent → state, reason, since when: the last one known of each."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(agent_states.c.agent, agent_states.c.state, agent_states.c.reason, agent_states.c.since).where(
                agent_states.c.until.is_(None)
            )
        )
        return {row.agent: (row.state, row.reason, row.since) for row in rows}


def records_where(connection: Connection, condition: ColumnElement[bool]) -> list[CallRecord]:
    """The records of all calls for which ``condition`` holds, oldest first."""
    return _records(connection, list(connection.scalars(select(calls.c.call_id).where(condition))))


def _records(connection: Connection, call_ids: Sequence[str]) -> list[CallRecord]:
    records: list[CallRecord] = []
    for start in range(0, len(call_ids), _CHUNK):
        records += _chunk(connection, call_ids[start : start + _CHUNK])
    return sorted(records, key=lambda record: (record.arrived_at, record.call_id))


def _chunk(connection: Connection, call_ids: Sequence[str]) -> list[CallRecord]:
    parts: dict[str, dict[str, list[Any]]] = {call_id: {} for call_id in call_ids}
    for table in (*PARTS, callbacks, messages):
        order = table.c.ordinal if "ordinal" in table.c else table.c.id
        rows = connection.execute(select(table).where(table.c.call_id.in_(call_ids)).order_by(table.c.call_id, order))
        for row in rows.mappings():
            parts[row["call_id"]].setdefault(table.name, []).append(row)
    found = connection.execute(select(calls).where(calls.c.call_id.in_(call_ids))).mappings()
    return [record_of(row, parts[row["call_id"]]) for row in found]
