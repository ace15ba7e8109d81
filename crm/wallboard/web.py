"""The board's page and its stream."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from crm.wallboard.board import BoardData, BoardSettings, Provider
from crm.wallboard.key import Door, anyone
from crm.wallboard.producer import Parts, Producer, Variant
from crm.wallboard.view import UnknownQueueError, View, queue_labels, utc_offset_seconds, view_of
from crm.web.pages import environment, language_of

TEMPLATES: Final = Path(__file__).parent / "templates"
ASK_SECONDS: Final = 15.0  # how often a stream makes sure that it is still allowed
PARTS: Final = ("date", "heard", "waiting", "within", "answered", "satisfaction", "agents", "today", "chart")


class Wallboard:
    """Wired once: ``router`` for the application, ``close()`` before the server waits for its connections to end.

    ``door``: lets those in who may look, and is asked again while they do.
    """

    def __init__(
        self,
        provider: Provider,
        settings: BoardSettings,
        *,
        door: Door,
        fonts: bool = False,
        version: str = "0",
        now: Callable[[], float] = time.time,
        interval_seconds: float = 0.5,
        heartbeat_seconds: float = 5.0,
    ) -> None:
        self._settings = settings
        self._door = door
        self._now = now
        self._templates = environment(TEMPLATES, fonts=fonts, version=version)
        self._parts = self._templates.get_template("wallboard_parts.html").module
        self.producer = Producer(
            provider, self._render, interval_seconds=interval_seconds, heartbeat_seconds=heartbeat_seconds, now=now
        )
        self.router = self._routes()

    async def close(self) -> None:
        """End the streams."""
        await self.producer.close()

    def _routes(self) -> APIRouter:
        router = APIRouter()

        @router.get("/wallboard", response_class=HTMLResponse)
        async def page(request: Request, lang: str | None = None, queue: str | None = None) -> HTMLResponse:
            """The whole board; ``?lang=en`` in English, ``?queue=`` of one queue."""
            await self._door(request)
            language = language_of(lang, None, self._settings.default_language)
            data = await self.producer.data()
            return HTMLResponse(self._page(request, data, Variant(language, queue or None)))

        @router.get("/wallboard/events")
        async def events(request: Request, lang: str | None = None, queue: str | None = None) -> StreamingResponse:
            """Changes, as server-sent events."""
            await self._door(request)
            variant = Variant(language_of(lang, None, self._settings.default_language), queue or None)
            if variant.queue is not None:
                self._view(await self.producer.data(), variant)
            headers = {"X-Accel-Buffering": "no"}  # a proxy in between must pass each event on at once
            stream = self._while_allowed(request, self.producer.watch(variant))
            return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

        return router

    async def _while_allowed(self, request: Request, stream: AsyncGenerator[str, None]) -> AsyncIterator[str]:
        """Ends when the log-in ends or the key is another; the page then asks for the way in."""
        asked_at = time.monotonic()
        try:
            async for text in stream:
                yield text
                if time.monotonic() - asked_at > ASK_SECONDS:
                    asked_at = time.monotonic()
                    await self._door(request)
        except HTTPException:
            return
        finally:
            await stream.aclose()

    def _page(self, request: Request, data: BoardData, variant: Variant) -> str:
        view = self._view(data, variant)
        boards = [("", view.words["all_queues"]), *queue_labels(data.queues, variant.language)]
        return self._templates.get_template("wallboard.html").render(
            language=variant.language,
            view=view,
            parts=self._draw(view),
            events=f"{request.url.path}/events?{request.url.query}",
            now=self._now(),
            offset=utc_offset_seconds(data.at, self._settings),
            boards=boards if len(boards) > 2 else [],
            queue=variant.queue or "",
            key=request.query_params.get("key", ""),
        )

    def _view(self, data: BoardData, variant: Variant) -> View:
        try:
            return view_of(data, self._settings, variant.language, variant.queue)
        except UnknownQueueError:
            raise HTTPException(404) from None

    def _render(self, data: BoardData, variant: Variant) -> Parts:
        return self._draw(view_of(data, self._settings, variant.language, variant.queue))

    def _draw(self, view: View) -> Parts:
        return {name: " ".join(str(getattr(self._parts, name)(view)).split()) for name in PARTS}


def wallboard(provider: Provider, settings: BoardSettings | None = None, *, fonts: bool = False) -> APIRouter:
    """Routes of an open board over a provider of its data: the short way, for when nothing must be closed."""
    return Wallboard(provider, settings or BoardSettings(), door=anyone, fonts=fonts).router
