"""People, contacts and what belongs to them, served without a network over any database; time is the test's."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import Engine, insert, select
from web_client import WebClient

from ami_listener.calls import CallAssembler
from ami_listener.events import Event
from ami_listener.floor import FloorState
from ami_listener.records import CallRecord
from crm.audit.service import AuditFilter, AuditLine, lines
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.database import reading, writing
from crm.live import Hub, Message
from crm.staff import sessions
from crm.staff.access import COOKIE, Access
from crm.staff.models import staff
from crm.web.app import create_app
from hotline.office.house import house_of
from hotline.office.records import Records
from hotline.settings import Settings

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # noon in Bangkok
PEOPLE = {  # user name → role, extension, names
    "somsri": ("agent", "1001", "นางสาวสมศรี ใจดี", "Somsri Jaidee"),
    "prasert": ("agent", "1002", "ประเสริฐ สุขใจ", "Prasert Sukjai"),
    "vipa": ("supervisor", "1003", "วิภา รักงาน", "Vipa Rakngan"),
    "niti": ("officer", "1901", "นิติ กฎหมาย", "Niti Kotmai"),
    "admin": ("administrator", None, "ผู้ดูแล", "Admin"),
}


class RememberingHub(Hub):
    """Keeps what was published."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Message]] = []

    def publish(self, topic: str, message: Message) -> None:
        self.told.append((topic, message))

    def listening(self, topic: str) -> int:
        return 1

    def of(self, topic: str) -> list[Message]:
        return [message for name, message in self.told if name == topic]


class RecordsRig:
    """``ask`` as somebody; ``clock`` moves with `later`; `play` tells events as Asterisk does."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.at = NOON
        self.calls = CallAssembler()
        self.floor_state = FloorState()
        self._runner = asyncio.Runner()
        self.staff_ids = self._hire()
        self._runner.run(self._build())
        app = create_app(self.records.routers)
        self._clients: dict[str | None, WebClient] = {}
        self._app = app
        self._csrf: dict[str, str] = {}

    async def _build(self) -> None:
        self.hub = RememberingHub()
        access = Access(self.engine, self.clock)
        self.records = Records(self, self.hub, access, house_of(self.settings, "0"))

    # --- what `hotline.office.records.Around` asks for

    def clock(self) -> datetime:
        return self.at

    def floor(self) -> Any:
        return self.floor_state.snapshot(self.at)

    def find_call(self, call_id: str) -> CallRecord | None:
        return self.calls.find(call_id)

    # --- people

    def _hire(self) -> dict[str, int]:
        with writing(self.engine) as connection:
            for username, (role, extension, name_th, name_en) in PEOPLE.items():
                values = {"username": username, "role": role, "extension": extension, "password_hash": "-"}
                names = {"name_th": name_th, "name_en": name_en, "created_at": NOON - timedelta(days=30)}
                connection.execute(insert(staff).values(**values, **names, updated_at=NOON))
            return {row.username: row.id for row in connection.execute(select(staff.c.username, staff.c.id))}

    def client(self, username: str | None) -> WebClient:
        """The browser of somebody who is logged in; None: of nobody."""
        if username not in self._clients:
            client = WebClient(self._app)
            if username is not None:
                with writing(self.engine) as connection:
                    token = sessions.begin(connection, self.staff_ids[username], self.at)
                    found = sessions.visitor_of(connection, token, self.at)
                assert found is not None
                client.cookies.set(COOKIE, token)
                self._csrf[username] = found[0].csrf
            self._clients[username] = client
        return self._clients[username]

    def log_out(self, username: str) -> None:
        """The next request is of a new session."""
        self._clients.pop(username).close()

    def ask(self, method: str, path: str, body: Any = None, username: str = "somsri") -> httpx.Response:
        """A request of a page's script."""
        client = self.client(username)
        headers = {"X-CSRF-Token": self._csrf[username], "Accept": "application/json"}
        return client.request(method, path, json=body, headers=headers)

    def get(self, path: str, username: str = "somsri") -> Any:
        """The JSON of a page that must be there."""
        answer = self.ask("GET", path, username=username)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: Any = None, username: str = "somsri") -> Any:
        """The JSON of the answer to a change that must succeed."""
        answer = self.ask(method, path, body if body is not None else {}, username)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.status_code != 204 else None

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._runner.close()

    # --- what happens

    def later(self, seconds: float) -> datetime:
        """Time passes."""
        self.at += timedelta(seconds=seconds)
        return self.at

    def play(self, *events: Event) -> None:
        """Events, taken in; their records of service are seen to."""
        for event in events:
            self.calls.apply(event)
            self.floor_state.apply(event)
            self.records.keeper.happened(event)
        assert self.work(), "the database is away"

    def work(self) -> bool:
        """Records of service are seen to; False when the database is away."""
        return self._runner.run(self.records.keeper.work())

    def record(self, *call_ids: str) -> None:
        """The recorder has written these calls."""
        store = CallStore(self.engine, self.clock)
        found = [record for call_id in call_ids if (record := self.calls.find(call_id))]
        store.write(Batch(calls=[rows_of(record, self.records.normalise) for record in found]))
        store.close()

    def audit(self, subject: str) -> list[AuditLine]:
        with reading(self.engine) as connection:
            return lines(connection, AuditFilter(subject=subject))
