"""Log-in, log-out, the own account, and ``/``, which leads everyone to their work."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlalchemy import Engine

from crm.database import reading, writing
from crm.staff import service, sessions
from crm.staff.access import COOKIE, EVERYONE, Access, Visitor, comes_from_us, give_cookie, own_path, take_cookie
from crm.staff.accounts import Faults
from crm.staff.log_in import LogIn, RecentTries, Refused
from crm.staff.models import Role
from crm.staff.passwords import SHORTEST, Hasher
from crm.staff.words import WORDS
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
FIRST_PAGES: Final = {Role.AGENT: "/desk", Role.OFFICER: "/cards", Role.ADMINISTRATOR: "/admin"}
DONE: Final = ("saved", "password_changed", "logged_out_elsewhere", "session_ended")  # told after a redirect


def first_page(role: Role, extension: str | None) -> str:
    """Where a person's work begins."""
    return FIRST_PAGES.get(role) or ("/desk" if extension else "/wallboard")


class Language(BaseModel):
    """The language of an account's pages."""

    language: Literal["th", "en"]


class StaffPages:
    """``router`` for the application."""

    def __init__(
        self, engine: Engine, access: Access, house: House, clock: Callable[[], datetime], hasher: Hasher
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._hasher = hasher
        self._pages = Pages(house, WORDS, TEMPLATES)
        self._log_in = LogIn(engine, clock, hasher)
        self._access = access
        self._password_tries = RecentTries()
        self.router = APIRouter()
        self._in_and_out()
        self._account_routes()

    # --- in and out

    def _in_and_out(self) -> None:
        router, door = self.router, self._access.of(*EVERYONE)

        @router.get("/login")
        async def form(request: Request, next: str | None = None) -> Response:  # noqa: A002
            """The way in; who is in already goes on."""
            visitor = await self._access.visitor(request)
            if visitor is not None:
                return RedirectResponse(own_path(next), 303)
            return self._form(request, next)

        @router.post("/login")
        def enter(
            request: Request,
            username: Annotated[str, Form()] = "",
            password: Annotated[str, Form()] = "",
            next: Annotated[str, Form()] = "",  # noqa: A002
        ) -> Response:
            """A name and a password become a session. A foreign page cannot log its own account in here."""
            if not comes_from_us(request):
                return self._form(request, next, username, Refused("foreign"), 403)
            address = request.client.host if request.client else None
            browser, before = request.headers.get("user-agent"), request.cookies.get(COOKIE)
            try:
                entered = self._log_in.enter(username, password, address, browser, before)
            except Refused as refused:
                return self._form(request, next, username, refused, 429 if refused.reason == "address" else 403)
            answer = RedirectResponse("/account" if entered.password_is_temporary else own_path(next), 303)
            give_cookie(request, answer, entered.token)
            return answer

        @router.post("/logout")
        def leave(who: Annotated[Visitor, Depends(door)]) -> Response:
            """Ends this session."""
            with writing(self._engine) as connection:
                sessions.end(connection, who.session)
            answer = RedirectResponse("/login", 303)
            take_cookie(answer)
            return answer

        @router.get("/")
        def home(who: Annotated[Visitor, Depends(door)]) -> Response:
            """Leads everyone to their work."""
            return RedirectResponse(first_page(who.role, who.extension), 303)

    def _form(
        self,
        request: Request,
        next_page: str | None,
        username: str = "",
        refused: Refused | None = None,
        status: int = 200,
    ) -> Response:
        next_page = own_path(next_page, "")
        return self._pages.page(
            request, None, "login.html", status=status, next=next_page, username=username, refused=refused
        )

    # --- the own account

    def _account_routes(self) -> None:
        router, door = self.router, self._access.of(*EVERYONE)

        @router.get("/account")
        def account(request: Request, who: Annotated[Visitor, Depends(door)], done: str | None = None) -> Response:
            """Password, preferences, sessions."""
            return self._account(request, who, done=done if done in DONE else None)

        @router.post("/account/password")
        def password(
            request: Request,
            who: Annotated[Visitor, Depends(door)],
            old: Annotated[str, Form()] = "",
            new: Annotated[str, Form()] = "",
            again: Annotated[str, Form()] = "",
        ) -> Response:
            """Another password; all other sessions end."""
            try:
                if new != again:
                    raise Faults({"again": "password_differs"})
                self._choose(who, old, new)
            except Faults as faults:
                return self._account(request, who, faults=faults.faults, status=422)
            return RedirectResponse("/" if who.password_is_temporary else "/account?done=password_changed", 303)

        @router.post("/account/preferences")
        def preferences(
            who: Annotated[Visitor, Depends(door)],
            language: Annotated[Literal["", "th", "en"], Form()] = "",
            auto_answer: Annotated[bool, Form()] = False,
        ) -> Response:
            """Language of the pages, answering by itself."""
            with writing(self._engine) as connection:
                service.prefer(
                    connection, who.staff_id, self._clock(), language=language or None, auto_answer=auto_answer
                )
            return RedirectResponse("/account?done=saved", 303)

        @router.put("/api/account/language", status_code=204)
        def language(who: Annotated[Visitor, Depends(door)], chosen: Language) -> None:
            """The link to the other language on every page, kept."""
            with writing(self._engine) as connection:
                service.prefer(connection, who.staff_id, self._clock(), language=chosen.language)

        self._session_routes()

    def _session_routes(self) -> None:
        router, door = self.router, self._access.of(*EVERYONE)

        @router.post("/account/sessions/others/end")
        def end_others(who: Annotated[Visitor, Depends(door)]) -> Response:
            """Logs out everywhere else."""
            with writing(self._engine) as connection:
                service.log_out_everywhere(connection, who.staff_id, self._clock(), who, but=who.session)
            return RedirectResponse("/account?done=logged_out_elsewhere", 303)

        @router.post("/account/sessions/{session}/end")
        def end_one(session: str, who: Annotated[Visitor, Depends(door)]) -> Response:
            """Logs out at one other place, of the own ones."""
            with writing(self._engine) as connection:
                own = {one.session for one in sessions.of_person(connection, who.staff_id, self._clock())}
                if session not in own:
                    raise HTTPException(404)
                sessions.end(connection, session)
            return RedirectResponse("/account?done=session_ended", 303)

    def _choose(self, who: Visitor, old: str, new: str) -> None:
        at = self._clock()
        if self._password_tries.claim(who.session, at):
            raise Faults({"old": "too_many_tries"})
        service.choose_password(self._engine, who, who.session, old, new, at, self._hasher)
        self._password_tries.give_back(who.session, at)

    def _account(
        self,
        request: Request,
        who: Visitor,
        *,
        faults: dict[str, str] | None = None,
        done: str | None = None,
        status: int = 200,
    ) -> Response:
        values: dict[str, Any] = {"faults": faults or {}, "done": done, "shortest": SHORTEST, "sessions": []}
        if not who.password_is_temporary:
            with reading(self._engine) as connection:
                values["sessions"] = sessions.of_person(connection, who.staff_id, self._clock())
        return self._pages.page(request, who, "account.html", status=status, **values)
