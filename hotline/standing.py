"""What stands waiting in the database and is shown beside the calls: callbacks and messages by queue, cards."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from crm.calls.models import CallbackState, MessageState, callbacks, messages
from crm.cards.lists import open_and_overdue
from crm.database import explain, reading

log = logging.getLogger(__name__)
REFRESH_SECONDS = 2.0


class Standing:
    """Counts kept fresh in the background; old counts stay while the database is away."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock
        self.callbacks: Mapping[str, int] = {}
        self.messages: Mapping[str, int] = {}
        self.cards: tuple[int, int] | None = None  # transfer cards: open, overdue

    async def follow(self) -> None:
        """Reads them again and again, for ever."""
        while True:
            try:
                self.callbacks, self.messages, self.cards = await asyncio.to_thread(self._read)
            except SQLAlchemyError as error:
                log.debug("callbacks, messages and cards are not counted: %s", explain(error).advice)
            await asyncio.sleep(REFRESH_SECONDS)

    def _read(self) -> tuple[dict[str, int], dict[str, int], tuple[int, int]]:
        waiting = (CallbackState.WAITING, CallbackState.CALLING)
        with reading(self._engine) as connection:
            asked = connection.execute(
                select(callbacks.c.queue, func.count())
                .where(callbacks.c.state.in_(waiting))
                .group_by(callbacks.c.queue)
            )
            left = connection.execute(
                select(messages.c.queue, func.count())
                .where(messages.c.state == MessageState.NEW)
                .group_by(messages.c.queue)
            )
            cards = open_and_overdue(connection, self._clock())
            return {row[0]: row[1] for row in asked}, {row[0] or "": row[1] for row in left}, cards
