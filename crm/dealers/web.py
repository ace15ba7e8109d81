"""Pages of the dealer database (K1): find, change, import with a preview of every fault, export."""

import io
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from crm.database import reading, writing
from crm.dealers import service
from crm.dealers.fields import FIELDS
from crm.dealers.service import DealerProblem
from crm.dealers.tables import write_csv, write_xlsx
from crm.dealers.words import WORDS
from crm.dealers.work import run_apart
from crm.people.showing import national
from crm.search.asking import search
from crm.search.models import Kind
from crm.staff.access import OFFICE, SUPERVISORS, Access, Visitor
from crm.staff.models import Role
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
EDITORS: Final = (Role.SUPERVISOR, Role.OFFICER)
LARGEST_BYTES: Final = 30 * 1024 * 1024
MOST: Final = 50
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class DealerPages:
    """Wired once; ``router`` for the application."""

    def __init__(
        self, engine: Engine, access: Access, house: House, clock: Callable[[], datetime], country: str
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._country = country
        self._pages = Pages(house, WORDS, TEMPLATES)
        self.router = APIRouter()
        self._add_reading(access)
        self._add_changing(access)
        self._add_tables(access)

    def _add_reading(self, access: Access) -> None:
        Who = Annotated[Visitor, Depends(access.of(*OFFICE))]  # noqa: N806

        @self.router.get("/dealers", response_class=HTMLResponse)
        def dealers(request: Request, who: Who, q: str = "") -> HTMLResponse:
            """The search, and who was changed lately."""
            with reading(self._engine) as connection:
                if q.strip():
                    hits = search(connection, q, who.role, kind=Kind.DEALER, limit=MOST)
                    found = service.several(connection, [one.ref for one in hits])
                else:
                    found = service.listed(connection, limit=MOST)
                count = service.count(connection)
            return self._page(request, who, "dealers.html", q=q, found=found, count=count)

        @self.router.get("/dealers/{dealer_id:int}", response_class=HTMLResponse)
        def one(dealer_id: int, request: Request, who: Who) -> HTMLResponse:
            """One dealer."""
            with reading(self._engine) as connection:
                found = service.dealer(connection, dealer_id)
            if found is None or (found["retired_at"] is not None and not _may_edit(who)):
                raise HTTPException(404)
            return self._page(request, who, "dealer.html", dealer=found, fields=FIELDS, faults={}, typed=found)

    def _add_changing(self, access: Access) -> None:
        Who = Annotated[Visitor, Depends(access.of(*EDITORS))]  # noqa: N806

        @self.router.get("/dealers/new", response_class=HTMLResponse)
        def new(request: Request, who: Who) -> HTMLResponse:
            """An empty form."""
            typed = dict.fromkeys(FIELDS, "")
            return self._page(request, who, "dealer.html", dealer=None, fields=FIELDS, faults={}, typed=typed)

        @self.router.post("/dealers/new")
        async def add(request: Request, who: Who) -> Response:
            """One more."""
            return await self._saved(request, who, None)

        @self.router.post("/dealers/{dealer_id:int}")
        async def change(dealer_id: int, request: Request, who: Who) -> Response:
            """Changes one."""
            return await self._saved(request, who, dealer_id)

        @self.router.post("/dealers/{dealer_id:int}/retired")
        def retire(dealer_id: int, who: Who, retired: Annotated[bool, Form()] = True) -> Response:
            """Not found any more, or again."""
            with writing(self._engine) as connection:
                if service.dealer(connection, dealer_id) is None:
                    raise HTTPException(404)
                service.retire_dealer(connection, dealer_id, retired, self._clock(), who)
            return RedirectResponse(f"/dealers/{dealer_id}", status_code=303)

    def _add_tables(self, access: Access) -> None:
        Who = Annotated[Visitor, Depends(access.of(*SUPERVISORS))]  # noqa: N806

        @self.router.get("/dealers/export.csv")
        def as_csv(who: Who) -> Response:
            """All dealers as CSV."""
            out = io.StringIO()
            with reading(self._engine) as connection:
                write_csv(service.all_of(connection), out)
            return _file(out.getvalue().encode(), "text/csv; charset=utf-8", "dealers.csv")

        @self.router.get("/dealers/export.xlsx")
        def as_xlsx(who: Who) -> Response:
            """All dealers as a workbook."""
            out = io.BytesIO()
            with reading(self._engine) as connection:
                write_xlsx(service.all_of(connection), out)
            return _file(out.getvalue(), XLSX, "dealers.xlsx")

        @self.router.post("/api/dealers/import")
        async def bring(request: Request, who: Who, apply: bool = False) -> JSONResponse:
            """Checks a file, and imports it when told so and no line has a fault; the body is the file."""
            name = unquote(request.headers.get("X-File-Name", ""))[:400] or "dealers.csv"
            with tempfile.NamedTemporaryFile(prefix="dealers-") as kept:
                size = 0
                async for part in request.stream():
                    size += len(part)
                    if size > LARGEST_BYTES:
                        return self._bad(request, who, "too_large", 413)
                    kept.write(part)
                kept.flush()
                told = {
                    "url": self._engine.url.render_as_string(hide_password=False),
                    "path": kept.name, "name": name, "apply": apply, "country": self._country,
                    "by": [who.staff_id, who.username],
                }  # fmt: skip
                answer = await run_in_threadpool(run_apart, told)
            if "problem" in answer:
                return self._bad(request, who, answer["problem"], 422)
            return JSONResponse(answer, 200 if answer["applied"] or not apply else 422)

    async def _saved(self, request: Request, who: Visitor, dealer_id: int | None) -> Response:
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in FIELDS}
        return await run_in_threadpool(self._save, request, who, dealer_id, typed)

    def _save(self, request: Request, who: Visitor, dealer_id: int | None, typed: dict[str, str]) -> Response:
        try:
            with writing(self._engine) as connection:
                kept = service.save_dealer(connection, dealer_id, typed, self._clock(), who)
        except DealerProblem as problem:
            with reading(self._engine) as connection:
                before = service.dealer(connection, dealer_id) if dealer_id is not None else None
            if dealer_id is not None and before is None:
                raise HTTPException(404) from None
            values = {"dealer": before, "faults": problem.faults, "typed": typed}
            return self._page(request, who, "dealer.html", status=422, **values)
        return RedirectResponse(f"/dealers/{kept}", status_code=303)

    def _page(self, request: Request, who: Visitor, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        tables = who.role in {Role.SUPERVISOR, Role.ADMINISTRATOR}
        values |= {"editor": _may_edit(who), "tables": tables, "national": national, "fields": FIELDS}
        return self._pages.page(request, who, template, status=status, **values)

    def _bad(self, request: Request, who: Visitor, code: str, status: int) -> JSONResponse:
        words = WORDS[self._pages.language(request, who)]
        advice = words.get(f"bad_{code}", words["bad_file"])
        headers = {"Connection": "close"} if status == 413 else None
        return JSONResponse({"detail": code, "advice": advice}, status, headers)


def _may_edit(who: Visitor) -> bool:
    return who.role in {*EDITORS, Role.ADMINISTRATOR}


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
