"""``/api/directory`` for the transfer dialog; ``/directory``, the same for eyes, where supervisors keep numbers."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Engine

from ami_listener.floor import FloorSnapshot
from crm.database import reading, writing
from crm.directory import service
from crm.directory.service import BadEntry, Entry, EntryDraft, UnknownTarget
from crm.directory.targets import Availability, Found, TargetKind, find
from crm.directory.words import WORDS
from crm.people.showing import national
from crm.staff.access import AGENTS, OFFICE, SUPERVISORS, Access, Visitor
from crm.web.shell import House, Pages
from dialplan.site import HotlineSite

TEMPLATES: Final = Path(__file__).parent / "templates"
LEVELS: Final = {Availability.FREE: "good", Availability.BUSY: "bad", Availability.PAUSED: "near"}
DONE: Final = ("added", "changed", "removed")
ALL: Final = 500


class DirectoryPages:
    """``router`` for the application. ``site``: settings as they are now; ``floor``: who is free."""

    def __init__(
        self,
        engine: Engine,
        access: Access,
        house: House,
        site: Callable[[], HotlineSite],
        floor: Callable[[], FloorSnapshot],
        clock: Callable[[], datetime],
    ) -> None:
        self._engine, self._access = engine, access
        self._site, self._floor, self._clock = site, floor, clock
        self._pages = Pages(house, WORDS, TEMPLATES)
        self.router = APIRouter()
        self._read_routes()
        self._form_routes()
        self._change_routes()

    def _find(self, query: str, who: Visitor, limit: int, now: FloorSnapshot) -> list[Found]:
        site = self._site()
        with reading(self._engine) as connection:
            everybody = service.targets(connection, site)
            uses = service.uses_of(connection, who.extension)
        found = find(everybody, query, now.agents, uses, limit)
        typed = service.call_anyway(site, query)
        if typed is not None and not any(one.target.dial == typed.dial for one in found):
            found.append(Found(typed, Availability.UNKNOWN))
        return found

    def _read_routes(self) -> None:
        router = self.router

        # the floor belongs to the event loop, the database to threads
        async def floor_now() -> FloorSnapshot:
            return self._floor()

        @router.get("/api/directory")
        def search(
            request: Request,
            who: Annotated[Visitor, Depends(self._access.of(*AGENTS))],
            now: Annotated[FloorSnapshot, Depends(floor_now)],
            q: Annotated[str, Query(max_length=100)] = "",
            limit: Annotated[int, Query(ge=1, le=100)] = 20,
        ) -> dict[str, Any]:
            """Whom a call can go to; a number that is in no list, but may be dialled, comes last."""
            language = self._pages.language(request, who)
            return {"entries": [as_json(found, language) for found in self._find(q, who, limit, now)]}

        @router.get("/directory")
        def page(
            request: Request,
            who: Annotated[Visitor, Depends(self._access.of(*OFFICE))],
            now: Annotated[FloorSnapshot, Depends(floor_now)],
            q: Annotated[str, Query(max_length=100)] = "",
            done: str | None = None,
        ) -> Response:
            """Everybody, and who is free."""
            found = self._find(q, who, ALL, now)
            return self._page(request, who, found=found, q=q, done=done if done in DONE else None)

    def _form_routes(self) -> None:
        router, door = self.router, self._access.of(*SUPERVISORS)

        @router.get("/directory/new")
        def new(request: Request, who: Annotated[Visitor, Depends(door)]) -> Response:
            """The empty form."""
            return self._form(request, who, EntryDraft())

        @router.get("/directory/{entry_id}")
        def edit(request: Request, entry_id: int, who: Annotated[Visitor, Depends(door)]) -> Response:
            """The form of one number outside."""
            return self._form(request, who, self._entry(entry_id), entry_id)

    def _change_routes(self) -> None:
        router, door = self.router, self._access.of(*SUPERVISORS)

        @router.post("/directory/new")
        def add(
            request: Request,
            who: Annotated[Visitor, Depends(door)],
            draft: Annotated[EntryDraft, Depends(_draft)],
        ) -> Response:
            """Keeps a number outside."""
            try:
                with writing(self._engine) as connection:
                    service.add_entry(connection, draft, self._site().dialling.patterns, self._clock(), who)
            except BadEntry as bad:
                return self._form(request, who, draft, fault=bad)
            return RedirectResponse("/directory?done=added", 303)

        @router.post("/directory/{entry_id}")
        def change(
            request: Request,
            entry_id: int,
            who: Annotated[Visitor, Depends(door)],
            draft: Annotated[EntryDraft, Depends(_draft)],
        ) -> Response:
            """Changes it."""
            self._entry(entry_id)
            patterns = self._site().dialling.patterns
            try:
                with writing(self._engine) as connection:
                    service.change_entry(connection, entry_id, draft, patterns, self._clock(), who)
            except BadEntry as bad:
                return self._form(request, who, draft, entry_id, bad)
            return RedirectResponse("/directory?done=changed", 303)

        @router.post("/directory/{entry_id}/remove")
        def remove(entry_id: int, who: Annotated[Visitor, Depends(door)]) -> Response:
            self._entry(entry_id)
            with writing(self._engine) as connection:
                service.remove_entry(connection, entry_id, self._clock(), who)
            return RedirectResponse("/directory?done=removed", 303)

    def _entry(self, entry_id: int) -> Entry:
        with reading(self._engine) as connection:
            try:
                return service.entry(connection, entry_id)
            except UnknownTarget:
                raise HTTPException(404) from None

    def _form(
        self,
        request: Request,
        who: Visitor,
        draft: EntryDraft,
        entry_id: int | None = None,
        fault: BadEntry | None = None,
    ) -> Response:
        values = {"draft": draft, "entry_id": entry_id, "fault": fault}
        return self._pages.page(request, who, "directory_entry.html", status=422 if fault else 200, **values)

    def _page(self, request: Request, who: Visitor, *, found: list[Found], **values: Any) -> Response:
        may_change = who.is_one_of(*SUPERVISORS)
        with reading(self._engine) as connection:
            ids = {entry.number: entry.id for entry in service.entries(connection)} if may_change else {}
        values |= {"found": found, "levels": LEVELS, "may_change": may_change, "ids": ids, "national": national}
        return self._pages.page(request, who, "directory.html", **values)


def _draft(
    name_th: Annotated[str, Form()] = "",
    name_en: Annotated[str, Form()] = "",
    office_th: Annotated[str, Form()] = "",
    office_en: Annotated[str, Form()] = "",
    number: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> EntryDraft:
    return EntryDraft(
        name_th=name_th, name_en=name_en, office_th=office_th, office_en=office_en, number=number, note=note
    )


PRESENCE: Final = {Availability.PAUSED: "away"}


def as_json(found: Found, language: str) -> dict[str, Any]:
    """One line of the transfer dialog. ``to`` goes back unchanged in `POST /api/cards`, ``dial`` to the telephone
    (null: nobody rings there, but a card can be sent). ``known`` false: a number that was only typed."""
    target = found.target
    is_outside = target.kind is TargetKind.OUTSIDE
    return {
        "to": target.to,
        "kind": target.kind.value,
        "name": target.key,
        "name_th": target.name("th"),
        "name_en": target.name("en"),
        "office": target.office(language),
        "department": target.department,
        "dial": target.dial,
        "extension": None if is_outside else target.dial,
        "number": target.dial if is_outside else None,
        "known": target.known,
        "presence": PRESENCE.get(found.availability, found.availability.value),
        "state": found.state.value if found.state else None,
        "since": found.since.isoformat() if found.since else None,
        "uses": found.uses,
        "label": WORDS[language][found.availability.value],
        "kind_label": WORDS[language][target.kind.value],
    }
