"""``/cards/events``: tells open pages that something changed; officers hear of their own office's cards only."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from crm.live import Hub, Listener
from crm.staff.access import OFFICE, Access, Visitor
from crm.staff.models import Role

BEAT_SECONDS: Final = 15.0
CHECK_SECONDS: Final = 30.0
_END: Final = {"kind": "end"}


class CardEvents:
    """``router`` for the application; `close` ends the streams before the server waits for them."""

    def __init__(self, hub: Hub, access: Access) -> None:
        self._hub, self._access = hub, access
        self._open: set[Listener] = set()
        self.router = APIRouter()

        @self.router.get("/cards/events")
        async def events(request: Request, who: Annotated[Visitor, Depends(access.of(*OFFICE))]) -> StreamingResponse:
            """Which card changed; the page reads anew what it shows."""

            async def allowed() -> bool:
                return await access.visitor(request) is not None

            headers = {"X-Accel-Buffering": "no"}  # a proxy in between must pass each event on at once
            stream = self._stream(who, allowed)
            return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def close(self) -> None:
        """Ends all streams."""
        for listener in self._open:
            listener.put(_END)

    async def _stream(self, who: Visitor, allowed: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
        listener = self._hub.listen(["cards"])
        self._open.add(listener)
        checked = asyncio.get_running_loop().time()
        try:
            yield "retry: 2000\n\n"
            while True:
                message = await self._next(listener)
                if message is _END:
                    return
                if asyncio.get_running_loop().time() - checked > CHECK_SECONDS:
                    if not await allowed():
                        return
                    checked = asyncio.get_running_loop().time()
                if message is None:
                    yield ": beat\n\n"
                elif concerns(message, who):
                    yield f"data: {json.dumps({name: message.get(name) for name in ('kind', 'what', 'id')})}\n\n"
        finally:
            self._open.discard(listener)
            self._hub.leave(listener)

    @staticmethod
    async def _next(listener: Listener) -> Mapping[str, Any] | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT_SECONDS):
                return await listener.get()
        return None


def concerns(message: Mapping[str, Any], who: Visitor) -> bool:
    """Whether the visitor may hear of it."""
    if who.role is not Role.OFFICER or message.get("kind") == "lost":
        return True
    own_office = who.department is not None and message.get("department") == who.department
    return own_office or message.get("to_staff_id") == who.staff_id
