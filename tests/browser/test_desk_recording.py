"""A recorded talk at the desk: it is shown, and a part left out by a button or a key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from desk_scenes import answer, arrive, leave, made, ring
from desk_server import AGENT, DeskServer
from playwright.sync_api import Browser, expect

from ami_listener.events import AgentState, RecordingStarted
from crm.database import reading
from crm.recordings.service import pauses

CALL = "main-1.1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DeskServer]:
    running = DeskServer(tmp_path)
    running.start()
    yield running
    running.stop()


def test_a_part_of_the_talk_is_left_out(browser: Browser, server: DeskServer) -> None:
    """Alt+R pauses, the button goes on; a page that is loaded anew knows it; after the talk nothing of it is shown."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([cast(Any, server.cookie())])
    page = context.new_page()
    server.state(AgentState.AVAILABLE)
    page.goto(server.url("/desk?lang=en"))
    arrive(server, CALL)
    ring(server, CALL)
    expect(page.locator("#recording")).to_be_hidden()
    answer(server, CALL)
    started = made(
        RecordingStarted, CALL, agent=AGENT, queue="enquiries", sides=True, announced=True, channel="PJSIP/trunk-1"
    )
    server.play(started)
    server.state(AgentState.IN_CALL)
    expect(page.locator("#recording")).to_be_visible()
    expect(page.locator("#recording-state")).to_have_text("Recording")
    page.keyboard.press("Alt+KeyR")
    expect(page.locator("#recording-state")).to_have_text("Recording paused")
    page.reload()
    expect(page.locator("#recording-state")).to_have_text("Recording paused")
    page.locator("#recording-pause").click()
    expect(page.locator("#recording-state")).to_have_text("Recording")
    with reading(server.office.around.engine) as connection:
        assert [(one.who, one.until_at is not None) for one in pauses(connection, CALL)] == [("somsri", True)]
    leave(server, CALL)
    expect(page.locator("#recording")).to_be_hidden()
    context.close()
