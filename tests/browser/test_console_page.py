"""The console as supervisors see it: fresh without reload, plainly stale when it is, orders as they were meant."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from desk_scenes import QUEUE, answer, arrive, made
from desk_server import AGENT, OTHER, DeskServer
from playwright.sync_api import Browser, Page, expect
from sound_page import sound_page

from ami_listener.actions import PauseAgent
from ami_listener.events import AgentState, CallAnswered, CallEnded, CallSpied, CallTransferred, SpyMode
from crm.database import reading, writing
from crm.staff.models import PhoneKind, Role
from crm.staff.service import set_queues
from hotline.people import overlay_of

BOSS, CALL, SECONDS = "1009", "main-1.1", 1000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    office = DeskServer(tmp_path_factory.mktemp("console"))
    office.staff["mali"] = office._account("mali", "มะลิ หัวหน้า", "Mali", BOSS, PhoneKind.DESK, Role.SUPERVISOR)
    with writing(office.engine) as connection:
        set_queues(connection, office.staff["somsri"], {QUEUE: 0}, office.now(), None)
    with reading(office.engine) as connection:
        office.settings = office.settings.with_people(overlay_of(connection))
    office.start()
    yield office
    office.stop()


@pytest.fixture
def page(server: DeskServer, browser: Browser) -> Iterator[Page]:
    with sound_page(browser, server, "mali") as opened:
        yield opened


def test_a_call_that_left_the_house_is_with_an_office_and_not_with_a_line(server: DeskServer, page: Page) -> None:
    """K3: whoever picks up outside is no agent of ours."""
    page.goto(server.url("/console?lang=en"))
    arrive(server, "main-7.1")
    answer(server, "main-7.1")
    server.play(
        made(CallTransferred, "main-7.1", kind="blind", agent=AGENT, to="701"),
        made(CallAnswered, "main-7.1", queue="", agent="carrier", agent_channel="PJSIP/carrier-1"),
    )
    expect(page.locator("#talking li")).to_contain_text("Handed to an office outside")
    expect(page.locator("#talking li")).not_to_contain_text("carrier")
    server.play(made(CallEnded, "main-7.1"))
    expect(page.locator("#talking li")).to_have_count(0)


def test_on_a_telephone_the_bar_shows_where_we_are(server: DeskServer, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server.url("/console?lang=th"))
    expect(page.locator(".bar-room > summary")).to_be_in_viewport(ratio=0.9)


def test_calls_and_agents_as_they_are(server: DeskServer, page: Page) -> None:
    """C1: who waits and who talks, and who listens, without reload."""
    page.goto(server.url("/console?lang=en"))
    arrive(server, CALL)
    expect(page.locator("#waiting li")).to_contain_text("081 234 5678")
    expect(page.locator("#waiting li[data-late]")).to_contain_text("Over 9 s", timeout=12 * SECONDS)
    answer(server, CALL)
    expect(page.locator("#waiting li")).to_have_count(0)
    talk = page.locator("#talking li")
    expect(talk).to_contain_text("Somsri Jaidee")
    expect(page.locator("#agents tr", has_text="Somsri")).to_contain_text("In a call")
    server.play(
        CallSpied(event_id="s", occurred_at=server.now(), spy_id="spy-1", supervisor=BOSS, mode=SpyMode.WHISPER,
                  agent=AGENT, of_call=CALL, channel="PJSIP/1009-1")
    )  # fmt: skip
    expect(page.locator("#spying-who")).to_have_text("Somsri Jaidee")
    expect(page.locator("[data-way=whisper]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#spying-hint")).to_have_text("The agent hears you, the caller does not")
    expect(talk).to_contain_text("Listened to by Mali (Whisper)")


def test_an_agent_is_paused_and_the_floor_is_told(server: DeskServer, page: Page, browser: Browser) -> None:
    server.state(AgentState.AVAILABLE, agent=OTHER)
    page.goto(server.url("/console?lang=en"))
    page.get_by_role("button", name="Manage: Prasert Sukjai").click()
    page.locator("#manage-reason").select_option("lunch")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator("#manage")).to_be_hidden()
    paused = [action for action in server.asked if isinstance(action, PauseAgent)]
    assert (paused[-1].interface, paused[-1].reason) == (f"PJSIP/{OTHER}", "lunch")
    desk = browser.new_context()
    desk.add_cookies([cast(Any, server.cookie("prasert"))])
    prasert = desk.new_page()
    prasert.goto(server.url("/desk?lang=en"))
    expect(prasert.locator("#state-name")).not_to_have_text("–")
    page.locator("#message-text").fill("The line is back")
    page.get_by_role("button", name="Send").click()
    told = prasert.locator(".floor-messages li")
    expect(told).to_contain_text("The line is back")
    expect(page.locator("#lately li")).to_contain_text("read by 0")
    told.get_by_role("button", name="Read").click()
    expect(told).to_have_count(0)
    expect(page.locator("#lately li")).to_contain_text("read by 1")
    desk.close()


def test_the_switch_asks_first_and_is_seen_at_once(server: DeskServer, page: Page) -> None:
    page.goto(server.url("/console?lang=en"))
    page.locator("#closure-reason").fill("flood")
    page.get_by_role("button", name="Close now").click()
    page.locator("#sure").get_by_role("button", name="Cancel").click()
    expect(page.locator("#closed .notice")).to_have_count(0)
    page.get_by_role("button", name="Close now").click()
    page.locator("#sure-yes").click()
    expect(page.locator("#closed .notice")).to_contain_text("flood", timeout=6 * SECONDS)
    page.get_by_role("button", name="Open again").click()
    expect(page.locator("#closed .notice")).to_have_count(0, timeout=6 * SECONDS)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
@pytest.mark.parametrize("language", ["th", "en"])
def test_everything_fits(server: DeskServer, page: Page, size: tuple[int, int], language: str) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(server.url(f"/console?lang={language}"))
    expect(page.locator("#agents tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_says_so_when_it_is_stale(server: DeskServer, page: Page) -> None:
    page.goto(server.url("/console?lang=en"))
    expect(page.locator("#stale")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("#stale")).to_contain_text("Disconnected", timeout=15 * SECONDS)
    page.context.set_offline(False)
    expect(page.locator("#stale")).to_be_hidden(timeout=15 * SECONDS)
