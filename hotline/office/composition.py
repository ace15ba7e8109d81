"""Every feature with a page is made here once and given what it needs; nothing else knows all of them.

Made by `hotline.service`, told of every event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import APIRouter

from ami_listener.events import Event
from ami_listener.telling import Telling
from crm.live import Hub
from crm.staff.access import Access
from crm.staff.passwords import Hasher
from crm.staff.watch import LogIns
from crm.staff.web import StaffPages
from hotline.office.admin import make_admin
from hotline.office.basket import make_baskets
from hotline.office.basket_knowledge import KnowledgeBase
from hotline.office.briefs import make_briefs
from hotline.office.cards import make_cards
from hotline.office.console import make_console
from hotline.office.desk import make_desk
from hotline.office.house import house_of
from hotline.office.inbox import make_inbox
from hotline.office.knowledge import make_knowledge
from hotline.office.mail import make_mail
from hotline.office.quality import make_quality
from hotline.office.recordings import make_recordings, recording_links
from hotline.office.records import Records
from hotline.office.reports import make_reports
from hotline.office.staffing import make_staffing
from hotline.office.telephone import make_telephones
from hotline.surroundings import Surroundings


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
        self._tell = Telling()
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
        self._tell.add(*made.listeners)
        self._works += made.works
        self._endings.append(made.close)

    def _add_inbox(self) -> None:
        watch, pages = make_inbox(self.around, self.hub, self.access, self.house)
        self.routers.append(pages.router)
        self._tell.add(watch.happened)
        self._works.append(watch.run)

    def _add_recordings(self) -> None:
        made = make_recordings(self.around, self.hub, self.access, self.house)
        self.routers.append(made.router)
        self._tell.add(made.happened)
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
        self._tell.add(self.records.keeper.happened)
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
        self._tell.add(part.happened)
        self._works += part.works
        self._endings.append(part.close)

    def _add_desk(self) -> None:
        self.desk, pages = make_desk(self.around, self.hub, self.access, self.house)
        self.routers.append(pages.router)
        self._tell.add(self.desk.happened)
        self._works.append(self.desk.follow_waiting)
        self._endings.append(pages.close)

    def _add_console(self) -> None:
        made = make_console(self.around, self.hub, self.access, self.house, self.control, lambda: self.desk.heard)
        self.routers.append(made.router)
        self._tell.add(made.happened)
        self._works += made.works
        self._endings.append(made.pages.close)

    def also(self, listener: Callable[[Event], None]) -> None:
        """One more who is told of every event."""
        self._tell.add(listener)

    def happened(self, event: Event) -> None:
        """One fact; nobody here may wait or fail on it."""
        self._tell(event)

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
