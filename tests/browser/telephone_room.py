"""A room of agents with browsers, on the whole product: real Chromium, real Asterisk, and callers on the network.

Each agent's page has a microphone that sings one tone, so that it can be heard who hears whom. Scenarios are like those
of ``tests/asterisk``: each has a queue, a number and agents of its own; only a few are played at once, since every page
costs a share of the processor.
"""

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from product import DESKS, TRUNK, free_port
from programs import environment, find
from sqlalchemy import insert
from telephone_audio import tone
from telephone_seat import AGENT, CALLER, LogIn, Seat, heard
from telephones import Call, Telephone
from whole import Whole, whole_settings

from crm.database import upgrade, writing
from crm.staff.access import COOKIE
from crm.staff.models import staff, staff_queues

CHROMIUM = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--disable-default-apps", "--disable-domain-reliability", "--no-proxy-server"),
    # A page here has no human behind it who clicks first; and Chromium offers 127.0.0.1 to nobody, see `reachable`.
    *("--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
)
SPARE = "10.99.0.1"
WRAP_UP_SECONDS = 3
TOGETHER = 1  # most of a scenario is waiting; more at once, and a small machine is too slow for what they promise
SUPERVISOR = 4  # the last digit of the extension
PAGE = Path(__file__).with_name("telephone_page.js")


def reachable() -> None:
    """Chromium and Asterisk need one address that is not 127.x to speak audio: WebRTC offers no other. A machine
    without a network gets one on its loopback, for which one has to be root there (a user namespace will do)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            if not probe.getsockname()[0].startswith("127."):
                return
        except OSError:
            pass
    listed = subprocess.run(["ip", "-4", "-o", "address"], capture_output=True, text=True, check=False).stdout
    if any(" inet 127." not in line for line in listed.splitlines()):
        return
    added = subprocess.run(
        ["ip", "address", "add", f"{SPARE}/32", "dev", "lo"], capture_output=True, text=True, check=False
    )
    if added.returncode:
        raise RuntimeError(
            "audio in a browser needs an address other than 127.x, and this machine has none:"
            f" ip address add {SPARE}/32 dev lo ({added.stderr.strip()})"
        )


def room_settings(folder: Path, asterisk_root: Path, slots: int, supervisors: bool = False, **sections: Any) -> Any:
    """As many call centres as there are slots: agents 2001 and 2002 of slot 0 have browsers; 2003 has a desk phone
    and no queue, nor has the supervisor 2004, whose telephone is a browser's."""
    desks = free_port(DESKS)
    agents = [
        {"extension": f"2{i:02}{n}", "name_en": f"Agent {i}-{n}", "queues": [f"q{i:02}"], "phone": "webrtc"}
        for i in range(slots)
        for n in (1, 2)
    ]
    agents += [
        {"extension": f"2{i:02}3", "name_en": f"Desk {i}", "contact": f"sip:2{i:02}3@{DESKS}:{desks}"}
        for i in range(slots)
    ]
    if supervisors:
        agents += [
            {"extension": f"2{i:02}{SUPERVISOR}", "name_en": f"Boss {i}", "phone": "webrtc"} for i in range(slots)
        ]
    given = {
        "agents": agents,
        "departments": [
            {"name": "legal", "extension": "701", "dial": "021112222"},
            {"name": "customs", "extension": "702", "dial": "021113333"},
        ],
        "answering": {"answer_within_seconds": 30, "repeat_seconds": 10, "missed_rest_seconds": 3},
    }
    return whole_settings(folder, asterisk_root, slots, **{**given, **sections})


@contextmanager
def staffed(settings: Any, asterisk_root: Path) -> Iterator[Whole]:
    """The whole product with its people in the database; ended with the block."""
    whole = Whole.prepare(settings, asterisk_root)
    upgrade(whole.engine)
    for agent in settings.agents:
        _enrol(whole, agent)
    with whole:
        try:
            whole.installation.start_service()
            yield whole
        finally:
            if whole.installation.service is not None:
                whole.installation.stop_service()
            whole.engine.dispose()


def _enrol(whole: Whole, agent: Any) -> None:
    at, extension = datetime.now(UTC), agent.extension
    phone = "browser" if agent.phone == "webrtc" else "desk"
    role = "supervisor" if extension.endswith(str(SUPERVISOR)) else "agent"
    person = {"username": f"{role}{extension}", "password_hash": "-", "role": role, "phone": phone}
    names = {"name_th": f"พนักงาน {extension}", "name_en": f"Agent {extension}"}
    with writing(whole.engine) as connection:
        made = connection.execute(
            insert(staff).values(**person, **names, extension=extension, created_at=at, updated_at=at)
        )
        key = made.inserted_primary_key
        assert key is not None
        for queue in agent.queues:
            connection.execute(insert(staff_queues).values(staff_id=key[0], queue=queue))


@dataclass
class Room:
    """Everything around the product: the network, a browser, and who sits there."""

    whole: Whole
    network: Telephone
    desks: Telephone
    playwright: Playwright
    browser: Browser
    seats: list[Seat] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.whole.site.ports.web}"

    async def launch(self) -> Browser:
        """A browser of its own, to be killed."""
        return await self.playwright.chromium.launch(executable_path=find("chromium"), args=list(CHROMIUM))

    async def sit(
        self,
        extension: str,
        hertz: float = AGENT,
        *,
        log_in: LogIn | None = None,
        browser: Browser | None = None,
        beside: Seat | None = None,
        registered: bool = True,
        at: str = "/health",
        **more: Any,
    ) -> Seat:
        """An agent logs in and opens the page. ``beside``: a second tab of that seat's browser; ``at``: a page of the
        product, which keeps its telephone to itself."""
        log_in = log_in or (beside.log_in if beside else LogIn.of(self.whole, extension, **more))
        context = beside.page.context if beside else await self._context(log_in, hertz, browser or self.browser)
        seat = Seat(await context.new_page(), log_in)
        self.seats.append(seat)
        await seat.page.goto(f"{self.address}{at}")
        if registered and at == "/health":
            await seat.until("registered")
        return seat

    async def _context(self, log_in: LogIn, hertz: float, browser: Browser) -> BrowserContext:
        context = await browser.new_context()
        await context.grant_permissions(["microphone", "notifications"], origin=self.address)
        await context.add_cookies([{"name": COOKIE, "value": log_in.token, "url": self.address}])
        await context.expose_binding("tell", self._hear)
        script = PAGE.read_text("utf-8").replace("CSRF", json.dumps(log_in.csrf)).replace("HERTZ", str(hertz))
        await context.add_init_script(script)
        return context

    def _hear(self, source: Any, told: dict[str, Any]) -> None:
        for seat in self.seats:
            if seat.page is source["page"] or seat.page == source["page"]:
                seat.hear(told)

    async def leave(self) -> None:
        """Everyone goes; what they did wrong is said."""
        seats, self.seats = self.seats, []
        errors = [error for seat in seats for error in seat.errors]
        for seat in seats:
            try:
                await seat.page.context.close()
            except Exception:  # its browser was killed
                continue
        assert errors == []


@dataclass
class Desk:
    """One scenario's own call centre."""

    room: Room
    index: int
    _calls: int = 0

    @property
    def number(self) -> str:
        return f"11{self.index:02}"

    @property
    def queue(self) -> str:
        return f"q{self.index:02}"

    def agent(self, n: int = 1) -> str:
        return f"2{self.index:02}{n}"

    @property
    def whole(self) -> Whole:
        return self.room.whole

    async def call(self, sings: float = CALLER, recorded: bool = False, **more: Any) -> Call:
        """Somebody calls, and sings."""
        self._calls += 1
        number = f"13{self.index:02}" if recorded else self.number
        call = await self.room.network.call(number, f"081{self.index:03}{self._calls:04}", **more)
        call.audio.sound = tone(sings, 0.96)
        return call

    async def id_of(self, call: Call) -> str:
        return await self.whole.call_of(call.caller)

    async def talk(self, seat: Seat, **more: Any) -> Call:
        """A caller and this agent talk, and hear each other."""
        before = len(await seat.events("answered"))
        call = await self.call(**more)
        await seat.until("ringing", len(await seat.events("ringing")) + 1 if before else 1)
        await seat.order("phone.answer()")
        await call.answered()
        await seat.until("answered", before + 1)
        await heard(call, AGENT)
        return call


Scenario = Callable[[Desk], Awaitable[None]]


@asynccontextmanager
async def opened(whole: Whole) -> AsyncIterator[Room]:
    """The room around a running product."""
    reachable()
    os.environ.update(environment())
    desks_at = next(agent.contact for agent in whole.site.agents if agent.contact)
    network = await Telephone.open(whole.sip, TRUNK, whole.site.trunks[0].port)
    desks = await Telephone.open(whole.sip, DESKS, int(desks_at.rpartition(":")[2]))
    desks.passwords = dict(whole.secrets.agents)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find("chromium"), args=list(CHROMIUM))
        room = Room(whole, network, desks, playwright, browser)
        try:
            yield room
        finally:
            await browser.close()
            await asyncio.gather(network.close(), desks.close())


def play(
    whole: Whole, scenarios: Iterable[Scenario], alone: Collection[Scenario] = ()
) -> dict[str, BaseException | None]:
    """Plays scenarios, a few at once, each in a slot of its own; those that touch everybody ``alone``, at the end. What
    became of each, by its name."""
    return asyncio.run(_play(whole, list(scenarios), alone))


async def _play(
    whole: Whole, scenarios: list[Scenario], alone: Collection[Scenario]
) -> dict[str, BaseException | None]:
    results: dict[str, BaseException | None] = {}
    places = asyncio.Semaphore(TOGETHER)

    async def one(index: int, scenario: Scenario, room: Room) -> None:
        own = replace(room, seats=[])
        async with places:
            try:
                async with asyncio.timeout(90):
                    await scenario(Desk(own, index))
                    await own.leave()
                results[scenario.__name__] = None
            except Exception as failure:
                results[scenario.__name__] = failure
                for seat in own.seats:
                    with suppress(Exception):  # its browser was killed
                        await seat.page.context.close()

    async with opened(whole) as room:
        numbered = list(enumerate(scenarios))
        await asyncio.gather(*(one(index, each, room) for index, each in numbered if each not in alone))
        for index, each in numbered:
            if each in alone:
                await one(index, each, room)
    return results


def verdict(results: dict[str, BaseException | None], scenario: Scenario) -> None:
    """Passes or fails as the scenario did."""
    if (failure := results[scenario.__name__]) is not None:
        raise failure
