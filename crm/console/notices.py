"""Messages to the floor: supervisors write them on the console, agents read them on their desks."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from crm.console import service
from crm.console.frame import API, Frame
from crm.console.live import TOPIC
from crm.console.service import BadMessage, UnknownMessage
from crm.console.words import WORDS
from crm.database import reading, writing
from crm.staff.access import AGENTS, SUPERVISORS, Visitor


class Draft(BaseModel):
    """A message: to who answers ``queue``, to ``agent`` alone, or to all."""

    text: str = Field(max_length=4000)
    queue: str | None = Field(None, max_length=60)
    agent: str | None = Field(None, pattern=r"^[0-9]{1,10}$")
    urgent: bool = False


def message_routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    around = frame.around
    Supervisor = Annotated[Visitor, Depends(around.access.of(*SUPERVISORS))]  # noqa: N806  (a type)
    Agent = Annotated[Visitor, Depends(around.access.of(*AGENTS))]  # noqa: N806  (a type)

    def queues_of(extension: str | None) -> Sequence[str]:
        return next((agent.queues for agent in around.site().agents if agent.extension == extension), ())

    @router.get(f"{API}/messages")
    def lately(who: Supervisor) -> list[dict[str, Any]]:
        """What was said to the floor lately, the newest first, and how many have read it."""
        with reading(around.engine) as connection:
            return [one.json() for one in service.latest(connection, around.clock())]

    @router.post(f"{API}/messages")
    def send(request: Request, who: Supervisor, draft: Draft) -> JSONResponse:
        """Says something to the floor; open desks show it at once, others when they are opened."""
        site = around.site()
        if draft.queue is not None and draft.queue not in {queue.name for queue in site.queues}:
            raise HTTPException(422)
        if draft.agent is not None and draft.agent not in {agent.extension for agent in site.agents}:
            raise HTTPException(422)
        try:
            with writing(around.engine) as connection:
                made = service.send(connection, who, around.clock(), **draft.model_dump())
                told = service.message(connection, made).json()
        except BadMessage:
            language = frame.pages.language(request, who)
            return JSONResponse({"detail": "text", "advice": WORDS[language]["too_long"]}, status_code=422)
        around.hub.publish(f"agent/{draft.agent}" if draft.agent else "floor", {"kind": "floor-message", **told})
        around.hub.publish(TOPIC, {"kind": "floor-messages"})
        return JSONResponse(told)

    @router.get("/api/floor-messages")
    def unread(who: Agent) -> list[dict[str, Any]]:
        """What the floor was told and this person has not read."""
        with reading(around.engine) as connection:
            found = service.unread(connection, who.staff_id, who.extension, queues_of(who.extension), around.clock())
        return [one.json() for one in found]

    @router.post("/api/floor-messages/{message_id}/read", status_code=204)
    def read(who: Agent, message_id: int) -> None:
        """This person has read it."""
        try:
            with writing(around.engine) as connection:
                service.read(connection, message_id, who.staff_id, around.clock())
        except UnknownMessage:
            raise HTTPException(404) from None
        around.hub.publish(TOPIC, {"kind": "floor-messages"})

    return router
