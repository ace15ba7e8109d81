"""Calls of earlier, asked of the database by the running service; with a database that is away it waits or goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.journal import Position
from ami_listener.records import CallRecord
from crm import database
from crm.calls.stored import load_calls, load_calls_since, load_open_calls, load_position

log = logging.getLogger(__name__)
RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the run before left: how far it read the journal (None: never), its open calls, the calls of today."""

    position: Position | None
    open_calls: list[CallRecord]
    today: list[CallRecord]


class KeptCalls:
    """``engine`` waits as long as the settings say; ``quick``: for what a caller's call must not wait for."""

    def __init__(self, engine: Engine, quick: Engine) -> None:
        self._engine = engine
        self._quick = quick

    async def wait_for_database(self, then: Callable[[], Awaitable[None]]) -> None:
        """Brings the tables up to date and does ``then``, both again until the database is there for them."""
        told = False
        while True:
            try:
                await asyncio.to_thread(database.upgrade, self._engine)
                await then()
                return
            except SQLAlchemyError as error:
                if not told:
                    log.error("waiting for the database: %s", database.explain(error).advice)
                    told = True
                await asyncio.sleep(RETRY_SECONDS)

    def last_run(self, midnight: datetime) -> LastRun:
        """For the start. Waits for the database: not in the event loop. Raises SQLAlchemyError."""
        text = load_position(self._engine)
        inode, _, offset = (text or "").partition(":")
        position = Position(int(inode), int(offset)) if inode and offset else None
        return LastRun(position, load_open_calls(self._engine), load_calls_since(self._engine, midnight))

    async def known(self, call_ids: set[str]) -> list[CallRecord]:
        """Those of these calls that are recorded; waits for a database that is away."""
        if not call_ids:
            return []
        while True:
            try:
                return await asyncio.to_thread(load_calls, self._engine, call_ids)
            except SQLAlchemyError as error:
                log.warning(
                    "waiting for the database before the journal is taken in: %s", database.explain(error).advice
                )
                await asyncio.sleep(RETRY_SECONDS)

    def find(self, call_id: str) -> CallRecord | None:
        """One call that ended a while ago; a database that is away must not stop the listening."""
        try:
            found = load_calls(self._quick, [call_id])
        except SQLAlchemyError as error:
            log.warning("call %s is not looked up: %s", call_id, database.explain(error).advice)
            return None
        return found[0] if found else None


def position_text(position: Position) -> str:
    """As `KeptCalls.last_run` reads it."""
    return f"{position.inode}:{position.offset}"
