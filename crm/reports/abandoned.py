"""Callers who hung up before anybody answered, and what became of them since."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Connection, exists, or_, select

from crm.callbacks.service import OPEN_STATES
from crm.calls.models import callbacks, calls
from crm.inbox.models import TaskKind, inbox_tasks
from crm.people.showing import national
from crm.reports.behind import Line
from crm.telephone.models import outbound_calls


class Since(StrEnum):
    """What became of a caller since. ``open``: nobody has spoken with them."""

    OPEN = "open"
    SPOKEN = "spoken"
    DONE = "done"
    CALLBACK = "callback"
    UNREACHABLE = "unreachable"


def became(connection: Connection, lines: Sequence[Line]) -> dict[str, Since]:
    """Call → what became of its caller."""
    ids = [line.fact.call_id for line in lines]
    later = calls.alias("later")
    spoken = exists().where(
        later.c.caller_e164 == calls.c.caller_e164,
        later.c.arrived_at > calls.c.arrived_at,
        later.c.agent_answered_at.is_not(None),
    )
    waits = exists().where(callbacks.c.number == calls.c.caller_e164, callbacks.c.state.in_(OPEN_STATES))
    done = exists().where(
        inbox_tasks.c.kind == TaskKind.MISSED,
        inbox_tasks.c.call_id == calls.c.call_id,
        inbox_tasks.c.done_at.is_not(None),
    )
    query = select(
        calls.c.call_id,
        calls.c.caller_e164,
        spoken.label("spoken"),
        waits.label("waits"),
        done.label("done"),
    ).where(calls.c.call_id.in_(ids))
    found: dict[str, Since] = {}
    for row in connection.execute(query):
        if row.caller_e164 is None:
            found[row.call_id] = Since.UNREACHABLE
        elif row.spoken:
            found[row.call_id] = Since.SPOKEN
        else:
            found[row.call_id] = Since.DONE if row.done else Since.CALLBACK if row.waits else Since.OPEN
    for line in lines:
        if found.get(line.fact.call_id) in {Since.OPEN, Since.CALLBACK} and _called(connection, line):
            found[line.fact.call_id] = Since.SPOKEN
    return found


def _called(connection: Connection, line: Line) -> bool:
    """Whether an agent reached the number since by calling out."""
    if line.number is None:
        return False
    out = outbound_calls.c
    dialled = or_(out.number == line.number, out.number == national(line.number).replace(" ", ""))
    query = select(out.number).where(dialled, out.answered_at.is_not(None), out.began_at > line.fact.arrived_at)
    return connection.execute(query.limit(1)).first() is not None
