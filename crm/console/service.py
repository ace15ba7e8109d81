"""Messages to the floor: written by supervisors, read by agents; who has read them is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, or_, select

from crm.audit.service import Doer, note
from crm.console.models import floor_message_reads, floor_messages
from crm.database import insert_into
from crm.staff.models import staff

LONGEST: Final = 500
SHOWN_FOR: Final = timedelta(hours=12)  # who comes later has no use for it


class BadMessage(ValueError):
    """Nothing to say, or too much."""


class UnknownMessage(LookupError):
    """There is no such message, or it is another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorMessage:
    """One message. Neither ``queue`` nor ``agent``: to all. ``read_by``: how many have."""

    id: int
    sent_at: datetime
    by_th: str
    by_en: str
    text: str
    queue: str | None
    agent: str | None
    urgent: bool
    read_by: int = 0

    def json(self) -> dict[str, Any]:
        """As pages are told it."""
        names = ("id", "by_th", "by_en", "text", "queue", "agent", "urgent", "read_by")
        return {name: getattr(self, name) for name in names} | {"sent_at": self.sent_at.isoformat()}


def send(
    connection: Connection, doer: Doer, at: datetime, text: str, *, queue: str | None, agent: str | None, urgent: bool
) -> int:
    """Writes a message down, and in the audit; its id. Raises BadMessage."""
    text = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    if not text or len(text) > LONGEST:
        raise BadMessage(text)
    values = {"sent_at": at, "sent_by": doer.staff_id, "text": text, "queue": queue, "agent": agent, "urgent": urgent}
    made = int(connection.execute(insert(floor_messages).values(values).returning(floor_messages.c.id)).scalar_one())
    note(connection, at, doer, "console.message_sent", f"floor-message/{made}", text=text, queue=queue, agent=agent)
    return made


def unread(
    connection: Connection, staff_id: int, extension: str | None, queues: Sequence[str], at: datetime
) -> list[FloorMessage]:
    """What this person has not read yet, the oldest first."""
    columns = floor_messages.c
    read = select(floor_message_reads.c.message_id).where(floor_message_reads.c.staff_id == staff_id)
    query = _query().where(
        columns.sent_at > at - SHOWN_FOR,
        columns.sent_by != staff_id,
        columns.id.not_in(read),
        or_(columns.agent.is_(None), columns.agent == (extension or "")),
        or_(columns.queue.is_(None), columns.queue.in_(list(queues))),
    )
    return [FloorMessage(**row._mapping) for row in connection.execute(query.order_by(columns.id))]


def latest(connection: Connection, at: datetime, limit: int = 20) -> list[FloorMessage]:
    """What was said to the floor lately, the newest first."""
    query = _query().where(floor_messages.c.sent_at > at - SHOWN_FOR).order_by(floor_messages.c.id.desc()).limit(limit)
    return [FloorMessage(**row._mapping) for row in connection.execute(query)]


def message(connection: Connection, message_id: int) -> FloorMessage:
    """One message. Raises UnknownMessage."""
    row = connection.execute(_query().where(floor_messages.c.id == message_id)).one_or_none()
    if row is None:
        raise UnknownMessage(message_id)
    return FloorMessage(**row._mapping)


def read(connection: Connection, message_id: int, staff_id: int, at: datetime) -> None:
    """This person has read it; a second time changes nothing. Raises UnknownMessage."""
    message(connection, message_id)
    statement = insert_into(connection, floor_message_reads)
    connection.execute(statement.values(message_id=message_id, staff_id=staff_id, read_at=at).on_conflict_do_nothing())


def _query() -> Any:
    names = ("id", "sent_at", "text", "queue", "agent", "urgent")
    reads = (
        select(func.count())
        .where(floor_message_reads.c.message_id == floor_messages.c.id)
        .correlate(floor_messages)
        .scalar_subquery()
    )
    return (
        select(*(floor_messages.c[name] for name in names))
        .add_columns(staff.c.name_th.label("by_th"), staff.c.name_en.label("by_en"), reads.label("read_by"))
        .join(staff, staff.c.id == floor_messages.c.sent_by)
    )
