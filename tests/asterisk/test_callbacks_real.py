"""Calling back on a real Asterisk: the place outlives Asterisk and the service, every try reaches a telephone once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from product import DESKS, TRUNK, ProductAsterisk, base_site, free_port
from sqlalchemy import Engine
from telephones import Telephone

from ami_listener.actions import QueueStatus
from ami_listener.client import AmiClient
from ami_listener.events import CallbackTried, Event, StreamInterrupted, StreamResumed
from ami_listener.protocol import Message
from ami_listener.records import Callback, CallRecord
from ami_listener.settings import AmiSettings
from ami_listener.translate import WANTED_EVENTS, Translator
from crm.calendar.keeper import CalendarKeeper
from crm.calendar.service import CalendarService
from crm.callbacks import book
from crm.callbacks.placeholder import find_placeholders
from crm.callbacks.scheduler import CallbackScheduler
from crm.callbacks.service import CallbackRequest, list_callbacks
from crm.calls.models import CallbackState
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallbackPolicy, CallStore
from crm.closure.service import ClosureService
from crm.database import open_engine, reading, upgrade
from crm.pbx_store import read_family
from crm.people.numbers import normalise
from dialplan.asterisk.process import AsteriskProcess
from dialplan.names import Store
from dialplan.site import HotlineSite

ASKED, NUMBER = "main-1.1", "0812345678"
POLICY = CallbackPolicy(tries=3, retry_seconds=1)


class Desk:
    """What of the service concerns callbacks and doors, with a database and a listener of its own."""

    def __init__(self, product: ProductAsterisk, engine: Engine) -> None:
        self.engine = engine
        self.store = CallStore(engine, now, POLICY)
        self.translator = Translator(now)
        account = AmiSettings(
            username="hotline", secret=product.secrets.ami, port=product.site.ports.ami, reconnect_max_seconds=0.3
        )
        self.ami = AmiClient(account, self.heard, self.connected, self.lost, interesting=WANTED_EVENTS)
        self.calendar = CalendarService(engine, product.site, now)
        closures = ClosureService(engine, [number.number for number in product.site.numbers], self.ami.send)
        self.keeper = CalendarKeeper(self.calendar, closures, self.ami.send, now)
        self.scheduler = CallbackScheduler(engine, self.ami.send, self.calendar, POLICY, self.record, clock=now)

    def heard(self, message: Message) -> None:
        for event in self.translator.translate(message):
            self.apply(event)

    def apply(self, event: Event) -> None:
        if isinstance(event, CallbackTried):
            self.record(event)
        self.scheduler.apply(event)

    def record(self, tried: CallbackTried) -> None:
        self.store.write(Batch(callback_tries=[tried]))

    async def connected(self) -> None:
        await self.ami.send(QueueStatus())
        self.apply(StreamResumed(event_id="resumed", occurred_at=now(), live_calls=frozenset()))
        self.keeper.logged_in()

    def lost(self, reason: str) -> None:
        self.apply(StreamInterrupted(event_id="lost", occurred_at=now(), reason=reason))

    def request(self) -> CallbackRequest:
        with reading(self.engine) as connection:
            return list_callbacks(connection)[0]

    async def placeholders(self) -> int:
        return len(await find_placeholders(self.ami.send, {}))


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def serving(product: ProductAsterisk, engine: Engine) -> AsyncIterator[Desk]:
    """A service; leaving is like its sudden end."""
    desk = Desk(product, engine)
    tasks = [asyncio.create_task(run()) for run in (desk.scheduler.run, desk.keeper.run)]
    try:
        await desk.ami.start()
        await desk.ami.wait_ready(20)
        yield desk
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await desk.ami.close()
        desk.store.close()


async def until(condition: Callable[[], Awaitable[object]], seconds: float, what: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def product(tmp_path: Path, asterisk_root: Path) -> Iterator[ProductAsterisk]:
    desks = free_port(DESKS)
    agent = {"extension": "1001", "queues": ["enquiries"], "contact": f"sip:1001@{DESKS}:{desks}"}
    values = base_site(
        numbers=[{"number": "1169", "queue": "enquiries"}],
        queues=[{"name": "enquiries", "wrap_up_seconds": 1}],
        agents=[agent],
    )
    with ProductAsterisk.make(HotlineSite.model_validate(values), tmp_path, asterisk_root, "callbacks") as running:
        yield running


def ask(engine: Engine) -> None:
    """A caller asked a minute ago."""
    record = CallRecord(ASKED, now() - timedelta(seconds=90), NUMBER, "1169", "carrier", language="th")
    record.callback = Callback("enquiries", NUMBER, now() - timedelta(seconds=60))
    store = CallStore(engine, now, POLICY)
    store.write(Batch(calls=[rows_of(record, normalise)]))
    store.close()


async def _story(product: ProductAsterisk, engine: Engine) -> None:
    site = product.site
    network = await Telephone.open(product.sip, TRUNK, site.trunks[0].port)
    desk_phone = await Telephone.open(product.sip, DESKS, int((site.agents[0].contact or "").rpartition(":")[2]))
    product.cli("queue pause member PJSIP/1001 queue enquiries reason test")
    async with serving(product, engine) as desk:
        await until(lambda: placed(desk), 10, "a placeholder")
    # the service was away, the placeholder is still there: no second one
    async with serving(product, engine) as desk:
        await until(lambda: known(desk), 10, "the number noted in Asterisk")
        assert await desk.placeholders() == 1
        # Asterisk dies
        os.kill(product.process.pid or 0, signal.SIGKILL)
        await product.until(lambda: not desk.ami.ready, 10, "connection lost")
        product.process.stop()
        product.process = AsteriskProcess(product.folders)
        product.process.start()
        await desk.ami.wait_ready(20)
        # first try: busy
        leg = await desk_phone.next_call("1001", 20)
        assert leg.caller == NUMBER  # C1: the telephone shows who will be called
        await leg.answer()
        (await network.next_call(NUMBER, 10)).reject(486)
        await leg.ended(15)
        # second try: reached
        leg = await desk_phone.next_call("1001", 30)
        await leg.answer()
        reached = await network.next_call(NUMBER, 10)
        await reached.answer()
        await until(lambda: done(desk), 10, "done")
        assert await desk.placeholders() == 1  # they speak: never ended by us
        await reached.hang_up()
        await leg.ended(10)
        assert (desk.request().tries, desk.request().state) == (2, CallbackState.DONE)
        await until(lambda: forgotten(desk), 10, "number free to ask again")
        await until(lambda: reached_by(desk, "1001"), 10, "who reached the caller")
    tries = [line.data[1:] for line in product.lines() if line.event == "CALLBACKTRY"]
    assert tries == [("1", "calling"), ("1", "busy"), ("2", "calling"), ("2", "connected")]
    await asyncio.gather(network.close(), desk_phone.close())


async def placed(desk: Desk) -> bool:
    return await desk.placeholders() == 1


async def known(desk: Desk) -> bool:
    return await read_family(desk.ami.send, Store.CALLBACK) == {NUMBER: ASKED}


async def done(desk: Desk) -> bool:
    return desk.request().state is CallbackState.DONE


async def forgotten(desk: Desk) -> bool:
    return not await read_family(desk.ami.send, Store.CALLBACK)


async def reached_by(desk: Desk, agent: str) -> bool:
    return desk.request().answered_by == agent


def test_a_place_outlives_service_and_asterisk_and_is_called_until_reached(
    product: ProductAsterisk, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "SETTLE_SECONDS", 2.0)
    monkeypatch.setattr(book, "ASKED_SECONDS", 2.0)
    ask(engine)
    asyncio.run(_story(product, engine))


async def _doors(product: ProductAsterisk, engine: Engine) -> None:
    async with serving(product, engine) as desk:

        async def told() -> bool:
            return "2027-12-31" in await read_family(desk.ami.send, Store.HOLIDAY)

        await until(told, 20, "holidays in Asterisk")
        assert "/hotline-holiday/2027-12-31" in product.cli("database show hotline-holiday")
        product.cli("database put hotline-closure 1169 2026-11-20T12:00:00+00:00")  # the database was away

        desk.keeper.logged_in()

        async def closed() -> bool:
            return desk.calendar.closed_reason(now(), "1169") == "emergency"

        await until(closed, 20, "a closure that only Asterisk knew")


def test_asterisk_is_told_of_holidays_and_tells_of_closures(product: ProductAsterisk, engine: Engine) -> None:
    asyncio.run(_doors(product, engine))
