"""A page in which nothing may go wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from desk_server import DeskServer
from playwright.sync_api import Browser, Page


@contextmanager
def sound_page(browser: Browser, server: DeskServer, username: str = "somsri") -> Iterator[Page]:
    """Somebody's page, logged in, 1280 × 800. At the end: no error of a script, nothing against the page's policy."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([cast(Any, server.cookie(username))])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert errors == []
