"""The database is locked, read-only, full or gone: calls wait in memory, and all of them are written afterwards."""

import asyncio
import logging
import resource
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from ami_listener.events import EndedBy
from ami_listener.records import CallRecord, Outcome, QueuePass
from crm.calls.models import calls
from crm.calls.store import CallStore
from crm.calls.stored import load_calls, load_position
from crm.database import check, open_engine, reading, upgrade
from crm.recorder import Recorder

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


def call(number: int, *, ended: bool = False) -> CallRecord:
    record = CallRecord(f"pbx-{number:04}", NOON + timedelta(seconds=number), "0812345678", "1169", "provider")
    record.passes.append(QueuePass("hotline", 1, NOON, 1))
    if ended:
        record.ended_at, record.ended_by = NOON + timedelta(seconds=number + 60), EndedBy.CALLER
        record.outcome = Outcome.ABANDONED
    return record


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


Fault = Callable[[], Awaitable[None]]


async def _survives(engine: Engine, begin: Fault, end: Fault, kinds: set[str]) -> None:
    """10 calls before the fault, 40 new ones and the end of the 10 during it, 10 after it."""
    stored: dict[str, CallRecord] = {}
    lags: list[float] = []
    recorder = Recorder(CallStore(engine, now), on_recorded=lambda _records, told: lags.extend(told))

    def mark(record: CallRecord) -> None:
        stored[record.call_id] = record
        recorder.mark(record)
        recorder.read_up_to(record.call_id)

    async with recorder:
        for n in range(10):
            mark(call(n))
        assert await recorder.flush(30)
        await begin()
        for n in range(10, 50):
            mark(call(n))
        await until(lambda: not recorder.healthy)
        for n in range(10):
            mark(call(n, ended=True))
        assert not await recorder.flush(0.3)
        assert recorder.fault in kinds
        assert recorder.waiting == 50
        await end()
        for n in range(50, 60):
            mark(call(n))
        assert await recorder.flush(30)
        assert recorder.healthy
        assert recorder.waiting == 0
        assert sum(recorder.counters.failures.values()) >= 1
    assert load_calls(engine, stored) == [stored[key] for key in sorted(stored)]
    assert load_position(engine) == "pbx-0059"
    assert max(lags) >= 0.3  # the lag is told honestly


@contextmanager
def pragma_on_every_connection(engine: Engine) -> Iterator[dict[str, Any]]:
    """What is put in here is set on each connection that the recorder opens."""
    wanted: dict[str, Any] = {}

    def opened(connection: sqlite3.Connection, *_more: object) -> None:
        for name, value in wanted.items():
            connection.execute(f"PRAGMA {name} = {value}").close()

    event.listen(engine, "connect", opened)
    yield wanted
    event.remove(engine, "connect", opened)


def test_locked_by_another_program(hasty_engine: Engine) -> None:
    other = sqlite3.connect(str(hasty_engine.url.database), isolation_level=None)

    async def lock() -> None:
        other.execute("BEGIN EXCLUSIVE")

    async def unlock() -> None:
        other.execute("COMMIT")

    asyncio.run(_survives(hasty_engine, lock, unlock, {"locked"}))
    other.close()


@pytest.mark.parametrize(
    ("broken", "mended", "kinds"),
    [
        ({"query_only": "ON"}, {"query_only": "OFF"}, {"read_only"}),
        ({"max_page_count": 1}, {"max_page_count": 1_000_000}, {"full"}),
    ],
    ids=["read-only", "disk full"],
)
def test_file_that_cannot_grow_or_change(
    sqlite_engine: Engine, broken: dict[str, Any], mended: dict[str, Any], kinds: set[str]
) -> None:
    open_now: list[sqlite3.Connection] = []
    event.listen(sqlite_engine, "connect", lambda connection, _record: open_now.append(connection))
    with pragma_on_every_connection(sqlite_engine) as wanted:

        def change(pragmas: dict[str, Any]) -> None:
            wanted.update(pragmas)
            for connection in open_now:
                try:
                    for name, value in pragmas.items():
                        connection.execute(f"PRAGMA {name} = {value}").close()
                except sqlite3.ProgrammingError:  # closed meanwhile
                    continue

        async def breaks() -> None:
            change(broken)

        async def is_mended() -> None:
            change(mended)

        asyncio.run(_survives(sqlite_engine, breaks, is_mended, kinds))


def test_no_file_may_grow(sqlite_engine: Engine) -> None:
    """The kernel's own limit, as a full disk: the write-ahead log cannot take another page."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    wal = Path(f"{sqlite_engine.url.database}-wal")

    async def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, hard))

    async def make_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    try:
        asyncio.run(_survives(sqlite_engine, fill, make_room, {"full", "disk"}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_read_only_file_is_reported_with_what_to_do(sqlite_engine: Engine) -> None:
    engine = open_engine(f"sqlite:///file:{sqlite_engine.url.database}?mode=ro&uri=true")
    assert check(engine).problem == "the database is read-only: make file and folder writable"
    engine.dispose()


def test_postgresql_stopped_and_started_in_mid_stream(own_postgres: Any) -> None:
    engine = open_engine(own_postgres.new_database())
    upgrade(engine)

    async def stop() -> None:
        await asyncio.to_thread(own_postgres.stop)

    async def start() -> None:
        await asyncio.to_thread(own_postgres.start)

    asyncio.run(_survives(engine, stop, start, {"unreachable"}))
    engine.dispose()


async def _alarm_once(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    other = sqlite3.connect(str(engine.url.database), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    async with Recorder(CallStore(engine, now)) as recorder:
        recorder.mark(call(1))
        await until(lambda: recorder.counters.failures.get("locked", 0) >= 3)
        other.execute("COMMIT")
        other.close()
        assert await recorder.flush(30)
    messages = [record.getMessage() for record in caplog.records if record.name == "crm.recorder"]
    assert messages == [
        "calls cannot be recorded (locked): another program holds the database locked: end it. "
        "1 wait in memory and nothing is lost while this program runs",
        "the database takes calls again (was: locked); 0 wait",
    ]


def test_one_alarm_a_minute_without_anybodys_number(hasty_engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        asyncio.run(_alarm_once(hasty_engine, caplog))


async def _busy_neighbour(engine: Engine) -> None:
    """Another writer all the time, as the web pages are."""
    stop = threading.Event()

    def write() -> None:
        other = sqlite3.connect(str(engine.url.database), isolation_level=None, timeout=30)
        while not stop.is_set():
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO stream_gaps (from_at, reason) VALUES ((SELECT count(*) FROM stream_gaps), 'x')")
            other.execute("COMMIT")
        other.close()

    neighbour = threading.Thread(target=write)
    neighbour.start()
    try:
        async with Recorder(CallStore(engine, now)) as recorder:
            for n in range(200):
                recorder.mark(call(n, ended=True))
                if n % 10 == 0:
                    await asyncio.sleep(0.005)
            assert await recorder.flush(60)
    finally:
        stop.set()
        neighbour.join()
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(calls)) == 200


def test_writes_beside_another_writer(sqlite_engine: Engine) -> None:
    asyncio.run(_busy_neighbour(sqlite_engine))
