"""An office with transfer cards and no Asterisk: agents, officers of two departments, a supervisor, their browsers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, insert
from web_client import WebClient

from ami_listener.events import TransferEnded, TransferResult
from ami_listener.floor import AgentNow, FloorSnapshot, TalkingCall
from ami_listener.records import CallRecord, Conversation, QueuePass, Transfer
from crm.calendar.service import CalendarService
from crm.calls.models import calls
from crm.cards import records
from crm.cards.models import transfer_cards
from crm.cards.records import Card
from crm.cards.transfers import TransferBook
from crm.database import reading, writing
from crm.live import Hub, Listener
from crm.outbox.service import Letter, list_letters
from crm.people.numbers import normalise
from crm.staff import sessions
from crm.staff.access import COOKIE, Access, Visitor
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import Hasher, NewPassword
from crm.staff.service import create
from crm.staff.web import StaffPages
from crm.web.app import create_app
from hotline.office.cards import make_cards
from hotline.office.house import house_of
from hotline.settings import Settings, parse
from hotline.settings_file import EXAMPLE, first_settings

THURSDAY = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)  # ten o'clock in Bangkok
CALLER = "+66812345678"
DEPARTMENTS: list[dict[str, Any]] = [
    {"name": "legal", "label_th": "กองกฎหมาย", "label_en": "Legal office", "extension": "701", "dial": "025077000",
     "email": "legal@example.test"},
    {"name": "trade", "label_th": "กองการค้า", "label_en": "Trade office", "extension": "702", "dial": "025078000",
     "email": "trade@example.test", "answer_days": 2},
    {"name": "silent", "label_th": "กองเงียบ", "label_en": "Silent office", "extension": "703", "dial": "025079000"},
]  # fmt: skip
PEOPLE: dict[str, dict[str, Any]] = {
    "somsri": {"role": Role.AGENT, "name_th": "สมศรี ใจดี", "name_en": "Somsri Jaidee", "extension": "1001"},
    "prasert": {"role": Role.AGENT, "name_th": "ประเสริฐ สุขใจ", "name_en": "Prasert Sukjai", "extension": "1002"},
    "niti": {"role": Role.OFFICER, "name_th": "นิติ กฎหมาย", "name_en": "Niti Kotmai", "department": "legal"},
    "kanya": {"role": Role.OFFICER, "name_th": "กัญญา ค้าขาย", "name_en": "Kanya Khakhai", "department": "trade",
              "extension": "1501", "email": "kanya@example.test"},
    "mali": {"role": Role.SUPERVISOR, "name_th": "มะลิ หัวหน้า", "name_en": "Mali", "email": "mali@example.test"},
    "admin": {"role": Role.ADMINISTRATOR, "name_th": "ผู้ดูแล", "name_en": "Admin"},
}  # fmt: skip


@dataclass
class Clock:
    """The time of a test."""

    now: datetime = THURSDAY

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings_of(folder: Path, more: str = "") -> Settings:
    """The first settings with three departments, and further sections."""
    text = first_settings({**EXAMPLE, "departments": DEPARTMENTS})
    text = text.replace("\n[site]\n", '\n[site]\nstate_folder = "."\n', 1)
    text = text.replace("\n[web]\n", '\n[web]\npublic_url = "https://hotline.test"\n', 1)
    for section in filter(None, more.split("\n\n")):
        head, _, body = section.strip().partition("\n")
        text = text.replace(f"\n{head}\n", f"\n{head}\n{body}\n", 1)
    path = folder / "hotline.toml"
    path.write_text(text, "utf-8")
    return parse(text, path)


@dataclass
class CardOffice:
    """Everything about cards over one database; ``as_`` gives somebody's browser."""

    engine: Engine
    folder: Path
    more: str = ""
    clock: Clock = field(default_factory=Clock)
    talking: list[TalkingCall] = field(default_factory=list)
    agents: dict[str, AgentNow] = field(default_factory=dict)
    settled: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = settings_of(self.folder, self.more)
        self.calendar = CalendarService(self.engine, self.settings, self.clock)
        self.staff: dict[str, int] = {}
        password = NewPassword("", "nobody logs in with it", is_temporary=False)
        with writing(self.engine) as connection:
            for username, values in PEOPLE.items():
                draft = StaffDraft(username=username, **values)
                self.staff[username] = create(connection, draft, self.clock(), None, password)
        self._runner = asyncio.Runner()
        self.app = self._runner.run(self._make())
        self._made: list[WebClient] = []
        self._browsers: dict[str, tuple[WebClient, datetime]] = {}

    async def _make(self) -> FastAPI:
        self.hub = Hub()
        self.access = Access(self.engine, self.clock)
        self.house = house_of(self.settings, "test")
        part = make_cards(self, self.hub, self.access, self.house, self._settled)
        self.cards = part.cards
        self.part = part
        staff = StaffPages(self.engine, self.access, self.house, self.clock, Hasher())
        return create_app([staff.router, *part.routers])

    def _settled(self, kind: str, result: str) -> None:
        self.settled.append((kind, result))

    # --- what make_cards needs of its surroundings

    def floor(self) -> FloorSnapshot:
        return FloorSnapshot(self.clock(), {}, tuple(self.talking), self.agents)

    def find_call(self, call_id: str) -> CallRecord | None:
        return None

    # --- people

    def as_(self, username: str) -> WebClient:
        """Somebody's browser, logged in, also when the clock has gone on for days."""
        browser, since = self._browsers.get(username, (None, self.clock()))
        if browser is None or self.clock() - since > timedelta(hours=1):
            browser = browser or self.stranger()
            with writing(self.engine) as connection:
                token = sessions.begin(connection, self.staff[username], self.clock())
            browser.cookies.clear()
            browser.cookies.set(COOKIE, token, domain="hotline.test")
            self._browsers[username] = browser, self.clock()
        return browser

    def stranger(self, address: str = "192.0.2.7") -> WebClient:
        """A browser without a log-in."""
        self._made.append(WebClient(self.app, client=(address, 50000)))
        return self._made[-1]

    def visitor(self, username: str) -> Visitor:
        """Somebody, for a service."""
        with writing(self.engine) as connection:
            token = sessions.begin(connection, self.staff[username], self.clock())
            found = sessions.visitor_of(connection, token, self.clock())
        assert found is not None
        return found[0]

    # --- calls

    def call(self, call_id: str = "main-1.1", caller: str | None = CALLER, agent: str = "1001") -> CallRecord:
        """A call that an agent answered, on record."""
        at = self.clock() - timedelta(minutes=2)
        record = CallRecord(call_id, at, caller, "1169", "provider", queue="enquiries")
        record.passes = [QueuePass("enquiries", 1, at, left_at=at)]
        record.conversations = [Conversation("enquiries", agent, at + timedelta(seconds=3))]
        number = normalise(caller)
        values = {"call_id": call_id, "arrived_at": at, "caller_number": caller, "caller_e164": number.recognisable}
        values |= {"called_number": "1169", "trunk": "provider", "precision": "microsecond", "updated_at": at}
        with writing(self.engine) as connection:
            connection.execute(insert(calls).values(**values))
        self.talking.append(TalkingCall(call_id, "enquiries", agent, at))
        return record

    @property
    def book(self) -> TransferBook:
        """Writes calls onto cards."""
        return TransferBook(self.cards, lambda raw: normalise(raw, extensions={"1001", "1002"}), self._settled)

    def transfer(
        self,
        record: CallRecord,
        to: str,
        *,
        kind: str = "blind",
        agent: str = "1001",
        result: TransferResult | None = None,
        picked_up_by: str | None = None,
    ) -> list[TransferEnded]:
        """The agent transfers now, and what became of it: nothing known, an end, or somebody who picks up."""
        at = self.clock()
        record.transfers.append(Transfer(kind, agent, to, at))
        ends = []
        if picked_up_by:
            record.conversations.append(Conversation(None, picked_up_by, at + timedelta(seconds=4)))
        if result is not None:
            end_at = at + timedelta(seconds=20)
            ends = [
                TransferEnded(
                    event_id=f"end-{end_at}", occurred_at=end_at, call_id=record.call_id, to=to, result=result
                )
            ]
            if result is not TransferResult.ANSWERED:
                record.passes.append(QueuePass("enquiries", 4, end_at + timedelta(seconds=3)))
        self.book.write(record, ends)
        return ends

    # --- what there is

    def all_cards(self) -> list[Card]:
        """Every card, oldest first."""
        with reading(self.engine) as connection:
            rows = connection.execute(records.select_cards().order_by(transfer_cards.c.id))
            return [records.card_of(row) for row in rows]

    def only_card(self) -> Card:
        """The one card."""
        (card,) = self.all_cards()
        return card

    def story(self, card: Card) -> list[str]:
        """What happened, in short."""
        with reading(self.engine) as connection:
            return [step.what for step in records.steps_of(connection, card.id)]

    def letters(self) -> list[Letter]:
        """All letters, oldest first."""
        with reading(self.engine) as connection:
            return list_letters(connection)[::-1]

    def link(self, letter: Letter | None = None) -> str:
        """The path of the link in a letter, the newest when none is given."""
        text = (letter or self.letters()[-1]).text
        return "/c/" + text.partition("https://hotline.test/c/")[2].split()[0]

    def listening(self, *topics: str) -> Listener:
        """Hears these topics from now on."""
        self._runner.run(asyncio.sleep(0))  # what was told before is gone
        return self.hub.listen(topics)

    def heard(self, listener: Listener) -> list[dict[str, Any]]:
        """Everything heard so far."""

        async def all_of_it() -> list[dict[str, Any]]:
            await asyncio.sleep(0)
            found = []
            while not listener._queue.empty():
                found.append(dict(await listener.get()))
            return found

        return self._runner.run(all_of_it())

    def in_loop(self, work: Callable[[], Any]) -> Any:
        """Runs something in the office's event loop."""

        async def run() -> Any:
            return await work()

        return self._runner.run(run())

    def close(self) -> None:
        """Ends the loops."""
        for browser in self._made:
            browser.close()
        self._runner.close()
