"""The inbox as JSON: what waits, with who waits."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from crm.calls.models import MessageState
from crm.inbox.service import Task, callback_tasks, missed_calls, names_of
from crm.messages.service import MessageLine, has_sound, list_messages


def inbox_json(
    connection: Connection, now: datetime, queues: Collection[str] | None, *, short_seconds: float, sounds: Path
) -> dict[str, Any]:
    """``missed``, ``callbacks``, ``messages``: what waits for everybody in these queues (None: all)."""
    return {
        "missed": [task_json(task) for task in missed_calls(connection, now, queues, short_seconds)],
        "callbacks": [task_json(task) for task in callback_tasks(connection, now, queues)],
        "messages": messages_json(connection, queues, sounds),
    }


def task_json(task: Task) -> dict[str, Any]:
    """One caller to be called."""
    return {
        "kind": task.kind.value,
        "call_id": task.call_id,
        "number": task.caller.number,
        "names": names_json(task.caller.names),
        "queue": task.queue,
        "since": task.since.isoformat(),
        "last_at": task.last_at.isoformat(),
        "times": task.times,
        "waited_seconds": task.waited_seconds,
        "tries": task.tries,
        "next_try_at": task.next_try_at.isoformat() if task.next_try_at else None,
        "by_itself": task.by_itself,
        "calling": task.calling,
        "taken_by": task.taken_by,
        "taken_name": {"th": task.taken_name_th, "en": task.taken_name_en} if task.taken_by else None,
    }


def messages_json(connection: Connection, queues: Collection[str] | None, sounds: Path) -> list[dict[str, Any]]:
    """Messages that are not done, the oldest first."""
    found = [
        message
        for state in (MessageState.NEW, MessageState.HEARD)
        for message in list_messages(connection, state)
        if queues is None or message.queue is None or message.queue in queues
    ]
    found.sort(key=lambda message: (message.left_at, message.id))
    names = names_of(connection, (message.caller_number for message in found if message.caller_number))
    return [message_json(message, names.get(message.caller_number or "", ()), sounds) for message in found]


def message_json(message: MessageLine, names: Iterable[tuple[int, str]], sounds: Path) -> dict[str, Any]:
    """One message."""
    return {
        "id": message.id,
        "call_id": message.call_id,
        "number": message.caller_number,
        "names": names_json(names),
        "queue": message.queue,
        "left_at": message.left_at.isoformat(),
        "seconds": message.seconds,
        "state": message.state.value,
        "heard_by": message.heard_by,
        "sound": f"/api/inbox/messages/{message.id}/sound" if has_sound(message, sounds) else None,
    }


def names_json(names: Iterable[tuple[int, str]]) -> list[Mapping[str, Any]]:
    """People with that number."""
    return [{"id": person_id, "name": name} for person_id, name in names]
