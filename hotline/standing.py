"""What stands in the database and is shown beside the calls: callbacks and messages by queue, cards, QA scores."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from crm.calls.models import CallbackState, MessageState, callbacks, messages
from crm.cards.lists import open_and_overdue
from crm.database import explain, reading
from crm.quality.figures import PERIOD, qa_by_queue

log = logging.getLogger(__name__)
REFRESH_SECONDS = 2.0
QA_REFRESH_SECONDS: Final = 10.0  # graders need minutes for a score


class Standing:
    """Counts kept fresh in the background; old counts stay while the database is away."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock
        self.callbacks: Mapping[str, int] = {}
        self.messages: Mapping[str, int] = {}
        self.cards: tuple[int, int] | None = None  # transfer cards: open, overdue
        self.qa_scores: Mapping[str, tuple[int, float]] = {}  # queue → reviews, sum of scores
        self._qa_read_at = float("-inf")

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
            if time.monotonic() - self._qa_read_at >= QA_REFRESH_SECONDS:
                self.qa_scores = qa_scores_of(connection, self._clock())
                self._qa_read_at = time.monotonic()
            return {row[0]: row[1] for row in asked}, {row[0] or "": row[1] for row in left}, cards


def qa_scores_of(connection: Connection, now: datetime) -> dict[str, tuple[int, float]]:
    """Queue ("": none) → reviews and sum of scores of talks answered in the last `PERIOD`."""
    found = qa_by_queue(connection, now - PERIOD, now)
    return {queue or "": (figures.reviews, figures.score_sum) for queue, figures in found.items()}
