"""Reads a stream of the application as a browser would."""

import asyncio
from typing import Any

from guarded_house import HOST, GuardedHouse, Session


class Reader:
    """Reads one stream until it ends."""

    def __init__(self, house: GuardedHouse, path: str, session: Session) -> None:
        self.heard = b""
        self.ended = asyncio.Event()
        self.status = 0
        self._read = asyncio.Event()
        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": "GET",
            "path": raw,
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "scheme": "http",
            "headers": [(b"host", HOST.encode()), (b"cookie", f"hotline_session={session.token}".encode())],
            "client": ("127.0.0.1", 5),
            "server": (HOST, 80),
            "http_version": "1.1",
            "root_path": "",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
        }
        self.task = asyncio.create_task(house.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._read.is_set():
            self._read.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.Event().wait()
        return {}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.heard += message.get("body", b"")
            if not message.get("more_body"):
                self.ended.set()

    async def begun(self) -> None:
        async with asyncio.timeout(10):
            while not self.heard:
                await asyncio.sleep(0.01)
