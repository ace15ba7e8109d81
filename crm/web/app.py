"""The web application: routers are given to it; it adds headers, health, metrics, static files and error pages."""

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from crm.web.addresses import from_here
from crm.web.headers import SecurityHeaders, security_headers
from crm.web.limits import BodyLimit
from crm.web.pages import STATIC, environment, error_words, language_of
from metrics.exposition import CONTENT_TYPE

log = logging.getLogger(__name__)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    routers: Iterable[APIRouter] = (),
    *,
    ready: Callable[[], Mapping[str, bool]] = dict,
    metrics: Callable[[], bytes] | None = None,
    near: Callable[[Request], bool] = from_here,
    public_url: str = "",
    fonts_folder: Path | None = None,
    scripts: Mapping[str, Path] | None = None,
    frame_ancestors: str = "'none'",
    default_language: str = "th",
    version: str = "0",
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """The application.

    ``ready``: each part and whether it works, for ``/ready``. ``metrics``: the text of a scrape (`Exporter.text`); None
    leaves ``/metrics`` out; ``near``: who may read them. ``public_url``: our address when it is not the one that
    requests name, as behind some proxies. ``fonts_folder``: see `crm.web.pages.find_fonts`. ``scripts``: see
    `find_scripts` there.
    ``frame_ancestors``: as in a content security policy, ``'none'``, ``'self'`` or addresses.
    """
    app = FastAPI(title="Hotline", version=version, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.public_host = urlsplit(public_url).netloc
    headers = security_headers(frame_ancestors)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, headers=headers)
    app.include_router(_own_routes(ready, metrics, near))
    for router in routers:
        app.include_router(router)
    if fonts_folder is not None:
        app.mount("/static/fonts", StaticFiles(directory=fonts_folder), name="fonts")
    # Only what is the same for everybody is made smaller: a page with a secret in it would tell of it by its size.
    app.mount("/static/vendor", GZipMiddleware(_ForeignScripts(scripts or {})), name="vendor")
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC), minimum_size=1000), name="static")
    templates = environment(fonts=fonts_folder is not None, version=version)
    _answer_errors(app, templates, default_language, headers)
    return app


def _own_routes(
    ready: Callable[[], Mapping[str, bool]], metrics: Callable[[], bytes] | None, near: Callable[[Request], bool]
) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Alive: this process answers."""
        return {"status": "ok"}

    @router.get("/ready")
    def is_ready() -> JSONResponse:
        """Ready: every part works."""
        parts = dict(ready())
        works = all(parts.values())
        content = {"status": "ok" if works else "not ready", "parts": parts}
        return JSONResponse(content, status_code=200 if works else 503)

    if metrics is not None:

        @router.get("/metrics")
        async def scrape(request: Request) -> Response:
            """Prometheus; on the event loop, where the exporter is told of calls too."""
            if not near(request):
                raise HTTPException(403)
            return Response(metrics(), media_type=CONTENT_TYPE)

    return router


class _ForeignScripts(StaticFiles):
    """Scripts that npm brought, by the names they are served under."""

    def __init__(self, scripts: Mapping[str, Path]) -> None:
        super().__init__()
        self._scripts = scripts

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        found = self._scripts.get(path)
        return (str(found), found.stat()) if found else ("", None)


def _answer_errors(app: FastAPI, templates: Environment, default_language: str, security: Mapping[str, str]) -> None:
    page = templates.get_template("error.html")

    def answer(
        request: Request, status: int, headers: Mapping[str, str] | None = None, detail: object = None
    ) -> Response:
        accepted = request.headers.get("accept-language")
        language = language_of(request.query_params.get("lang"), accepted, default_language)
        title, advice = error_words(status, language)
        if "text/html" in request.headers.get("accept", ""):
            html = page.render(language=language, status=status, title=title, advice=advice)
            return HTMLResponse(html, status_code=status, headers=dict(headers or {}))
        content = {"status": status, "title": title, "advice": advice, "detail": detail}
        if isinstance(detail, Mapping):  # a request that knows better what to do says so itself
            content |= {"detail": None, **detail}
        return JSONResponse(content, status_code=status, headers=dict(headers or {}))

    async def known(request: Request, error: Any) -> Response:
        wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
        if error.status_code == 401 and wants_page:
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(here)}", status_code=303)
        if error.status_code == 403 and error.detail == "password" and wants_page:
            return RedirectResponse("/account", status_code=303)  # a one-time password comes first
        said = None if error.detail == HTTPStatus(error.status_code).phrase else error.detail
        return answer(request, error.status_code, error.headers, said)

    async def invalid(request: Request, error: Any) -> Response:
        return answer(request, 422)

    async def unfit(request: Request, error: Any) -> Response:
        # a number too large for its column, a text that is none: the database says so, whatever the form allowed
        log.info("a request did not fit the database: %s", type(error).__name__)
        return answer(request, 422)

    async def failed(request: Request, error: Any) -> Response:
        # The server logs the error itself, and answers outside of the middleware that sets headers.
        return answer(request, 500, {**security, "Cache-Control": "no-store"})

    app.add_exception_handler(HTTPException, known)
    app.add_exception_handler(RequestValidationError, invalid)
    for kind in (DataError, OverflowError, UnicodeError):
        app.add_exception_handler(kind, unfit)
    app.add_exception_handler(Exception, failed)
