"""The door of every page and every request: who asks, may they, and does the request come from our own page.

A page or request names its roles by depending on `Access.of`; one that does not is reachable by everyone, and a test
lists those.
"""

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response, WebSocket
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from crm.database import reading, writing
from crm.staff import sessions
from crm.staff.models import Role
from crm.staff.sessions import Visitor

__all__ = [
    "ADMINISTRATORS",
    "AGENTS",
    "COOKIE",
    "EVERYONE",
    "OFFICE",
    "SUPERVISORS",
    "Access",
    "Door",
    "Visitor",
    "comes_from_us",
    "give_cookie",
    "own_path",
    "take_cookie",
]

COOKIE: Final = "hotline_session"
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_FIELDS: Final = 20_000  # the table of 200 agents and ten queues has 4,000
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
WITH_ONE_TIME_PASSWORD: Final = ("/account", "/account/", "/logout")  # all that can be done before it is changed

EVERYONE: Final = tuple(Role)
AGENTS: Final = (Role.AGENT, Role.SUPERVISOR)
OFFICE: Final = (Role.AGENT, Role.SUPERVISOR, Role.OFFICER)
SUPERVISORS: Final = (Role.SUPERVISOR,)
ADMINISTRATORS: Final[tuple[Role, ...]] = ()  # they pass every door anyway

Door = Callable[[Request], Awaitable[Visitor]]


class Access:
    """Gives out doors. Administrators pass all of them."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, *roles: Role) -> Door:
        """A FastAPI dependency: the visitor, when logged in with one of ``roles``.

        401 without a session, 403 with another role, without this session's CSRF token in a changing request, or as
        long as a one-time password has not been changed.
        """

        async def door(request: Request) -> Visitor:
            visitor = await self.visitor(request)
            if visitor is None:
                raise HTTPException(401)
            if request.method not in SAFE:
                await _check_csrf(request, visitor)
            if not visitor.is_one_of(*roles):
                raise HTTPException(403)
            if visitor.password_is_temporary and not _is_for_the_password(request.url.path):
                raise HTTPException(403, "password")
            return visitor

        return door

    async def visitor(self, request: HTTPConnection) -> Visitor | None:
        """Who asks; None without a session that holds."""
        token = request.cookies.get(COOKIE)
        return await run_in_threadpool(self._look_up, token) if token else None

    async def at_socket(self, socket: WebSocket, *roles: Role) -> Visitor | None:
        """Who opens a web socket; None when they may not. Browsers let every page open one to anywhere, with cookies:
        so it must come from a page of ours."""
        if not comes_from_us(socket, needed=True):
            return None
        visitor = await self.visitor(socket)
        if visitor is None or visitor.password_is_temporary or not visitor.is_one_of(*roles):
            return None
        return visitor

    def _look_up(self, token: str) -> Visitor | None:
        now = self._clock()
        with reading(self._engine) as connection:
            found = sessions.visitor_of(connection, token, now)
        if found is None:
            return None
        visitor, due = found
        if due:
            with writing(self._engine) as connection:
                sessions.seen(connection, visitor.session, now)
        return visitor


def _is_for_the_password(path: str) -> bool:
    here, deeper, out = WITH_ONE_TIME_PASSWORD
    return path in {here, out} or path.startswith(deeper)


def comes_from_us(request: HTTPConnection, *, needed: bool = False) -> bool:
    """Whether a page of ours sent this, as far as the browser says; without a word of it: unless ``needed``."""
    origin = request.headers.get("origin")
    if origin is None:
        return not needed and request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
    app = request.scope.get("app")
    ours = {request.headers.get("host"), getattr(app.state, "public_host", None) if app else None}
    return urlsplit(origin).netloc in ours - {"", None}


def own_path(text: str | None, otherwise: str = "/") -> str:
    """``text`` when it is a path of ours, to go to after the log-in; an address elsewhere is not followed."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")) or not text.isprintable():
        return otherwise
    return otherwise if "\\" in text or urlsplit(text).netloc else text


def give_cookie(request: Request, response: Response, token: str) -> None:
    """Puts the session into the browser: out of reach of scripts, not sent from foreign pages, only over https when
    we are reached by it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(sessions.LONGEST.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def take_cookie(response: Response) -> None:
    """Takes it out again."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


async def _check_csrf(request: Request, visitor: Visitor) -> None:
    if not comes_from_us(request):
        raise HTTPException(403, "csrf")
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(FORMS):
        field = (await request.form(max_fields=MOST_FIELDS)).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise HTTPException(403, "csrf")
