"""Moments of a desk to look at."""

from desk_scenes import answer, arrive, fill_inbox, leave, person, ring
from desk_server import DeskServer
from playwright.sync_api import Page

from ami_listener.events import AgentState


def scene_idle(server: DeskServer, page: Page, language: str) -> None:
    server.state(AgentState.AVAILABLE, ago=192)
    page.goto(server.url(f"/desk?lang={language}"))


def scene_ringing(server: DeskServer, page: Page, language: str) -> None:
    scene_idle(server, page, language)
    arrive(server)
    ring(server)


def scene_talking(server: DeskServer, page: Page, language: str) -> None:
    scene_idle(server, page, language)
    arrive(server)
    ring(server)
    answer(server)


def scene_inbox(server: DeskServer, page: Page, language: str) -> None:
    fill_inbox(server)
    page.goto(server.url(f"/inbox?lang={language}"))


def scene_idle_full(server: DeskServer, page: Page, language: str) -> None:
    fill_inbox(server)
    scene_idle(server, page, language)


def scene_returning(server: DeskServer, page: Page, language: str) -> None:
    person(
        server, "0812345678", "สมชาย ส่งออก", business_level="exporter", notes="ชอบให้โทรกลับช่วงบ่าย", province="เชียงใหม่"
    )
    scene_talking(server, page, language)
    page.wait_for_timeout(300)
    page.keyboard.press("F4")
    page.keyboard.press("F4")
    page.locator("#f-topic").fill("ส่งออก")
    page.wait_for_timeout(600)


def scene_wrap(server: DeskServer, page: Page, language: str) -> None:
    scene_returning(server, page, language)
    page.keyboard.press("Enter")
    page.locator("#f-question").fill("ขอทราบขั้นตอนการส่งออกผลไม้สดไปประเทศจีน")
    page.locator("#f-answer").fill("แนะนำขั้นตอนขอใบรับรองสุขอนามัยพืช และส่งลิงก์เอกสารทางอีเมล")
    leave(server)


def scene_help(server: DeskServer, page: Page, language: str) -> None:
    scene_idle(server, page, language)
    page.keyboard.press("F1")


def scene_transfer(server: DeskServer, page: Page, language: str) -> None:
    scene_talking(server, page, language)
    page.keyboard.press("Alt+T")
