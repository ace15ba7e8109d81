"""What stands waiting in the database and is shown beside the calls: callbacks and messages by queue."""

import asyncio
import logging
from collections.abc import Mapping

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from crm.calls.models import CallbackState, MessageState, callbacks, messages
from crm.database import explain, reading

log = logging.getLogger(__name__)
REFRESH_SECONDS = 2.0


class Standing:
    """Counts kept fresh in the background; old counts stay while the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.callbacks: Mapping[str, int] = {}
        self.messages: Mapping[str, int] = {}

    async def follow(self) -> None:
        """Reads them again and again, for ever."""
        while True:
            try:
                self.callbacks, self.messages = await asyncio.to_thread(self._read)
            except SQLAlchemyError as error:
                log.debug("callbacks and messages are not counted: %s", explain(error).advice)
            await asyncio.sleep(REFRESH_SECONDS)

    def _read(self) -> tuple[dict[str, int], dict[str, int]]:
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
            return {row[0]: row[1] for row in asked}, {row[0] or "": row[1] for row in left}
