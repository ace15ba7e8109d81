"""Callbacks in the database. Requests and tries are written by the recorder; here they are read, and what only people
and the scheduler know is written: who reached the caller, and that a request is given up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, Select, select, update

from crm.calls.models import CallbackState, callbacks, calls

OPEN_STATES: Final = (CallbackState.WAITING, CallbackState.CALLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """A caller who asked to be called back.

    ``call_id``: the call that asked. ``arrived_at``: when that call came, by which the place in the queue is kept.
    ``tries``: begun so far. ``next_try_at``: not before then; None: as soon as the queue lets it.
    """

    call_id: str
    number: str
    queue: str
    called_number: str
    language: str | None
    arrived_at: datetime
    requested_at: datetime
    state: CallbackState = CallbackState.WAITING
    tries: int = 0
    next_try_at: datetime | None = None
    done_at: datetime | None = None
    answered_by: str | None = None

    @property
    def unfinished(self) -> bool:
        """Somebody still has to call."""
        return self.state in OPEN_STATES


class UnknownCallback(LookupError):
    """Nobody asked for this callback, or it is over."""


def _requests() -> Select[tuple[object, ...]]:
    own = [column for column in callbacks.c if column.name != "id"]
    return select(*own, calls.c.called_number, calls.c.language, calls.c.arrived_at).join(
        calls, calls.c.call_id == callbacks.c.call_id
    )


def _request(row: RowMapping) -> CallbackRequest:
    values = dict(row) | {"state": CallbackState(row["state"])}
    return CallbackRequest(**values)


def open_requests(connection: Connection) -> list[CallbackRequest]:
    """All who still wait to be called, the oldest call first."""
    query = _requests().where(callbacks.c.state.in_(OPEN_STATES)).order_by(calls.c.arrived_at, callbacks.c.id)
    return [_request(row) for row in connection.execute(query).mappings()]


def list_callbacks(
    connection: Connection, state: CallbackState | None = None, limit: int = 100
) -> list[CallbackRequest]:
    """The newest requests, newest first; only those in ``state`` when given."""
    query = _requests().order_by(callbacks.c.requested_at.desc(), callbacks.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(callbacks.c.state == state)
    return [_request(row) for row in connection.execute(query).mappings()]


def states_of(connection: Connection, call_ids: list[str]) -> dict[str, CallbackState]:
    """Call id → where its request stands, of those that are known."""
    query = select(callbacks.c.call_id, callbacks.c.state).where(callbacks.c.call_id.in_(call_ids))
    return {row.call_id: CallbackState(row.state) for row in connection.execute(query)}


def given_up_before(connection: Connection, call_ids: list[str], moment: datetime) -> list[str]:
    """Those of the requests that were given up before ``moment``."""
    given_up = (callbacks.c.state == CallbackState.GIVEN_UP) & (callbacks.c.done_at < moment)
    return list(connection.scalars(select(callbacks.c.call_id).where(callbacks.c.call_id.in_(call_ids), given_up)))


def give_up(connection: Connection, call_id: str, now: datetime) -> None:
    """Nobody will call any more. Raises UnknownCallback when there is no such request, or it is over."""
    statement = update(callbacks).where(callbacks.c.call_id == call_id, callbacks.c.state.in_(OPEN_STATES))
    values = {"state": CallbackState.GIVEN_UP, "next_try_at": None, "done_at": now}
    if connection.execute(statement.values(**values)).rowcount == 0:
        raise UnknownCallback(f"nobody waits for a callback of call {call_id}; see: hotline callbacks list")


def note_answered_by(connection: Connection, call_id: str, agent: str) -> bool:
    """Notes who reached the caller; False when the request is not written down yet."""
    statement = update(callbacks).where(callbacks.c.call_id == call_id).values(answered_by=agent)
    return connection.execute(statement).rowcount > 0
