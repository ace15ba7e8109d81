"""SQLite's newest pages are moved into the file beside the recording, never in its way.

Whoever's commit fills the write-ahead log has to move it into the database and to wait for the disk, which on a
busy one takes tenths of a second: in this product that would be the recorder. So one thread does it every few seconds;
a passive checkpoint keeps no writer and no reader waiting.
"""

import asyncio
import logging
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 5.0


class Checkpoints:
    """`run` as a task. Does nothing for another database than SQLite."""

    def __init__(self, engine: Engine, every_seconds: float = EVERY_SECONDS) -> None:
        self._engine = engine
        self._every_seconds = every_seconds
        self._log = Path(f"{engine.url.database}-wal")
        self._seen: int | None = None  # when the log was written last, nanoseconds

    async def run(self) -> None:
        """Until cancelled."""
        while self._engine.dialect.name == "sqlite":
            await asyncio.sleep(self._every_seconds)
            try:
                await asyncio.to_thread(self.move)
            except (OSError, SQLAlchemyError) as error:  # locked, read-only, disk full: the recorder tells of it
                log.debug("the write-ahead log stays as it is: %s", error)

    def move(self) -> int:
        """Moves what was written since the last time; how many pages the database file has by now of the log."""
        try:
            written = self._log.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
        if written == self._seen:
            return 0
        connection = self._engine.raw_connection()
        try:
            row = connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        finally:
            connection.close()
        self._seen = written
        return int(row[2])
