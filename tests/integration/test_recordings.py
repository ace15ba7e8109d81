"""Recordings: taken in, by date, with a checksum; deleted in time."""

import errno
import hashlib
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from recorded_talk import CALL, NOW, call, keeper_of, kept, leave, write
from sqlalchemy import Engine

from ami_listener.records import Conversation, Transfer
from crm.audit.service import AuditFilter, lines
from crm.database import reading, writing
from crm.recordings import service
from crm.recordings.models import RecordingState
from crm.recordings.sound import HEADER_BYTES
from crm.recordings.timeline import missing_of


def test_a_recording_is_taken_in_by_date_with_a_checksum(engine: Engine, tmp_path: Path) -> None:
    """Also one that nobody told of: Asterisk went on alone, and its file's name says whose it is."""
    write(engine, call())
    leave(tmp_path, CALL, caller=b"\x10" * 80_000, agent=b"\x20" * 79_000)
    keeper = keeper_of(engine, tmp_path)
    assert keeper.take_in() == 1
    one = kept(engine)
    assert (one.state, one.seconds, one.queue, one.sides) == (RecordingState.KEPT, 10.0, "enquiries", True)
    assert one.path == f"2026/11/26/{CALL}.wav"
    sound = (tmp_path / one.path).read_bytes()
    assert len(sound) == one.size_bytes == HEADER_BYTES + 160_000
    assert hashlib.sha256(sound).hexdigest() == one.sha256
    assert sound[HEADER_BYTES : HEADER_BYTES + 4] == b"\x10\x20\x10\x20"
    assert sound[-2:] == b"\x10\xff"
    assert list((tmp_path / "spool").iterdir()) == []
    assert keeper.is_intact(one)
    assert keeper.take_in() == 0
    (tmp_path / one.path).write_bytes(sound[:-1] + b"\x00")
    assert not keeper.is_intact(one)


def test_a_recording_in_part_says_how_much_is_missing(engine: Engine, tmp_path: Path) -> None:
    """The disk was full for a while: of one side six of ten seconds were written."""
    write(engine, call())
    leave(tmp_path, CALL, caller=b"\x10" * 80_000, agent=b"\x20" * 48_000)
    keeper_of(engine, tmp_path).take_in()
    one = kept(engine)
    assert one.seconds == 10.0
    assert one.missing_seconds == pytest.approx(4.0)


def test_a_department_is_not_missed(engine: Engine, tmp_path: Path) -> None:
    """Not recorded, as the settings say: ten seconds of sound are all there is of a minute's talk."""
    record = call()
    (talk,) = record.conversations
    assert talk.ended_at is not None
    record.transfers = [Transfer("blind", "1001", "701", talk.ended_at)]
    record.conversations.append(Conversation(None, "provider", talk.ended_at, talk.ended_at + timedelta(seconds=50)))
    record.ended_at = record.conversations[-1].ended_at
    write(engine, record)
    leave(tmp_path, CALL, mixed=b"\x10" * 80_000)
    keeper_of(engine, tmp_path).take_in()
    assert kept(engine).missing_seconds is None
    record.conversations[-1] = replace(record.conversations[-1], agent="701")
    assert missing_of(record, 10.0) == pytest.approx(50.0)  # 701 would be a colleague


def test_no_room_for_the_file_leaves_nothing_half_done(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Asterisk wrote stays where it is until there is room."""
    write(engine, call())
    leave(tmp_path, CALL, mixed=b"\x10" * 80_000)

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            keeper_of(engine, tmp_path).take_in()
    assert [path.name for path in tmp_path.rglob("*") if path.suffix in (".ulaw", ".wav", ".new")] == [
        f"{CALL}-mixed.ulaw"
    ]
    assert keeper_of(engine, tmp_path).take_in() == 1


def test_taking_in_twice_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """The process may have died between the file and the database, or between that and the spool."""
    write(engine, call())
    keeper = keeper_of(engine, tmp_path)
    for _ in range(2):
        leave(tmp_path, CALL, mixed=b"\x10" * 8000)
        assert keeper.take_in() == 1
    assert (kept(engine).seconds, kept(engine).sides) == (1.0, False)


def test_what_still_goes_on_stays_where_it_is(engine: Engine, tmp_path: Path) -> None:
    write(engine, call(ended=False), call("main-2.1"))
    leave(tmp_path, CALL, mixed=b"\x10" * 8000)
    leave(tmp_path, "main-2.1", seconds_ago=0.5, mixed=b"\x10" * 8000)  # the last bytes are just being written
    leave(tmp_path, "main-3.1", seconds_ago=600, mixed=b"\x10" * 8000)  # told later, by the journal
    assert keeper_of(engine, tmp_path).take_in() == 0
    assert len(list((tmp_path / "spool").iterdir())) == 3


def test_who_gave_up_leaves_nothing_and_what_has_no_sound_is_lost(engine: Engine, tmp_path: Path) -> None:
    gave_up, lost = "main-4.1", "main-5.1"
    write(engine, call(gave_up), call(lost, at=NOW - timedelta(minutes=5)))
    leave(tmp_path, gave_up, caller=b"", agent=b"")
    with writing(engine) as connection:
        service.begin(connection, lost, NOW, channel="PJSIP/provider-1")
    assert keeper_of(engine, tmp_path).take_in() == 0
    assert list((tmp_path / "spool").iterdir()) == []
    assert kept(engine, lost).state is RecordingState.LOST
    with pytest.raises(service.UnknownRecording):
        kept(engine, gave_up)


def test_recordings_are_deleted_when_their_time_is_over(engine: Engine, tmp_path: Path) -> None:
    """R7: kept for a time, then deleted; that they were there, and for how long, stays on record."""
    old, young = "main-6.1", "main-7.1"
    for call_id, days in ((old, 31), (young, 29)):
        at = NOW - timedelta(days=days)
        write(engine, call(call_id, at=at))
        leave(tmp_path, call_id, mixed=b"\x10" * 8000)
    keeper = keeper_of(engine, tmp_path, keep_days=30)
    keeper.take_in()
    path = tmp_path / str(kept(engine, old).path)
    assert path.exists()
    assert keeper.delete_expired() == 1
    assert not path.exists()
    gone = kept(engine, old)
    assert (gone.state, gone.path, gone.seconds, gone.deleted_at) == (RecordingState.DELETED, None, 1.0, NOW)
    assert gone.sha256
    assert kept(engine, young).state is RecordingState.KEPT
    with reading(engine) as connection:
        assert [line.details for line in lines(connection, AuditFilter(kind="recording"))] == [
            {"count": 1, "keep_days": 30}
        ]
        use = service.disk_use(connection)
    assert (use.count, use.seconds, use.size_bytes) == (1, 1.0, HEADER_BYTES + 8000)
