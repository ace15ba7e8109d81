"""K3, H8: who hung up before anybody answered is called back from the list of abandoned calls."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from desk_scenes import over, write_calls
from desk_server import DeskServer
from playwright.sync_api import Browser, expect

from ami_listener.actions import Originate
from ami_listener.events import AgentState
from crm.database import reading
from crm.inbox.models import inbox_tasks
from crm.staff.models import PhoneKind, Role
from hotline.people import overlay_of

BOSS = "1009"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    running = DeskServer(tmp_path_factory.mktemp("abandoned"))
    running.staff["boss"] = running._account("boss", "หัวหน้า", "Boss", BOSS, PhoneKind.DESK, Role.SUPERVISOR)
    with reading(running.engine) as connection:
        running.settings = running.settings.with_people(overlay_of(connection))
    running.start()
    yield running
    running.stop()


def test_a_click_rings_the_supervisors_telephone_for_that_caller(server: DeskServer, browser: Browser) -> None:
    """The page takes the task, so that nobody else calls the same person, and Asterisk is asked to ring the desk's
    telephone, which then dials the caller."""
    lost = over("0812345678", 30)
    write_calls(server.engine, lost)
    server.state(AgentState.AVAILABLE, agent=BOSS)
    context = browser.new_context()
    context.add_cookies([cast(Any, server.cookie("boss"))])
    page = context.new_page()
    page.goto(server.url("/reports/abandoned?lang=en"))
    button = page.locator(f'button[data-task="{lost.call_id}"]')
    expect(button).to_have_text("Call back")
    with page.expect_response("**/api/telephone/dial") as answered:
        button.click()
    assert answered.value.ok, answered.value.text()
    expect(page.locator(".toast")).to_be_visible()
    (ring,) = [action for action in server.asked if isinstance(action, Originate)]
    assert BOSS in ring.channel
    assert "0812345678" in repr(ring) or "+66812345678" in repr(ring)
    with reading(server.engine) as connection:
        (task,) = connection.execute(inbox_tasks.select()).mappings()
    assert (task["call_id"], task["taken_by"]) == (lost.call_id, server.staff["boss"])
    context.close()
