"""Lists of what is to be done, and doing it. Read anew each time: what the records say is what waits.

A missed call waits until somebody has spoken with that number: by calling back, or because the caller tried again. Who
takes a task is seen by the others for `TAKEN`, so that nobody is called twice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from ami_listener.records import Outcome
from crm.audit.service import Doer, note
from crm.callbacks.service import OPEN_STATES, give_up
from crm.calls.models import CallbackState, MessageState, callbacks, calls, messages
from crm.database import insert_into
from crm.inbox.models import TaskKind, inbox_tasks
from crm.people.models import people, person_numbers, phone_numbers
from crm.people.numbers import normalise
from crm.people.showing import national
from crm.staff.models import staff
from crm.telephone.models import outbound_calls

MISSED_FOR: Final = timedelta(days=3)  # who was not called back by then has called again, or does not wait any more
TAKEN: Final = timedelta(minutes=15)
MOST: Final = 200
_MISSED: Final = (Outcome.ABANDONED, Outcome.TIMED_OUT, Outcome.FAILED)


class UnknownTask(LookupError):
    """There is no such task, or it is done already."""


class TakenByOther(Exception):
    """Somebody is about it; ``by``: the name, None: the system is calling at this moment."""

    def __init__(self, by: str | None) -> None:
        super().__init__(by)
        self.by = by


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who waits. ``names``: people with this number (id, name), who used it last first."""

    number: str | None
    names: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Somebody to be called. ``call_id``: the (newest) call; ``times``: how often they tried. ``since``: of the oldest
    try (missed), or when the callback was asked for. ``tries``: of a callback, by the system; ``by_itself``: it goes on
    trying; ``calling``: at this moment. ``taken_by``: who is about it now."""

    kind: TaskKind
    call_id: str
    caller: Caller
    queue: str | None
    since: datetime
    last_at: datetime
    times: int = 1
    waited_seconds: float | None = None
    tries: int = 0
    next_try_at: datetime | None = None
    by_itself: bool = False
    calling: bool = False
    taken_by: int | None = None
    taken_name_th: str | None = None
    taken_name_en: str | None = None


def missed_calls(
    connection: Connection, now: datetime, queues: Collection[str] | None = None, short_seconds: float = 5.0
) -> list[Task]:
    """Callers whom nobody answered and who can be called back, one task a number, who waits longest first. ``queues``
    None: of all. Who hung up within ``short_seconds`` had not begun to wait."""
    later = calls.alias("later")
    spoken_later = exists().where(
        later.c.caller_e164 == calls.c.caller_e164,
        later.c.arrived_at > calls.c.arrived_at,
        later.c.agent_answered_at.is_not(None),
    )
    query = (
        select(
            calls.c.call_id, calls.c.caller_e164, calls.c.queue, calls.c.arrived_at, calls.c.ended_at, calls.c.outcome,
            *_TAKEN_COLUMNS,
        )
        .outerjoin(inbox_tasks, _task_of(TaskKind.MISSED, calls.c.call_id))
        .outerjoin(staff, staff.c.id == inbox_tasks.c.taken_by)
        .where(
            calls.c.arrived_at > now - MISSED_FOR,
            calls.c.outcome.in_(_MISSED),
            calls.c.callback_of.is_(None),
            calls.c.caller_e164.is_not(None),
            calls.c.agent_answered_at.is_(None),
            inbox_tasks.c.done_at.is_(None),
            ~spoken_later,
        )
        .order_by(calls.c.arrived_at.desc())
        .limit(MOST)
    )  # fmt: skip
    if queues is not None:
        query = query.where(or_(calls.c.queue.in_(queues), calls.c.queue.is_(None)))
    rows = connection.execute(query).all()
    called = _called_back(connection, {row.caller_e164 for row in rows}, now - MISSED_FOR)
    asked = _who_asked(connection)
    by_number: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.caller_e164 in asked or called.get(row.caller_e164, row.arrived_at) > row.arrived_at:
            continue
        waited = (row.ended_at - row.arrived_at).total_seconds() if row.ended_at else 0.0
        if row.outcome != Outcome.ABANDONED or waited >= short_seconds:
            by_number[row.caller_e164].append(row)
    names = names_of(connection, by_number)
    tasks = [_missed(rows, names.get(number, ()), now) for number, rows in by_number.items()]
    return sorted(tasks, key=lambda task: task.since)


def _who_asked(connection: Connection) -> set[str]:
    """Numbers whose callers are called back by themselves."""
    return {
        _in_one_form(number)
        for number in connection.scalars(select(callbacks.c.number).where(callbacks.c.state.in_(OPEN_STATES)))
    }


def _in_one_form(dialled: str) -> str:
    """A callback's number is kept as it is dialled."""
    return normalise(dialled).number or dialled


def _called_back(connection: Connection, numbers: Collection[str], since: datetime) -> dict[str, datetime]:
    """Number → when an agent reached it last by calling out."""
    dialled = {form: number for number in numbers for form in (number, national(number).replace(" ", ""))}
    out = outbound_calls.c
    query = select(out.number, out.began_at).where(
        out.answered_at.is_not(None), out.began_at > since, out.number.in_(list(dialled))
    )
    found: dict[str, datetime] = {}
    for number, began_at in connection.execute(query):
        found[dialled[number]] = max(began_at, found.get(dialled[number], began_at))
    return found


def _missed(rows: list[Any], names: tuple[tuple[int, str], ...], now: datetime) -> Task:
    newest, oldest = rows[0], rows[-1]
    waited = (newest.ended_at - newest.arrived_at).total_seconds() if newest.ended_at else None
    return Task(
        kind=TaskKind.MISSED,
        call_id=newest.call_id,
        caller=Caller(number=newest.caller_e164, names=names),
        queue=newest.queue,
        since=oldest.arrived_at,
        last_at=newest.arrived_at,
        times=len(rows),
        waited_seconds=waited,
        **_taken(newest, now),
    )


def callback_tasks(connection: Connection, now: datetime, queues: Collection[str] | None = None) -> list[Task]:
    """Callers who asked to be called back: those the system is about, and those it could not reach."""
    unreached = and_(callbacks.c.state == CallbackState.GIVEN_UP, callbacks.c.done_at > now - MISSED_FOR)
    query = (
        select(callbacks, *_TAKEN_COLUMNS)
        .outerjoin(inbox_tasks, _task_of(TaskKind.CALLBACK, callbacks.c.call_id))
        .outerjoin(staff, staff.c.id == inbox_tasks.c.taken_by)
        .where(or_(callbacks.c.state.in_(OPEN_STATES), unreached), inbox_tasks.c.done_at.is_(None))
        .order_by(callbacks.c.requested_at)
        .limit(MOST)
    )
    if queues is not None:
        query = query.where(callbacks.c.queue.in_(queues))
    rows = connection.execute(query).all()
    numbers = {row.call_id: _in_one_form(row.number) for row in rows}
    names = names_of(connection, numbers.values())
    return [
        Task(
            kind=TaskKind.CALLBACK,
            call_id=row.call_id,
            caller=Caller(number=numbers[row.call_id], names=names.get(numbers[row.call_id], ())),
            queue=row.queue,
            since=row.requested_at,
            last_at=row.requested_at,
            tries=row.tries,
            next_try_at=row.next_try_at,
            by_itself=row.state in OPEN_STATES,
            calling=row.state == CallbackState.CALLING,
            **_taken(row, now),
        )
        for row in rows
    ]


_TAKEN_COLUMNS: Final = (inbox_tasks.c.taken_by, inbox_tasks.c.taken_at, staff.c.name_th, staff.c.name_en)


def _task_of(kind: TaskKind, call_id: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(inbox_tasks.c.kind == kind, inbox_tasks.c.call_id == call_id)


def _taken(row: Any, now: datetime) -> dict[str, Any]:
    if row.taken_by is None or row.taken_at is None or now - row.taken_at > TAKEN:
        return {}
    return {"taken_by": row.taken_by, "taken_name_th": row.name_th, "taken_name_en": row.name_en}


def names_of(connection: Connection, numbers: Iterable[str]) -> dict[str, tuple[tuple[int, str], ...]]:
    """Number → people who have it, who used it last first."""
    query = (
        select(phone_numbers.c.number, people.c.id, people.c.display_name)
        .join(person_numbers, person_numbers.c.number_id == phone_numbers.c.id)
        .join(people, people.c.id == person_numbers.c.person_id)
        .where(phone_numbers.c.number.in_(list(numbers)))
        .order_by(person_numbers.c.last_used_at.desc().nulls_last(), people.c.id)
    )
    found: dict[str, tuple[tuple[int, str], ...]] = {}
    for number, person_id, name in connection.execute(query):
        found[number] = (*found.get(number, ()), (person_id, name))
    return found


# --- doing ------------------------------------------------------------------------------------------------------------


def take(connection: Connection, kind: TaskKind, call_id: str, by: int, now: datetime) -> None:
    """``by`` calls this caller back now. Raises UnknownTask, TakenByOther."""
    _exists(connection, kind, call_id)
    found = connection.execute(
        select(inbox_tasks, staff.c.name_th)
        .outerjoin(staff, staff.c.id == inbox_tasks.c.taken_by)
        .where(inbox_tasks.c.kind == kind, inbox_tasks.c.call_id == call_id)
    ).one_or_none()
    if found is not None and found.done_at is not None:
        raise UnknownTask(f"{kind} {call_id} is done")
    fresh = found is not None and found.taken_at is not None and now - found.taken_at <= TAKEN
    if found is not None and fresh and found.taken_by not in {None, by}:
        raise TakenByOther(found.name_th)
    if kind is TaskKind.CALLBACK:
        _no_longer_by_itself(connection, call_id, now)
    _write(connection, kind, call_id, {"taken_by": by, "taken_at": now})


def _no_longer_by_itself(connection: Connection, call_id: str, now: datetime) -> None:
    state = connection.scalar(select(callbacks.c.state).where(callbacks.c.call_id == call_id))
    if state == CallbackState.CALLING:
        raise TakenByOther(None)
    if state == CallbackState.WAITING:
        give_up(connection, call_id, now)


def done(connection: Connection, kind: TaskKind, call_id: str, doer: Doer, now: datetime) -> None:
    """Nothing is left to do for this caller: all missed calls of the number as well. Raises UnknownTask, TakenByOther
    while the system is calling."""
    if kind is TaskKind.CALLBACK:
        _no_longer_by_itself(connection, call_id, now)
    for one in _same_caller(connection, kind, call_id, now):
        _write(connection, kind, one, {"done_by": doer.staff_id, "done_at": now})
    note(connection, now, doer, f"inbox.{kind}_done", f"call/{call_id}")


def undo(connection: Connection, kind: TaskKind, call_id: str, doer: Doer, now: datetime) -> None:
    """There is something to do after all. Raises UnknownTask."""
    for one in _same_caller(connection, kind, call_id, now):
        _write(connection, kind, one, {"done_by": None, "done_at": None, "taken_by": None, "taken_at": None})
    note(connection, now, doer, f"inbox.{kind}_reopened", f"call/{call_id}")


def _same_caller(connection: Connection, kind: TaskKind, call_id: str, now: datetime) -> list[str]:
    number = _exists(connection, kind, call_id)
    if kind is TaskKind.CALLBACK or number is None:
        return [call_id]
    query = select(calls.c.call_id).where(
        calls.c.caller_e164 == number, calls.c.arrived_at > now - MISSED_FOR, calls.c.outcome.in_(_MISSED)
    )
    return sorted({call_id, *connection.scalars(query)})


def _exists(connection: Connection, kind: TaskKind, call_id: str) -> str | None:
    """The number to call; raises UnknownTask."""
    table, number = (callbacks, callbacks.c.number) if kind is TaskKind.CALLBACK else (calls, calls.c.caller_e164)
    row = connection.execute(select(number).where(table.c.call_id == call_id)).one_or_none()
    if row is None:
        raise UnknownTask(f"there is no {kind} of call {call_id}")
    found: str | None = row[0]
    return found


def queue_of(connection: Connection, kind: TaskKind, call_id: str) -> str | None:
    """The queue whose people see this task; None: all. Raises UnknownTask."""
    _exists(connection, kind, call_id)
    table = callbacks if kind is TaskKind.CALLBACK else calls
    found: str | None = connection.scalar(select(table.c.queue).where(table.c.call_id == call_id))
    return found


def _write(connection: Connection, kind: TaskKind, call_id: str, values: dict[str, Any]) -> None:
    statement = insert_into(connection, inbox_tasks).values(kind=kind, call_id=call_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["kind", "call_id"], set_=values))


# --- counts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much waits for everybody, by queue (None: of no queue)."""

    missed: dict[str | None, int]
    callbacks: dict[str | None, int]
    messages: dict[str | None, int]

    def of(self, queues: Collection[str] | None) -> dict[str, int]:
        """For somebody who answers these queues; None: for all."""
        return {
            name: sum(n for queue, n in counted.items() if queues is None or queue is None or queue in queues)
            for name, counted in (
                ("missed", self.missed),
                ("callbacks", self.callbacks),
                ("messages", self.messages),
            )
        }


def counts(connection: Connection, now: datetime, short_seconds: float = 5.0) -> Counts:
    """What waits now, whoever does it."""
    waiting = select(messages.c.queue).where(messages.c.state != MessageState.DONE)
    return Counts(
        missed=_by_queue(task.queue for task in missed_calls(connection, now, None, short_seconds)),
        callbacks=_by_queue(task.queue for task in callback_tasks(connection, now)),
        messages=_by_queue(connection.scalars(waiting)),
    )


def _by_queue(queues: Iterable[str | None]) -> dict[str | None, int]:
    counted: dict[str | None, int] = defaultdict(int)
    for queue in queues:
        counted[queue] += 1
    return dict(counted)
