"""Pages of documents: bring, verify, look at, open (H5, H6, L5)."""

import tempfile
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from crm.database import reading, writing
from crm.documents import service
from crm.documents.models import DocumentState
from crm.documents.service import LARGEST_BYTES, Document, DocumentProblem
from crm.documents.taking import take_text
from crm.documents.words import WORDS
from crm.files.checks import BadFile, check
from crm.files.store import FileStore
from crm.staff.access import OFFICE, Access, Visitor
from crm.web.dates import day_of
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
NAME_HEADER: Final = "X-File-Name"  # percent-encoded UTF-8
SHOWN_TEXT: Final = 20_000
PDF: Final = "application/pdf"
INLINE: Final = (PDF, "image/png", "image/jpeg", "image/gif", "image/webp")
CONTENT_POLICY: Final = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; object-src 'self'"
PDF_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
"""Browsers show no PDF in a sandbox; one that is sent as a PDF can be nothing else."""
Text = Annotated[str, Form()]
Mark = Annotated[bool, Form()]


class DocumentPages:
    """Wired once; ``router`` for the application. ``store``: where files lie."""

    def __init__(
        self, engine: Engine, access: Access, house: House, clock: Callable[[], datetime], store: FileStore
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._zone: tzinfo = house.zone
        self._store = store
        self._pages = Pages(house, WORDS, TEMPLATES)
        self.router = APIRouter()
        self._add_reading(access)
        self._add_changing(access)

    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    def _add_reading(self, access: Access) -> None:
        Who = Annotated[Visitor, Depends(access.of(*OFFICE))]  # noqa: N806

        @self.router.get("/documents", response_class=HTMLResponse)
        def documents(request: Request, who: Who, state: str = "") -> HTMLResponse:
            """All that this role may see, the newest first."""
            chosen = DocumentState(state) if state in set(DocumentState) else None
            with reading(self._engine) as connection:
                found = service.listed(connection, who.role, state=chosen)
            return self._page(request, who, "documents.html", found=found, state=state, states=list(DocumentState))

        @self.router.get("/documents/{document_id:int}", response_class=HTMLResponse)
        def one(document_id: int, request: Request, who: Who) -> HTMLResponse:
            """One document with preview and text."""
            return self._one(request, who, document_id)

        @self.router.get("/documents/{document_id:int}/file")
        def file(document_id: int, who: Who, look: bool = False) -> Response:
            """The file; ``look``: to be shown in the page, for kinds that browsers show."""
            document = self._visible(document_id, who)
            path = self._store.path(document.sha256)
            if not path.is_file():
                raise HTTPException(404)
            inline = look and document.media_type in INLINE
            headers = file_headers(document.name, inline)
            if inline and document.media_type == PDF:
                headers["Content-Security-Policy"] = PDF_POLICY
            return FileResponse(path, media_type=document.media_type, headers=headers)

    def _add_changing(self, access: Access) -> None:
        Who = Annotated[Visitor, Depends(access.of(*service.EDITORS))]  # noqa: N806

        @self.router.post("/api/documents", status_code=201)
        async def bring(request: Request, who: Who) -> JSONResponse:
            """Takes a file in: the body is the file, its name is in the header ``X-File-Name``."""
            name = unquote(request.headers.get(NAME_HEADER, ""))[:400] or "file"
            with tempfile.NamedTemporaryFile(prefix="document-") as kept:
                size = 0
                async for part in request.stream():
                    size += len(part)
                    if size > LARGEST_BYTES:
                        return self._bad(request, who, "too_large", 413)
                    kept.write(part)
                kept.flush()
                try:
                    made = await run_in_threadpool(self._take_in, Path(kept.name), name, who)
                except BadFile as bad:
                    return self._bad(request, who, bad.code, 422)
            return JSONResponse({"id": made, "url": f"/documents/{made}"}, 201)

        @self.router.post("/documents/{document_id:int}")
        def change(
            document_id: int, request: Request, who: Who, title_th: Text = "", title_en: Text = "", also: Text = "",
            department: Text = "", valid_until: Text = "", sensitive: Mark = False, restricted: Mark = False,
        ) -> Response:  # fmt: skip
            """What is said of it."""
            day = day_of(valid_until) if valid_until.strip() else None
            if valid_until.strip() and day is None:
                return self._one(request, who, document_id, "bad_date", 422)
            values = {
                "title_th": title_th, "title_en": title_en, "also": also, "department": department,
                "valid_until": day, "sensitive": sensitive, "restricted": restricted,
            }  # fmt: skip
            return self._done(
                request, who, document_id,
                lambda c: service.change_document(c, document_id, self._clock(), who, **values),
            )  # fmt: skip

        @self.router.post("/documents/{document_id:int}/publish")
        def publish(document_id: int, request: Request, who: Who) -> Response:
            """A second person has looked at it."""
            return self._done(
                request, who, document_id, lambda c: service.publish_document(c, document_id, self._clock(), who)
            )

        @self.router.post("/documents/{document_id:int}/retire")
        def retire(document_id: int, request: Request, who: Who) -> Response:
            """Not found any more."""
            return self._done(
                request, who, document_id, lambda c: service.retire_document(c, document_id, self._clock(), who)
            )

    def _take_in(self, path: Path, name: str, who: Visitor) -> int:
        checked = check(path, name)
        state, text = take_text(path, checked.media_type)
        with path.open("rb") as file:
            stored = self._store.put(iter(lambda: file.read(1 << 16), b""), LARGEST_BYTES)
        with writing(self._engine) as connection:
            return service.add_document(
                connection, name=checked.safe_name, media_type=checked.media_type, size_bytes=stored.size_bytes,
                sha256=stored.sha256, text=text, text_state=state, at=self._clock(), doer=who,
            )  # fmt: skip

    def _done(self, request: Request, who: Visitor, document_id: int, work: Callable[[Any], None]) -> Response:
        try:
            with writing(self._engine) as connection:
                work(connection)
        except DocumentProblem as problem:
            if problem.code == "no_document":
                raise HTTPException(404) from None
            return self._one(request, who, document_id, problem.code, 409)
        return RedirectResponse(f"/documents/{document_id}", status_code=303)

    def _visible(self, document_id: int, who: Visitor) -> Document:
        with reading(self._engine) as connection:
            document = service.document_for(connection, document_id, who.role)
        if document is None:
            raise HTTPException(404)
        return document

    def _one(
        self, request: Request, who: Visitor, document_id: int, fault: str = "", status: int = 200
    ) -> HTMLResponse:
        document = self._visible(document_id, who)
        with reading(self._engine) as connection:
            text = service.text_of(connection, document_id)[:SHOWN_TEXT]
        return self._page(
            request, who, "document.html", status=status, document=document, text=text, fault=fault, me=who.staff_id
        )

    def _page(self, request: Request, who: Visitor, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        editor = service.may_edit(who.role)
        return self._pages.page(
            request, who, template, status=status, editor=editor, today=self._today(), megabytes=_megabytes, **values
        )

    def _bad(self, request: Request, who: Visitor, code: str, status: int) -> JSONResponse:
        words = WORDS[self._pages.language(request, who)]
        headers = {"Connection": "close"} if status == 413 else None  # the rest is not read
        return JSONResponse({"detail": code, "advice": words[f"bad_{code}"]}, status, headers)


def file_headers(name: str, inline: bool) -> dict[str, str]:
    """Headers under which nothing in a file can act as our page."""
    how = "inline" if inline else "attachment"
    return {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name)}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": CONTENT_POLICY,
        "Cache-Control": "private, no-store",
        "X-Frame-Options": "SAMEORIGIN",
    }


def _megabytes(size: int) -> str:
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} KB"
