"""The database is locked, read-only, away: calls wait in memory or in the journal, and each is recorded once."""

import asyncio
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installation import Installation, Play, installation, wait_for
from postgres_server import PostgresServer

from ami_listener.events import Precision

# Root may write everything, so read-only files need a service without that right.
WITHOUT_PRIVILEGE = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-all") if os.geteuid() == 0 else ()


@contextmanager
def locked(file: Path, *, readers_too: bool = False) -> Iterator[None]:
    """Somebody else writes, and does not end. ``readers_too``: nobody can even read (nobody else may be connected)."""
    connection = sqlite3.connect(file, isolation_level=None, timeout=10)
    try:
        if readers_too:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def health(hotline: Installation) -> tuple[float, float]:
    metrics = hotline.metrics()
    return metrics["hotline_database_healthy"], metrics["hotline_recorder_backlog"]


def test_locked_for_twenty_seconds(hotline: Installation) -> None:
    file = hotline.settings.state / "hotline.sqlite3"
    hotline.start_service()

    async def lock(play: Play) -> None:
        await play.offered(4)
        with locked(file):
            await asyncio.sleep(20)
            healthy, backlog = await asyncio.to_thread(health, hotline)
            assert healthy == 0
            assert backlog >= 5
        await asyncio.to_thread(hotline.wait_ready)

    play, summary = hotline.play(22, 0.9, lock)
    records = hotline.assert_right(play, summary)
    assert {record.precision for record in records} == {Precision.MICROSECOND}


def test_started_while_nobody_can_read_the_database_then_read_only(hotline: Installation) -> None:
    """It waits; callers are greeted by FastAGI meanwhile, and ring at once."""
    file = hotline.settings.state / "hotline.sqlite3"
    asterisk_log = hotline.folders.log / "full"
    before = asterisk_log.stat().st_size

    with locked(file, readers_too=True):
        file.chmod(0o444)
        hotline.start_service(ready=False, before=WITHOUT_PRIVILEGE)
        wait_for(lambda: is_open(hotline.settings.ports.agi), "FastAGI", 30)
        play, summary = hotline.play(8, 2.0)
        assert hotline.get("/ready")[0] == 0, "not ready, but alive"
        assert hotline.service is not None
        assert hotline.service.poll() is None
    wait_for(lambda: "the database is read-only" in hotline.service_log(), "the service says why")
    assert hotline.get("/ready")[0] != 200
    file.chmod(0o644)
    hotline.wait_ready()
    hotline.assert_right(play, summary)
    rings = [
        (min(leg.rang_at for leg in call.legs) - call.invited_at).total_seconds()
        for call in summary.calls
        if call.legs and call.invited_at
    ]
    assert len(rings) >= 5
    assert max(rings) < 1.0
    with asterisk_log.open("rb") as log:
        log.seek(before)
        assert b"FastAGI failed" not in log.read()


def test_postgresql_stopped_and_started(tmp_path: Path, asterisk_root: Path) -> None:
    server = PostgresServer()
    try:
        server.start()
        with installation(tmp_path, asterisk_root, database_url=server.new_database()) as hotline:
            hotline.start_service()

            async def stop(play: Play) -> None:
                await play.offered(8)
                server.stop()
                await asyncio.sleep(8)
                assert (await asyncio.to_thread(health, hotline))[0] == 0
                server.start()  # in this thread, or the kernel would end it with another
                await asyncio.to_thread(hotline.wait_ready)

            play, summary = hotline.play(24, 2.0, stop)
            records = hotline.assert_right(play, summary)
            assert {record.precision for record in records} == {Precision.MICROSECOND}
            assert hotline.stop_service() == 0
    finally:
        server.remove()
