"""Lists, shows and exports calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, select

from ami_listener.records import CallRecord, Outcome
from crm.calls.models import callbacks, calls, messages
from crm.calls.stored import records_where
from crm.people.models import Person
from crm.people.service import UnknownPersonError, get_person

EXPORT_FIELDS: Final = (
    "call_id",
    "caller_number",
    "called_number",
    "arrived_at",
    "assistant_answered_at",
    "agent_answered_at",
    "agent",
    "ended_at",
    "ended_by",
    "outcome",
    "survey_key",
    "survey_meaning",
)
_ROWS_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls are wanted; None: all. ``from_at`` is inside, ``to_at`` outside. ``number``: E.164 or short code."""

    from_at: datetime | None = None
    to_at: datetime | None = None
    queue: str | None = None
    agent: str | None = None
    number: str | None = None
    outcome: Outcome | None = None
    inbound_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """One call in a list. ``caller_number``: E.164 or short code, else as it came; None when withheld."""

    call_id: str
    arrived_at: datetime
    caller_number: str | None
    called_number: str
    queue: str | None
    agent: str | None
    agent_answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    survey_meaning: str | None
    person_id: int | None


@dataclass(frozen=True, slots=True)
class CallbackStand:
    """Where the callback stands that the caller asked for."""

    state: str
    tries: int
    next_try_at: datetime | None
    done_at: datetime | None
    answered_by: str | None


@dataclass(frozen=True, slots=True)
class CallStory:
    """All that is known of one call. ``person``: who called, when that is known for sure."""

    record: CallRecord
    caller_number: str | None
    person: Person | None
    callback: CallbackStand | None
    message_state: str | None


class UnknownCallError(LookupError):
    """There is no call with this id."""


def list_calls(connection: Connection, wanted: CallFilter | None = None, limit: int = 100) -> list[CallLine]:
    """The newest calls that are wanted, newest first."""
    return list(each_call(connection, wanted or CallFilter(), limit))


def each_call(connection: Connection, wanted: CallFilter, limit: int) -> Iterator[CallLine]:
    """The same one by one. Read in pieces: millions of calls need no more memory than a thousand."""
    query = _filtered(select(calls), wanted).order_by(calls.c.arrived_at.desc(), calls.c.call_id.desc()).limit(limit)
    with connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query) as rows:
        for row in rows.mappings():
            yield _line(row)


def _filtered(query: Select[Any], wanted: CallFilter) -> Select[Any]:
    if wanted.from_at is not None:
        query = query.where(calls.c.arrived_at >= wanted.from_at)
    if wanted.to_at is not None:
        query = query.where(calls.c.arrived_at < wanted.to_at)
    for column, value in (
        (calls.c.queue, wanted.queue),
        (calls.c.agent, wanted.agent),
        (calls.c.caller_e164, wanted.number),
        (calls.c.outcome, wanted.outcome),
    ):
        if value is not None:
            query = query.where(column == value)
    return query.where(calls.c.callback_of.is_(None)) if wanted.inbound_only else query


def _line(row: RowMapping) -> CallLine:
    return CallLine(
        call_id=row["call_id"],
        arrived_at=row["arrived_at"],
        caller_number=row["caller_e164"] or row["caller_number"],
        called_number=row["called_number"],
        queue=row["queue"],
        agent=row["agent"],
        agent_answered_at=row["agent_answered_at"],
        ended_at=row["ended_at"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        survey_meaning=row["survey_meaning"],
        person_id=row["person_id"],
    )


def get_call(connection: Connection, call_id: str) -> CallStory:
    """The whole story of a call. Raises UnknownCallError."""
    records = records_where(connection, calls.c.call_id == call_id)
    if not records:
        raise UnknownCallError(f"there is no call {call_id}")
    row = connection.execute(
        select(calls.c.caller_e164, calls.c.caller_number, calls.c.person_id).where(calls.c.call_id == call_id)
    ).one()
    callback = connection.execute(
        select(
            callbacks.c.state, callbacks.c.tries, callbacks.c.next_try_at, callbacks.c.done_at, callbacks.c.answered_by
        ).where(callbacks.c.call_id == call_id)
    ).one_or_none()
    return CallStory(
        record=records[0],
        caller_number=row.caller_e164 or row.caller_number,
        person=_person(connection, row.person_id),
        callback=CallbackStand(*callback) if callback else None,
        message_state=connection.scalar(select(messages.c.state).where(messages.c.call_id == call_id)),
    )


def _person(connection: Connection, person_id: int | None) -> Person | None:
    if person_id is None:
        return None
    try:
        return get_person(connection, person_id)
    except UnknownPersonError:  # deleted between two reads
        return None


def export_calls(
    connection: Connection, from_at: datetime | None = None, to_at: datetime | None = None
) -> Iterator[dict[str, str | None]]:
    """Inbound calls that arrived from ``from_at`` (inside) to ``to_at`` (outside), oldest first, one dict each with
    exactly `EXPORT_FIELDS`. Read in pieces: millions of calls need no more memory than a thousand."""
    columns = [calls.c[name] for name in EXPORT_FIELDS]
    query = _filtered(select(*columns, calls.c.caller_e164), CallFilter(from_at=from_at, to_at=to_at))
    query = query.where(calls.c.callback_of.is_(None)).order_by(calls.c.arrived_at, calls.c.call_id)
    with connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query) as rows:
        for row in rows.mappings():
            yield _exported(row)


def _exported(row: RowMapping) -> dict[str, str | None]:
    line = {name: iso(value) if isinstance(value := row[name], datetime) else value for name in EXPORT_FIELDS}
    line["caller_number"] = row["caller_e164"] or row["caller_number"]
    return line


def iso(at: datetime) -> str:
    """ISO 8601 in UTC, always with six digits of microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
