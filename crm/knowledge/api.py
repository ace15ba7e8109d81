"""Requests of the desk: search as it is typed, suggestions, "this answered it"."""

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Engine

from crm.database import reading, writing
from crm.documents.service import documents_for
from crm.knowledge.service import article_for
from crm.knowledge.showing import as_json, results
from crm.search.asking import search, suggest
from crm.search.models import Kind
from crm.search.useful import mark_useful
from crm.staff.access import OFFICE, Access, Visitor
from crm.web.pages import language_of

LARGEST_ID: Final = 2**62
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class Answered(BaseModel):
    """What answered which question."""

    kind: Kind
    id: Id
    question: str = Field(default="", max_length=400)
    contact_id: Id | None = None
    topic_id: Id | None = None


def knowledge_router(
    engine: Engine, access: Access, clock: Callable[[], datetime], zone: tzinfo, default_language: str
) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/knowledge")
    Who = Annotated[Visitor, Depends(access.of(*OFFICE))]  # noqa: N806
    Limit = Annotated[int, Query(ge=1, le=50)]  # noqa: N806
    MaybeId = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]  # noqa: N806

    def today() -> date:
        return clock().astimezone(zone).date()

    def language(request: Request, who: Visitor) -> str:
        wanted = request.query_params.get("lang") or who.language
        return language_of(wanted, request.headers.get("accept-language"), default_language)

    @router.get("/search")
    def find(
        request: Request, who: Who, q: str = "", kind: Kind | None = None, topic_id: MaybeId = None, limit: Limit = 10
    ) -> dict[str, Any]:
        """What answers ``q``."""
        with reading(engine) as connection:
            found = search(connection, q, who.role, kind=kind, topic_id=topic_id, limit=limit)
            shown = results(connection, found, today(), language(request, who))
        return {"results": [as_json(one) for one in shown]}

    @router.get("/suggest")
    def suggestions(
        request: Request, who: Who, subject: str = "", topic_id: MaybeId = None, limit: Limit = 5
    ) -> dict[str, Any]:
        """What may help with this subject, unasked."""
        with reading(engine) as connection:
            found = suggest(connection, subject, who.role, topic_id=topic_id, limit=limit)
            shown = results(connection, found, today(), language(request, who))
        return {"results": [as_json(one) for one in shown]}

    @router.get("/articles/{article_id}")
    def article(article_id: Id, request: Request, who: Who) -> dict[str, Any]:
        """One article as published."""
        told = language(request, who)
        with reading(engine) as connection:
            found = article_for(connection, article_id, who.role)
            if found is None:
                raise HTTPException(404)
            attached = documents_for(connection, found.version.attachments, who.role)
        version = found.version
        return {
            "id": found.id,
            "version": version.number,
            "question": version.question(told),
            "answer_html": version.answer_html(told),
            "answer_text": version.answer_text(told),
            "sources": list(version.source_lines),
            "department": version.department,
            "expired": version.expired(today()),
            "valid_until": version.valid_until.isoformat() if version.valid_until else None,
            "attachments": [
                {"id": one.id, "title": one.title(told), "name": one.name, "sensitive": one.sensitive,
                 "size_bytes": one.size_bytes}
                for one in attached
            ],
        }  # fmt: skip

    @router.post("/answered", status_code=204)
    def answered(body: Answered, who: Who) -> Response:
        """ "This answered it": it comes first for such questions from now on."""
        with writing(engine) as connection:
            mark_useful(
                connection, body.kind, body.id, body.question, clock(),
                staff_id=who.staff_id, topic_id=body.topic_id, contact_id=body.contact_id,
            )  # fmt: skip
        return Response(status_code=204)

    return router
