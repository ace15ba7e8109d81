"""Recorded messages: a task for agents. The sound is a file of Asterisk's; here is what is known and done about it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, RowMapping, Select, select, update

from crm.calls.models import MessageState, calls, messages


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message. ``caller_number``: E.164 or short code, else as it came; None when withheld. ``path``: relative to
    the folder of messages. ``seconds``: how long it lasts."""

    id: int
    call_id: str
    left_at: datetime
    caller_number: str | None
    queue: str | None
    seconds: float
    path: str
    state: MessageState
    heard_by: str | None


class UnknownMessage(LookupError):
    """There is no such message."""


class MessageGone(LookupError):
    """The message is known, but its sound is not there."""


def _lines() -> Select[tuple[object, ...]]:
    return select(messages, calls.c.caller_e164, calls.c.caller_number).join(
        calls, calls.c.call_id == messages.c.call_id
    )


def _line(row: RowMapping) -> MessageLine:
    values = dict(row)
    e164 = values.pop("caller_e164")
    values["caller_number"] = e164 or values["caller_number"]
    return MessageLine(**values | {"state": MessageState(row["state"])})


def list_messages(connection: Connection, state: MessageState | None = None, limit: int = 100) -> list[MessageLine]:
    """The messages, the oldest first among those asked for: who left a message first is called first."""
    query = _lines().order_by(messages.c.left_at.desc(), messages.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(messages.c.state == state)
    return [_line(row) for row in connection.execute(query).mappings()][::-1]


def get_message(connection: Connection, message_id: int) -> MessageLine:
    """One message. Raises UnknownMessage."""
    row = connection.execute(_lines().where(messages.c.id == message_id)).mappings().one_or_none()
    if row is None:
        raise UnknownMessage(f"there is no message {message_id}; see: hotline messages list")
    return _line(row)


def sound_of(message: MessageLine, folder: Path) -> Path:
    """The file to play. Raises MessageGone when it is not there, or not inside the ``folder`` of messages."""
    folder = folder.resolve()
    path = (folder / message.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise MessageGone(f"the sound of message {message.id} is not there: {folder / message.path}")
    return path


def has_sound(message: MessageLine, folder: Path) -> bool:
    """Whether `sound_of` finds the file."""
    try:
        sound_of(message, folder)
    except MessageGone:
        return False
    return True


def mark_heard(connection: Connection, message_id: int, by: str) -> MessageLine:
    """Notes that ``by`` has listened; the first who did stays noted, and what is done stays done. Raises
    UnknownMessage."""
    new = (messages.c.id == message_id) & (messages.c.state == MessageState.NEW)
    connection.execute(update(messages).where(new).values(state=MessageState.HEARD, heard_by=by))
    return get_message(connection, message_id)


def mark_done(connection: Connection, message_id: int, by: str) -> MessageLine:
    """Notes that nothing is left to do; ``by`` is noted when nobody had listened. Raises UnknownMessage."""
    message = get_message(connection, message_id)
    values = {"state": MessageState.DONE, "heard_by": message.heard_by or by}
    connection.execute(update(messages).where(messages.c.id == message_id).values(**values))
    return get_message(connection, message_id)


def mark_new(connection: Connection, message_id: int) -> MessageLine:
    """Puts it back among those to be done. Raises UnknownMessage."""
    values = {"state": MessageState.NEW, "heard_by": None}
    connection.execute(update(messages).where(messages.c.id == message_id).values(**values))
    return get_message(connection, message_id)
