"""Closed by hours, holiday or emergency: the caller hears why and may leave a message. Asterisk alone decides."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from exchange import Scenario, Slot, exchange_site, play, verdict
from product import ProductAsterisk, sound
from telephone_audio import tone
from telephones import Call

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[ProductAsterisk]:
    """Closed all week."""
    site = exchange_site(16, hours={"holidays": "none", **{key: [] for key in WEEK}})
    with ProductAsterisk.make(site, tmp_path_factory.mktemp("shut"), asterisk_root, "shut") as running:
        yield running


@pytest.fixture(scope="module")
def daytime(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[ProductAsterisk]:
    """Open all week, at any minute."""
    site = exchange_site(16, hours={"holidays": "none", **{key: ["00:00-12:00", "12:00-23:59"] for key in WEEK}})
    with ProductAsterisk.make(site, tmp_path_factory.mktemp("daytime"), asterisk_root, "daytime") as running:
        yield running


async def turned_away(s: Slot, reason: str, caller: str | None = None) -> Call:
    call = await s.call(caller)
    name = await s.id_of(call)
    await s.product.fact(name, "CLOSED", reason)
    picked_up = await s.product.fact(name, "ASSISTANT", "closed")
    assert picked_up.at - s.lines(name, "ARRIVED")[0].at < 0.3
    await call.heard(sound("greeting"))
    await call.heard(sound(f"closed-{reason}"))
    await call.heard(sound("message-invite"))
    await call.heard(sound("beep"))
    return call


async def a_message_ended_by_hash(s: Slot) -> None:
    call = await turned_away(s, "hours")
    call.audio.sound = tone(1500)
    await asyncio.sleep(2)
    await call.press("#")
    await call.heard(sound("message-thanks"))
    story = await s.story(call)
    file, seconds, status = next(line for line in story if line.startswith("MESSAGE"))[8:].split("|")
    assert (s.product.messages / file).is_file()
    assert 0.9 < float(seconds) < 2.2
    assert status == "DTMF"
    assert not [line for line in story if line.startswith(("QUEUED", "SURVEY"))]


async def a_message_ended_by_hanging_up(s: Slot) -> None:
    call = await turned_away(s, "hours")
    call.audio.sound = tone(1500)
    await asyncio.sleep(2)
    await call.hang_up()
    story = await s.story(call)
    kept = [line for line in story if line.startswith("MESSAGE")]
    assert len(kept) == 1
    file, seconds, status = kept[0][8:].split("|")
    assert (s.product.messages / file).stat().st_size > 16000
    assert 0.9 < float(seconds) < 2.2
    assert status == "HANGUP"


async def a_message_that_is_too_short_is_asked_once_more(s: Slot) -> None:
    call = await turned_away(s, "hours")
    await asyncio.sleep(0.6)
    await call.press("#")
    again = await call.heard(sound("message-too-short"))
    await call.heard(sound("beep"), since=again)
    call.audio.sound = tone(1500)
    await asyncio.sleep(2)
    await call.press("#")
    assert [line for line in await s.story(call) if line.startswith("MESSAGE")]


async def hanging_up_without_a_word_leaves_nothing(s: Slot) -> None:
    call = await turned_away(s, "hours")
    await call.hang_up()
    assert not [line for line in await s.story(call) if line.startswith("MESSAGE")]


async def an_emergency_goes_before_the_hours(s: Slot) -> None:
    s.product.cli(f"database put hotline-closure {s.number} 2026-01-01T00:00:00+00:00")
    await (await turned_away(s, "emergency")).hang_up()


SHUT: list[Scenario] = [
    a_message_ended_by_hash, a_message_ended_by_hanging_up, a_message_that_is_too_short_is_asked_once_more,
    hanging_up_without_a_word_leaves_nothing, an_emergency_goes_before_the_hours,
]  # fmt: skip


async def open_by_the_clock(s: Slot) -> None:
    call = await s.call()
    await (await s.rung()).answer()
    await call.answered()
    await call.hang_up()


async def one_number_closed_by_command(s: Slot) -> None:
    s.product.cli(f"database put hotline-closure {s.number} 2026-01-01T00:00:00+00:00")
    await (await turned_away(s, "emergency")).hang_up()
    s.product.cli(f"database del hotline-closure {s.number}")
    await open_by_the_clock(s)


DAYTIME: list[Scenario] = [open_by_the_clock, one_number_closed_by_command]


async def a_holiday(s: Slot) -> None:
    zone = ZoneInfo(s.product.site.site.timezone)
    s.product.cli(f"database put hotline-holiday {datetime.now(zone):%Y-%m-%d} Test")
    await (await turned_away(s, "holiday")).hang_up()


async def everything_closed_by_command(s: Slot) -> None:
    s.product.cli("database put hotline-closure all 2026-01-01T00:00:00+00:00")
    await (await turned_away(s, "emergency")).hang_up()
    s.product.cli("database del hotline-closure all")


@pytest.fixture(scope="module")
def played_shut(shut: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(shut, SHUT)


@pytest.fixture(scope="module")
def played_daytime(daytime: ProductAsterisk) -> dict[str, BaseException | None]:
    together = play(daytime, DAYTIME)
    return together | play(daytime, [a_holiday]) | play(daytime, [everything_closed_by_command])


@pytest.mark.parametrize("scenario", SHUT, ids=lambda scenario: scenario.__name__)
def test_closed(played_shut: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played_shut, scenario)


@pytest.mark.parametrize(
    "scenario", [*DAYTIME, a_holiday, everything_closed_by_command], ids=lambda scenario: scenario.__name__
)
def test_doors(played_daytime: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played_daytime, scenario)


def test_nothing_is_left_over(shut: ProductAsterisk, played_shut: dict[str, BaseException | None]) -> None:
    asyncio.run(shut.gone())
