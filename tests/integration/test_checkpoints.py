"""The write-ahead log of SQLite is moved into the database by a thread of its own, also while others read and write."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from crm.checkpoints import Checkpoints
from crm.database import open_engine, reading, writing

SECONDS = 5


def write(engine: Engine, value: int) -> None:
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO kept (value) VALUES (:value)"), {"value": value})


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'calls.sqlite3'}", busy_timeout_seconds=0.2)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE kept (value INTEGER)"))
    return engine


def test_what_was_written_is_moved_once(engine: Engine) -> None:
    checkpoints = Checkpoints(engine)
    write(engine, 1)
    assert checkpoints.move() > 0
    assert checkpoints.move() == 0
    write(engine, 2)
    assert checkpoints.move() > 0


def test_a_writer_at_work_keeps_nobody_waiting(engine: Engine, tmp_path: Path) -> None:
    checkpoints = Checkpoints(engine)
    write(engine, 1)
    with writing(engine) as connection, reading(engine) as other:
        connection.execute(text("INSERT INTO kept (value) VALUES (2)"))
        assert other.scalar(text("SELECT count(*) FROM kept")) == 1
        assert checkpoints.move() > 0
    file = sqlite3.connect(f"file:{tmp_path / 'calls.sqlite3'}?mode=ro", uri=True)
    assert file.execute("SELECT count(*) FROM kept").fetchone() == (2,)
    file.close()


def test_it_goes_on_by_itself_and_ends_with_another_database(engine: Engine) -> None:
    moved: list[int] = []

    class Told(Checkpoints):
        def move(self) -> int:
            moved.append(super().move())
            return moved[-1]

    async def live() -> None:
        write(engine, 1)
        running = asyncio.create_task(Told(engine, every_seconds=0.01).run())
        async with asyncio.timeout(SECONDS):
            while not any(moved):
                await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.wait([running])
            await Checkpoints(open_engine("postgresql://nobody@127.0.0.1:1/none"), 0.01).run()

    asyncio.run(live())
    assert any(moved)
