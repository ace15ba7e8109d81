"""How much a request may bring along: forms and records are small, and nobody has to read more to refuse it."""

from collections.abc import Mapping
from typing import Final

from fastapi import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY: Final = 512 * 1024  # bytes; two texts of 20,000 Thai letters, written as \u0e01 in JSON, are 240 KB

# Where files are brought: beginning of the path → most bytes there. Those requests take their bodies in parts, and have
# their own limit in the settings.
LARGE_BODIES: Final[Mapping[str, int]] = {
    "/api/files": 256 * 1024 * 1024,
    "/api/documents": 100 * 1024 * 1024,
    "/api/dealers/import": 32 * 1024 * 1024,
}


class BodyLimit:
    """Refuses larger bodies with 413: by what they say of themselves before anything is read, else as they come."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY, exceptions: Mapping[str, int] = LARGE_BODIES) -> None:
        self._app = app
        self._largest = largest
        self._exceptions = exceptions

    def _at_most(self, path: str) -> int:
        return next((most for start, most in self._exceptions.items() if path.startswith(start)), self._largest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._at_most(scope["path"])
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not said.isdigit() or int(said[:20]) > largest:
            # the connection ends, so that the rest is not read either
            content = {"status": 413, "detail": f"at most {largest} bytes"}
            await JSONResponse(content, 413, {"Connection": "close"})(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > largest:
                raise HTTPException(413, headers={"Connection": "close"})
            return message

        await self._app(scope, counted, send)
