"""The menu in front of the queue (K1): whatever a caller presses or does not press, it behaves as people expect."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange import Scenario, Slot, exchange_site, play, verdict
from product import ProductAsterisk, sound
from telephones import Call

MATTERS = {"general": "q50", "technical": "q51", "new_product": "q52", "complaint": None}
LANGUAGE, MATTER = sound("menu-language", "th"), sound("menu-matter", "th")


@pytest.fixture(scope="module")
def menu_product(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[ProductAsterisk]:
    site = exchange_site(54, with_menu=True, menu={**MATTERS, "key_timeout_seconds": 2})
    with ProductAsterisk.make(site, tmp_path_factory.mktemp("menu"), asterisk_root, "menu") as running:
        yield running


async def through(s: Slot, language: str = "1") -> tuple[Call, str]:
    """A caller at the menu of matters; the assistant has picked up at once."""
    call = await s.call()
    await call.heard(sound("greeting"))
    await call.heard(LANGUAGE)
    await call.press(language)
    name = await s.id_of(call)
    await s.product.fact(name, "MENU", "language")
    picked_up = await s.product.fact(name, "ASSISTANT", "menu")
    assert picked_up.at - s.lines(name, "ARRIVED")[0].at < 0.2
    return call, name


async def queued_in(s: Slot, name: str, queue: str) -> None:
    line = await s.product.fact(name, "QUEUED", "2", seconds=8)
    assert line.queue == queue


async def each_matter_has_its_queue(s: Slot) -> None:
    for key, (choice, queue) in enumerate(MATTERS.items(), start=1):
        call, name = await through(s)
        await call.heard(MATTER)
        await call.press(str(key))
        await s.product.fact(name, "MENU", "matter", str(key), choice)
        await queued_in(s, name, queue or s.queue)
        assert not call.audio.heard_last(MATTER)
        await call.hang_up()
        await s.story(call)


async def the_second_language(s: Slot) -> None:
    call, name = await through(s, "2")
    await s.product.fact(name, "LANGUAGE", "en")
    await call.heard(sound("menu-matter", "en"))
    await call.press("4")
    leg = await s.rung()
    await leg.answer()
    await asyncio.sleep(0.2)
    await leg.hang_up()
    await call.heard(sound("survey-123", "en"))
    await call.press("1")
    assert "SURVEY scale-123|1|impressed|answered" in await s.story(call)


async def an_agent_rings_at_once(s: Slot) -> None:
    call, _name = await through(s)
    await call.heard(MATTER)
    pressed = await call.press("4")
    leg = await s.rung()
    assert leg.began_at - pressed < 0.5
    await call.hang_up()


async def a_wrong_key_is_told(s: Slot) -> None:
    call, name = await through(s)
    await call.heard(MATTER)
    pressed = await call.press("8")
    told = await call.heard(sound("wrong-key"), since=pressed)
    await s.product.fact(name, "MENU", "matter", "8", "")
    await call.heard(MATTER, since=told)
    await call.press("4")
    await queued_in(s, name, s.queue)
    await call.hang_up()


async def wrong_keys_only_lead_to_a_person(s: Slot) -> None:
    call, name = await through(s)
    since = 0.0
    for _ in range(s.product.site.menu.tries):
        await call.heard(MATTER, since=since)
        since = await call.press("7") + 0.3
    await s.product.fact(name, "MENU", "matter", "7", "person")
    await queued_in(s, name, s.queue)
    await call.hang_up()


async def no_key_leads_to_a_person(s: Slot) -> None:
    call = await s.call()
    name = await s.id_of(call)
    await call.heard(sound("no-key-heard"), 20)
    await s.product.fact(name, "MENU", "matter", "", "person", seconds=30)
    await queued_in(s, name, s.queue)
    await call.hang_up()


async def zero_is_a_person(s: Slot) -> None:
    call, name = await through(s, "0")
    await call.heard(MATTER)
    await call.press("0")
    await s.product.fact(name, "MENU", "matter", "0", "person")
    await queued_in(s, name, s.queue)
    await call.hang_up()


async def hash_says_it_again(s: Slot) -> None:
    call, name = await through(s)
    await call.heard(MATTER)
    pressed = await call.press("#")
    await call.heard(MATTER, since=pressed + 0.1)
    await call.press("4")
    await s.product.fact(name, "MENU", "matter", "4", "complaint")
    assert not call.audio.heard(sound("wrong-key"))
    await call.hang_up()


async def hash_at_the_language_is_no_error(s: Slot) -> None:
    call, _ = await through(s, "#")
    await call.heard(MATTER, 8)
    assert not call.audio.heard(sound("wrong-key"))
    await call.hang_up()


async def who_knows_the_menu_presses_at_once(s: Slot) -> None:
    """Both keys before a word of the menu is over."""
    call = await s.call()
    await call.answered()
    name = await s.id_of(call)
    await call.heard(LANGUAGE)
    await call.press("14")
    await s.product.fact(name, "MENU", "matter", "4", "complaint", seconds=3)
    await call.hang_up()


async def a_key_during_the_greeting_counts(s: Slot) -> None:
    call = await s.call()
    name = await s.id_of(call)
    await call.heard(sound("greeting"))
    await call.press("2")
    await s.product.fact(name, "LANGUAGE", "en", seconds=3)
    await call.hang_up()


async def hanging_up_in_the_menu(s: Slot) -> None:
    call, _ = await through(s)
    await call.heard(MATTER)
    await call.hang_up()
    story = await s.story(call)
    assert not [line for line in story if line.startswith(("QUEUED", "MENU matter"))]


SCENARIOS: list[Scenario] = [
    each_matter_has_its_queue, the_second_language, an_agent_rings_at_once, a_wrong_key_is_told,
    wrong_keys_only_lead_to_a_person, no_key_leads_to_a_person, zero_is_a_person, hash_says_it_again,
    hash_at_the_language_is_no_error, who_knows_the_menu_presses_at_once, a_key_during_the_greeting_counts,
    hanging_up_in_the_menu,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(menu_product: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(menu_product, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_menu(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)


def test_nothing_is_left_over(menu_product: ProductAsterisk, played: dict[str, BaseException | None]) -> None:
    asyncio.run(menu_product.gone())
