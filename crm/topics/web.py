"""Requests for subjects, as JSON."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import Engine

from crm.database import reading, writing
from crm.staff.access import AGENTS, SUPERVISORS, Access, Visitor
from crm.topics.finding import find_topics
from crm.topics.models import Topic
from crm.topics.service import TopicProblem, add_topic, bring_back_topic, change_topic, retire_topic, topic_tree
from crm.topics.words import WORDS
from crm.web.pages import language_asked


class NewTopic(BaseModel):
    """A subject to add."""

    parent_id: int
    name_th: str
    name_en: str
    also: str = ""


class TopicChange(BaseModel):
    """What changes; None stays. ``retired``: not offered any more, or offered again."""

    name_th: str | None = None
    name_en: str | None = None
    also: str | None = None
    position: int | None = None
    retired: bool | None = None


def topic_json(tree: Mapping[int, Topic], topic: Topic, language: str) -> dict[str, Any]:
    """A subject. ``path``: the names from the kind of matter down to it."""
    return {
        "id": topic.id,
        "parent_id": topic.parent_id,
        "kind": topic.kind,
        "name": topic.name(language),
        "name_th": topic.name_th,
        "name_en": topic.name_en,
        "also": topic.also,
        "path": [tree[one].name(language) for one in topic.path],
        "depth": len(topic.path) - 1,
        "retired": topic.retired_at is not None,
    }


def topics_router(
    engine: Engine, access: Access, clock: Callable[[], datetime], default_language: str = "th"
) -> APIRouter:
    """``/api/topics``."""
    router = APIRouter(prefix="/api/topics")
    agents, supervisors = Depends(access.of(*AGENTS)), Depends(access.of(*SUPERVISORS))

    def language(request: Request, who: Visitor) -> str:
        return language_asked(request, who.language, default_language)

    def refused(problem: TopicProblem, request: Request, who: Visitor) -> JSONResponse:
        detail = WORDS[language(request, who)][problem.code]
        return JSONResponse({"detail": detail, "code": problem.code}, status_code=422)

    @router.get("")
    def find(
        request: Request,
        who: Annotated[Visitor, agents],
        q: str = "",
        kind: str = "",
        retired: bool = False,
        limit: int = 200,
    ) -> dict[str, Any]:
        """Subjects that ``q`` may mean; without it the tree, parents before children."""
        with reading(engine) as connection:
            tree = topic_tree(connection)
        everything = {one.id: one for one in tree.values() if not kind or one.kind == kind}
        found = list(everything.values()) if retired and not q else find_topics(everything, q[:200], limit)
        return {"topics": [topic_json(tree, topic, language(request, who)) for topic in found]}

    @router.post("", status_code=201)
    def add(body: NewTopic, request: Request, who: Annotated[Visitor, supervisors]) -> Any:
        """A new subject, last below its parent."""
        try:
            with writing(engine) as connection:
                topic_id = add_topic(
                    connection, body.parent_id, body.name_th, body.name_en, clock(), who, also=body.also
                )
                tree = topic_tree(connection)
        except TopicProblem as problem:
            return refused(problem, request, who)
        return topic_json(tree, tree[topic_id], language(request, who))

    @router.patch("/{topic_id}")
    def change(topic_id: int, body: TopicChange, request: Request, who: Annotated[Visitor, supervisors]) -> Any:
        """Renames, moves among its neighbours, retires, brings back."""
        changes = body.model_dump(exclude_none=True, exclude={"retired"})
        try:
            with writing(engine) as connection:
                change_topic(connection, topic_id, clock(), who, **changes)
                if body.retired is not None:
                    (retire_topic if body.retired else bring_back_topic)(connection, topic_id, clock(), who)
                tree = topic_tree(connection)
        except TopicProblem as problem:
            return refused(problem, request, who)
        return topic_json(tree, tree[topic_id], language(request, who))

    return router
