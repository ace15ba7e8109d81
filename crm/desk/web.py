"""The page of the desk, its stream of events, and all of it anew for a page that was away."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from ami_listener.floor import FloorSnapshot
from crm.basket.words import WORDS as BASKET_WORDS
from crm.contacts.showing import choices as record_choices
from crm.desk.service import Desk, waiting_of
from crm.desk.stream import Streams
from crm.desk.words import WORDS
from crm.inbox.words import WORDS as INBOX_WORDS
from crm.live import Hub
from crm.people.showing import choices as person_choices
from crm.staff.access import AGENTS, Access, Visitor
from crm.staff.models import Role
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
_TOPIC: Final = re.compile(r"(?:person|contact)/[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """``queues``: names and labels of all queues, in the order of the settings. ``queues_of``: those of an agent.
    ``colleagues``: extension to names by language. ``reasons``: why somebody of a role may take a pause.
    ``offices``: names in a language."""

    hub: Hub
    access: Access
    house: House
    floor: Callable[[], FloorSnapshot]
    queues: Sequence[Mapping[str, str]]
    queues_of: Callable[[str], Sequence[str]]
    colleagues: Callable[[], Mapping[str, Mapping[str, str]]]
    reasons: Callable[[Role], Sequence[Mapping[str, str]]]
    offices: Callable[[str], Sequence[str]]
    clock: Callable[[], datetime]


class DeskPages:
    """``router`` for the application; `close` before the server waits for its connections to end."""

    def __init__(self, around: Surroundings, desk: Desk, streams: Streams) -> None:
        self._around = around
        self._desk = desk
        self._streams = streams
        self._pages = Pages(around.house, WORDS, TEMPLATES)
        self.router = APIRouter()
        self._add_routes()

    async def close(self) -> None:
        """Ends streams and what was begun."""
        self._streams.close()
        self._desk.close()

    def _add_routes(self) -> None:
        access = self._around.access
        router = self.router

        @router.get("/desk", response_class=HTMLResponse)
        async def page(request: Request, who: Annotated[Visitor, Depends(access.of(*AGENTS))]) -> HTMLResponse:
            """The desk itself, with everything it shows at first."""
            reasons = await run_in_threadpool(self._around.reasons, who.role)
            language = self._pages.language(request, who)
            data = {
                "basket": {"words": BASKET_WORDS[language]},
                "state": await self.state(who),
                "queues": self._around.queues,
                "colleagues": self._around.colleagues(),
                "reasons": reasons,
                "inbox": {"words": INBOX_WORDS[self._pages.language(request, who)], "me": who.staff_id},
                "me": who.staff_id,
                "zone": str(self._around.house.zone),
            }
            return self._pages.page(
                request,
                who,
                "desk.html",
                data=data,
                choices=choices_in(language),
                basket_words=BASKET_WORDS[language],
                offices=self._around.offices(language),
            )

        @router.get("/desk/events")
        async def events(request: Request, who: Annotated[Visitor, Depends(access.of(*AGENTS))]) -> StreamingResponse:
            """Everything that concerns this agent, as it happens; see `crm.desk.service` for the messages."""
            topics = [f"staff/{who.staff_id}", "floor"]
            if who.extension:
                topics.append(f"agent/{who.extension}")

            async def allowed() -> bool:
                return await access.visitor(request) is not None

            stream = self._streams.events(who.staff_id, topics, allowed)
            headers = {"X-Accel-Buffering": "no"}  # a proxy in between must pass each event on at once
            return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

        @router.post("/api/desk/watch", status_code=204)
        async def watch(
            who: Annotated[Visitor, Depends(access.of(*AGENTS))],
            stream: Annotated[str, Body(max_length=40)],
            topics: Annotated[list[str], Body(max_length=8)],
        ) -> None:
            """Which persons and contacts the page shows: changes of these come on its stream."""
            if not all(_TOPIC.fullmatch(topic) for topic in topics):
                raise HTTPException(422)
            if not self._streams.watch(stream, who.staff_id, topics):
                raise HTTPException(404)

        @router.get("/api/desk/state")
        async def state(who: Annotated[Visitor, Depends(access.of(*AGENTS))]) -> dict[str, Any]:
            """Everything needed to draw the desk anew."""
            return await self.state(who)

    async def state(self, who: Visitor) -> dict[str, Any]:
        """``now`` (the server's clock), ``heard``, ``agent``, ``state``, ``call``, ``profile``, ``waiting``."""
        extension = who.extension or ""
        call = self._desk.call_of(extension)
        return {
            "now": self._around.clock().isoformat(),
            "heard": self._desk.heard,
            "agent": {
                "extension": who.extension,
                "name_th": who.name_th,
                "name_en": who.name_en,
                "phone": who.phone.value,
                "auto_answer": who.auto_answer,
                "queues": list(self._around.queues_of(extension)),
            },
            "state": self._desk.opened(extension),
            "call": call.json() if call else None,
            "profile": await self._desk.profile_of(call) if call else None,
            "waiting": waiting_of(self._around.floor()),
        }


def choices_in(language: str) -> dict[str, list[dict[str, str]]]:
    """Field → values and labels of what can be chosen, of persons and of records."""
    return {**person_choices(language), **record_choices(language)}
