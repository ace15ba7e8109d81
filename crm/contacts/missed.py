"""Calls that nobody answered, and whether somebody has to call back.

A number is a line, however often it tried. It is done when its caller was reached since (an answered call from it, an
outbound contact to it), when a callback is on its way, or when somebody says so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from ami_listener.records import Outcome
from crm.calls.models import CallbackState, callbacks, calls
from crm.contacts.models import Direction, MissedCallState, contacts, missed_calls_done
from crm.database import insert_into
from crm.people.models import people

MISSED: Final = (Outcome.ABANDONED, Outcome.TIMED_OUT, Outcome.FAILED, Outcome.CALLBACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCall:
    """Somebody who tried. ``call_id``: of the last try; ``waited_seconds``: of it. ``callback``: where the callback
    stands that was asked for, None without one. ``state``: open, reached, called_back or not_needed."""

    call_id: str
    number: str | None
    person_id: int | None
    person_name: str | None
    queue: str | None
    language: str | None
    arrived_at: datetime
    waited_seconds: float
    tries: int
    outcome: str
    callback: str | None
    state: str


def missed_calls(connection: Connection, since: datetime, *, done: bool = False, most: int = 200) -> list[MissedCall]:
    """Those since ``since``, the longest waiting first; ``done``: also those that nobody has to call any more. Hidden
    numbers are not among them: nobody could call."""
    rows = connection.execute(
        select(
            calls.c.call_id,
            calls.c.caller_e164,
            calls.c.person_id,
            people.c.display_name,
            calls.c.queue,
            calls.c.language,
            calls.c.arrived_at,
            calls.c.ended_at,
            calls.c.outcome,
            callbacks.c.state.label("callback"),
            missed_calls_done.c.state.label("done"),
        )
        .select_from(calls)
        .join(people, people.c.id == calls.c.person_id, isouter=True)
        .join(callbacks, callbacks.c.call_id == calls.c.call_id, isouter=True)
        .join(missed_calls_done, missed_calls_done.c.call_id == calls.c.call_id, isouter=True)
        .where(
            calls.c.arrived_at >= since,
            calls.c.outcome.in_(MISSED),
            calls.c.callback_of.is_(None),
            calls.c.caller_e164.is_not(None),
        )
        .order_by(calls.c.arrived_at, calls.c.call_id)
    ).mappings()
    lines: dict[str, list[Any]] = {}
    for row in rows:
        lines.setdefault(row["caller_e164"], []).append(row)
    reached = _reached(connection, since)
    found = [_line(tries, reached.get(number)) for number, tries in lines.items()]
    wanted = [line for line in found if done or line.state == "open"]
    return sorted(wanted, key=lambda line: line.arrived_at)[:most]


def mark_missed(connection: Connection, call_id: str, state: MissedCallState, staff_id: int, at: datetime) -> bool:
    """Somebody called back, or it is not needed; with it, all earlier tries. False when there is no such call."""
    number = connection.scalar(select(calls.c.caller_e164).where(calls.c.call_id == call_id))
    if number is None:
        return False
    statement = insert_into(connection, missed_calls_done).values(
        call_id=call_id, state=state, staff_id=staff_id, done_at=at
    )
    new = {"state": statement.excluded.state, "staff_id": statement.excluded.staff_id, "done_at": at}
    connection.execute(statement.on_conflict_do_update(index_elements=["call_id"], set_=new))
    return True


def _reached(connection: Connection, since: datetime) -> dict[str, datetime]:
    """Number → when its caller was last spoken to."""
    spoken = select(calls.c.caller_e164, calls.c.agent_answered_at).where(
        calls.c.arrived_at >= since, calls.c.agent_answered_at.is_not(None), calls.c.caller_e164.is_not(None)
    )
    called = select(contacts.c.number, contacts.c.begun_at).where(
        contacts.c.begun_at >= since, contacts.c.direction == Direction.OUTBOUND, contacts.c.number.is_not(None)
    )
    found: dict[str, datetime] = {}
    for query in (spoken, called):
        for number, at in connection.execute(query):
            found[number] = max(at, found.get(number, at))
    return found


def _line(tries: list[Any], reached_at: datetime | None) -> MissedCall:
    last = tries[-1]
    callback = next((row["callback"] for row in reversed(tries) if row["callback"] is not None), None)
    state = "open"
    if reached_at is not None and reached_at > last["arrived_at"]:
        state = "reached"
    elif last["done"] is not None:
        state = last["done"]
    elif callback == CallbackState.DONE:
        state = "reached"
    ended_at = last["ended_at"] or last["arrived_at"]
    return MissedCall(
        call_id=last["call_id"],
        number=last["caller_e164"],
        person_id=last["person_id"],
        person_name=last["display_name"],
        queue=last["queue"],
        language=last["language"],
        arrived_at=last["arrived_at"],
        waited_seconds=(ended_at - last["arrived_at"]).total_seconds(),
        tries=len(tries),
        outcome=last["outcome"],
        callback=callback,
        state=state,
    )
