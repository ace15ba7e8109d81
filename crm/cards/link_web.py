"""``/c/{token}``: an office answers one card by the link of its letter, without an account."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from crm.cards import records
from crm.cards.drafts import Actor, Faults
from crm.cards.forms import NOTHING, AttemptForm, Typed, attempt_form, due_choices
from crm.cards.links import BadLink, Links
from crm.cards.records import Card, UnknownCard
from crm.cards.service import Cards
from crm.cards.states import Action, CardState, Part, Refused, is_with_office
from crm.cards.view import LEVELS, view_of
from crm.cards.words import WORDS
from crm.database import reading
from crm.people.showing import national
from crm.staff.log_in import RecentTries, place_of
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
# who knows the address of such a page is let in: it must not leak to other sites, nor into search machines
HEADERS: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
_STATUS: Final = {"bad": 404, "expired": 410, "closed": 410, "limited": 429}


class NoEntry(Exception):
    """The link opens nothing: ``why`` is bad, expired, closed or limited."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class LinkPages:
    """``router`` for the application. Tries with wrong links are counted by address, changes by card."""

    def __init__(self, cards: Cards, links: Links, house: House) -> None:
        self._cards, self._links = cards, links
        self._pages = Pages(house, WORDS, TEMPLATES)
        self._tries, self._changes = RecentTries(), RecentTries()
        self.router = APIRouter()
        self._add_routes()

    def _add_routes(self) -> None:
        cards = self._cards

        @self.router.get("/c/{token}")
        def page(request: Request, token: str, done: str = "") -> Response:
            """The card, and the form for the office's answer."""
            return self._show(request, token, done=bool(done))

        @self.router.post("/c/{token}/attempt")
        def attempt(request: Request, token: str, form: Annotated[AttemptForm, Depends(attempt_form)]) -> Response:
            """What the office did."""

            def work(card: Card) -> None:
                cards.attempt(card.id, Actor(Part.OFFICE, ""), form.draft(cards.house, cards.clock()))

            return self._do(request, token, "attempt", form.values, work)

        @self.router.post("/c/{token}/report")
        def report(
            request: Request,
            token: str,
            officer: Annotated[str, Form()] = "",
            text: Annotated[str, Form()] = "",
        ) -> Response:
            """Back to the agent."""

            def work(card: Card) -> None:
                cards.act(card.id, Actor(Part.OFFICE, officer.strip()[:100]), Action.REPORT, text)

            return self._do(request, token, "report", {"officer": officer, "text": text}, work)

    def _do(
        self, request: Request, token: str, form: str, values: dict[str, str], work: Callable[[Card], None]
    ) -> Response:
        try:
            card = self._card(request, token)
            if self._changes.claim(f"card/{card.id}", self._cards.clock()):
                raise NoEntry("limited")
            work(card)
        except NoEntry as no:
            return self._refuse(request, no.why)
        except Faults as faults:
            return self._show(request, token, Typed(form, values, faults.faults), status=422)
        except Refused as refused:
            return self._show(request, token, Typed(form, values, {}, refused.refusal.value), status=409)
        return RedirectResponse(f"/c/{token}?done=1", 303, headers=HEADERS)

    def _card(self, request: Request, token: str) -> Card:
        """The card that the link opens. Raises NoEntry."""
        now = self._cards.clock()
        place = place_of(request.client.host if request.client else None)
        if self._tries.claim(place, now):
            raise NoEntry("limited")
        try:
            opened = self._links.open(token, now)
            with reading(self._cards.engine) as connection:
                card = records.get(connection, opened.card_id)
        except BadLink as bad:
            raise NoEntry("expired" if bad.expired else "bad") from None
        except UnknownCard:
            raise NoEntry("bad") from None
        if opened.key != card.link_key or not is_with_office(card.handover):
            raise NoEntry("bad")
        self._tries.give_back(place, now)  # a right link does not count
        if card.state is CardState.CLOSED:
            raise NoEntry("closed")
        return card

    def _show(
        self, request: Request, token: str, typed: Typed = NOTHING, *, done: bool = False, status: int = 200
    ) -> Response:
        try:
            card = self._card(request, token)
        except NoEntry as no:
            return self._refuse(request, no.why)
        with reading(self._cards.engine) as connection:
            view = view_of(connection, card, Part.OFFICE, self._cards.clock())
        values: dict[str, Any] = {"view": view, "card": card, "typed": typed, "done": done, "token": token}
        values |= {"levels": LEVELS, "officer": "", "dialled": national}
        values |= {"due_choices": due_choices(self._cards.house, self._cards.clock())}
        page = self._pages.page(request, None, "link.html", status=status, **values)
        page.headers.update(HEADERS)
        return page

    def _refuse(self, request: Request, why: str) -> Response:
        page = self._pages.page(request, None, "link_refused.html", status=_STATUS[why], why=why)
        page.headers.update(HEADERS)
        return page
