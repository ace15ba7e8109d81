"""A page in which nothing may go wrong, and waiting beside it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from desk_server import DeskServer
from playwright.sync_api import Browser, Page

Found = TypeVar("Found")


def until(page: Page, condition: Callable[[], Found], seconds: float = 15) -> Found:
    """The first true answer; the page goes on meanwhile."""
    for _turn in range(int(seconds * 20)):
        if found := condition():
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"it did not come to be within {seconds} s")


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
