"""The whole product with desks in real browsers: service, Asterisk, database; telephones around them that call in."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from exchange import Exchange
from playwright.sync_api import Browser, BrowserContext, Page, expect
from product import DESKS, free_port
from telephones import Call
from whole import WRAP_UP_SECONDS, Whole, installed_root, running, whole_settings

from crm.database import writing
from crm.staff import sessions
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import PhoneKind, Role, Sex
from crm.staff.passwords import Hasher
from crm.staff.service import create
from dialplan.names import Store, agent_interface

T = TypeVar("T")
SECOND = 1000
QUEUE, NUMBER = "q00", "1100"
SOMSRI, PRASERT, MALEE, LEGAL, LEGAL_OUTSIDE = "2001", "2002", "2003", "701", "025077000"
NAMES = {
    "somsri": ("สมศรี ใจดี", "Somsri Jaidee", SOMSRI, Sex.FEMALE, PhoneKind.BROWSER),
    "prasert": ("ประเสริฐ สุขใจ", "Prasert Sukjai", PRASERT, Sex.MALE, PhoneKind.BROWSER),
    "malee": ("มาลี พงษ์ไทย", "Malee Pongthai", MALEE, Sex.FEMALE, PhoneKind.DESK),
}
BROWSER_FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


class Outside:
    """Telephones in a thread of their own: the browser's loop has this one."""

    def __init__(self, whole: Whole) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.exchange = self.do(Exchange.open(whole))

    def do(self, what: Coroutine[Any, Any, T], seconds: float = 30) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(seconds)

    def call(self, caller: str = "0812345678", number: str = NUMBER, **more: Any) -> Call:
        """Somebody calls."""
        return self.do(self.exchange.network.call(number, caller, **more))

    def hang_up_all(self) -> None:
        """Nobody talks or waits any more."""
        for telephone in (self.exchange.network, self.exchange.desks):
            for call in telephone.all_calls:
                if call.ended_at is None:
                    with suppress(AssertionError):
                        self.do(call.hang_up())

    def close(self) -> None:
        self.do(self.exchange.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class DeskProduct:
    """``whole``: everything that runs; ``outside``: the telephone network; `desk` opens somebody's page."""

    def __init__(self, whole: Whole, outside: Outside) -> None:
        self.whole = whole
        self.outside = outside
        self.staff = {name: self._account(name) for name in NAMES}

    def _account(self, username: str) -> int:
        name_th, name_en, extension, sex, phone = NAMES[username]
        draft = StaffDraft(
            username=username,
            role=Role.AGENT,
            name_th=name_th,
            name_en=name_en,
            sex=sex,
            extension=extension,
            phone=phone,
            queues={QUEUE: 0},
        )
        password = Hasher(memory_kib=64).chosen("four plain words here")
        with writing(self.whole.engine) as connection:
            return create(connection, draft, datetime.now(UTC), None, password)

    def url(self, path: str = "/desk") -> str:
        return f"http://127.0.0.1:{self.whole.site.ports.web}{path}"

    def log_in(self, context: BrowserContext, username: str) -> None:
        """A session for this browser."""
        with writing(self.whole.engine) as connection:
            token = sessions.begin(connection, self.staff[username], datetime.now(UTC))
        context.add_cookies([{"name": COOKIE, "value": token, "url": self.url("")}])
        context.grant_permissions(["microphone"], origin=self.url(""))

    def tidy(self, extension: str) -> None:
        """What a test before has left of calls and of this agent's pauses ends."""
        self.outside.hang_up_all()
        for line in self.whole.cli("core show channels concise").splitlines():
            if line.startswith("PJSIP/"):  # not the clock of the wrap-ups
                self.whole.cli(f"channel request hangup {line.partition('!')[0]}")
        self.whole.cli(f"database del {Store.WRAP_UP} {extension}")
        self.whole.cli(f"queue unpause member {agent_interface(extension)} queue {QUEUE}")

    @contextmanager
    def desk(self, browser: Browser, username: str = "somsri", language: str = "th", **more: Any) -> Iterator[Page]:
        """Somebody's desk, ready to be called; no error may happen in it."""
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **more)
        self.log_in(context, username)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(self.url(f"/desk?lang={language}"))
        available(page)
        try:
            yield page
        finally:
            context.close()
        assert errors == []


def available(page: Page, seconds: float = 30) -> None:
    """The desk can be called."""
    in_state(page, "available", seconds)


def in_state(page: Page, state: str, seconds: float = 20) -> None:
    """The desk shows this state."""
    expect(page.locator("#state")).to_have_attribute("data-state", state, timeout=seconds * SECOND)


@contextmanager
def desk_product(folder: Path, wrap_up_seconds: int = WRAP_UP_SECONDS) -> Iterator[DeskProduct]:
    """A call centre with two browser telephones and a desk telephone, which nobody plays unless a test does."""
    folder.mkdir(exist_ok=True)
    root = installed_root()
    desks = free_port(DESKS)
    agents = [
        {"extension": SOMSRI, "name_th": "สมศรี ใจดี", "name_en": "Somsri", "queues": [QUEUE], "phone": "webrtc"},
        {"extension": PRASERT, "name_th": "ประเสริฐ สุขใจ", "name_en": "Prasert", "queues": [QUEUE], "phone": "webrtc"},
        {"extension": MALEE, "name_th": "มาลี พงษ์ไทย", "name_en": "Malee", "queues": [QUEUE], "phone": "desk",
         "contact": f"sip:{MALEE}@{DESKS}:{desks}"},
    ]  # fmt: skip
    departments = [
        {
            "name": "legal",
            "label_th": "กองกฎหมาย",
            "label_en": "Legal office",
            "extension": LEGAL,
            "dial": LEGAL_OUTSIDE,
        }
    ]
    queues = [{"name": QUEUE, "wrap_up_seconds": wrap_up_seconds, "strategy": "ringall"}]
    settings = whole_settings(folder, root, slots=1, agents=agents, departments=departments, queues=queues)
    with running(settings, root) as whole:
        outside = Outside(whole)
        try:
            yield DeskProduct(whole, outside)
        finally:
            outside.close()
