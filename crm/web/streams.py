"""Streams of what changes (server-sent events) over `crm.live`, for pages that look at something."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Final

from fastapi.responses import StreamingResponse

from crm.live import Hub

HEARTBEAT_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 900.0  # then the page asks again, and the door looks at it again
RETRY_MILLISECONDS: Final = 1500


class Streams:
    """Gives out streams; `close` ends them all, so that the server can end."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._closing = asyncio.Event()

    def of(self, topics: Iterable[str]) -> StreamingResponse:
        """Everything on these topics, one JSON object an event."""
        headers = {"X-Accel-Buffering": "no"}  # a proxy in between must pass each event on at once
        return StreamingResponse(self._messages(list(topics)), media_type="text/event-stream", headers=headers)

    async def close(self) -> None:
        """Ends all streams."""
        self._closing.set()

    async def _messages(self, topics: list[str]) -> AsyncIterator[str]:
        listener = self._hub.listen(topics)
        closing = asyncio.create_task(self._closing.wait())
        until = asyncio.get_running_loop().time() + LONGEST_SECONDS
        waiting: asyncio.Task[object] | None = None
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            while not closing.done() and asyncio.get_running_loop().time() < until:
                waiting = waiting or asyncio.create_task(listener.get())
                await asyncio.wait({waiting, closing}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    yield f"data: {json.dumps(waiting.result(), ensure_ascii=False, default=str)}\n\n"
                    waiting = None
                else:
                    yield ": still here\n\n"
        finally:
            self._hub.leave(listener)
            closing.cancel()
            if waiting is not None:
                waiting.cancel()
