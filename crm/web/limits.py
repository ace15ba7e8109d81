"""How much a request may bring along: forms and records are small, and nobody has to read more to refuse it."""

from typing import Final

from fastapi import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY: Final = 512 * 1024  # bytes; two texts of 20,000 Thai letters, written as \u0e01 in JSON, are 240 KB


class BodyLimit:
    """Refuses larger bodies with 413: by what they say of themselves before anything is read, else as they come."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not said.isdigit() or int(said[:20]) > self._largest:
            # the connection ends, so that the rest is not read either
            content = {"status": 413, "detail": f"at most {self._largest} bytes"}
            await JSONResponse(content, 413, {"Connection": "close"})(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._largest:
                raise HTTPException(413, headers={"Connection": "close"})
            return message

        await self._app(scope, counted, send)
