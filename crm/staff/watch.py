"""Streams end with the log-in that opened them: whoever is logged out, closed or moved to another office hears no more.

A session may end in another process (``hotline staff``), so one look for all open streams asks the database.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm.database import reading
from crm.staff.access import COOKIE
from crm.staff.models import sessions, staff
from crm.staff.sessions import IDLE, LONGEST, hash_of

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 2.0
LAST_WORD: Final = b'data: {"kind":"logged-out"}\n\n'
_IDENTITY: Final = (staff.c.id, staff.c.role, staff.c.department, staff.c.extension)


class LogIns:
    """Tells when log-ins end or become another's in rights. Belongs to one event loop; looks only while it is asked."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], look_seconds: float = LOOK_SECONDS) -> None:
        self._engine = engine
        self._clock = clock
        self._look_seconds = look_seconds
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._known: dict[str, tuple[Any, ...]] = {}
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return sum(len(events) for events in self._waiting.values())

    async def until_ended(self, token: str) -> None:
        """Returns when the session of this token does not hold any more; never, when it did not at the beginning (the
        stream was then opened by something else)."""
        session, ended = hash_of(token), asyncio.Event()
        found = await run_in_threadpool(self._look, [session])
        if session not in found:
            await asyncio.Event().wait()
        self._known.setdefault(session, found[session])
        self._waiting[session].add(ended)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="log-ins of streams")
        try:
            await ended.wait()
        finally:
            self._waiting[session].discard(ended)
            if not self._waiting[session]:
                del self._waiting[session]
                self._known.pop(session, None)

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._look_seconds)
            asked = list(self._waiting)
            try:
                found = await run_in_threadpool(self._look, asked)
            except SQLAlchemyError as error:
                log.debug("log-ins cannot be looked up now: %s", type(error).__name__)
                continue
            for session in asked:
                if session in self._waiting and found.get(session) != self._known.get(session):
                    for event in self._waiting[session]:
                        event.set()

    def _look(self, asked: Iterable[str]) -> dict[str, tuple[Any, ...]]:
        at = self._clock()
        query = (
            select(sessions.c.token_hash, *_IDENTITY)
            .join(staff, staff.c.id == sessions.c.staff_id)
            .where(
                sessions.c.token_hash.in_(list(asked)),
                sessions.c.seen_at > at - IDLE,
                sessions.c.created_at > at - LONGEST,
                staff.c.active,
            )
        )
        with reading(self._engine) as connection:
            return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


class StreamsEndWithLogIn:
    """Around the application: ends every event stream when `LogIns` says so, with a last message ``logged-out``."""

    def __init__(self, app: ASGIApp, log_ins: LogIns) -> None:
        self._app = app
        self._log_ins = log_ins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if token is None:
            await self._app(scope, receive, send)
            return
        watch: asyncio.Task[None] | None = None
        ended = asyncio.Event()
        finished = False

        async def send_watched(message: Message) -> None:
            nonlocal watch, finished
            if message["type"] == "http.response.start" and _is_stream(message):
                watch = asyncio.create_task(self._until_ended(token, ended), name="log-in of a stream")
            elif message["type"] == "http.response.body":
                finished = not message.get("more_body", False)
            await send(message)

        async def receive_or_end() -> Message:
            asking, ending = asyncio.ensure_future(receive()), asyncio.create_task(ended.wait())
            try:
                await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
                return asking.result() if asking.done() else {"type": "http.disconnect"}
            finally:
                asking.cancel()
                ending.cancel()

        try:
            await self._app(_listening(scope), receive_or_end, send_watched)
            if ended.is_set() and not finished:
                await send({"type": "http.response.body", "body": LAST_WORD, "more_body": False})
        finally:
            if watch is not None:
                watch.cancel()

    async def _until_ended(self, token: str, ended: asyncio.Event) -> None:
        await self._log_ins.until_ended(token)
        ended.set()


def _token(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie" and (token := cookie_parser(value.decode("latin-1")).get(COOKIE)):
            return str(token)
    return None


def _is_stream(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in message["headers"])


def _listening(scope: Scope) -> Scope:
    """Below this version of ASGI a streaming answer listens for the end of its reader, which is how it is told."""
    return {**scope, "asgi": {**scope.get("asgi", {}), "spec_version": "2.3"}}
