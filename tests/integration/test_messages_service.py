"""Recorded messages as a task: listed, played, heard, done."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ami_listener.records import CallRecord, Message
from crm.calls.models import MessageState
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.database import reading, writing
from crm.messages.service import (
    MessageGone,
    UnknownMessage,
    get_message,
    has_sound,
    list_messages,
    mark_done,
    mark_heard,
    mark_new,
    sound_of,
)
from crm.people.numbers import normalise

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def leave(engine: Engine, n: int, number: str | None = "0812345678", path: str | None = None) -> None:
    record = CallRecord(f"main-{n}.1", NOON, number, "1169", "provider")
    record.message = Message(path or f"2026/11/20/main-{n}.1.wav", 12.5, NOON + timedelta(seconds=n), "enquiries")
    with closing(CallStore(engine, lambda: NOON)) as store:
        store.write(Batch(calls=[rows_of(record, normalise)]))


def test_new_messages_oldest_first_with_who_left_them(engine: Engine) -> None:
    for n in (2, 1, 3):
        leave(engine, n, None if n == 3 else "0812345678")
    with reading(engine) as connection:
        found = list_messages(connection, MessageState.NEW)
        newest = list_messages(connection, limit=1)
    assert [(one.call_id, one.caller_number) for one in found] == [
        ("main-1.1", "+66812345678"),
        ("main-2.1", "+66812345678"),
        ("main-3.1", None),
    ]
    assert [one.call_id for one in newest] == ["main-3.1"]
    assert (found[0].seconds, found[0].queue, found[0].state) == (12.5, "enquiries", MessageState.NEW)


def test_heard_done_and_back(engine: Engine) -> None:
    leave(engine, 1)
    with writing(engine) as connection:
        [message] = list_messages(connection)
        assert mark_heard(connection, message.id, "1001").heard_by == "1001"
        assert mark_heard(connection, message.id, "1002").heard_by == "1001"  # the first stays
        assert mark_done(connection, message.id, "1002").state is MessageState.DONE
        assert mark_heard(connection, message.id, "1003").state is MessageState.DONE
        assert list_messages(connection, MessageState.NEW) == []
        again = mark_new(connection, message.id)
    assert (again.state, again.heard_by) == (MessageState.NEW, None)
    leave(engine, 1)  # the recorder writes the call once more
    with writing(engine) as connection:
        assert mark_done(connection, message.id, "1002").heard_by == "1002"
        with pytest.raises(UnknownMessage, match="4711"):
            get_message(connection, 4711)
        with pytest.raises(UnknownMessage):
            mark_heard(connection, 4711, "1001")


@pytest.mark.parametrize("path", ["../secrets.json", "/etc/hostname", "2026/11/20", "2026/11/20/gone.wav"])
def test_only_a_file_inside_the_folder_is_played(engine: Engine, tmp_path: Path, path: str) -> None:
    folder = tmp_path / "messages"
    (folder / "2026/11/20").mkdir(parents=True)
    (folder / "2026/11/20/main-1.1.wav").write_bytes(b"RIFF")
    (tmp_path / "secrets.json").write_text("{}")
    leave(engine, 1)
    leave(engine, 2, path=path)
    with reading(engine) as connection:
        good, bad = list_messages(connection)
    assert sound_of(good, folder).read_bytes() == b"RIFF"
    assert has_sound(good, folder)
    assert not has_sound(bad, folder)
    with pytest.raises(MessageGone, match="not there"):
        sound_of(bad, folder)
