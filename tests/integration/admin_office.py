"""The administration over a real database, and people to log in as; Asterisk is played."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from web_client import WebClient

from ami_listener.actions import Action, AmiDown, Reply
from crm.admin.frame import Frame
from crm.admin.web import routers
from crm.audit.models import audit_lines
from crm.calendar.service import CalendarService
from crm.closure.service import ClosureService
from crm.database import reading, writing
from crm.staff import service
from crm.staff.access import Access
from crm.staff.accounts import StaffDraft
from crm.staff.models import PhoneKind, Role
from crm.staff.passwords import Hasher
from crm.staff.web import StaffPages
from crm.wallboard.key import ScreenKey
from crm.web.app import create_app
from hotline.office.house import house_of
from hotline.people import overlay_of
from hotline.settings import Settings, parse
from hotline.settings_file import first_settings

PASSWORD = "four plain words here"
QUICK = Hasher(memory_kib=64)
ROLES = {
    "boss": Role.ADMINISTRATOR,
    "head": Role.SUPERVISOR,
    "agent": Role.AGENT,
    "clerk": Role.OFFICER,
}


class AdminOffice:
    """Log in with `as_`; ``asked`` is what Asterisk was asked for, ``applied`` how often it was to know of people."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.now = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
        text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "."\n', 1)
        self.settings: Settings = parse(text, folder / "hotline.toml")
        self.asked: list[Action] = []
        self.away = False
        self.applied = 0
        self.complaints: Sequence[str] = ()
        self.key = ScreenKey(folder)
        access = Access(engine, self.clock)
        house = house_of(self.settings, "0")
        self.calendar = CalendarService(engine, self.settings, self.clock)
        frame = Frame(
            engine=engine,
            access=access,
            house=house,
            hasher=QUICK,
            clock=self.clock,
            site=lambda: self.settings,
            of_file=lambda: self.settings.of_file,
            rung=self,
        )
        closures = ClosureService(engine, ["1169"], self.send)
        admin = routers(frame, self.calendar, closures, self.send, self.key, lambda: "https://hotline.test")
        self.app = create_app([StaffPages(engine, access, house, self.clock, QUICK).router, *admin])
        self.ids = {name: self.add(name, role) for name, role in ROLES.items()}
        self._browsers: list[WebClient] = []

    def clock(self) -> datetime:
        return self.now

    async def changed(self) -> None:
        """People have changed: the settings follow, as in the running product."""
        await asyncio.to_thread(self._follow)
        self.applied += 1

    def _follow(self) -> None:
        with reading(self.engine) as connection:
            self.settings = self.settings.with_people(overlay_of(connection))

    async def send(self, action: Action) -> Reply:
        if self.away:
            raise AmiDown("not connected", may_have_run=False)
        self.asked.append(action)
        return Reply({"Response": "Success"})

    def add(self, username: str, role: Role = Role.AGENT, **more: str) -> int:
        draft = StaffDraft(
            username=username,
            role=role,
            name_en=username.title(),
            department="legal",
            phone=PhoneKind.BROWSER,
            **more,  # type: ignore[arg-type]
        )
        with writing(self.engine) as connection:
            return service.create(connection, draft, self.now, None, QUICK.chosen(PASSWORD))

    def as_(self, username: str) -> WebClient:
        """A browser with this person logged in, in English."""
        browser = self.stranger()
        assert browser.log_in(username, PASSWORD).status_code == 303
        browser.headers["accept-language"] = "en"
        return browser

    def stranger(self) -> WebClient:
        browser = WebClient(self.app)
        browser.headers["accept-language"] = "en"
        self._browsers.append(browser)
        return browser

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def audit(self) -> list[tuple[str, str, str | None, dict[str, object]]]:
        """Who, action, subject and details of every line but log-ins, oldest first."""
        columns = audit_lines.c
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(columns.who, columns.action, columns.subject, columns.details)
                .where(columns.who != "system", columns.action != "staff.logged_in")
                .order_by(columns.id)
            )
            return [tuple(row) for row in rows]

    def close(self) -> None:
        for browser in self._browsers:
            browser.close()
