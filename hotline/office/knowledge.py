"""The wiring of the knowledge base: articles, documents, dealers, sources, their search and its index."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from crm.cards.searching import index_cards
from crm.database import reading
from crm.dealers.service import pending
from crm.dealers.web import DealerPages
from crm.dealers.work import index_apart
from crm.documents.web import DocumentPages
from crm.files.store import FOLDER, FileStore
from crm.knowledge.api import knowledge_router
from crm.knowledge.web import KnowledgePages
from crm.sources.web import SourcePages
from crm.staff.access import Access
from crm.web.shell import House
from hotline.surroundings import Basics

log = logging.getLogger(__name__)
INDEX_EVERY_SECONDS = 5.0


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
    return KnowledgePart(routers, [IndexKeeper(engine).run])


class IndexKeeper:
    """Writes into the index what others leave for it: transfer cards, and dealers of an import, these in another
    process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(self) -> None:
        """Until it is cancelled."""
        child = None
        while True:
            await asyncio.sleep(INDEX_EVERY_SECONDS)
            try:
                await asyncio.to_thread(index_cards, self._engine)
                if child is None or child.poll() is not None:
                    child = await asyncio.to_thread(self._begin)
            except SQLAlchemyError as error:
                log.warning("the search index could not be written (%s); trying again", type(error).__name__)

    def _begin(self) -> Any:
        with reading(self._engine) as connection:
            waiting = pending(connection)
        return index_apart(self._engine.url.render_as_string(hide_password=False)) if waiting else None
