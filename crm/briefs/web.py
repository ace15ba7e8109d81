"""``/briefs``: the same as the letters, of any day."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from crm.briefs import service
from crm.briefs.keeper import BriefHouse
from crm.briefs.service import Kind
from crm.briefs.showing import closure_lines, kind_now, label, queues_of, rows
from crm.briefs.words import WORDS
from crm.reports.sealed import snapshot
from crm.staff.access import AGENTS, Access, Visitor
from crm.web.dates import day_of, year
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
BAD_REQUEST: Final = 400


class BriefPages:
    """``router`` for the application."""

    def __init__(self, briefs: BriefHouse, access: Access, house: House) -> None:
        self._briefs = briefs
        self._pages = Pages(house, WORDS, TEMPLATES)
        self.router = APIRouter()

        @self.router.get("/briefs", response_class=HTMLResponse)
        def page(
            request: Request,
            who: Annotated[Visitor, Depends(access.of(*AGENTS))],
            kind: Kind | None = None,
            day: str = "",
        ) -> HTMLResponse:
            """The brief that fits the time of the day, or the one asked for."""
            return self._page(request, who, kind, day)

    def _page(self, request: Request, who: Visitor, kind: Kind | None, day: str) -> HTMLResponse:
        briefs, language = self._briefs, self._pages.language(request, who)
        frame, now = briefs.frame(), briefs.clock()
        local = now.astimezone(frame.zone)
        chosen = kind or kind_now(local.strftime("%H:%M"), briefs.settings.evening)
        of_day = self._day(day, language) or local.date()
        with snapshot(briefs.engine) as connection:
            brief = service.compose(connection, chosen, of_day, now, frame, briefs.hours())
        names = briefs.queues(language)
        queues = queues_of(brief, names)
        shown = queues if len(queues) > 1 else ()
        return self._pages.page(
            request,
            who,
            "brief.html",
            brief=brief,
            rows=rows(brief, shown, language),
            queues=[label(queue, names, language) for queue in shown],
            closures=closure_lines(brief, frame.zone, language),
            typed_day=f"{year(of_day, language)}-{of_day:%m-%d}",
            before=of_day - timedelta(days=1),
            after=of_day + timedelta(days=1),
            agents=briefs.agents(),
            queue_label=lambda queue: label(queue, names, language),
            sent_at=getattr(briefs.settings, chosen.value) if briefs.mail else "",
        )

    @staticmethod
    def _day(text: str, language: str) -> date | None:
        if not text:
            return None
        found = day_of(text)
        if found is None:
            raise HTTPException(BAD_REQUEST, WORDS[language]["bad_day"])
        return found
