"""From the first log-in to a new agent at the desk, as people do it in a browser; and how the pages look."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from axe import faults_of
from desk_server import DeskServer
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import update

from crm.database import reading, writing
from crm.departments.service import DepartmentDraft
from crm.departments.service import create as create_department
from crm.staff import service, teams
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role, staff
from crm.staff.passwords import Hasher

CHOSEN = "four plain words here"
PAGES = (
    "/account", "/admin", "/admin/staff", "/admin/staff/new", "/admin/staff/{id}", "/admin/queues", "/admin/teams",
    "/admin/topics", "/admin/scripts", "/admin/standards", "/admin/departments", "/admin/departments/export",
    "/admin/pauses", "/admin/closure", "/admin/calendar", "/admin/audit", "/admin/letter",
)  # fmt: skip
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    server = DeskServer(tmp_path_factory.mktemp("admin"))
    at, quick = datetime.now(UTC), Hasher(memory_kib=64)
    boss = StaffDraft(username="boss", role=Role.ADMINISTRATOR, name_th="ผู้ดูแล", name_en="Boss")
    locked = StaffDraft(username="locked.p", role=Role.AGENT, name_th="มาลี", extension="1109", queues={"enquiries": 1})
    with writing(server.engine) as connection:
        server.staff["boss"] = service.create(connection, boss, at, None, quick.chosen(CHOSEN))
        staff_id = service.create(connection, locked, at, None, quick.one_time())
        until = at + timedelta(minutes=9)
        connection.execute(update(staff).where(staff.c.id == staff_id).values(locked_until=until))
        teams.create(connection, "ทีมเช้า", "Morning team", at, None)
        office = DepartmentDraft(name="export", label_th="กองส่งออก", label_en="Export", extension="202", dial="0250")
        create_department(connection, office, at, None)
    server.start()
    yield server
    server.stop()


def context_of(browser: Browser, size: str = "wide", **more: Any) -> BrowserContext:
    width, height = SIZES[size]
    return browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", **more)


def log_in(page: Page, server: DeskServer, username: str, password: str) -> None:
    page.goto(server.url("/"))
    expect(page).to_have_url(server.url("/login?next=/"))
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def choose_password(page: Page, old: str, new: str = CHOSEN) -> None:
    expect(page.get_by_text("for one time only")).to_be_visible()
    page.get_by_label("Password now").fill(old)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again").fill(new)
    page.keyboard.press("Enter")


def test_an_administrator_makes_an_agent_who_logs_in(browser: Browser, server: DeskServer) -> None:
    """From the one-time password to the desk, by keyboard where it matters."""
    with writing(server.engine) as connection:  # what the first start does, on a house without accounts
        first = Hasher(memory_kib=64).one_time()
        draft = StaffDraft(username="first", role=Role.ADMINISTRATOR, name_th="คนแรก", name_en="First")
        service.create(connection, draft, datetime.now(UTC), None, first)
    page = context_of(browser).new_page()
    log_in(page, server, "First ", first.plain)
    choose_password(page, first.plain)
    expect(page).to_have_url(server.url("/admin"))
    page.get_by_role("link", name="Staff", exact=True).click()
    page.get_by_role("link", name="Add an account").click()
    page.get_by_label("User name").fill("suda.k")
    page.get_by_label("Name in Thai").fill("สุดา คำดี")
    page.get_by_label("Extension").fill("1001")  # taken
    page.get_by_label("General enquiries").select_option("0")
    expect(page.get_by_label("Department")).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Somebody has this extension already")).to_be_visible()
    expect(page.get_by_label("Name in Thai")).to_have_value("สุดา คำดี")  # nothing typed is lost
    page.get_by_label("Extension").fill("1150")
    page.get_by_role("button", name="Save").click()
    password = page.locator("#once").inner_text()
    agent = context_of(browser).new_page()
    log_in(agent, server, "suda.k", password)
    choose_password(agent, password, "three other words")
    expect(agent).to_have_url(server.url("/desk"))
    with reading(server.engine) as connection:
        suda = service.member_named(connection, "suda.k")
    assert (suda.extension, suda.queues) == ("1150", {"enquiries": 0})

    page.get_by_role("link", name="Staff", exact=True).click()
    page.get_by_role("link", name="สุดา คำดี").click()
    page.get_by_role("button", name="Close the account").click()
    expect(page.get_by_text("cannot log in any more")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Close the account")).to_be_visible()
    page.get_by_role("button", name="Close the account").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("button", name="Open the account again")).to_be_visible()
    agent.goto(server.url("/account"))
    expect(agent).to_have_url(server.url("/login?next=/account"))
    for one in (page, agent):
        one.context.close()


def test_the_language_link_is_kept_in_the_account(browser: Browser, server: DeskServer) -> None:
    context = context_of(browser)
    context.add_cookies([cast(Any, server.cookie("boss"))])
    page = context.new_page()
    page.goto(server.url("/admin/teams"))
    page.get_by_role("link", name="ภาษาไทย").click()
    expect(page.get_by_role("heading", name="ทีม", exact=True)).to_be_visible()
    page.goto(server.url("/admin/pauses"))
    expect(page.get_by_role("heading", name="เหตุผลการพัก")).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Pause reasons")).to_be_visible()
    context.close()


def test_lock_out_is_told_in_clear_words(browser: Browser, server: DeskServer) -> None:
    page = context_of(browser).new_page()
    page.goto(server.url("/login?next=/account"))
    for left in (4, 3, 2, 1):
        page.get_by_label("User name").fill("nobody.here")
        page.get_by_label("Password").fill("wrong wrong wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text(f"{left} more tries")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("this account is locked until")
    expect(page.get_by_label("User name")).to_have_value("nobody.here")
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["th", "en"])
def test_every_page_is_sound(browser: Browser, server: DeskServer, language: str, size: str) -> None:
    """axe finds nothing (WCAG AA), nothing is wider than the screen, no script complains."""
    context = context_of(browser, size)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    with reading(server.engine) as connection:
        staff_id = service.member_named(connection, "locked.p").id
    faults = []
    for path in ("/login", *PAGES):
        if path != "/login":
            context.add_cookies([cast(Any, server.cookie("boss"))])
        page.goto(server.url(f"{path.format(id=staff_id)}?lang={language}"))
        assert page.locator("html").get_attribute("lang") == language
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > SIZES[size][0]:
            faults.append(f"{path}: {width} pixels wide")
        faults += [f"{path}: {one}" for one in faults_of(page)]
    assert faults == []
    assert said == []
    context.close()
