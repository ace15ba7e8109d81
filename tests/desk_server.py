"""The desk, served to a browser without Asterisk: events are told by the test, everything behind them is the product's
own. What needs real calls is in ``test_desk_calls``."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ami_listener.actions import Action, GetFromDatabase, Reply
from ami_listener.calls import CallAssembler
from ami_listener.events import AgentState, AgentStateChanged, CallEnded, Event, StreamResumed
from ami_listener.floor import FloorState
from crm.calendar.service import CalendarService
from crm.closure.service import ClosureService
from crm.database import open_engine, upgrade, writing
from crm.staff import sessions
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import PhoneKind, Role, Sex
from crm.staff.passwords import Hasher
from crm.staff.service import create
from crm.web.app import create_app
from crm.web.pages import find_fonts, find_scripts
from crm.web.server import Server
from hotline.office.composition import Office
from hotline.settings import Settings, parse
from hotline.settings_file import first_settings
from hotline.surroundings import Surroundings

HERE = Path(__file__).parent
AGENT, OTHER = "1001", "1002"


def now() -> datetime:
    return datetime.now(UTC)


class DeskServer:
    """An office with two agents; `play` tells it what happens, `cookie` opens its doors."""

    def __init__(self, folder: Path, *, phone: PhoneKind = PhoneKind.DESK) -> None:
        self.folder = folder
        self.nobodys_password = Hasher(memory_kib=64).chosen("a long password of ours")
        self.asked: list[Action] = []
        self.settings = self._settings()
        self.engine = open_engine(self.settings.database_url)
        upgrade(self.engine)
        self.calls = CallAssembler()
        self.floor = FloorState()
        self.running = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.staff = {
            "somsri": self._account("somsri", "สมศรี ใจดี", "Somsri Jaidee", AGENT, phone),
            "prasert": self._account("prasert", "ประเสริฐ สุขใจ", "Prasert Sukjai", OTHER, phone),
            "tricky": self._account("tricky", "</script><script>alert(1)</script>", "Tricky", None, phone),
            "officer": self._account("officer", "นิติ กฎหมาย", "Niti Kotmai", None, phone, Role.OFFICER),
        }

    def _settings(self) -> Settings:
        text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "."\n', 1)
        path = self.folder / "hotline.toml"
        path.write_text(text, "utf-8")
        return parse(text, path)

    def _account(
        self,
        username: str,
        name_th: str,
        name_en: str,
        extension: str | None,
        phone: PhoneKind,
        role: Role = Role.AGENT,
        department: str = "legal",
    ) -> int:
        """Somebody who works here; returns the id."""
        draft = StaffDraft(
            username=username,
            role=role,
            sex=Sex.FEMALE,
            name_th=name_th,
            name_en=name_en,
            extension=extension,
            phone=phone,
            department=department if role is Role.OFFICER else None,
        )
        with writing(self.engine) as connection:
            return create(connection, draft, now(), None, self.nobodys_password)

    def cookie(self, username: str = "somsri") -> dict[str, Any]:
        """A session, as playwright's ``add_cookies`` takes it."""
        with writing(self.engine) as connection:
            token = sessions.begin(connection, self.staff[username], now())
        return {"name": COOKIE, "value": token, "url": self.url("")}

    def url(self, path: str = "/desk") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    # ---- life

    def start(self) -> None:
        """Serve."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)))
        self._thread.start()
        assert ready.wait(20)
        self.running = True
        self.resume()

    def resume(self) -> None:
        """Asterisk is heard."""
        at = self.now()
        self.play(StreamResumed(event_id=f"resumed-{at.isoformat()}", occurred_at=at, live_calls=frozenset()))

    def stop(self) -> None:
        """Stop serving, and wait until it is over."""
        if self.running:
            self.running = False
            self._server.should_exit = True
            self._thread.join(timeout=15)
            assert not self._thread.is_alive(), "the server did not stop: a stream held it"

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self.office = Office(self._surroundings())
        app = create_app(self.office.routers, fonts_folder=find_fonts(HERE), scripts=find_scripts(HERE))
        self._server = Server(app, self.office.stop)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen()
        self.office.start()
        self._loop.call_soon(ready.set)
        await self._server.serve(sockets=[listener])

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            current=lambda: self.settings,
            engine=self.engine,
            send=self._send,
            floor=lambda: self.floor.snapshot(now()),
            agent_now=self.floor.agent,
            find_call=self.calls.find,
            calendar=CalendarService(self.engine, self.settings, now),
            closures=ClosureService(self.engine, ["1169"], self._send),
            clock=now,
        )

    async def _send(self, action: Action) -> Reply:
        self.asked.append(action)
        if isinstance(action, GetFromDatabase):
            return Reply({}, ({"Val": str((now() + timedelta(seconds=30)).timestamp())},))
        return Reply({"Response": "Success"})

    # ---- what happens

    @staticmethod
    def now() -> datetime:
        """The time here."""
        return now()

    def log_out_everywhere(self, username: str = "somsri") -> None:
        """Their sessions end."""
        with writing(self.engine) as connection:
            sessions.end_all(connection, self.staff[username])

    def inbox_changed(self) -> None:
        """As the end of a call does."""
        at = self.now()
        self.play(CallEnded(event_id=f"ended-{at.isoformat()}", occurred_at=at, call_id="nobody"))

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        """Somebody changed something."""
        self._in_loop(lambda: self.office.hub.publish(topic, message))

    def play(self, *events: Event) -> None:
        """Tells these events, in order; returns when they were taken in."""
        self._in_loop(lambda: self._apply(events))

    def _apply(self, events: Iterable[Event]) -> None:
        for event in events:
            self.calls.apply(event)
            self.floor.apply(event)
            self.office.happened(event)

    def play_with(self, first: Callable[[], object], *events: Event) -> None:
        """The same, with ``first`` done just before, in the loop."""

        def work() -> None:
            first()
            self._apply(events)

        self._in_loop(work)

    def _in_loop(self, work: Callable[[], object]) -> None:
        async def run() -> None:
            work()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def state(self, state: AgentState, reason: str | None = None, agent: str = AGENT, ago: float = 0) -> None:
        """The agent is something else now."""
        at = now() - timedelta(seconds=ago)
        event_id = f"{agent}-{at.isoformat()}"
        self.play(AgentStateChanged(event_id=event_id, occurred_at=at, agent=agent, state=state, pause_reason=reason))
