"""The page of subjects: one tree, renamed, added to, put in order and retired."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlalchemy import Connection

from crm.admin.frame import Frame, back
from crm.database import reading, writing
from crm.staff.access import SUPERVISORS, Visitor
from crm.topics.models import Topic
from crm.topics.service import (
    TopicProblem,
    add_topic,
    bring_back_topic,
    change_topic,
    get_topic,
    retire_topic,
    topic_tree,
)

Text = Annotated[str, Form()]
PATH: Final = "/admin/topics"
MISSING: Final = "no_topic"


def move(connection: Connection, topic_id: int, by: int, write: Callable[[int, int], None]) -> None:
    """Puts a subject one place up or down among those beside it. ``write``: (id, new place). Raises TopicProblem."""
    parent_id = get_topic(connection, topic_id).parent_id
    beside = [one.id for one in topic_tree(connection).values() if one.parent_id == parent_id]
    place = beside.index(topic_id)
    beside.insert(max(0, place + by), beside.pop(place))
    for position, one in enumerate(beside, start=1):
        write(one, position)


def routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    Who = Annotated[Visitor, Depends(frame.access.of(*SUPERVISORS))]  # noqa: N806

    def page(request: Request, who: Visitor, row: int = 0, fault: str = "", **typed: str) -> Response:
        with reading(frame.engine) as connection:
            tree: list[Topic] = list(topic_tree(connection).values())
        values: dict[str, Any] = {"tree": tree, "row": row, "typed": typed}
        faults = {"name_th": fault} if fault else None
        return frame.page(request, who, "topics.html", "topics", status=422 if fault else 200, faults=faults, **values)

    def tried(request: Request, who: Visitor, row: int, work: Callable[[Connection], object], **typed: str) -> Response:
        try:
            with writing(frame.engine) as connection:
                work(connection)
        except TopicProblem as problem:
            if problem.code == MISSING:
                raise HTTPException(404) from None
            return page(request, who, row, problem.code, **typed)
        return back(f"{PATH}?open={row}" if typed else PATH, "saved")

    @router.get(PATH)
    def tree(request: Request, who: Who) -> Response:
        """The whole tree, with what is retired."""
        return page(request, who)

    @router.post(PATH + "/{topic_id}")
    def change(
        request: Request, who: Who, topic_id: int, name_th: Text = "", name_en: Text = "", also: Text = ""
    ) -> Response:
        """Other names."""
        typed = {"name_th": name_th or name_en, "name_en": name_en or name_th, "also": also}
        return tried(request, who, topic_id, lambda c: change_topic(c, topic_id, frame.clock(), who, **typed), **typed)

    @router.post(PATH + "/{topic_id}/add")
    def add(
        request: Request, who: Who, topic_id: int, name_th: Text = "", name_en: Text = "", also: Text = ""
    ) -> Response:
        """One more below this one."""
        names = (name_th or name_en, name_en or name_th)
        return tried(
            request, who, -topic_id, lambda c: add_topic(c, topic_id, *names, frame.clock(), who, also=also),
            name_th=name_th, name_en=name_en, also=also,
        )  # fmt: skip

    @router.post(PATH + "/{topic_id}/retired")
    def retire(request: Request, who: Who, topic_id: int, retired: Annotated[bool, Form()]) -> Response:
        """Not offered any more, or again."""
        act = retire_topic if retired else bring_back_topic
        return tried(request, who, topic_id, lambda c: act(c, topic_id, frame.clock(), who))

    @router.post(PATH + "/{topic_id}/move")
    def moved(request: Request, who: Who, topic_id: int, by: Annotated[Literal["-1", "1"], Form()]) -> Response:
        """Up or down among those beside it."""

        def work(connection: Connection) -> None:
            def write(one: int, position: int) -> None:
                change_topic(connection, one, frame.clock(), who, position=position)

            move(connection, topic_id, int(by), write)

        return tried(request, who, topic_id, work)

    return router
