"""``/show/{key}``: the visitor at the counter checks the basket on a screen of their own before it is sent (W6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from crm.basket import service
from crm.basket.desk import Baskets
from crm.basket.letter import letter_print, size_words
from crm.basket.models import ConfirmedHow
from crm.basket.records import Round, contact_of_show_key
from crm.basket.words import WORDS
from crm.contacts.models import Contact
from crm.database import reading, writing
from crm.staff.access import comes_from_us
from crm.staff.log_in import RecentTries, place_of
from crm.web.shell import Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
HEADERS: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
LONGEST_KEY: Final = 64


@dataclass(frozen=True, slots=True)
class _Guest:
    """The visitor, who is nobody here, but has a language."""

    language: str | None
    csrf: str = ""
    role: str = ""


class VisitorScreen:
    """``router`` for the application: opened by the key in the address, for some hours. Wrong keys are counted."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets
        self._pages = Pages(baskets.house, WORDS, TEMPLATES)
        self._tries = RecentTries()
        self.router = APIRouter()
        self._routes()

    def _routes(self) -> None:
        baskets = self._baskets

        @self.router.get("/show/{key}", response_class=HTMLResponse)
        def page(request: Request, key: str) -> HTMLResponse:
            """The visitor's screen."""
            with reading(baskets.engine) as connection:
                one = self._round(request, connection, key)
            guest = _Guest(one.language)
            words = WORDS[self._pages.language(request, guest)]
            data = {"state": _shown(one), "words": words, "key": key}
            page = self._pages.page(request, guest, "show.html", data=data)
            page.headers.update(HEADERS)
            return page

        @self.router.get("/show/{key}/state")
        def state(request: Request, key: str, seen: Annotated[str, Query(max_length=64)] = "") -> Mapping[str, Any]:
            """What it shows now. ``seen``: the fingerprint of what it shows already; those items are not told again."""
            with reading(baskets.engine) as connection:
                shown = _shown(self._round(request, connection, key))
            return shown | {"items": None} if shown["print"] == seen else shown

        @self.router.post("/show/{key}/answer")
        def answer(
            request: Request,
            key: str,
            seen: Annotated[str, Body(max_length=64)],
            right: Annotated[bool, Body()],
            words: Annotated[str, Body(max_length=1000)] = "",
        ) -> Mapping[str, Any]:
            """It is right, or what is not. 409 when the list has changed under the visitor's eyes."""
            if not comes_from_us(request):
                raise HTTPException(403)
            now = baskets.clock()
            with writing(baskets.engine) as connection:
                one = self._round(request, connection, key)
                if right and seen != letter_print(one):
                    raise HTTPException(409)
                if right:
                    service.confirm(connection, one.contact, seen, ConfirmedHow.SCREEN, None, now)
                else:
                    service.visitor_says(connection, one.contact, words.strip() or "–", now)
                shown = _shown(baskets.round(connection, one.contact))
            baskets.tell(one.contact.id, "confirmed" if right else "visitor_says")
            return shown

    def _round(self, request: Request, connection: Connection, key: str) -> Round:
        now, place = self._baskets.clock(), place_of(request.client.host if request.client else None)
        if self._tries.claim(place, now):
            raise HTTPException(429)
        contact_id = contact_of_show_key(connection, key, now) if len(key) <= LONGEST_KEY else None
        if contact_id is None:
            raise HTTPException(404)
        self._tries.give_back(place, now)  # a right key does not count
        contact: Contact = self._baskets.contact(connection, contact_id)
        return self._baskets.round(connection, contact)


def _shown(one: Round) -> dict[str, Any]:
    """Nothing but what goes to the visitor anyway."""
    basket, seen = one.basket, letter_print(one)
    return {
        "name": one.recipient_name,
        "recipient": one.recipient,
        "answer": one.answer,
        "note": basket.note or "",
        "items": [
            {
                "title": item.title,
                "url": item.url,
                "warning": item.warning,
                "html": item.html,
                "text": item.text,
                "files": [f"{file.name} ({size_words(file.size_bytes)})" for file in item.files],
            }
            for item in basket.open_items
        ],
        "print": seen,
        "confirmed": basket.confirmed_print == seen,
        "told": bool(basket.visitor_says),
    }
