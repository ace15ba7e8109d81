"""A browser, and a board to look at."""

from collections.abc import Iterator

import pytest
from board_server import BoardServer
from playwright.sync_api import Browser, sync_playwright
from programs import environment, find

QUIET = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--disable-default-apps", "--disable-domain-reliability", "--no-proxy-server"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from Debian's packages (``make`` installs it).

    Not longer than a module: while playwright runs, its event loop runs in this thread, and no other test could have
    one of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():
            patch.setenv(name, value)
        with sync_playwright() as playwright:
            running = playwright.chromium.launch(executable_path=find("chromium"), args=list(QUIET))
            yield running
            running.close()


@pytest.fixture
def board_server() -> Iterator[BoardServer]:
    """A board that is served."""
    server = BoardServer()
    server.start()
    yield server
    server.stop()
