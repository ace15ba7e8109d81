"""Which log-in has which browser telephone, and with what secret.

A secret is made when a log-in first asks for its telephone, written into Asterisk's own database (where it holds from
the next request on, with no reload), and deleted when the log-in ends. One extension, one log-in: another gets the
telephone when the first one's page is closed, or by taking it over.
"""

import asyncio
import json
import logging
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ami_listener.actions import AmiError
from ami_listener.events import Event, StreamResumed
from ami_listener.telling import hears
from crm.database import reading
from crm.pbx_store import Send, delete, put, read_family
from crm.telephone.control import Refused
from crm.telephone.passage import Ending, Passage
from crm.telephone.service import LogIn, log_ins
from dialplan.names import Store

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 2.0
BACK_SECONDS: Final = 1.0  # a page whose socket was cut is back within this time


@dataclass(frozen=True, slots=True)
class Holder:
    """The log-in that has a telephone."""

    session: str
    secret: str


class Elsewhere(Exception):
    """Another log-in of the same person has the telephone, with its page open."""

    def __init__(self, log_in: LogIn | None) -> None:
        super().__init__("elsewhere")
        self.address = log_in.address if log_in else None
        self.browser = log_in.browser if log_in else None


class Telephones:
    """Belongs to one event loop. Give it every fact (`happened`), let it `run`, and `close` it.

    ``gone``: told of an extension whose page is away for longer than a moment.
    """

    def __init__(
        self,
        engine: Engine,
        send: Send,
        clock: Callable[[], datetime],
        gone: Callable[[str], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._send = send
        self._clock = clock
        self._gone = gone
        self._waiting: set[asyncio.Task[None]] = set()
        self._holders: dict[str, Holder] = {}
        self._passages: dict[str, Passage] = {}
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._must_load = True

    # -- what a page asks

    async def secret_for(self, extension: str, session: str) -> str:
        """The secret of this log-in's telephone, made now when there is none.

        Raises `Elsewhere`, and AmiError when Asterisk cannot be told.
        """
        async with self._one_at_a_time[extension]:
            holder = self._holders.get(extension)
            if holder is not None and holder.session == session:
                return holder.secret
            if holder is not None and extension in self._passages:
                found = await run_in_threadpool(self._look_up, {holder.session})
                if holder.session in found:
                    raise Elsewhere(found[holder.session])
            return await self._give(extension, session)

    async def take_over(self, extension: str, session: str) -> None:
        """Gives the telephone to this log-in; the page that had it is told. Raises AmiError."""
        async with self._one_at_a_time[extension]:
            if not self.holds(extension, session):
                await self._give(extension, session)

    def holds(self, extension: str, session: str) -> bool:
        """Whether this log-in has the telephone."""
        holder = self._holders.get(extension)
        return holder is not None and holder.session == session

    def opened(self, passage: Passage) -> None:
        """A page opens its socket; an older one of the same extension ends."""
        older, self._passages[passage.extension] = self._passages.get(passage.extension), passage
        if older is not None:
            older.end(Ending.REPLACED)

    def closed(self, passage: Passage) -> None:
        """That socket is gone."""
        if self._passages.get(passage.extension) is passage:
            del self._passages[passage.extension]
            task = asyncio.create_task(self._missing(passage.extension), name="telephone missing")
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    def connected(self, extension: str) -> bool:
        """Whether a page of this extension has its socket open."""
        return extension in self._passages

    # -- what goes on by itself

    @hears(StreamResumed)
    def happened(self, event: Event) -> None:
        """Asterisk is there again, perhaps another one: see what its database says."""
        if isinstance(event, StreamResumed):
            self._must_load = True

    async def load(self) -> None:
        """Asterisk's database and what is known here become the same. Raises AmiError."""
        kept = await read_family(self._send, Store.PHONE)
        owners = await read_family(self._send, Store.PHONE_SESSION)
        for extension, owner in owners.items():
            if extension in kept and extension not in self._holders:  # of an earlier life of this service
                self._holders[extension] = Holder(owner, json.loads(kept[extension])["password"])
        for extension, holder in list(self._holders.items()):
            if kept.get(extension) != _written(extension, holder.secret) or owners.get(extension) != holder.session:
                await self._write(extension, holder)
        for extension in kept.keys() - self._holders.keys():
            await delete(self._send, Store.PHONE, extension)

    async def run(self) -> None:
        """Until cancelled: whose log-in has ended loses the telephone."""
        while True:
            try:
                if self._must_load:
                    await self.load()
                    self._must_load = False
                await self.look()
            except (AmiError, SQLAlchemyError) as error:
                log.debug("telephones cannot be looked after now: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> list[str]:
        """Takes back what belongs to log-ins that ended; returns these extensions. Raises AmiError, SQLAlchemyError."""
        if not self._holders:
            return []
        found = await run_in_threadpool(self._look_up, {holder.session for holder in self._holders.values()})
        ended = [
            (extension, holder)
            for extension, holder in self._holders.items()
            if holder.session not in found or found[holder.session].extension != extension
        ]
        for extension, holder in ended:
            async with self._one_at_a_time[extension]:
                if self._holders.get(extension) is holder:
                    await self._take(extension)
        return [extension for extension, _ in ended]

    async def close(self) -> None:
        """The service ends: so do all sockets. Secrets stay; pages come back by themselves."""
        for passage in self._passages.values():
            passage.end(Ending.STOPPING)
        for task in self._waiting:
            task.cancel()

    # -- inside

    async def _missing(self, extension: str) -> None:
        """Asterisk would let a telephone ring on that is gone; one that only lost its network is back by now."""
        await asyncio.sleep(BACK_SECONDS)
        if extension in self._passages:
            return
        try:
            await self._gone(extension)
        except (AmiError, Refused) as error:
            log.debug("what rings at extension %s cannot be stopped: %s", extension, error)

    async def _give(self, extension: str, session: str) -> str:
        holder = Holder(session, secrets.token_urlsafe(24))
        await self._write(extension, holder)
        self._holders[extension] = holder
        self._hang_up_on(extension, Ending.ELSEWHERE)
        return holder.secret

    async def _take(self, extension: str) -> None:
        self._hang_up_on(extension, Ending.LOGGED_OUT)
        await delete(self._send, Store.PHONE, extension)
        await delete(self._send, Store.PHONE_SESSION, extension)
        self._holders.pop(extension, None)

    async def _write(self, extension: str, holder: Holder) -> None:
        await put(self._send, Store.PHONE_SESSION, extension, holder.session)
        await put(self._send, Store.PHONE, extension, _written(extension, holder.secret))

    def _hang_up_on(self, extension: str, why: Ending) -> None:
        if passage := self._passages.get(extension):
            passage.end(why)

    def _look_up(self, tokens: set[str]) -> dict[str, LogIn]:
        with reading(self._engine) as connection:
            return log_ins(connection, tokens, self._clock())


def _written(extension: str, secret: str) -> str:
    """An ``auth`` object as Asterisk's sorcery reads it."""
    return json.dumps({"auth_type": "digest", "username": extension, "password": secret})
