"""The console's page and its stream, and the supervisor's own part in calls: ``/api/console/…``."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ami_listener.events import SpyMode
from crm.console.agents import agent_routes
from crm.console.closing import closure_routes
from crm.console.frame import API, Frame
from crm.console.live import TOPIC
from crm.console.notices import message_routes
from crm.console.orders import Note
from crm.console.words import WORDS
from crm.desk.stream import Streams
from crm.staff.access import SUPERVISORS, Visitor


class Talk(BaseModel):
    """Whose talk, and how to take part."""

    agent: str = Field(pattern=r"^[0-9]{1,10}$")
    mode: SpyMode


class Way(BaseModel):
    """How to take part."""

    mode: SpyMode


class Waiting(BaseModel):
    """A waiting call."""

    call: str = Field(min_length=1, max_length=150)


class ConsolePages:
    """``router`` for the application; `close` before the server waits for its connections to end."""

    def __init__(self, frame: Frame, streams: Streams) -> None:
        self._frame = frame
        self._streams = streams
        self._door = frame.around.access.of(*SUPERVISORS)
        self.router = APIRouter()
        self._page_routes()
        self._call_routes()
        for routes in (agent_routes, message_routes, closure_routes):
            self.router.include_router(routes(frame))

    async def close(self) -> None:
        """Ends the streams."""
        self._streams.close()

    def _page_routes(self) -> None:
        frame, router = self._frame, self.router
        Who = Annotated[Visitor, Depends(self._door)]  # noqa: N806  (a type)

        @router.get("/console", response_class=HTMLResponse)
        async def page(request: Request, who: Who) -> HTMLResponse:
            """The console, with everything it shows at first."""
            language = frame.pages.language(request, who)
            reasons = await run_in_threadpool(frame.around.reasons, who.role)
            data = {
                "state": await self._state(),
                "me": {"staff": who.staff_id, "extension": who.extension, "phone": who.phone.value},
                "queues": self._queues(language),
                "reasons": [{"name": one["name"], "label": one[language]} for one in reasons],
                "words": WORDS[language],
                "language": language,
                "zone": str(frame.around.house.zone),
                "limit": frame.around.site().answering.answer_within_seconds,
            }
            numbers = [number.number for number in frame.around.site().numbers]
            return frame.pages.page(
                request, who, "console.html", data=data, queues=self._queues(language), numbers=numbers
            )

        @router.get("/console/events")
        async def events(request: Request, who: Who) -> StreamingResponse:
            """What changes of the floor (``console``), and messages to it (``floor-messages``)."""

            async def allowed() -> bool:
                visitor = await frame.around.access.visitor(request)
                return visitor is not None and visitor.is_one_of(*SUPERVISORS)

            stream: AsyncIterator[str] = self._streams.events(who.staff_id, [TOPIC], allowed)
            headers = {"X-Accel-Buffering": "no"}  # a proxy in between must pass each event on at once
            return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

        @router.get(f"{API}/state")
        async def state(who: Who) -> dict[str, Any]:
            """The whole picture: ``waiting``, ``talking``, ``agents``, ``closed``, ``heard``; ``now``: our clock."""
            return await self._state()

    def _call_routes(self) -> None:
        frame, router = self._frame, self.router
        orders = frame.around.orders
        Who = Annotated[Visitor, Depends(self._door)]  # noqa: N806  (a type)

        def noted(who: Visitor, action: str, **details: str) -> Note:
            async def note(call_id: str) -> None:
                await frame.note(who, action, f"call/{call_id}", **details)

            return note

        @router.post(f"{API}/spy")
        async def spy(request: Request, who: Who, talk: Talk) -> JSONResponse:
            """Listens to, whispers into or joins an agent's talk, on the own telephone."""
            note = noted(who, f"console.{talk.mode}", agent=talk.agent)
            return await frame.do(request, who, orders.spy(who.extension, talk.agent, talk.mode, note))

        @router.post(f"{API}/spy/mode")
        async def change(request: Request, who: Who, way: Way) -> JSONResponse:
            """Another way, in the same talk."""
            note = noted(who, f"console.{way.mode}")
            return await frame.do(request, who, orders.change(who.extension, way.mode, note))

        @router.post(f"{API}/spy/stop")
        async def stop(request: Request, who: Who) -> JSONResponse:
            """Leaves the talk, which goes on."""

            async def order() -> None:
                await orders.stop(who.extension)

            return await frame.do(request, who, order())

        @router.post(f"{API}/pull")
        async def pull(request: Request, who: Who, waiting: Waiting) -> JSONResponse:
            """Takes a waiting caller to the own telephone."""
            note = noted(who, "console.pulled", extension=who.extension or "")
            return await frame.do(request, who, orders.pull(who.extension, waiting.call, note))

    async def _state(self) -> dict[str, Any]:
        try:
            picture = await self._frame.around.floor.picture()
        except RuntimeError:
            raise HTTPException(503) from None
        return {"now": self._frame.around.clock().isoformat(), **picture}

    def _queues(self, language: str) -> list[Mapping[str, str]]:
        return [
            {
                "name": queue.name,
                "label": (queue.label_th if language == "th" else queue.label_en) or queue.label_th or queue.name,
            }
            for queue in self._frame.around.site().queues
        ]
