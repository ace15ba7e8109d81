"""The wiring of the knowledge base: articles, documents, dealers, sources, their search and its index."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from crm.cards.searching import forget_gone_cards, index_cards
from crm.database import reading, writing
from crm.dealers.service import pending
from crm.dealers.web import DealerPages
from crm.dealers.work import index_apart
from crm.documents.web import DocumentPages
from crm.files.store import FOLDER, FileStore
from crm.knowledge.api import knowledge_router
from crm.knowledge.web import KnowledgePages
from crm.search.useful import forget_old_questions
from crm.sources.web import SourcePages
from crm.staff.access import Access
from crm.web.shell import House
from hotline.surroundings import Basics

log = logging.getLogger(__name__)
INDEX_EVERY_SECONDS = 5.0
FORGET_EVERY = timedelta(days=1)
KEPT = timedelta(days=2 * 365 + 1)  # two years (R7)


@dataclass(frozen=True, slots=True)
class KnowledgePart:
    """The pieces for the office."""

    routers: list[APIRouter]
    works: list[Callable[[], Coroutine[Any, Any, None]]]


def make_knowledge(around: Basics, access: Access, house: House) -> KnowledgePart:
    """All of it."""
    engine, clock = around.engine, around.clock
    store = FileStore(around.settings.state / FOLDER)
    routers = [
        KnowledgePages(engine, access, house, clock).router,
        knowledge_router(engine, access, clock, house.zone, house.languages[0]),
        DocumentPages(engine, access, house, clock, store).router,
        DealerPages(engine, access, house, clock, around.settings.site.country).router,
        SourcePages(engine, access, house, clock).router,
    ]
    return KnowledgePart(routers, [IndexKeeper(engine, clock).run])


class IndexKeeper:
    """Writes into the index what others leave for it: transfer cards, and dealers of an import, these in another
    process. Once a day it forgets what was asked more than two years ago, and cards that are gone."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._forgot_at: datetime | None = None

    async def run(self) -> None:
        """Until it is cancelled."""
        child = None
        while True:
            await asyncio.sleep(INDEX_EVERY_SECONDS)
            try:
                await asyncio.to_thread(index_cards, self._engine)
                await asyncio.to_thread(self.forget_old)
                if child is None or child.poll() is not None:
                    child = await asyncio.to_thread(self._begin)
            except SQLAlchemyError as error:
                log.warning("the search index could not be written (%s); trying again", type(error).__name__)

    def forget_old(self) -> int:
        """Forgets questions of more than two years ago and cards that were deleted, once a day; returns how many."""
        now = self._clock()
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY:
            return 0
        with writing(self._engine) as connection:
            forgotten = forget_gone_cards(connection)
        while True:  # in parts, so that nobody waits long to write
            with writing(self._engine) as connection:
                some = forget_old_questions(connection, now - KEPT)
            if not some:
                break
            forgotten += some
        self._forgot_at = now
        return forgotten

    def _begin(self) -> Any:
        with reading(self._engine) as connection:
            waiting = pending(connection)
        return index_apart(self._engine.url.render_as_string(hide_password=False)) if waiting else None
