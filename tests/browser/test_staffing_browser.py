"""The staffing pages in a real browser: nobody stumbles over them, on a desktop, on a telephone, in both languages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import staffing_year
from axe import faults_of
from card_server import CardServer
from playwright.sync_api import Browser, expect

from crm.database import writing
from crm.staff.teams import create
from crm.staffing import roster
from crm.staffing.models import Shift


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardServer]:
    """Four weeks of calls, and a team tomorrow and the next days."""
    running = CardServer(Path(tmp_path_factory.mktemp("staffing")))
    running.start()
    now = datetime.now(UTC)
    today = now.astimezone(staffing_year.ZONE).date()
    staffing_year.fill(running.engine, today, weeks=4, calls_a_day=60, team=3)
    with writing(running.engine) as connection:
        team = create(connection, "ทีมเช้า", "Morning", now, None)
        for ahead in range(7):
            shift = Shift(day=today + timedelta(days=ahead), starts=510, ends=990, team_id=team, people=4)
            roster.add(connection, shift, now, None)
    yield running
    running.stop()


@pytest.mark.parametrize(("path", "language"), [("/staffing", "th"), ("/staffing/roster", "en")])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_nobody_stumbles(server: CardServer, browser: Browser, path: str, language: str, size: tuple[int, int]) -> None:
    """H1: WCAG AA by axe, nothing wider than the window, nothing that the page's own policy forbids."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_cookies([cast(Any, server.cookie("mali"))])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(server.url(f"{path}?lang={language}"))
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    if path == "/staffing":
        page.locator("details.slots summary").click()
        assert page.locator("details.slots tbody tr").count() in {0, 20}
        page.locator(".bar-room > summary").click()
        expect(page.locator(".bar-room a[aria-current]")).to_be_visible()
    assert complaints == []
    context.close()
