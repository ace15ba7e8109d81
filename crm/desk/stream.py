"""What a desk hears: server-sent events of one visitor, with a beat, so that silence means that the line is dead."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any, Final

from crm.live import Hub, Listener

BEAT_SECONDS: Final = 4.0
CHECK_SECONDS: Final = 30.0
RETRY_MILLISECONDS: Final = 1000
WATCHED: Final = ("person/", "contact/")
MOST_WATCHED: Final = 8


class Streams:
    """All open streams. ``allowed`` is asked now and then whether a visitor's session still holds."""

    def __init__(self, hub: Hub, clock: Callable[[], datetime], beat_seconds: float = BEAT_SECONDS) -> None:
        self._hub = hub
        self._clock = clock
        self._beat = beat_seconds
        self._open: dict[str, tuple[int, Listener]] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    def close(self) -> None:
        """Ends all streams, so that the server can stop."""
        self._closed = True
        for _, listener in self._open.values():
            listener.put({"kind": "closing"})

    def watch(self, name: str, staff_id: int, topics: list[str]) -> bool:
        """From now on this stream hears these persons and contacts, and no others; False when it is not theirs."""
        owner, listener = self._open.get(name, (None, None))
        if listener is None or owner != staff_id:
            return False
        self._hub.leave_all(listener, WATCHED)
        for topic in topics[:MOST_WATCHED]:
            self._hub.also(listener, topic)
        return True

    async def events(
        self, staff_id: int, topics: list[str], allowed: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[str]:
        """The stream of one visitor. The first event is ``hello`` with the stream's name."""
        name, numbers = secrets.token_urlsafe(12), count(1)
        listener = self._hub.listen(topics)
        self._open[name] = (staff_id, listener)
        checked = asyncio.get_running_loop().time()
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            yield self._text(next(numbers), {"kind": "hello", "stream": name})
            while not self._closed:
                message = await self._next(listener)
                if message.get("kind") == "closing":
                    return
                yield self._text(next(numbers), message)
                now = asyncio.get_running_loop().time()
                if now - checked > CHECK_SECONDS:
                    checked = now
                    if not await allowed():
                        yield self._text(next(numbers), {"kind": "logged-out"})
                        return
        finally:
            self._open.pop(name, None)
            self._hub.leave(listener)

    async def _next(self, listener: Listener) -> Mapping[str, Any]:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._beat):
                return await listener.get()
        return {"kind": "beat"}

    def _text(self, number: int, message: Mapping[str, Any]) -> str:
        told = {**message, "at": self._clock().isoformat()}
        return f"id: {number}\ndata: {json.dumps(told, ensure_ascii=False, separators=(',', ':'))}\n\n"
