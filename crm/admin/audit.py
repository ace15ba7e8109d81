"""The page of what was done, by whom and when."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from crm.admin.audit_words import kind_of, sentences, subject_of
from crm.admin.frame import Frame
from crm.audit.service import AuditFilter, doers, kinds, lines
from crm.database import reading
from crm.staff.access import ADMINISTRATORS, Visitor
from crm.staff.service import members
from crm.web.dates import day_of

PATH: Final = "/admin/audit"
PAGE: Final = 100


def routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    door = Depends(frame.access.of(*ADMINISTRATORS))
    Who = Annotated[Visitor, door]  # noqa: N806

    def midnight(text: str, days: int = 0) -> datetime | None:
        day: date | None = day_of(text)
        return None if day is None else datetime.combine(day + timedelta(days=days), time(), frame.house.zone)

    @router.get(PATH)
    def listed(
        request: Request,
        who: Who,
        by: str = "",
        kind: str = "",
        subject: str = "",
        since: str = "",
        until: str = "",
        before: int | None = None,
    ) -> Response:
        """The lines, newest first; every part of the filter may be empty. ``until``: that day inside."""
        wanted = AuditFilter(
            who=by or None,
            kind=kind or None,
            subject=subject or None,
            from_at=midnight(since),
            until_at=midnight(until, 1),
            before=before,
        )
        with reading(frame.engine) as connection:
            found = lines(connection, wanted, limit=PAGE + 1)
            values: dict[str, Any] = {"doers": doers(connection), "kinds": kinds(connection)}
            people = members(connection)
        language = frame.pages.language(request, who)
        faults = {
            name: "date" for name, text in (("since", since), ("until", until)) if text and midnight(text) is None
        }
        filled = {"by": by, "kind": kind, "subject": subject, "since": since, "until": until}
        return frame.page(
            request,
            who,
            "audit.html",
            "audit",
            faults=faults,
            lines=[(line, sentences(line, language, frame.house.zone)) for line in found[:PAGE]],
            older=found[PAGE - 1].id if len(found) > PAGE else None,
            filled=filled,
            kind_of=kind_of,
            subject_of=subject_of,
            names={f"staff/{one.id}": one.name(language) for one in people},
            **values,
        )

    return router
