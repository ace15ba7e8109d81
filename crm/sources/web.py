"""The page of sources (K2)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from crm.database import reading, writing
from crm.people.showing import national
from crm.sources import service
from crm.sources.models import SourceKind
from crm.sources.service import FIELDS, SourceProblem
from crm.sources.words import WORDS
from crm.staff.access import OFFICE, Access, Visitor
from crm.staff.models import Role
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
EDITORS: Final = (Role.SUPERVISOR, Role.OFFICER)


class SourcePages:
    """Wired once; ``router`` for the application."""

    def __init__(self, engine: Engine, access: Access, house: House, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._pages = Pages(house, WORDS, TEMPLATES)
        self.router = self._routes(access)

    def _routes(self, access: Access) -> APIRouter:
        router = APIRouter(prefix="/sources")
        Who = Annotated[Visitor, Depends(access.of(*OFFICE))]  # noqa: N806
        Editor = Annotated[Visitor, Depends(access.of(*EDITORS))]  # noqa: N806

        @router.get("", response_class=HTMLResponse)
        def sources(request: Request, who: Who) -> HTMLResponse:
            """The whole list."""
            return self._page(request, who)

        @router.get("/new", response_class=HTMLResponse)
        def new(request: Request, who: Editor) -> HTMLResponse:
            """An empty form."""
            return self._page(request, who, edited=0, typed=dict.fromkeys(FIELDS, ""))

        @router.get("/{source_id:int}/edit", response_class=HTMLResponse)
        def edit(source_id: int, request: Request, who: Editor) -> HTMLResponse:
            """One in the form."""
            with reading(self._engine) as connection:
                found = service.source(connection, source_id)
            if found is None:
                raise HTTPException(404)
            return self._page(request, who, edited=source_id, typed={name: found[name] for name in FIELDS})

        @router.post("/new")
        async def add(request: Request, who: Editor) -> Response:
            """One more."""
            return await self._saved(request, who, None)

        @router.post("/{source_id:int}/edit")
        async def change(source_id: int, request: Request, who: Editor) -> Response:
            """Changes one."""
            return await self._saved(request, who, source_id)

        @router.post("/{source_id:int}/retired")
        def retire(source_id: int, who: Editor, retired: Annotated[bool, Form()] = True) -> Response:
            """Not offered any more, or again."""
            try:
                with writing(self._engine) as connection:
                    service.retire_source(connection, source_id, retired, self._clock(), who)
            except SourceProblem:
                raise HTTPException(404) from None
            return RedirectResponse("/sources", status_code=303)

        return router

    async def _saved(self, request: Request, who: Visitor, source_id: int | None) -> Response:
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in FIELDS}
        return await run_in_threadpool(self._save, request, who, source_id, typed)

    def _save(self, request: Request, who: Visitor, source_id: int | None, typed: Mapping[str, str]) -> Response:
        try:
            with writing(self._engine) as connection:
                kept = service.save_source(connection, source_id, typed, self._clock(), who)
        except SourceProblem as problem:
            if "no_source" in problem.faults.values():
                raise HTTPException(404) from None
            return self._page(request, who, edited=source_id or 0, typed=typed, faults=problem.faults, status=422)
        return RedirectResponse(f"/sources#source-{kept}", status_code=303)

    def _page(
        self, request: Request, who: Visitor, *, edited: int | None = None, typed: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None, status: int = 200,
    ) -> HTMLResponse:  # fmt: skip
        editor = who.role in {*EDITORS, Role.ADMINISTRATOR}
        with reading(self._engine) as connection:
            found = service.listed(connection)
            retired = service.listed(connection, retired=True) if editor else []
        values: dict[str, Any] = {
            "sources": found, "retired": retired, "editor": editor, "edited": edited, "typed": typed or {},
            "faults": faults or {}, "kinds": list(SourceKind), "fields": FIELDS, "national": national,
            "transfers": who.role in {Role.AGENT, Role.SUPERVISOR},
        }  # fmt: skip
        return self._pages.page(request, who, "sources.html", status=status, **values)
