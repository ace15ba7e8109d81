"""Asterisk with a frozen service, and who may reach what; a hundred calls leave nothing behind."""

import asyncio
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from exchange import Exchange, Scenario, Slot, exchange_site, play, verdict
from product import ProductAsterisk, silent_listener, sound
from telephone_audio import tone
from telephones import Call, Telephone

STRANGER = "127.0.0.9"
FROZEN_SECONDS = 1.1  # the most a frozen service may delay a call by


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[ProductAsterisk]:
    """Its service takes connections and never answers, as a stopped process does."""
    site = exchange_site(12)
    with (
        ProductAsterisk.make(site, tmp_path_factory.mktemp("frozen"), asterisk_root, "frozen") as running,
        silent_listener(site.ports.agi),
    ):
        yield running


async def a_frozen_service_delays_a_call_by_a_second(s: Slot) -> None:
    call = await s.call()
    leg = await s.rung()
    assert 0.5 < leg.began_at - call.began_at <= FROZEN_SECONDS
    await leg.answer()
    await call.answered()
    await asyncio.sleep(9)  # past every clock that was set on the way: none is left running
    assert call.ended_at is None
    await leg.hang_up()
    assert "SURVEY scale-123|1|impressed|answered" in await s.ended(call, "1")


async def a_frozen_service_does_not_delay_the_assistant(s: Slot) -> None:
    """The guard counts from arrival; place, wait and keys are offered without the service; key 1 works."""
    s.quiet(0, 1)
    call = await s.call()
    name = await s.id_of(call)
    line = await s.product.fact(name, "ASSISTANT", "guard", seconds=11)
    assert 9.0 <= line.at - s.lines(name, "ARRIVED")[0].at <= 9.2
    await s.product.until(lambda: len(call.audio.tone_times(900)) > 5, 8, "keys offered")
    pressed = await call.press("1")
    assert await call.heard(sound("callback-thanks")) - pressed < 1.8
    assert f"CALLBACK {call.caller}|new" in await s.story(call)


FROZEN: list[Scenario] = [
    a_frozen_service_delays_a_call_by_a_second, a_frozen_service_does_not_delay_the_assistant,
]  # fmt: skip


@pytest.fixture(scope="module")
def played_frozen(frozen: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(frozen, FROZEN)


@pytest.mark.parametrize("scenario", FROZEN, ids=lambda scenario: scenario.__name__)
def test_frozen(played_frozen: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played_frozen, scenario)


async def callers_reach_our_numbers_only(s: Slot) -> None:
    outside = ("0812345678", s.agents[0], "701", "*51", "s", "T", "h", "hotline-survey", "0019005551234", "9")
    calls = [await s.exchange.network.call(number, s.caller()) for number in outside]
    for call in calls:
        await call.ended()
        assert call.status in {404, 484, 488, 603, 480}
        assert call.answered_at is None


async def agents_dial_what_is_allowed_only(s: Slot) -> None:
    forbidden = ("0019005551234", "0112345678", "1900123456", s.number + "0000", "hotline-survey", "s")
    for number in forbidden:
        call = await s.exchange.desks.call(number, s.agents[0])
        await call.ended()
        assert call.answered_at is None
        assert call.status is not None
        assert call.status >= 400
    allowed = await s.exchange.desks.call("0298765" + f"{s.index:02}", s.agents[0])
    far = await s.exchange.network.next_call("0298765" + f"{s.index:02}")
    await far.answer()
    far.audio.sound = tone(1500)
    await allowed.answered()
    await s.product.until(lambda: len(allowed.audio.tone_times(1500)) > 10, 5, "far end heard")
    await allowed.hang_up()
    await far.ended()


async def a_wrong_password_gets_nothing(s: Slot) -> None:
    thief = await Telephone.open(s.product.sip, STRANGER, user=s.agents[0], password="wrong")
    assert await thief.register() in {401, 403}
    call = await thief.call(s.agents[1])
    await call.ended()
    assert call.status in {401, 403}
    await thief.close()


def over(call: Call) -> object:
    """Answered with a refusal, or ended."""
    return call.status or call.ended_at


async def strangers_get_nothing(s: Slot) -> None:
    """An unknown address: no call, no ringing, no record."""
    async with await Telephone.open(s.product.sip, STRANGER, user="stranger") as stranger:
        calls = [await stranger.call(number, "0819999999") for number in (s.number, s.agents[0], "0812345678")]
        for call in calls:
            await call.until(partial(over, call), 5, "refused")
            assert call.status in {401, 403, 404}
            assert call.ringing_at is None
    assert not [x for x in s.product.lines() if x.event == "ARRIVED" and x.data[0] == "0819999999"]


async def a_telephone_registers_and_rings(s: Slot) -> None:
    """The telephone that has no fixed address: with its password it registers, and is rung where it is."""
    secret = s.product.secrets.agent("2901")
    async with await Telephone.open(s.product.sip, STRANGER, user="2901", password=secret) as phone:
        assert await phone.register() == 200
        call = await s.exchange.network.call("1190", s.caller())
        leg = await phone.next_call("2901")
        await leg.answer()
        await call.answered()
        await call.hang_up()
        await leg.ended()
        assert await phone.register(seconds=0) == 200


DOORS: list[Scenario] = [
    callers_reach_our_numbers_only, agents_dial_what_is_allowed_only, a_wrong_password_gets_nothing,
    strangers_get_nothing, a_telephone_registers_and_rings,
]  # fmt: skip


@pytest.fixture(scope="module")
def played_doors(product: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(product, DOORS)


@pytest.mark.parametrize("scenario", DOORS, ids=lambda scenario: scenario.__name__)
def test_doors(played_doors: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played_doors, scenario)


def kept(product: ProductAsterisk) -> tuple[int, int]:
    """How many values Asterisk's database and its global variables hold, but for the one that each queue keeps."""
    found = re.search(r"(\d+) results found", product.cli("database show"))
    variables = re.findall(r"(?m)^ *(?!HOTLINE_DAY_)[A-Za-z0-9_-]+=", product.cli("dialplan show globals"))
    return int(found[1]) if found else 0, len(variables)


def test_a_hundred_quick_calls_leave_nothing_behind(product: ProductAsterisk) -> None:
    """Abandoned, answered and hung up at every moment: one record each, no channel, no value kept."""
    asyncio.run(product.gone(20))
    before = kept(product)
    callers = asyncio.run(a_hundred(product))
    after = kept(product)
    assert after[0] <= before[0]
    assert after[1] <= before[1] + 1  # the clock of the wrap-ups, when it had never run
    for caller in callers:
        names = [x.call for x in product.lines() if x.event == "ARRIVED" and x.data[0] == caller]
        assert len(names) == 1
        assert len(product.of(names[0], "ENDED")) == 1


async def a_hundred(product: ProductAsterisk) -> list[str]:
    exchange = await Exchange.open(product)

    def pick_up(call: Call) -> None:
        if call.caller[-1] in "02468":
            call.task = asyncio.ensure_future(call.answer())  # type: ignore[attr-defined]

    exchange.desks.rings = pick_up

    async def one(number: int) -> str:
        call = await exchange.network.call(f"11{72 + number % 10:02}", f"0829{number:06}")
        await product.call_of(call.caller)  # who cancels before the dialplan began was never a caller
        await asyncio.sleep(0.02 * (number % 17))
        await call.hang_up()
        return call.caller

    callers = []
    for start in range(0, 100, 20):
        callers += await asyncio.gather(*(one(number) for number in range(start, start + 20)))
    await product.gone(20)
    await exchange.close()
    return callers
