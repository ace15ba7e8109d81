"""``/f/{token}``: a file of a letter, by its link, without an account."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse
from sqlalchemy import Engine

from crm.database import reading
from crm.files.store import FileStore
from crm.outbox.links import BadFileLink, FileLinks
from crm.outbox.service import linked_file
from crm.staff.log_in import RecentTries, place_of

HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


class LinkedFiles:
    """``router`` for the application. Tries with wrong links are counted by address."""

    def __init__(self, engine: Engine, links: FileLinks, store: FileStore, clock: Callable[[], datetime]) -> None:
        tries = RecentTries()
        self.router = APIRouter()

        @self.router.get("/f/{token}")
        def file(request: Request, token: str) -> FileResponse:
            """The file, to be kept: it is never shown in a page of ours."""
            now, place = clock(), place_of(request.client.host if request.client else None)
            if tries.claim(place, now):
                raise HTTPException(429)
            try:
                key = links.open(token, now)
            except BadFileLink as bad:
                raise HTTPException(410 if bad.expired else 404) from None
            with reading(engine) as connection:
                found = linked_file(connection, key)
            if found is None or (found.link_until is not None and found.link_until <= now):
                raise HTTPException(410)
            path = store.path(found.sha256)
            if not path.is_file():
                raise HTTPException(410)
            tries.give_back(place, now)  # a right link does not count
            return FileResponse(path, media_type=found.media_type, filename=found.name, headers=HEADERS)
