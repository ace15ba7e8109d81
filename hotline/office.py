"""Where people work: pages with a log-in, and what stands behind them. Made by `hotline.service`, told of every event.

Each feature is made here once and given what it needs; nothing else knows all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from ami_listener.events import Event
from crm.live import Hub
from crm.staff.access import AGENTS, EVERYONE, OFFICE, SUPERVISORS, Access
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from crm.staff.watch import LogIns
from crm.staff.web import StaffPages
from crm.web.pages import find_fonts, find_scripts
from crm.web.shell import House, NavigationItem
from hotline.office_admin import make_admin
from hotline.office_basket import make_baskets
from hotline.office_basket_knowledge import KnowledgeBase
from hotline.office_briefs import make_briefs
from hotline.office_cards import make_cards
from hotline.office_console import make_console
from hotline.office_desk import make_desk
from hotline.office_inbox import make_inbox
from hotline.office_knowledge import make_knowledge
from hotline.office_mail import make_mail
from hotline.office_quality import make_quality
from hotline.office_recordings import make_recordings, recording_links
from hotline.office_records import Records
from hotline.office_reports import make_reports
from hotline.office_staffing import make_staffing
from hotline.office_telephone import make_telephones
from hotline.settings import Settings
from hotline.surroundings import Surroundings

NAVIGATION: Final = (
    NavigationItem("/desk", "โต๊ะทำงาน", "Desk", AGENTS),
    NavigationItem("/inbox", "กล่องงาน", "Inbox", AGENTS, badge="inbox"),
    NavigationItem("/console", "ห้องควบคุม", "Console", SUPERVISORS, room=True),
    NavigationItem("/cards", "การ์ดโอนสาย", "Transfer cards", OFFICE, badge="cards"),
    NavigationItem("/baskets", "ตรวจซ้ำ", "Checks", AGENTS),
    NavigationItem("/knowledge", "คลังความรู้", "Knowledge", OFFICE, rooms_behind=("/documents", "/dealers", "/sources")),
    NavigationItem("/people", "ผู้รับบริการ", "People", AGENTS),
    NavigationItem("/staffing", "อัตรากำลัง", "Staffing", SUPERVISORS, room=True),
    NavigationItem("/briefs", "สรุปเช้า–เย็น", "Briefs", SUPERVISORS, room=True),
    NavigationItem("/wallboard", "จอแสดงผล", "Wallboard", EVERYONE),
    NavigationItem("/recordings", "บันทึกเสียง", "Recordings", SUPERVISORS, room=True),
    NavigationItem("/quality", "คุณภาพ", "Quality", SUPERVISORS, room=True),
    NavigationItem("/quality/mine", "คะแนนของฉัน", "My scores", (Role.AGENT,)),
    NavigationItem("/reports", "รายงาน", "Reports", SUPERVISORS, room=True),
    NavigationItem("/admin", "ตั้งค่า", "Administration", SUPERVISORS, room=True),
)


class Office:
    """``routers`` for the application, `happened` for every event, `start` and `stop` around it all."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.hub = Hub()
        self.access = Access(around.engine, around.clock)
        self.log_ins = LogIns(around.engine, around.clock)
        self.house = house_of(around.settings, around.version)
        hasher = Hasher()
        staff = StaffPages(around.engine, self.access, self.house, around.clock, hasher)
        self.routers: list[APIRouter] = [staff.router, *make_admin(around, self.access, self.house, hasher)]
        self._listeners: list[Callable[[Event], None]] = []
        self._works: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._endings: list[Callable[[], Awaitable[None]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._add_telephones()
        self._add_records()
        self._add_mail()
        self._add_cards()
        self._add_baskets()
        self._add_desk()
        self._add_inbox()
        self._add_recordings()
        self._add_console()
        self._add_briefs()
        self.routers.append(make_staffing(around, self.access, self.house))
        self._add_reports()
        self._add_knowledge()

    def _add_briefs(self) -> None:
        router, work = make_briefs(self.around, self.access, self.house)
        self.routers.append(router)
        self._works.append(work)

    def _add_telephones(self) -> None:
        made = make_telephones(self.around, self.hub, self.access)
        self.outbound = made.outbound
        self.control = made.control
        self.routers.append(made.router)
        self._listeners += made.listeners
        self._works += made.works
        self._endings.append(made.close)

    def _add_inbox(self) -> None:
        watch, pages = make_inbox(self.around, self.hub, self.access, self.house)
        self.routers.append(pages.router)
        self._listeners.append(watch.happened)
        self._works.append(watch.run)

    def _add_recordings(self) -> None:
        made = make_recordings(self.around, self.hub, self.access, self.house)
        self.routers.append(made.router)
        self._listeners.append(made.happened)
        self._works.append(made.run)
        self.routers += make_quality(self.around, self.access, self.house, made.pages)

    def _add_reports(self) -> None:
        made = make_reports(self.around, self.access, self.house, recording_links)
        self.routers += made.routers
        self._works += made.works

    def _add_knowledge(self) -> None:
        part = make_knowledge(self.around, self.access, self.house)
        self.routers += part.routers
        self._works += part.works

    def _add_records(self) -> None:
        self.records = Records(self.around, self.hub, self.access, self.house)
        self.routers += self.records.routers
        self._listeners.append(self.records.happened)
        self._works += self.records.works
        self._endings += self.records.endings

    def _add_mail(self) -> None:
        self.mail = make_mail(self.around, self.hub)
        self.routers += self.mail.routers
        self._works += self.mail.works

    def _add_baskets(self) -> None:
        knowledge = KnowledgeBase(self.house.zone, self.around.clock)
        self.routers += make_baskets(self.around, self.hub, self.access, self.house, self.mail, knowledge)

    def _add_cards(self) -> None:
        part = make_cards(self.around, self.hub, self.access, self.house, self.around.transferred)
        self.cards = part.cards
        self.routers += part.routers
        self._listeners.append(part.happened)
        self._works += part.works
        self._endings.append(part.close)

    def _add_desk(self) -> None:
        self.desk, pages = make_desk(self.around, self.hub, self.access, self.house)
        self.routers.append(pages.router)
        self._listeners.append(self.desk.happened)
        self._works.append(self.desk.follow_waiting)
        self._endings.append(pages.close)

    def _add_console(self) -> None:
        made = make_console(self.around, self.hub, self.access, self.house, self.control, lambda: self.desk.heard)
        self.routers.append(made.router)
        self._listeners.append(made.happened)
        self._works += made.works
        self._endings.append(made.pages.close)

    def also(self, listener: Callable[[Event], None]) -> None:
        """One more who is told of every event."""
        self._listeners.append(listener)

    def happened(self, event: Event) -> None:
        """One fact; nobody here may wait or fail on it."""
        for listener in self._listeners:
            listener(event)

    def start(self) -> None:
        """Begins what goes on by itself."""
        self._tasks += [asyncio.create_task(work(), name=f"office {work.__qualname__}") for work in self._works]

    async def stop(self) -> None:
        """Ends it, streams first."""
        for ending in self._endings:
            await ending()
        running = set(self._tasks)
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.5)


def house_of(settings: Settings, version: str) -> House:
    """What the pages know of the installation."""
    here = Path(__file__).parent
    return House(
        name_th=settings.site.name_th,
        name_en=settings.site.name_en,
        zone=ZoneInfo(settings.site.timezone),
        languages=settings.site.languages,
        fonts=find_fonts(here) is not None,
        scripts=bool(find_scripts(here)),
        version=version,
        navigation=NAVIGATION,
    )
