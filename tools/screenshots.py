"""``make screenshots``: pictures of every page, Thai and English, on a desktop and a telephone, into
``.state/screenshots``; with ``--docs`` those of the documents are written anew as well. Everything in them is made up;
no Asterisk runs. Says which pages are wider than their window, and what axe finds on them."""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

import staffing_year
from axe import faults_of
from card_server import CardServer
from desk_scenes import QUEUE, answer, arrive, fill_inbox, leave, past_contact, person, ring
from desk_server import AGENT, OTHER
from playwright.sync_api import Browser, Page, sync_playwright
from programs import environment, find
from quality_scenes import CALL, scored_talks
from screenshot_boards import CHROMIUM, DESKTOP, LANGUAGES, TELEPHONE, boards
from sqlalchemy import select

from ami_listener.events import AgentState, CallSpied, SpyMode
from crm.calendar.service import CalendarService
from crm.console.service import send
from crm.database import reading, writing
from crm.staff.models import PhoneKind, Role
from crm.staff.service import members, set_active, set_queues
from crm.staff.teams import create as create_team
from crm.staffing.models import Shift
from crm.staffing.roster import add as add_shift
from crm.topics.models import topics
from hotline.people import overlay_of

NUMBER = "0812345678"
QUESTION = "ต้องการส่งออกทุเรียนสดไปจีน ต้องขึ้นทะเบียนสวนและโรงคัดบรรจุที่ไหน"
ANSWER = "แจ้งขั้นตอนขึ้นทะเบียนสวน (GAP) และโรงคัดบรรจุ (DOA) ส่งลิงก์คู่มือทางอีเมล"
IN_DOCUMENTS = ("desk-call", "desk-ringing", "inbox", "card")


@dataclass(frozen=True)
class Somebody:
    """Who does something, for the audit."""

    staff_id: int
    username: str


@dataclass(frozen=True)
class Picture:
    """A page, or a moment of one. ``look``: brings it about, after the page was opened."""

    name: str
    path: str
    user: str = "somsri"
    look: Callable[[CardServer, Page], None] = lambda server, page: page.wait_for_timeout(300)
    size: tuple[int, int] = DESKTOP
    still: bool = False  # nothing happens on it: whole, in both sizes, several from one office
    busy: bool = False  # from an office with weeks of calls


def ringing(server: CardServer, page: Page) -> None:
    """The telephone rings, and it is shown who calls."""
    arrive(server, "main-9.1", NUMBER, ago=5)
    ring(server, "main-9.1")
    page.locator("#contacts li").first.wait_for()


def talking(server: CardServer, page: Page) -> None:
    """In a call, two steps on, with what was written so far."""
    ringing(server, page)
    answer(server, "main-9.1", ago=0)
    page.locator("#form").wait_for()
    page.locator("#next-step").wait_for()
    page.keyboard.press("F4")
    page.keyboard.press("F4")
    page.locator("#f-topic").fill("เอกสาร")
    page.locator("#found-topics [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    page.locator("#f-question").fill(QUESTION)
    page.locator("#f-answer").fill(ANSWER)
    page.wait_for_timeout(2500)


def wrapping_up(server: CardServer, page: Page) -> None:
    """After the call."""
    talking(server, page)
    leave(server, "main-9.1")
    page.locator("#finish").wait_for()
    page.wait_for_timeout(600)


def transferring(server: CardServer, page: Page) -> None:
    """The dialog of the transfer."""
    talking(server, page)
    page.keyboard.press("Alt+T")
    page.locator("#transfer-found [role=option]").nth(1).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)


def help_shown(server: CardServer, page: Page) -> None:
    """The keys."""
    page.keyboard.press("F1")
    page.wait_for_timeout(200)


def busy_floor(server: CardServer, page: Page) -> None:
    """The console with callers who wait and talk, and mali listening to one of them."""
    mali = server._account("mali2", "มะลิ หัวหน้างาน", "Mali Hua-na", "1009", PhoneKind.DESK, Role.SUPERVISOR)
    server.staff["mali2"] = mali
    for number, (th, en) in enumerate((("กานดา พรหมดี", "Kanda Promdee"), ("ธนา วงศ์ไทย", "Thana Wongthai"),
                                      ("อรุณ แสงทอง", "Arun Saengthong")), 1011):  # fmt: skip
        server._account(f"agent{number}", th, en, str(number), PhoneKind.DESK)
    with writing(server.engine) as connection:
        for one in members(connection, active=True):
            if one.extension and one.role is Role.AGENT:
                set_queues(connection, one.id, {QUEUE: 0}, server.now(), None)
    with reading(server.engine) as connection:
        server.settings = server.settings.with_people(overlay_of(connection))
    for number, (caller, ago) in enumerate((("0891112222", 14), (None, 6), ("021234567", 2))):
        arrive(server, f"main-20.{number}", caller, ago=ago)
    for agent, caller, ago in ((AGENT, NUMBER, 185), ("1011", "0867654321", 42)):
        arrive(server, f"main-21.{agent}", caller, ago=ago + 5)
        answer(server, f"main-21.{agent}", agent, ago=ago)
    server.state(AgentState.WRAP_UP, "wrap-up", "1012", ago=12)
    server.state(AgentState.PAUSED, "lunch", "1013", ago=900)
    server.state(AgentState.IN_CALL, agent="1009", ago=20)
    at = server.now() - timedelta(seconds=20)
    server.play(CallSpied(event_id="spied", occurred_at=at, spy_id="spy-1", supervisor="1009", mode=SpyMode.WHISPER,
                          agent=AGENT, of_call=f"main-21.{AGENT}", channel="PJSIP/1009-1"))  # fmt: skip
    page.context.clear_cookies()
    page.context.add_cookies([cast(Any, server.cookie("mali2"))])
    page.reload()
    page.locator("#message-text").fill("ช่วงบ่ายมีข่าวเรื่องภาษีนำเข้า คำตอบอยู่ในบทสนทนา «ภาษีใหม่»")
    page.get_by_role("button", name=re.compile("^(ส่ง|Send)$")).click()
    page.locator("#lately li").first.wait_for()
    page.locator("#talking li").nth(1).wait_for()
    page.wait_for_timeout(4000)


def agent_managed(server: CardServer, page: Page) -> None:
    """What can be done about one agent."""
    busy_floor(server, page)
    page.locator("#agents [data-of='1013']").click()
    page.locator("#manage").wait_for()


def told_by_the_floor(server: CardServer, page: Page) -> None:
    """A desk that was told something by a supervisor."""
    with writing(server.engine) as connection:
        doer = Somebody(server.staff["mali"], "mali")
        words = "สายเข้ามาก ขอให้ทุกคนกลับเข้ารับสายภายใน 10 นาที"
        send(connection, doer, server.now(), words, queue=None, agent=None, urgent=True)
    page.reload()
    page.locator(".floor-messages li").wait_for()


MOMENTS = (
    Picture("desk-idle", "/desk"),
    Picture("desk-ringing", "/desk", look=ringing),
    Picture("desk-call", "/desk", look=talking),
    Picture("desk-transfer", "/desk", look=transferring),
    Picture("desk-wrap-up", "/desk", look=wrapping_up),
    Picture("desk-help", "/desk", look=help_shown),
    Picture("desk-telephone", "/desk", look=talking, size=TELEPHONE),
    Picture("inbox", "/inbox"),
    Picture("inbox-telephone", "/inbox", size=TELEPHONE),
    Picture("console", "/console", "mali", busy_floor),
    Picture("console-agent", "/console", "mali", agent_managed),
    Picture("console-telephone", "/console", "mali", busy_floor, TELEPHONE),
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
            "admin-department": "/admin/departments/legal", "admin-topics": "/admin/topics",
            "admin-scripts": "/admin/scripts", "admin-letter": "/admin/letter",
            "admin-standards": "/admin/standards", "admin-audit": "/admin/audit",
        },
    }.items()
    for name, path in pages.items()
)  # fmt: skip
BUSY = tuple(
    Picture(name, path, "mali", still=True, busy=True)
    for name, path in {
        "staffing": "/staffing", "roster": "/staffing/roster", "reports": "/reports",
        "reports-calls": "/reports/calls", "reports-abandoned": "/reports/abandoned", "briefs": "/briefs",
    }.items()
)  # fmt: skip
PICTURES = (*MOMENTS, *STILL, *BUSY)


def furnish(server: CardServer) -> None:
    """People, records and cards to look at."""
    CalendarService(server.engine, server.settings, server.now).seed()
    with writing(server.engine) as connection:
        set_active(connection, server.staff["tricky"], False, server.now(), None)
        create_team(connection, "ทีมเช้า", "Morning team", server.now(), None)
    server.staff["admin"] = server._account("admin", "ผู้ดูแลระบบ", "Admin", None, PhoneKind.DESK, Role.ADMINISTRATOR)
    known = person(
        server, NUMBER, "สมชาย ผลไม้ไทย", business_level="ready", province="จันทบุรี", occupation="เกษตรกร",
        notes="ชอบให้โทรกลับช่วงบ่าย", birth_year=1978,
    )  # fmt: skip
    with reading(server.engine) as connection:
        some = list(
            connection.scalars(select(topics.c.id).where(topics.c.parent_id.is_not(None)).order_by(topics.c.id))
        )
    asked = ("ขอรายชื่อผู้นำเข้าทุเรียนในกว่างโจว", "ส่งรายชื่อ 12 รายจากฐานข้อมูลผู้แทนทางอีเมล")
    past_contact(server, known, NUMBER, 21, some[3], asked, "impressed")
    asked = ("สอบถามงานแสดงสินค้าอาหาร", "แจ้งกำหนดการและวิธีสมัคร THAIFEX")
    past_contact(server, known, NUMBER, 96, some[7], asked, "satisfied")
    fill_inbox(server)
    card(server)
    scored_talks(server, {"mali": server.staff["mali"], "admin": server.staff["admin"]})


def card(server: CardServer) -> None:
    """A call that was handed to the legal office, with its card."""
    server.talk("main-5.1", OTHER, NUMBER)
    body = {"to": {"kind": "department", "name": "legal"}, "call_id": "main-5.1", "mode": "blind", "why": "เรื่องกฎหมาย",
            "question": "ผู้ซื้อไม่ชำระเงินตามสัญญา ต้องดำเนินการอย่างไร", "caller_name": "สมชาย ผลไม้ไทย"}  # fmt: skip
    with sync_playwright() as playwright:
        request = playwright.request.new_context(base_url=server.url(""))
        cookie = server.cookie("prasert")
        headers = {"Cookie": f"{cookie['name']}={cookie['value']}"}
        page = request.get("/desk", headers=headers).text()
        headers["X-CSRF-Token"] = page.partition('name="csrf" content="')[2].partition('"')[0]
        made = request.post("/api/cards", headers=headers, data=body)
        if not made.ok:
            raise RuntimeError(f"the card could not be made: {made.text()}")
        server.transfer("main-5.1", "701", OTHER)
        request.dispose()
    server.state(AgentState.AVAILABLE, agent=OTHER)


@contextmanager
def page_of(browser: Browser, server: CardServer, picture: Picture, size: tuple[int, int]) -> Iterator[Page]:
    """A page of somebody."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    if picture.user:
        context.add_cookies([cast(Any, server.cookie(picture.user))])
    yield context.new_page()
    context.close()


def take(folder: Path, only: str) -> list[Path]:
    """All pictures: moments each in an office of its own, so that none depends on another; the others together."""
    os.environ.update(environment())
    wanted = [picture for picture in PICTURES if only in picture.name]
    made = []
    for picture in (one for one in wanted if not one.still):
        for language in LANGUAGES:
            with office() as server:
                made += _pictures(server, [(picture, language, picture.size)], folder)
    for busy in (False, True):
        together = [one for one in wanted if one.still and one.busy is busy]
        if together:
            with office(busy=busy) as server:
                shown = [(one, word, size) for one in together for size in (DESKTOP, TELEPHONE) for word in LANGUAGES]
                made += _pictures(server, shown, folder)
    return made + boards(folder, only, faults)


@contextmanager
def office(*, busy: bool = False) -> Iterator[CardServer]:
    """An office with people, records and cards; or one with weeks of calls and a roster."""
    with tempfile.TemporaryDirectory() as state:
        server = CardServer(Path(state))
        server.start()
        try:
            if busy:
                weeks_of_calls(server)
            else:
                furnish(server)
                server.state(AgentState.AVAILABLE, agent=AGENT, ago=95)
            yield server
        finally:
            server.stop()


def weeks_of_calls(server: CardServer) -> None:
    """Calls of ten weeks, and a roster that falls short about noon."""
    now = datetime.now(UTC)
    today = now.astimezone(staffing_year.ZONE).date()
    staffing_year.fill(server.engine, today, weeks=10)
    with writing(server.engine) as connection:
        team = create_team(connection, "ทีมเช้า", "Morning team", now, None)
        for day in (today + timedelta(days=ahead) for ahead in range(-today.weekday(), 8)):
            if day.weekday() < 5:
                early = Shift(day=day, starts=510, ends=990, break_starts=720, break_ends=780, team_id=team, people=7)
                late = Shift(day=day, starts=630, ends=1110, staff_id=server.staff["somsri"])
                for shift in (early, late):
                    add_shift(connection, shift, now, None)


def _pictures(server: CardServer, wanted: list[tuple[Picture, str, tuple[int, int]]], folder: Path) -> list[Path]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=CHROMIUM)
        made = [_one(browser, server, picture, language, size, folder) for picture, language, size in wanted]
        browser.close()
    return [path for path in made if path is not None]


def _one(
    browser: Browser, server: CardServer, picture: Picture, language: str, size: tuple[int, int], folder: Path
) -> Path | None:
    name = f"{picture.name}-telephone" if picture.still and size == TELEPHONE else picture.name
    with page_of(browser, server, picture, size) as page:
        mark = "&" if "?" in picture.path else "?"
        answer = page.goto(server.url(f"{picture.path}{mark}lang={language}"), wait_until="load")
        if answer is not None and answer.status >= 400 and picture.name != "not-found":
            print(f"{name}-{language}: there is no such page ({answer.status})", flush=True)
            return None
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(700)
        picture.look(server, page)
        path = folder / f"{name}-{language}.png"
        page.screenshot(path=path, full_page=picture.still or picture.name.startswith("console"))
        print(path.name, *faults(page, size), sep="\n  ", flush=True)
    return path


def faults(page: Page, size: tuple[int, int]) -> list[str]:
    """What is wrong with a page that can be told without eyes."""
    wide = page.evaluate("document.documentElement.scrollWidth") - size[0]
    return ([f"{wide} pixels wider than the window"] if wide > 0 else []) + faults_of(page)


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
            if path.stem.rpartition("-")[0] in IN_DOCUMENTS:
                (REPOSITORY / "docs/images" / path.name).write_bytes(path.read_bytes())
    print(f"{len(made)} pictures in {folder.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
