"""Every page there is, whoever made it: sound for screen readers, weak eyes and small screens, in both languages."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from axe import faults_of
from card_server import CardServer
from desk_scenes import fill_inbox, past_contact, person
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select

from crm.database import reading
from crm.staff.models import PhoneKind, Role
from crm.topics.models import topics

SCREEN, TELEPHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
WHO = ("boss", "mali", "somsri", "officer", None)  # the first of them who may see a page looks at it
NUMBER = "0812345678"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardServer]:
    """An office with something on its pages."""
    made = CardServer(tmp_path_factory.mktemp("every"))
    made.staff["boss"] = made._account("boss", "บอส", "Boss", None, PhoneKind.DESK, Role.ADMINISTRATOR)
    made.start()
    known = person(made, NUMBER, "สมชาย ผลไม้ไทย")
    with reading(made.engine) as connection:
        topic = connection.scalar(select(topics.c.id).where(topics.c.parent_id.is_not(None)))
    assert topic is not None
    past_contact(made, known, NUMBER, 21, topic, ("ขอรายชื่อผู้นำเข้า", "ส่งรายชื่อทางอีเมล"), "impressed")
    fill_inbox(made)
    made.talk("main-5.1")
    made.transfer("main-5.1", "701")
    yield made
    made.stop()


def paths(server: CardServer) -> list[str]:
    """The address of every page, the first of its kind where there are many."""
    found = set()
    for router in server.office.routers:
        for route in router.routes:
            if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
                continue
            if isinstance(route.response_class, type) and issubclass(route.response_class, HTMLResponse):
                found.add(route.path)
    return sorted(found)


def visitors(browser: Browser, server: CardServer) -> dict[str | None, BrowserContext]:
    """A browser for each of `WHO`."""
    made = {}
    for name in WHO:
        made[name] = browser.new_context(viewport=cast(Any, SCREEN), reduced_motion="reduce")
        if name is not None:
            made[name].add_cookies([cast(Any, server.cookie(name))])
    return made


def opened(contexts: dict[str | None, BrowserContext], address: str) -> Page:
    """The page, by somebody who may see it."""
    for name in WHO:
        page = contexts[name].new_page()
        answer = page.goto(address)
        if answer is not None and answer.status != 403:
            return page
        page.close()
    raise AssertionError(f"nobody may see {address}")


def looked_at(page: Page, language: str) -> list[str]:
    """What is wrong with a page: Thai on a screen, English on a telephone is looked at whole, the others for width."""
    if page.locator("html").get_attribute("lang") != language:
        return [f"not in {language}"]
    faults = []
    for size in (SCREEN, TELEPHONE):
        page.set_viewport_size(cast(Any, size))
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size["width"]:
            faults.append(f"{wide} pixels wide on {size['width']}")
        if (language == "th") == (size is SCREEN):
            faults += faults_of(page)
    return faults


def test_every_page_is_sound(browser: Browser, server: CardServer) -> None:
    """axe finds nothing (WCAG AA, labels for screen readers), nothing to scroll sideways, no script complains."""
    contexts = visitors(browser, server)
    found: dict[str, list[str]] = {}
    seen = 0
    for path in paths(server):
        place = re.sub(r"\{[^}]+\}", "1", path)
        for language in ("th", "en"):
            page = opened(contexts, server.url(f"{place}?lang={language}"))
            if page.evaluate("document.doctype !== null"):  # others are parts of pages
                seen += 1
                if faults := looked_at(page, language):
                    found[f"{path} {language}"] = faults
            page.close()
    for context in contexts.values():
        context.close()
    assert not found, "\n".join(f"{page}: {fault}" for page, faults in found.items() for fault in faults)
    assert seen >= 60
