"""``make screenshots``: pictures of every page, Thai and English, on a desktop and a telephone, into
``.state/screenshots``; with ``--docs`` those of the documents are written anew as well. Everything in them is made up;
no Asterisk runs. Says which pages are wider than their window, and what axe finds on them."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

from axe import faults_of
from card_server import CardServer
from playwright.sync_api import Browser, Page, sync_playwright
from programs import environment, find
from quality_scenes import CALL
from screenshot_boards import CHROMIUM, DESKTOP, LANGUAGES, TELEPHONE, boards, window
from screenshot_scenes import (
    agent_managed,
    busy_floor,
    help_shown,
    office,
    ringing,
    talking,
    told_by_the_floor,
    transfer_shown,
    wrapping_up,
)

IN_DOCUMENTS = {f"desk-{moment}-{language}": f"desk-{moment}-{language}" for moment in ("call", "ringing")
                for language in LANGUAGES} | {"wallboard-th": "wallboard"}  # fmt: skip
SETTLED_MILLISECONDS = 150  # what a page still draws after it was opened


@dataclass(frozen=True)
class Picture:
    """A page, or a moment of one. ``look`` brings it about, after the page was opened; ``show`` is done in each
    language, for what a page does not keep, such as an open dialog."""

    name: str
    path: str
    user: str = "somsri"
    look: Callable[[CardServer, Page], None] = lambda server, page: None
    show: Callable[[Page], None] = lambda page: None
    size: tuple[int, int] = DESKTOP
    still: bool = False  # nothing happens on it: whole, in both sizes, several from one office
    busy: bool = False  # from an office with weeks of calls


MOMENTS = (
    Picture("desk-idle", "/desk"),
    Picture("desk-ringing", "/desk", look=ringing),
    Picture("desk-call", "/desk", look=talking, show=lambda page: page.wait_for_timeout(1500)),  # suggestions
    Picture("desk-transfer", "/desk", look=talking, show=transfer_shown),
    Picture("desk-wrap-up", "/desk", look=wrapping_up),
    Picture("desk-help", "/desk", show=help_shown),
    Picture("desk-telephone", "/desk", look=talking, size=TELEPHONE),
    Picture("inbox", "/inbox"),
    Picture("inbox-telephone", "/inbox", size=TELEPHONE),
    Picture("console", "/console", "mali", busy_floor),
    Picture("console-agent", "/console", "mali", busy_floor, agent_managed),
    Picture("console-telephone", "/console", "mali", busy_floor, size=TELEPHONE),
    Picture("desk-message", "/desk", look=told_by_the_floor),
    Picture("card", "/cards/1"),
    Picture("card-office-telephone", "/cards/1", "officer", size=TELEPHONE),
)
STILL = tuple(
    Picture(name, path, user, still=True)
    for user, pages in {
        "": {"log-in": "/login"},
        "somsri": {
            "cards": "/cards", "directory": "/directory", "people": "/people?q=สม", "person": "/people/1",
            "quality-mine": "/quality/mine",
            "account": "/account", "knowledge": "/knowledge", "documents": "/documents", "dealers": "/dealers",
            "sources": "/sources", "not-found": "/people/999",
        },
        "officer": {"card-office": "/cards/1"},
        "mali": {
            "recordings": "/recordings", "recording": f"/recordings/{CALL}", "story": f"/calls/{CALL}",
            "quality": "/quality", "quality-cards": "/quality/cards", "quality-card": "/quality/cards/1",
            "quality-review": "/quality/reviews/1", "quality-round": "/quality/rounds/1",
            "coaching": "/quality/coaching", "directory-new": "/directory/new", "directory-entry": "/directory/1",
        },
        "admin": {
            "admin": "/admin", "admin-staff": "/admin/staff", "admin-person": "/admin/staff/1",
            "admin-new-person": "/admin/staff/new", "admin-teams": "/admin/teams", "admin-queues": "/admin/queues",
            "admin-pauses": "/admin/pauses", "admin-calendar": "/admin/calendar", "admin-closure": "/admin/closure",
            "admin-departments": "/admin/departments", "admin-new-department": "/admin/departments/new",
            "admin-department": "/admin/departments/export", "admin-topics": "/admin/topics",
            "admin-scripts": "/admin/scripts", "admin-letter": "/admin/letter",
            "admin-standards": "/admin/standards", "admin-audit": "/admin/audit",
        },
    }.items()
    for name, path in pages.items()
)  # fmt: skip
LATELY = f"from={int(time.time()) - 3 * 86_400}&to={int(time.time())}"
BUSY = tuple(
    Picture(name, path, "mali", still=True, busy=True)
    for name, path in {
        "staffing": "/staffing", "roster": "/staffing/roster", "reports": "/reports?span=month",
        "reports-calls": f"/reports/calls?figure=answered&{LATELY}", "briefs": "/briefs",
        "reports-abandoned": f"/reports/abandoned?{LATELY}",
    }.items()
)  # fmt: skip
PICTURES = (*MOMENTS, *STILL, *BUSY)


def take(folder: Path, only: str) -> list[Path]:
    """All pictures: moments each in an office of its own, so that none depends on another; the others together."""
    os.environ.update(environment())
    wanted = [picture for picture in PICTURES if only in picture.name]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=CHROMIUM)
        made = boards(browser, folder, only, faults)
        for picture in (one for one in wanted if not one.still):
            with office(scored=False) as server:
                made += _shots(browser, server, picture, folder)
        for busy in (False, True):
            together = [one for one in wanted if one.still and one.busy is busy]
            if together:
                with office(busy=busy) as server:
                    for picture in together:
                        made += _shots(browser, server, picture, folder)
        browser.close()
    return made


@contextmanager
def page_of(browser: Browser, server: CardServer, picture: Picture) -> Iterator[Page]:
    """A page of somebody."""
    context = browser.new_context(viewport=window(picture.size), reduced_motion="reduce")
    if picture.user:
        context.add_cookies([cast(Any, server.cookie(picture.user))])
    yield context.new_page()
    context.close()


def _shots(browser: Browser, server: CardServer, picture: Picture, folder: Path) -> list[Path]:
    """One picture in each language, or of a still page one in each size."""
    made = []
    with page_of(browser, server, picture) as page:
        for language in LANGUAGES:
            mark = "&" if "?" in picture.path else "?"
            answer = page.goto(server.url(f"{picture.path}{mark}lang={language}"), wait_until="load")
            if answer is not None and answer.status >= 400 and picture.name != "not-found":
                raise RuntimeError(f"{picture.path}: there is no such page ({answer.status})")
            page.evaluate("document.fonts.ready")
            if language == LANGUAGES[0]:
                picture.look(server, page)
            picture.show(page)
            sizes = (DESKTOP, TELEPHONE) if picture.still else (picture.size,)
            made += [_shot(page, picture, language, size, folder) for size in sizes]
    return made


def _shot(page: Page, picture: Picture, language: str, size: tuple[int, int], folder: Path) -> Path:
    """One; axe looks at Thai on a desktop and English on a telephone."""
    page.set_viewport_size(window(size))
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    name = f"{picture.name}-telephone" if picture.still and size == TELEPHONE else picture.name
    path = folder / f"{name}-{language}.png"
    page.screenshot(
        path=path, full_page=picture.still or (picture.look is busy_floor and picture.show is not agent_managed)
    )
    looked_at = (language == "th") == (size == DESKTOP) or not picture.still
    print(path.name, *faults(page, size, whole=looked_at), sep="\n  ", flush=True)
    return path


def faults(page: Page, size: tuple[int, int], *, whole: bool = True) -> list[str]:
    """What is wrong with a page that can be told without eyes. ``whole``: what axe finds as well."""
    wide = page.evaluate("document.documentElement.scrollWidth") - size[0]
    return ([f"{wide} pixels wider than the window"] if wide > 0 else []) + (faults_of(page) if whole else [])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", action="store_true", help="write the pictures of the documents anew")
    parser.add_argument("--only", default="", help="only those with this in their name")
    arguments = parser.parse_args()
    folder = REPOSITORY / ".state/screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    made = take(folder, arguments.only)
    if arguments.docs:
        for path in made:
            if path.stem in IN_DOCUMENTS:
                (REPOSITORY / f"docs/images/{IN_DOCUMENTS[path.stem]}.png").write_bytes(path.read_bytes())
    print(f"{len(made)} pictures in {folder.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
