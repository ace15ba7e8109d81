"""Pictures of the wallboards, on the wall, at a desk and on a telephone; a part of ``make screenshots``."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from board_server import BoardServer
from playwright.sync_api import Browser, Page, ViewportSize
from wallboard_data import BAD_DAY, GOOD_DAY, board

DESKTOP, TELEPHONE, WALL = (1280, 800), (390, 844), (1920, 1080)
CHROMIUM = ["--no-sandbox", "--no-proxy-server"]
LANGUAGES = ("th", "en")
BOARDS = {  # how the day goes on each
    "wallboard": board(waiting=1, waited=3, today=GOOD_DAY),
    "wallboard-bad": board(waiting=6, waited=21, today=BAD_DAY, staff=24),
    "wallboard-empty": board(),
    "wallboard-queue": board(waiting=1, waited=3, today=GOOD_DAY),
}
QUERIES = {"wallboard-queue": "&queue=general"}  # the others show all queues


def window(size: tuple[int, int]) -> ViewportSize:
    """As playwright takes it."""
    return {"width": size[0], "height": size[1]}


def boards(
    browser: Browser, folder: Path, only: str, faults: Callable[[Page, tuple[int, int]], list[str]]
) -> list[Path]:
    """All whose name has ``only`` in it. ``faults``: what is wrong with a page, for the log."""
    wanted = {name: data for name, data in BOARDS.items() if only in name}
    made: list[Path] = []
    if not wanted:
        return made
    server = BoardServer()
    server.start()
    try:
        for name, data in wanted.items():
            for language in LANGUAGES:
                server.data = replace(data, at=datetime.now(UTC))
                page = browser.new_page(viewport=window(WALL))
                page.goto(server.url(f"?lang={language}{QUERIES.get(name, '')}"))
                for size, end in ((WALL, ""), (DESKTOP, "-desktop"), (TELEPHONE, "-telephone")):
                    page.set_viewport_size(window(size))
                    page.wait_for_timeout(300)
                    made.append(folder / f"{name}{end}-{language}.png")
                    page.screenshot(path=made[-1], full_page=size == TELEPHONE)
                    print(made[-1].name, *faults(page, size), sep="\n  ", flush=True)
                page.close()
    finally:
        server.stop()
    return made
