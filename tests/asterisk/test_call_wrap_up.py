"""Wrap-up: after each call, however it ended, the agent is not rung for the time that is set; a break is kept."""

import asyncio

import pytest
from exchange import WRAP_UP_SECONDS, Scenario, Slot, play, ringing_at, verdict
from handing_on import consulted, joined
from product import ProductAsterisk
from telephones import Call

from dialplan.names import PauseReason

LATEST_SECONDS = 2.0  # after the wrap-up a waiting caller's agent rings: 0.5 s of the clock, 1 s of app_queue, load


async def rests(s: Slot, extension: str, number: str, since: float) -> None:
    """A caller who comes now gets the agent after the wrap-up, not before; and soon."""
    call = await s.exchange.network.call(number, s.caller())
    leg = await ringing_at(s.exchange, extension, WRAP_UP_SECONDS + 4)
    rested = leg.began_at - since
    assert WRAP_UP_SECONDS <= rested <= WRAP_UP_SECONDS + LATEST_SECONDS
    await call.hang_up()
    await leg.ended()


async def one_agent(s: Slot) -> tuple[Call, Call]:
    s.quiet(1)
    call, leg, _ = await s.talk()
    return call, leg


async def after_the_agent_hung_up(s: Slot) -> None:
    _, leg = await one_agent(s)
    await leg.hang_up()
    await rests(s, s.agents[0], s.number, leg.ended_at or 0)


async def after_the_caller_hung_up(s: Slot) -> None:
    call, leg = await one_agent(s)
    await call.hang_up()
    await leg.ended()
    await rests(s, s.agents[0], s.number, leg.ended_at or 0)


async def after_a_blind_transfer(s: Slot) -> None:
    _, leg = await one_agent(s)
    await leg.refer("701")
    office = await s.exchange.network.next_call("021112222", 8)
    await office.answer()
    await leg.hang_up()
    await rests(s, s.agents[0], s.number, leg.ended_at or 0)


async def after_a_blind_transfer_the_second_agent_too(s: Slot) -> None:
    call, leg, _ = await s.talk()
    await leg.refer(s.agents[1])
    await leg.hang_up()
    second = await s.rung(1)
    await second.answer()
    await asyncio.sleep(0.2)
    await call.hang_up()
    await second.ended()
    s.quiet(0)
    await rests(s, s.agents[1], s.number, second.ended_at or 0)


async def attended(s: Slot) -> tuple[Call, Call, Call]:
    call, first, _ = await s.talk()
    consult, second = await consulted(s, first)
    await joined(s, first, consult)
    return call, first, second


async def after_an_attended_transfer(s: Slot) -> None:
    """asterisk#607: app_queue forgets the wrap-up of the first agent here."""
    _, first, second = await attended(s)
    assert second.ended_at is None
    s.quiet(1)
    await rests(s, s.agents[0], s.number, first.ended_at or 0)


async def after_an_attended_transfer_the_second_agent_too(s: Slot) -> None:
    call, _, second = await attended(s)
    await asyncio.sleep(0.2)
    await call.hang_up()
    await second.ended()
    name = await s.id_of(call)
    await s.product.fact(name, "ENDED")
    pauses = await s.product.until(
        lambda: [x for x in s.product.lines() if x.agent == s.agents[1] and x.event == "PAUSEALL"], 5, "wrap-up"
    )
    assert pauses[0].data == (PauseReason.WRAP_UP,)
    s.quiet(0)
    await s.product.until(
        lambda: [x for x in s.product.lines() if x.agent == s.agents[1] and x.event == "UNPAUSEALL"], 8, "its end"
    )
    entry = s.product.cli(f"queue show {s.queue}")
    assert [line for line in entry.splitlines() if s.agents[1] in line and "paused" not in line]


async def in_all_queues_of_the_agent(s: Slot) -> None:
    call = await s.exchange.network.call("1193", s.caller())
    leg = await ringing_at(s.exchange, "2951")
    await leg.answer()
    await call.answered()
    await leg.hang_up()
    await rests(s, "2951", "1194", leg.ended_at or 0)


async def a_break_taken_during_the_wrap_up_stays(s: Slot) -> None:
    _, leg = await one_agent(s)
    await leg.hang_up()
    await asyncio.sleep(0.5)
    star = await s.exchange.desks.call("*51", s.agents[0])
    await star.ended()
    assert star.answered_at
    await stays_paused(s)
    back = await s.exchange.desks.call("*52", s.agents[0])
    await back.ended()
    call = await s.call()
    again = await s.rung()
    await call.hang_up()
    await again.ended()


async def a_break_taken_during_the_call_stays(s: Slot) -> None:
    """An agent who wants to go to lunch after this call says so during the call."""
    _, leg = await one_agent(s)
    s.quiet(0)
    await leg.hang_up()
    await stays_paused(s)
    assert not [x for x in s.product.lines() if x.agent == s.agents[0] and x.event == "PAUSEALL"]


async def stays_paused(s: Slot) -> None:
    call = await s.call()
    deadline = asyncio.get_running_loop().time() + WRAP_UP_SECONDS + 2
    while asyncio.get_running_loop().time() < deadline:
        rings = s.exchange.desks.incoming.get(s.agents[0])
        assert rings is None or rings.empty()
        await asyncio.sleep(0.1)
    await call.hang_up()


async def two_calls_in_a_row_extend_it(s: Slot) -> None:
    """A transferred call reaches an agent who wraps up: the time runs again from the end of that call."""
    _, leg = await one_agent(s)
    await leg.hang_up()
    await asyncio.sleep(1)
    direct = await s.exchange.desks.call(s.agents[0], "2951")
    second = await s.rung()
    await second.answer()
    await direct.answered()
    await direct.hang_up()
    await second.ended()
    assert s.product.cli(f"database get hotline-wrapup {s.agents[0]}").startswith("Value")
    await rests(s, s.agents[0], s.number, leg.ended_at or 0)  # a colleague's call is no call of the hotline


SCENARIOS: list[Scenario] = [
    after_the_agent_hung_up, after_the_caller_hung_up, after_a_blind_transfer,
    after_a_blind_transfer_the_second_agent_too, after_an_attended_transfer,
    after_an_attended_transfer_the_second_agent_too, in_all_queues_of_the_agent,
    a_break_taken_during_the_wrap_up_stays, a_break_taken_during_the_call_stays, two_calls_in_a_row_extend_it,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(product: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(product, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_wrap_up(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)


def test_the_clock_stops_when_there_is_nothing_to_end(
    product: ProductAsterisk, played: dict[str, BaseException | None]
) -> None:
    asyncio.run(product.gone())
    assert "0 results found" in product.cli("database show hotline-wrapup")
