"""A call that was recorded, as Asterisk and the recorder leave it."""

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from ami_listener.records import CallRecord, Conversation, Outcome
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.database import reading
from crm.people.numbers import normalise
from crm.recordings import service
from crm.recordings.keeper import RecordingKeeper

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
BANGKOK = ZoneInfo("Asia/Bangkok")
CALL = "main-1795692482.10"


def call(call_id: str = CALL, *, ended: bool = True, at: datetime = NOW) -> CallRecord:
    """Answered by 1001 after 4 s, talked for 10 s."""
    record = CallRecord(call_id, at - timedelta(seconds=60), "0812345678", "1169", "provider", queue="enquiries")
    answered = record.arrived_at + timedelta(seconds=4)
    record.conversations = [Conversation("enquiries", "1001", answered, answered + timedelta(seconds=10))]
    if ended:
        record.ended_at, record.outcome = record.conversations[0].ended_at, Outcome.ANSWERED
    return record


def write(engine: Engine, *records: CallRecord) -> None:
    with closing(CallStore(engine, lambda: NOW)) as store:
        store.write(Batch(calls=[rows_of(record, normalise) for record in records]))


def leave(folder: Path, call_id: str, seconds_ago: float = 10, at: datetime = NOW, **sides: bytes) -> None:
    """Raw files as Asterisk leaves them."""
    spool = folder / "spool"
    spool.mkdir(parents=True, exist_ok=True)
    for side, sound in sides.items():
        path = spool / f"{call_id}-{side}.ulaw"
        path.write_bytes(sound)
        written = at.timestamp() - seconds_ago
        os.utime(path, (written, written))


def keeper_of(engine: Engine, folder: Path, keep_days: int = 365) -> RecordingKeeper:
    return RecordingKeeper(engine, folder, BANGKOK, lambda: NOW, keep_days)


def kept(engine: Engine, call_id: str = CALL) -> service.Recording:
    with reading(engine) as connection:
        return service.get(connection, call_id)
