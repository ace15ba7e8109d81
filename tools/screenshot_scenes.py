"""What is to be seen in the pictures of ``make screenshots``: moments brought about on a page, and offices with people,
records, cards and calls. Everything is made up."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import staffing_year
from card_server import CardServer
from desk_scenes import QUEUE, answer, arrive, fill_inbox, leave, past_contact, person, ring
from desk_server import AGENT, OTHER
from playwright.sync_api import Page
from quality_scenes import scored_talks
from sqlalchemy import select, update

from ami_listener.events import AgentState, CallSpied, SpyMode
from crm.calendar.service import CalendarService
from crm.calls.models import calls
from crm.console.service import send
from crm.database import reading, writing
from crm.departments.service import DepartmentDraft
from crm.departments.service import create as create_department
from crm.directory.service import EntryDraft, add_entry
from crm.knowledge.starter import fill as fill_knowledge
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


@dataclass(frozen=True)
class Somebody:
    """Who does something, for the audit."""

    staff_id: int
    username: str


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
    page.wait_for_timeout(1200)  # the record keeps itself, and says so


def wrapping_up(server: CardServer, page: Page) -> None:
    """After the call."""
    talking(server, page)
    leave(server, "main-9.1")
    page.locator("#finish").wait_for()


def transfer_shown(page: Page) -> None:
    """The dialog of the transfer."""
    page.locator("#form").wait_for()
    page.keyboard.press("Alt+T")
    page.locator("#transfer-found [role=option]").nth(1).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def help_shown(page: Page) -> None:
    """The keys."""
    page.keyboard.press("F1")


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
    page.wait_for_timeout(1200)
    page.evaluate("document.getElementById('toasts').replaceChildren()")


def agent_managed(page: Page) -> None:
    """What can be done about one agent."""
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
    with writing(server.engine) as connection:
        outside = EntryDraft(name_th="ด่านศุลกากรแม่สอด", name_en="Mae Sot customs", number="055531201",
                             office_th="กรมศุลกากร", office_en="Customs Department")  # fmt: skip
        doer = Somebody(server.staff["mali"], "mali")
        add_entry(connection, outside, server.settings.dialling.patterns, server.now(), doer)
        fill_knowledge(connection, server.now())
        office = DepartmentDraft(
            name="export", label_th="กองส่งออก", label_en="Export office", extension="202", dial="0250"
        )
        create_department(connection, office, server.now(), doer)
    fill_inbox(server)
    card(server)


def card(server: CardServer) -> None:
    """A call that was handed to the legal office, with its card."""
    server.talk("main-5.1", OTHER, NUMBER)
    body = {"to": {"kind": "department", "name": "legal"}, "call_id": "main-5.1", "mode": "blind", "why": "เรื่องกฎหมาย",
            "question": "ผู้ซื้อไม่ชำระเงินตามสัญญา ต้องดำเนินการอย่างไร", "caller_name": "สมชาย ผลไม้ไทย"}  # fmt: skip
    cookie = server.cookie("prasert")
    with httpx.Client(base_url=server.url(""), cookies={cookie["name"]: cookie["value"]}, trust_env=False) as client:
        token = client.get("/desk").text.partition('name="csrf" content="')[2].partition('"')[0]
        client.post("/api/cards", headers={"X-CSRF-Token": token}, json=body).raise_for_status()
    server.transfer("main-5.1", "701", OTHER)
    server.state(AgentState.AVAILABLE, agent=OTHER)


@contextmanager
def office(*, busy: bool = False, scored: bool = True) -> Iterator[CardServer]:
    """An office with people, records and cards (``scored``: recorded talks too); or with weeks of calls, a roster."""
    with tempfile.TemporaryDirectory() as state:
        server = CardServer(Path(state))
        server.start()
        try:
            if busy:
                weeks_of_calls(server)
            else:
                furnish(server)
                if scored:
                    scored_talks(server, {"mali": server.staff["mali"], "admin": server.staff["admin"]})
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
        lately = select(calls.c.call_id).where(calls.c.arrived_at > now - timedelta(days=7))
        for number, call_id in enumerate(connection.scalars(lately).all()):
            caller = (
                f"0{81 + number % 17}{1000000 + number * 7919 % 8999999}" if number % 9 else f"02{5070000 + number}"
            )
            values = {
                "caller_number": caller,
                "caller_e164": f"+66{caller[1:]}",
                "language": "th" if number % 5 else "en",
            }
            connection.execute(update(calls).where(calls.c.call_id == call_id).values(**values))
        team = create_team(connection, "ทีมเช้า", "Morning team", now, None)
        for day in (today + timedelta(days=ahead) for ahead in range(-today.weekday(), 8)):
            if day.weekday() < 5:
                early = Shift(day=day, starts=510, ends=990, break_starts=720, break_ends=780, team_id=team, people=7)
                late = Shift(day=day, starts=630, ends=1110, staff_id=server.staff["somsri"])
                for shift in (early, late):
                    add_shift(connection, shift, now, None)
