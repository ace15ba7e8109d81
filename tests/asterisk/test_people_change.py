"""People come and go while callers talk: a new agent's telephone is rung without a restart, and no call is dropped."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from exchange import Exchange, Slot
from telephones import Call
from whole import Whole, running, whole_settings

from crm.database import reading, writing
from crm.staff import service
from crm.staff.accounts import StaffDraft
from crm.staff.models import PhoneKind, Role
from crm.staff.passwords import Hasher
from dialplan.names import agent_interface

PASSWORD = "four plain words here"
Add = Callable[[Whole, str, str], Awaitable[None]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Whole]:
    """A product of its own: its people change."""
    settings = whole_settings(tmp_path_factory.mktemp("people"), asterisk_root, slots=3)
    with running(settings, asterisk_root) as whole:
        yield whole


@asynccontextmanager
async def room(office: Whole, slot: int) -> AsyncIterator[Slot]:
    exchange = await Exchange.open(office)
    try:
        async with asyncio.timeout(60):
            yield Slot(exchange, slot)
    finally:
        await exchange.close()


def member(office: Whole, queue: str, extension: str) -> str:
    """Asterisk's own line about a member of a queue, empty when there is none."""
    lines = office.cli(f"queue show {queue}").splitlines()
    return next((line.strip() for line in lines if f"({agent_interface(extension)})" in line), "")


async def add_by_command(office: Whole, queue: str, extension: str) -> None:
    """As an administrator at a terminal; the running service sees it by itself."""
    options = ("--name", "New Person", "--extension", extension, "--phone", "desk", "--queue", f"{queue}=2")
    assert "password" in await office.hotline("staff", "add", f"new-{extension}", *options)
    await office.until(lambda: member(office, queue, extension), 12, "a new member of the queue")


async def add_by_page(office: Whole, queue: str, extension: str) -> None:
    """As an administrator in a browser: when the page answers, it is done."""
    hasher, address = Hasher(memory_kib=64), f"http://127.0.0.1:{office.site.ports.web}"
    boss = StaffDraft(username=f"boss-{extension}", role=Role.ADMINISTRATOR, name_en="Boss")
    with writing(office.engine) as connection:
        service.create(connection, boss, datetime.now(UTC), None, hasher.chosen(PASSWORD))
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as browser:
        entered = await browser.post("/login", data={"username": boss.username, "password": PASSWORD})
        assert entered.status_code == 303
        token = (await browser.get("/account")).text.partition('name="csrf" content="')[2].partition('"')[0]
        filled = {
            "csrf": token, "username": f"new-{extension}", "role": "agent", "name_en": "New Person", "phone": "desk",
            "extension": extension, f"queue-{queue}": "2",
        }  # fmt: skip
        made = await browser.post("/admin/staff?lang=en", data=filled)
        assert made.status_code == 200, made.text
        assert "Not everything has reached" not in made.text
    assert member(office, queue, extension)


async def register(office: Whole, slot: Slot, extension: str) -> None:
    """The new desk phone, with the secret made for it."""
    secrets = json.loads((office.state / "secrets.json").read_text("utf-8"))
    assert await slot.exchange.desks.register(extension, secrets["agents"][extension]) == 200


async def answered_by(office: Whole, call: Call, slot: Slot) -> str:
    """Who answered, on record."""
    call_id = await slot.id_of(call)
    return (await office.recorded(call_id, lambda story: story.record.conversations)).record.conversations[0].agent


@pytest.mark.parametrize(("slot_number", "add"), [(0, add_by_command), (1, add_by_page)])
def test_a_new_agent_is_rung_without_a_restart_and_the_running_call_goes_on(
    office: Whole, slot_number: int, add: Add
) -> None:
    """H1."""
    new, third = f"277{slot_number}", f"2{slot_number:02}3"

    async def play() -> None:
        async with room(office, slot_number) as slot:
            call, leg, _ = await slot.talk()
            slot.quiet(1)
            office.cli(f"queue pause member {agent_interface(third)} reason test")
            await add(office, slot.queue, new)
            assert "with penalty 2" in member(office, slot.queue, new)
            assert "paused:test" in member(office, slot.queue, slot.agents[1])  # nothing was read anew
            await register(office, slot, new)
            second = await slot.call()
            rung = await slot.exchange.desks.next_call(new, 8)
            await rung.answer()
            await second.answered()
            assert (call.ended_at, leg.ended_at) == (None, None)
            assert await answered_by(office, second, slot) == new
            for one in (call, second):
                await one.hang_up()
            await rung.ended()

    asyncio.run(play())


def test_who_leaves_is_not_rung_any_more_and_pauses_keep_their_reasons(office: Whole) -> None:
    """The queues are read anew for it; Asterisk forgets reasons then, and is told them again."""

    async def play() -> None:
        async with room(office, 2) as slot:
            extension = "2778"
            draft = StaffDraft(
                username="leaver", role=Role.AGENT, name_en="Leaver", extension=extension, phone=PhoneKind.DESK,
                queues={slot.queue: 0},
            )  # fmt: skip
            with writing(office.engine) as connection:
                password = Hasher(memory_kib=64).one_time()
                staff_id = service.create(connection, draft, datetime.now(UTC), None, password)
            await office.until(lambda: member(office, slot.queue, extension), 12, "a member")
            call, leg, _ = await slot.talk()
            await office.hotline("agents", "pause", slot.agents[1], "--reason", "lunch")
            with writing(office.engine) as connection:
                service.set_active(connection, staff_id, False, datetime.now(UTC), None)
            await office.until(lambda: not member(office, slot.queue, extension), 12, "no member any more")
            await office.until(
                lambda: "paused:lunch" in member(office, slot.queue, slot.agents[1]), 3, "the reason of the pause"
            )
            assert (call.ended_at, leg.ended_at) == (None, None)
            await call.hang_up()
            await leg.ended()

    asyncio.run(play())
    with reading(office.engine) as connection:
        assert service.member_named(connection, "leaver").active is False
