"""The inbox: its page, its lists as JSON, the sound of messages, and doing what waits."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from sqlalchemy import Connection, Engine

from crm.audit.service import note
from crm.database import reading, writing
from crm.inbox.models import TaskKind
from crm.inbox.service import TakenByOther, UnknownTask, counts, done, queue_of, take, undo
from crm.inbox.view import inbox_json, message_json
from crm.inbox.words import WORDS
from crm.messages.service import (
    MessageGone,
    MessageLine,
    UnknownMessage,
    get_message,
    mark_done,
    mark_heard,
    mark_new,
    sound_of,
)
from crm.staff.access import AGENTS, Access, Visitor
from crm.staff.models import Role
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
OwnWork = Callable[[Connection, Visitor, datetime], Mapping[str, list[Mapping[str, Any]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """``sounds``: folder of messages. ``queues_of``: an extension's queues. ``own_work``: what waits for one person
    alone, by list (``unfinished``, ``cards``). ``changed``: somebody did something, about a
    call that the system shall leave alone from now on (None: about another); called in threads."""

    engine: Engine
    access: Access
    house: House
    clock: Callable[[], datetime]
    sounds: Path
    short_seconds: float
    queues: Callable[[], list[Mapping[str, str]]]
    queues_of: Callable[[str], Collection[str]]
    own_work: OwnWork
    changed: Callable[[str | None], None]


class InboxPages:
    """``router`` for the application."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._pages = Pages(around.house, WORDS, TEMPLATES)
        self.router = APIRouter()
        self._agents = Depends(around.access.of(*AGENTS))
        self._add_reading()
        self._add_messages()
        self._add_tasks()

    def _queues(self, who: Visitor) -> Collection[str] | None:
        """Those this person answers; supervisors see all, and so does who answers none."""
        mine = self._around.queues_of(who.extension) if who.extension else ()
        return None if who.is_one_of(Role.SUPERVISOR) or not mine else mine

    def _all(self, who: Visitor) -> dict[str, Any]:
        now = self._around.clock()
        with reading(self._around.engine) as connection:
            shared = inbox_json(
                connection,
                now,
                self._queues(who),
                short_seconds=self._around.short_seconds,
                sounds=self._around.sounds,
            )
            return {"now": now.isoformat(), **shared, **self._around.own_work(connection, who, now)}

    def _add_reading(self) -> None:
        router, agents = self.router, self._agents

        @router.get("/inbox", response_class=HTMLResponse)
        def page(request: Request, who: Annotated[Visitor, agents]) -> HTMLResponse:
            """Everything that waits, in one page."""
            data = {"inbox": self._all(who), "queues": self._around.queues(), "me": who.staff_id}
            return self._pages.page(request, who, "inbox.html", data=data, zone=str(self._around.house.zone))

        @router.get("/api/inbox")
        def lists(who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """The same as JSON."""
            return self._all(who)

        @router.get("/api/inbox/counts")
        def how_much(who: Annotated[Visitor, agents]) -> dict[str, int]:
            """How much waits, by list."""
            now = self._around.clock()
            with reading(self._around.engine) as connection:
                shared = counts(connection, now, self._around.short_seconds).of(self._queues(who))
                own = self._around.own_work(connection, who, now)
            return shared | {name: len(work) for name, work in own.items()}

    def _add_tasks(self) -> None:
        router, agents = self.router, self._agents

        @router.post("/api/inbox/{kind}/{call_id}/take")
        def take_it(kind: TaskKind, call_id: str, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """I call this caller back; the system does not any more."""
            now = self._around.clock()
            try:
                with writing(self._around.engine) as connection:
                    self._check_shown(connection, kind, call_id, who)
                    take(connection, kind, call_id, who.staff_id, now)
            except (UnknownTask, TakenByOther) as refused:
                return self._refused(refused, request, who)
            self._around.changed(call_id)
            return {"taken_by": who.staff_id}

        @router.post("/api/inbox/{kind}/{call_id}/done")
        def it_is_done(kind: TaskKind, call_id: str, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """Nothing is left to do."""
            return self._change(request, who, kind, call_id, lambda c, now: done(c, kind, call_id, who, now))

        @router.post("/api/inbox/{kind}/{call_id}/undo")
        def not_done(kind: TaskKind, call_id: str, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """There is something to do after all."""
            return self._change(request, who, kind, call_id, lambda c, now: undo(c, kind, call_id, who, now))

    def _check_shown(self, connection: Connection, kind: TaskKind, call_id: str, who: Visitor) -> None:
        """Raises UnknownTask for one that this person's lists do not show."""
        queue, queues = queue_of(connection, kind, call_id), self._queues(who)
        if queues is not None and queue is not None and queue not in queues:
            raise UnknownTask(call_id)

    def _change(
        self,
        request: Request,
        who: Visitor,
        kind: TaskKind,
        call_id: str,
        work: Callable[[Connection, datetime], None],
    ) -> Any:
        try:
            with writing(self._around.engine) as connection:
                self._check_shown(connection, kind, call_id, who)
                work(connection, self._around.clock())
        except (UnknownTask, TakenByOther) as refused:
            return self._refused(refused, request, who)
        self._around.changed(call_id)
        return Response(status_code=204)

    def _message(self, connection: Connection, message_id: int, who: Visitor) -> MessageLine:
        """One that this person's lists show. Raises UnknownMessage."""
        message, queues = get_message(connection, message_id), self._queues(who)
        if queues is not None and message.queue is not None and message.queue not in queues:
            raise UnknownMessage(message_id)
        return message

    def _add_messages(self) -> None:
        router, agents = self.router, self._agents
        marks: dict[str, Callable[[Connection, int, str], MessageLine]] = {
            "heard": mark_heard,
            "done": mark_done,
            "new": lambda connection, number, _by: mark_new(connection, number),
        }

        @router.get("/api/inbox/messages/{message_id}/sound")
        def sound(message_id: int, who: Annotated[Visitor, agents]) -> FileResponse:
            """The recording; in parts, as players ask for it."""
            try:
                with reading(self._around.engine) as connection:
                    message = self._message(connection, message_id, who)
                return FileResponse(sound_of(message, self._around.sounds), media_type="audio/wav")
            except (UnknownMessage, MessageGone):
                raise HTTPException(404) from None

        @router.post("/api/inbox/messages/{message_id}/{mark}")
        def marked(message_id: int, mark: str, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """``heard``, ``done`` or ``new`` again; in the audit."""
            if mark not in marks:
                raise HTTPException(404)
            now = self._around.clock()
            try:
                with writing(self._around.engine) as connection:
                    self._message(connection, message_id, who)
                    message = marks[mark](connection, message_id, who.username)
                    note(connection, now, who, f"message.{mark}", f"message/{message_id}")
            except UnknownMessage as unknown:
                return self._refused(unknown, request, who)
            self._around.changed(None)
            return message_json(message, (), self._around.sounds)

    def _refused(self, refused: Exception, request: Request, who: Visitor) -> JSONResponse:
        language = self._pages.language(request, who)
        if isinstance(refused, TakenByOther):
            code = "taken_by_other" if refused.by else "system_calls"
            return _problem(409, code, language, name=refused.by or "")
        return _problem(404, "task_gone", language)


def _problem(status: int, code: str, language: str, **values: str) -> JSONResponse:
    return JSONResponse({"detail": WORDS[language][code].format(**values), "code": code}, status_code=status)
