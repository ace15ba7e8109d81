"""Twenty desks with telephones in their pages, rung at once by one call: all show it, one takes it, none is left
ringing."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from desk_product import BROWSER_FLAGS, NUMBER, QUEUE, SECOND, Outside, available
from playwright.sync_api import Browser, Page, expect, sync_playwright
from product import DESKS as DESKS_ADDRESS
from product import free_port
from programs import environment, find
from whole import Whole, installed_root, running, whole_settings

from crm.database import writing
from crm.staff import sessions
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from crm.staff.service import create

DESKS, BROWSERS = 20, 2
PATIENCE = 60 * SECOND  # twenty telephones on a small machine
EXTENSIONS = [f"22{n:02}" for n in range(DESKS)]


@pytest.fixture(scope="module")
def browsers() -> Iterator[list[Browser]]:
    """Chromium with a microphone that always hums; two of them, since one opens sixteen microphones at most."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():
            patch.setenv(name, value)
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--no-proxy-server", *BROWSER_FLAGS]
            opened = [
                playwright.chromium.launch(executable_path=find("chromium"), args=arguments) for _ in range(BROWSERS)
            ]
            yield opened
            for browser in opened:
                browser.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    root = installed_root()
    desks = free_port(DESKS_ADDRESS)
    agents: list[dict[str, Any]] = [
        {"extension": one, "name_en": one, "queues": [QUEUE], "phone": "webrtc"} for one in EXTENSIONS
    ]
    # a telephone on a desk, in no queue: the telephones around the product need one
    agents.append({"extension": "2300", "queues": [], "contact": f"sip:2300@{DESKS_ADDRESS}:{desks}"})
    # twenty pages that ring at once are slow here, and all are looked at before one answers
    queues = [{"name": QUEUE, "ring_seconds": 120, "strategy": "ringall"}]
    more = {"agents": agents, "queues": queues, "answering": {"answer_within_seconds": 60}}
    with running(whole_settings(tmp_path_factory.mktemp("many"), root, slots=1, **more), root) as product:
        yield product


def cookies(whole: Whole) -> list[str]:
    """A log-in for everyone."""
    password, now = Hasher(memory_kib=64).chosen("four plain words here"), datetime.now(UTC)
    with writing(whole.engine) as connection:
        made = []
        for one in EXTENSIONS:
            draft = StaffDraft(
                username=f"agent{one}", role=Role.AGENT, name_th=one, name_en=one, extension=one, queues={QUEUE: 0}
            )
            made.append(sessions.begin(connection, create(connection, draft, now, None, password), now))
    return made


def open_desk(whole: Whole, browser: Browser, cookie: str, stack: ExitStack) -> Page:
    address = f"http://127.0.0.1:{whole.site.ports.web}"
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    stack.callback(context.close)
    context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
    context.grant_permissions(["microphone"], origin=address)
    page = context.new_page()
    page.goto(f"{address}/desk?lang=en")
    return page


def test_twenty_desks_pop_at_once_and_one_takes_the_call(whole: Whole, browsers: list[Browser]) -> None:
    """C1: every desk that rings shows who calls; when one has answered the others are available again."""
    outside = Outside(whole)
    with ExitStack() as stack:
        stack.callback(outside.close)
        desks = [open_desk(whole, browsers[n % BROWSERS], cookie, stack) for n, cookie in enumerate(cookies(whole))]
        for desk in desks:
            available(desk, PATIENCE / SECOND)
        call = outside.call("0812340020", NUMBER)
        for desk in desks:
            expect(desk.locator("#line-number")).to_have_text("081 234 0020", timeout=PATIENCE)
            expect(desk.locator("#who-name")).to_have_text("New caller", timeout=PATIENCE)
            expect(desk.locator("#answer")).to_be_visible(timeout=PATIENCE)
        desks[7].keyboard.press("F2")
        expect(desks[7].locator("#state")).to_have_attribute("data-state", "in_call", timeout=PATIENCE)
        outside.do(call.answered(30), 40)
        for desk in [*desks[:7], *desks[8:]]:
            expect(desk.locator("#state")).to_have_attribute("data-state", "available", timeout=PATIENCE)
            expect(desk.locator("#idle")).to_be_visible(timeout=PATIENCE)
        outside.do(call.hang_up())
