"""Pages: the basket (H6), the summary page on paper and as PDF (W7), and what waits for a second person."""

from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.responses import HTMLResponse

from crm.basket import service
from crm.basket.checks import may_second
from crm.basket.desk import Baskets
from crm.basket.models import Item
from crm.basket.pdf import NoPdf
from crm.basket.records import staff_names, waiting_for_second
from crm.basket.sending import about
from crm.basket.showing import item_json
from crm.basket.words import WORDS
from crm.contacts.service import may_change
from crm.contacts.words import WORDS as CONTACT_WORDS
from crm.database import writing
from crm.outbox.service import letters_about
from crm.people.showing import national
from crm.staff.access import AGENTS, Visitor
from crm.web.shell import Pages

TEMPLATES: Final = Path(__file__).parent / "templates"


class BasketPages:
    """``router`` for the application."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets
        self._pages = Pages(baskets.house, WORDS, TEMPLATES)
        self.router = APIRouter()
        agents = Depends(baskets.access.of(*AGENTS))
        self._basket(agents)
        self._summary(agents)
        self._seconds(agents)

    def _basket(self, agents: Any) -> None:
        baskets = self._baskets

        @self.router.get("/basket/{contact_id}", response_class=HTMLResponse)
        def page(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> HTMLResponse:
            """The basket of a contact: prepare, verify, preview, send."""
            language = self._pages.language(request, who)
            with baskets.looking(request, who) as connection:
                contact = baskets.contact(connection, contact_id)
                data = {
                    "basket": baskets.json(connection, contact, who, language),
                    "words": WORDS[language],
                    "language": language,
                }
                mine = may_change(contact, who)
            return self._pages.page(request, who, "basket.html", data=data, contact_id=contact_id, mine=mine)

    def _summary(self, agents: Any) -> None:
        baskets = self._baskets

        @self.router.get("/basket/{contact_id}/summary", response_class=HTMLResponse)
        def summary(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> HTMLResponse:
            """The summary page (W7): every browser prints it."""
            values = self._summary_values(request, who, contact_id)
            return self._pages.page(request, who, "summary.html", pdf=baskets.printer.works, **values)

        @self.router.get("/basket/{contact_id}/summary.pdf")
        def pdf(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> Response:
            """The same as PDF, where a Chromium is set."""
            values = self._summary_values(request, who, contact_id)
            html = self._pages.text(request, who, "summary_paper.html", font_folder=baskets.printer.fonts, **values)
            try:
                content = baskets.printer.print(html)
            except NoPdf:
                raise baskets.refusal("no_pdf", request, who, 503) from None
            headers = {"Content-Disposition": f'inline; filename="summary-{contact_id}.pdf"'}
            return Response(content, media_type="application/pdf", headers=headers)

    def _summary_values(self, request: Request, who: Visitor, contact_id: int) -> dict[str, Any]:
        baskets = self._baskets
        with baskets.looking(request, who) as connection:
            contact = baskets.contact(connection, contact_id)
            one = baskets.round(connection, contact)
            letters = letters_about(connection, about(contact_id))
        language = self._pages.language(request, who)
        thai = language == "th"
        return {
            "one": one,
            "contact": contact,
            "letters": letters[::-1],
            "number": national(contact.number) if contact.number else "",
            "subject": one.subject_th if thai else one.subject_en,
            "agent": one.agent_th if thai else one.agent_en,
            "channel": CONTACT_WORDS[language][contact.channel.value],
            "now": baskets.clock(),
        }

    def _seconds(self, agents: Any) -> None:
        baskets = self._baskets

        @self.router.get("/baskets", response_class=HTMLResponse)
        def seconds(request: Request, who: Annotated[Visitor, agents]) -> HTMLResponse:
            """Sensitive items that wait for a second person."""
            language = self._pages.language(request, who)
            with baskets.looking(request, who) as connection:
                found = waiting_for_second(connection)
                names = staff_names(connection, [item.verified_by for _, item in found])
                waiting = [
                    item_json(item, names, language)
                    | {
                        "contact_id": contact_id,
                        "question": (contact := baskets.contact(connection, contact_id)).question,
                        "may": may_second(item, who.staff_id, contact.staff_id),
                    }
                    for contact_id, item in found
                ]
            return self._pages.page(request, who, "seconds.html", waiting=waiting)

        @self.router.post("/api/basket/{contact_id}/items/{item_id}/second")
        def second(
            contact_id: int,
            item_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            agrees: Annotated[bool, Body()],
            why: Annotated[str, Body(max_length=1000)] = "",
        ) -> dict[str, Any]:
            """A second person agrees, or says why not."""
            item = self._second(request, who, contact_id, item_id, None if agrees else (why.strip() or "–"))
            return item_json(item, {}, self._pages.language(request, who))

    def _second(self, request: Request, who: Visitor, contact_id: int, item_id: int, refusal: str | None) -> Item:
        baskets = self._baskets
        with baskets.in_words(request, who), writing(baskets.engine) as connection:
            contact = baskets.contact(connection, contact_id)
            item = service.second(connection, contact, item_id, refusal, who, baskets.clock())
        baskets.tell(contact_id, "changed")
        return item
