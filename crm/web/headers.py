"""Headers of every answer: nothing foreign runs in our pages, and nothing of theirs is kept."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
)
HSTS = "max-age=31536000"  # a year; once reached by https, browsers come back by nothing else
STATIC_PREFIX = "/static/"


def security_headers(frame_ancestors: str) -> dict[str, str]:
    """Headers of every answer. ``frame_ancestors``: who may show our pages in a frame."""
    headers = {
        "Content-Security-Policy": f"{CONTENT_POLICY}frame-ancestors {frame_ancestors}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    old_browsers = {"'none'": "DENY", "'self'": "SAMEORIGIN"}.get(frame_ancestors)
    if old_browsers:
        headers["X-Frame-Options"] = old_browsers
    return headers


class SecurityHeaders:
    """Sets them; plain ASGI, so that streams pass unbuffered."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        keeping = _keeping(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", HSTS)
                fit_to_keep = message["status"] in {200, 206, 304}
                headers.setdefault("Cache-Control", keeping if fit_to_keep else "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _keeping(scope: Scope) -> str:
    """How long an answer may be kept. A module that another module asks for has no version in its address, so the
    browser asks each time whether it is still the same: two versions never meet on one page."""
    path = scope["path"]
    if not path.startswith(STATIC_PREFIX):
        return "no-store"
    if path.endswith(".js") and not scope["query_string"]:
        return "no-cache"
    return "public, max-age=3600"
