"""Transfers by the agents' telephones (REFER, K3): to whom the agent meant, and the survey once, at the end."""

import asyncio

import pytest
from exchange import WRAP_UP_SECONDS, Scenario, Slot, play, verdict
from handing_on import consulted, joined
from product import ProductAsterisk, sound
from telephone_audio import tone
from telephones import Call, final_notify


async def blind(s: Slot, target: str) -> tuple[Call, Call, str]:
    """A caller talks to the first agent, who transfers to a number and hangs up."""
    call, leg, name = await s.talk()
    assert await leg.refer(target) == 202
    await s.product.until(lambda: final_notify(leg) or leg.ended_at, 5, "transfer accepted")
    await leg.hang_up()
    return call, leg, name


def paused_spans(s: Slot, agent: str) -> list[str]:
    return [x.event for x in s.product.lines() if x.agent == agent and x.event in {"PAUSEALL", "UNPAUSEALL"}]


async def blind_to_an_agent(s: Slot) -> None:
    """Both agents wrap up, each after his own part of the call."""
    call, _first, name = await blind(s, s.agents[1])
    second = await s.rung(1)
    assert second.caller == call.caller
    await s.product.fact(name, "TRANSFERTO", s.agents[1])
    await s.product.until(lambda: paused_spans(s, s.agents[0])[-1:] == ["PAUSEALL"], 5, "wrap-up of the first")
    await second.answer()
    second.audio.sound = tone(1300)
    await s.product.until(lambda: len(call.audio.tone_times(1300)) > 10, 5, "second agent heard")
    await second.hang_up()
    story = await s.ended(call, "1")
    assert [line.split()[0] for line in story].count("SURVEYASKED") == 1
    assert story[-2] == "SURVEY scale-123|1|impressed|answered"
    assert [x.agent for x in s.lines(name, "ANSWERED")] == list(s.agents)
    assert sorted(x.agent for x in s.lines(name, "AGENTLEFT")) == sorted(s.agents)
    await s.product.until(lambda: paused_spans(s, s.agents[1])[-1:] == ["PAUSEALL"], 5, "wrap-up of the second")


async def blind_to_a_department(s: Slot) -> None:
    call, _, _name = await blind(s, "701")
    office = await s.exchange.network.next_call("021112222", 8)
    await office.answer()
    office.audio.sound = tone(1500)
    await s.product.until(lambda: len(call.audio.tone_times(1500)) > 10, 5, "office heard")
    await office.hang_up()
    story = await s.ended(call, "2")
    assert "TRANSFERTO 701" in story
    assert "TRANSFEREND 701|ANSWER" in story
    assert story[-2] == "SURVEY scale-123|2|satisfied|answered"


async def blind_to_an_outside_number(s: Slot) -> None:
    """Who answers there is known, as in a department."""
    number = f"0211{s.index:05}"
    call, _, name = await blind(s, number)
    office = await s.exchange.network.next_call(number, 8)
    await office.answer()
    await s.product.until(lambda: len(s.lines(name, "ANSWERED")) == 2, 5, "answered there")
    await office.hang_up()
    story = await s.ended(call, "2")
    assert [line for line in story if line.startswith("TRANSFER")] == [
        f"TRANSFERTO {number}", f"TRANSFEREND {number}|ANSWER",
    ]  # fmt: skip
    assert [line.split()[0] for line in story].count("SURVEYASKED") == 1


async def blind_to_one_who_is_busy(s: Slot) -> None:
    """The caller comes back to the queue, and is asked once, at the very end."""
    s.quiet(1)
    call, _, name = await blind(s, s.agents[1])
    busy = await s.rung(1)
    busy.reject(486)
    await call.heard(sound("transfer-failed"))
    again = await s.rung(0, seconds=WRAP_UP_SECONDS + 4)
    await again.answer()
    await asyncio.sleep(0.3)
    await again.hang_up()
    story = await s.ended(call, "1")
    assert [line.split()[0] for line in story].count("SURVEYASKED") == 1
    assert f"TRANSFEREND {s.agents[1]}|BUSY" in story
    assert not [line for line in story if line.startswith("ASSISTANT guard")]
    left = s.lines(name, "AGENTLEFT")[0].at
    assert again.began_at - left >= WRAP_UP_SECONDS


async def blind_to_a_number_that_may_not_be_dialled(s: Slot) -> None:
    call, _, _name = await blind(s, "0019005551234")
    await call.heard(sound("transfer-failed"), 8)
    await call.hang_up()
    story = await s.story(call)
    assert [line for line in story if line.startswith("TRANSFER")] == ["TRANSFEREND 0019005551234|CHANUNAVAIL"]


async def attended(s: Slot) -> None:
    """The first agent asks the second, then joins caller and second; each wraps up after his own part."""
    call, first, name = await s.talk()
    consult, second = await consulted(s, first)
    await joined(s, first, consult)
    second.audio.sound, call.audio.sound = tone(1300), tone(1500)
    await s.product.until(lambda: len(call.audio.tone_times(1300)) > 10, 5, "second agent heard by caller")
    await s.product.until(lambda: len(second.audio.tone_times(1500)) > 10, 5, "caller heard by second agent")
    await s.product.fact(name, "AGENTLEFT")
    await second.hang_up()
    story = await s.ended(call, "3")
    assert [line.split()[0] for line in story].count("SURVEYASKED") == 1
    assert story[-2] == "SURVEY scale-123|3|not_satisfied|answered"
    for agent in s.agents:
        assert paused_spans(s, agent)[0] == "PAUSEALL"
    assert s.agents[1] in {x.agent for x in s.product.of(name, "AGENTLEFT")}


async def a_consultation_that_leads_to_nothing(s: Slot) -> None:
    """The second agent declines; the first takes the caller back."""
    s.quiet(1)
    call, first, _name = await s.talk()
    await first.hold()
    consult = await s.exchange.desks.call(s.agents[1], s.agents[0])
    second = await s.rung(1)
    second.reject(603)
    await consult.ended()
    await first.hold(False)
    first.audio.sound = tone(1300)
    await s.product.until(lambda: len(call.audio.tone_times(1300)) > 10, 5, "first agent heard again")
    await first.hang_up()
    assert (await s.ended(call, "1"))[-2] == "SURVEY scale-123|1|impressed|answered"


async def the_caller_hangs_up_after_a_transfer(s: Slot) -> None:
    call, _, _ = await blind(s, s.agents[1])
    second = await s.rung(1)
    await second.answer()
    await call.hang_up()
    await second.ended()
    assert not [line for line in await s.story(call) if line.startswith("SURVEY")]


SCENARIOS: list[Scenario] = [
    blind_to_an_agent, blind_to_a_department, blind_to_an_outside_number, blind_to_one_who_is_busy,
    blind_to_a_number_that_may_not_be_dialled, attended, a_consultation_that_leads_to_nothing,
    the_caller_hangs_up_after_a_transfer,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(product: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(product, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_transfer(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)


def test_nothing_is_left_over(product: ProductAsterisk, played: dict[str, BaseException | None]) -> None:
    asyncio.run(product.gone())
