"""The nine-second guard (H1) on Asterisk alone: the assistant in time, agents ringing on, nobody loses the place."""

import asyncio
from functools import partial

import pytest
from exchange import SURVEY, Scenario, Slot, play, verdict
from place_scenarios import PLACES
from product import MUSIC_HERTZ, TONES, Line, ProductAsterisk, sound
from telephone_audio import tone
from telephones import Call

PROMISE_SECONDS, LATEST_SECONDS = 9.000, 9.200


def in_time(s: Slot, name: str) -> float:
    """When the assistant picked up; not before the promise, not after the tolerance."""
    arrived, picked_up = s.lines(name, "ARRIVED")[0].at, s.lines(name, "ASSISTANT")[0].at
    assert PROMISE_SECONDS <= picked_up - arrived <= LATEST_SECONDS
    return picked_up


async def the_assistant_speaks_while_agents_ring(s: Slot) -> None:
    """At 9 s greeting and apology over music; agents' telephones hardly stop; the words end at the answer."""
    s.quiet(1)
    call = await s.call()
    first = await s.rung()
    name = await s.id_of(call)
    await s.product.fact(name, "ASSISTANT", "guard", seconds=11)
    picked_up = in_time(s, name)
    assert await call.answered() == pytest.approx(picked_up, abs=0.15)
    await first.ended()
    second = await s.rung()
    assert second.began_at - (first.ended_at or 0) < 0.1
    await heard_tone(s, call, "greeting")
    await heard_tone(s, call, "assistant-apology")
    assert second.ended_at is None
    await talk_without_words(s, call, second)
    assert not second.audio.tone_times(TONES["assistant-apology"], 0.2)
    assert call.shown == []  # no new INVITE to tell the caller's network who answered
    await second.hang_up()
    story = await s.ended(call, "1")
    assert [line for line in story if line.startswith(("QUEUED", "LEFT"))] == [
        "QUEUED 1", "LEFT 1|TIMEOUT", "QUEUED 2", "LEFT 2|CONTINUE",
    ]  # fmt: skip
    assert story[-2] == "SURVEY scale-123|1|impressed|answered"


async def talk_without_words(s: Slot, call: Call, leg: Call) -> None:
    """The agent answers; from the first word on the caller hears nothing else."""
    leg.audio.sound = tone(1300)
    await leg.answer()
    await s.product.until(lambda: len(call.audio.tone_times(1300)) > 50, 20, "talk")
    assert call.audio.over(1300, TONES.values()) == 0


async def who_answers_at_once_is_not_spoken_over(s: Slot) -> None:
    """The leg that whispers is only just starting."""
    s.quiet(1)
    call = await s.call()
    first = await s.rung()
    name = await s.id_of(call)
    await s.product.fact(name, "ASSISTANT", "guard", seconds=11)
    await first.ended()
    leg = await s.rung()
    await talk_without_words(s, call, leg)
    await call.hang_up()
    await s.story(call)


async def heard_tone(s: Slot, call: Call, prompt: str, seconds: float = 8) -> None:
    await s.product.until(lambda: len(call.audio.tone_times(TONES[prompt])) > 5, seconds, f"{prompt} heard")


async def music_and_keys_are_offered(s: Slot) -> None:
    call = await s.call()
    await call.answered(11)
    await heard_tone(s, call, "queue-keys", 8)
    await s.product.until(lambda: len(call.audio.tone_times(MUSIC_HERTZ)) > 20, 5, "music")
    await call.hang_up()
    story = await s.story(call)
    assert [line.split()[0] for line in story] == ["ARRIVED", "QUEUED", "LEFT", "ASSISTANT", "QUEUED", "ENDED"]


async def a_pick_up_at_the_last_moment_is_a_persons(s: Slot) -> None:
    call = await s.call()
    leg = await s.rung()
    name = await s.id_of(call)
    await asyncio.sleep(8.9 - (s.exchange.network.clock() - s.lines(name, "ARRIVED")[0].at))
    await leg.answer()
    await call.answered()
    await asyncio.sleep(1.5)
    assert call.ended_at is None
    assert leg.ended_at is None
    await leg.hang_up()
    story = await s.ended(call, "2")
    assert not [line for line in story if line.startswith("ASSISTANT")]
    assert "LEFT 1|CONTINUE" in story


def picked_up_with_the_stroke(milliseconds: int) -> Scenario:
    """An agent picks up so many milliseconds from the guard's stroke: either that is a talk, or the caller is the
    assistant's and the telephone rings again. Never an answer that is told and then lost, with a wrap-up after it."""

    async def scenario(s: Slot) -> None:
        s.quiet(1)
        call = await s.call()
        leg, name = await s.rung(), await s.id_of(call)
        arrived = s.lines(name, "ARRIVED")[0].at
        await asyncio.sleep(arrived + PROMISE_SECONDS + milliseconds / 1000 - s.exchange.network.clock())
        if leg.ended_at is None:
            await leg.answer()
        await s.product.until(lambda: s.lines(name, "ANSWERED", "ASSISTANT"), 2, "answered by whomever")
        if not s.lines(name, "ANSWERED"):
            leg = await s.rung()
            assert not s.lines(name, "ANSWERED", "AGENTLEFT")
            await leg.answer()
        await asyncio.sleep(0.5)
        assert leg.ended_at is None
        await leg.hang_up()
        told = [line.split()[0] for line in await s.ended(call, "1")]
        assert (told.count("ANSWERED"), told.count("AGENTLEFT")) == (1, 1)
        assert ("ASSISTANT" in told) == (told.count("QUEUED") == 2)

    scenario.__name__ = f"picked_up_{milliseconds}_ms_from_the_stroke"
    return scenario


async def busy_agents_do_not_delay_the_assistant(s: Slot) -> None:
    """All agents talk: app_queue looks once a second only, and its time-outs are whole seconds."""
    s.quiet(1)
    _, _, _ = await s.talk()
    await asyncio.sleep(0.45)
    waiting = await s.call()
    name = await s.id_of(waiting)
    await s.product.fact(name, "ASSISTANT", "guard", seconds=11)
    in_time(s, name)
    await waiting.hang_up()


async def an_agent_freed_late_does_not_delay_the_assistant(s: Slot) -> None:
    """Rung for the first time 5.6 s after arrival, at a bad fraction of a second."""
    s.quiet(1)
    talking, leg, _ = await s.talk()
    waiting = await s.call()
    name = await s.id_of(waiting)
    s.product.cli(f"dialplan set global UNUSED {s.index}")
    await asyncio.sleep(1.7)
    await leg.hang_up()  # then 3 s of wrap-up
    again = await s.rung(seconds=8)
    assert again.ended_at is None
    await s.product.fact(name, "ASSISTANT", "guard", seconds=11)
    in_time(s, name)
    await talking.hang_up()
    second = await s.rung()
    await second.answer()
    await waiting.hang_up()
    await s.story(waiting)


async def nobody_is_there(s: Slot) -> None:
    """No telephone of the queue is there: the assistant picks up at once."""
    call = await s.exchange.network.call("1190", s.caller())
    name = await s.id_of(call)
    line = await s.product.fact(name, "ASSISTANT", "nobody", seconds=2)
    assert line.at - s.lines(name, "ARRIVED")[0].at < 0.2
    await call.answered()
    await heard_tone(s, call, "no-agents")
    await call.press("2")
    await call.heard(sound("message-invite"))
    await call.hang_up()
    assert not [x for x in await s.story(call) if x.startswith("QUEUED 1")]


async def key_1_asks_to_be_called_back(s: Slot) -> None:
    """The place is kept; agent and caller are connected; then the survey. A second request is not a second callback."""
    s.quiet(0, 1)
    call = await s.call()
    await call.answered(11)
    await call.press("1")
    await call.heard(sound("callback-thanks"))
    story = await s.story(call)
    assert f"CALLBACK {call.caller}|new" in story
    assert "LEFT 2|KEY" in story
    assert story[-1].endswith("system")
    twice = await s.call(call.caller)
    await twice.answered(11)
    await twice.press("1")
    await twice.heard(sound("callback-already"))
    await twice.ended()
    name = await s.id_of(call)  # the placeholder is the newest of this number
    assert s.lines(name, "ARRIVED")[0].data[2] == "carrier"
    placeholders = [x.call for x in s.product.lines() if x.event == "ARRIVED" and x.data[0] == call.caller]
    assert len(placeholders) == 3
    placeholder = next(x.call for x in s.product.lines() if x.event == "ARRIVED" and x.data[2:3] == ("callback",)
                       and x.data[0] == call.caller)  # fmt: skip
    s.product.cli(f"queue unpause member PJSIP/{s.agents[0]} queue {s.queue}")
    leg = await s.rung(seconds=8)
    assert leg.caller == call.caller
    await leg.answer()
    back = await s.exchange.network.next_call(call.caller, 8)
    await back.answer()
    back.audio.sound = tone(1500)
    await s.product.until(lambda: len(leg.audio.tone_times(1500)) > 10, 5, "caller heard by agent")
    await leg.hang_up()
    await back.heard(SURVEY)
    await back.press("3")
    await back.ended()
    await s.product.fact(placeholder, "ENDED")
    story = s.product.story(placeholder)
    assert "QUEUED 3" in story
    assert "SURVEY scale-123|3|not_satisfied|answered" in story
    tries = [x.data[1:] for x in s.product.lines() if x.event == "CALLBACKTRY" and x.call == x.data[0]]
    assert ("1", "calling") in tries
    assert ("1", "connected") in tries
    assert not s.product.cli(f"database show hotline-callback {call.caller}").startswith("/hotline")


def placeholders_of(s: Slot, name: str) -> list[Line]:
    """Who waits, or waited, in the place of this call."""
    return [x for x in s.product.lines() if x.event == "ARRIVED" and x.data[2:3] == ("callback",) and x.data[4] == name]


async def hanging_up_while_asking_is_all_or_nothing(s: Slot) -> None:
    """Whatever the moment: told, noted and in the queue, or none of it. A number that is noted and in no queue would be
    turned away the next time, and never called."""

    async def hang_up_after(seconds: float) -> tuple[Call, str]:
        call = await s.call()
        name = await s.id_of(call)
        await s.product.fact(name, "QUEUED", "2", seconds=11)
        await call.press("1")
        await asyncio.sleep(seconds)
        await call.hang_up()
        await s.product.fact(name, "ENDED", seconds=12)
        return call, name

    s.quiet(0, 1)
    asked = await asyncio.gather(*(hang_up_after(0.1 + number * 0.04) for number in range(16)))
    found = {"all": 0, "nothing": 0}
    for call, name in asked:
        told, later = len(s.lines(name, "CALLBACK")), placeholders_of(s, name)
        noted = s.product.cli(f"database show hotline-callback {call.caller}").startswith("/hotline")
        if told and not later:
            later = await s.product.until(partial(placeholders_of, s, name), 5, "placeholder")
        assert (told, noted, len(later)) in {(0, False, 0), (1, True, 1)}
        found["all" if told else "nothing"] += 1
        for placeholder in later:
            s.product.cli(f"channel request hangup {placeholder.data[3]}")
            await s.product.fact(placeholder.call, "ENDED")
    assert found["all"], found


async def a_callback_that_is_not_reached(s: Slot) -> None:
    s.quiet(0, 1)
    call = await s.call()
    first = await s.id_of(call)
    await call.answered(11)
    await call.press("1")
    await s.story(call)
    s.product.cli(f"queue unpause member PJSIP/{s.agents[0]} queue {s.queue}")
    leg = await s.rung(seconds=8)
    await leg.answer()
    back = await s.exchange.network.next_call(call.caller, 8)
    back.reject(486)
    await s.product.fact(first, "CALLBACKTRY", first, "1", "busy")
    await leg.ended(8)
    placeholder = await s.id_of(call)
    assert placeholder != first
    await s.product.fact(placeholder, "ENDED")
    assert not s.lines(placeholder, "SURVEYASKED")
    assert s.product.cli(f"database show hotline-callback {call.caller}").startswith("/hotline")  # to be tried again


async def key_2_leaves_a_message(s: Slot) -> None:
    s.quiet(0, 1)
    call = await s.call()
    await call.answered(11)
    await call.press("2")
    await call.heard(sound("beep"))
    call.audio.sound = tone(1500)
    await asyncio.sleep(2)
    await call.press("#")
    await call.heard(sound("message-thanks"))
    story = await s.story(call)
    kept = next(line for line in story if line.startswith("MESSAGE")).split(" ", 1)[1].split("|")
    assert (s.product.messages / kept[0]).stat().st_size > 16000
    assert float(kept[1]) == pytest.approx(1.4, abs=0.4)
    assert "LEFT 2|KEY" in story


async def a_callers_number_that_may_not_be_dialled_gets_no_callback(s: Slot) -> None:
    """Toll fraud: the number comes from the caller's network; only what agents may dial is called back."""
    s.quiet(0, 1)
    call = await s.call(f"001900{s.index:06}")
    await call.answered(11)
    await call.press("1")
    await call.heard(sound("message-invite"))
    await call.hang_up()
    assert not [line for line in await s.story(call) if line.startswith("CALLBACK")]


async def a_full_queue_offers_a_message(s: Slot) -> None:
    """The second caller is too many; the first, who waits, is not turned away between the two passes."""
    first = await s.exchange.network.call("1191", s.caller())
    await s.product.fact(await s.id_of(first), "QUEUED", "1")
    second = await s.exchange.network.call("1191", s.caller())
    await second.heard(sound("queue-full"))
    await second.heard(sound("message-invite"))
    await second.hang_up()
    story = await s.story(second)
    assert [line for line in story if line.startswith(("LEFT", "ASSISTANT"))] == ["LEFT 1|FULL", "ASSISTANT full"]
    await s.product.fact(await s.id_of(first), "QUEUED", "2", seconds=11)
    await first.hang_up()


async def who_waits_too_long_may_leave_a_message(s: Slot) -> None:
    call = await s.exchange.network.call("1192", s.caller())
    await call.heard(sound("waited-too-long"), 15)
    await call.heard(sound("message-invite"))
    await call.hang_up()
    assert "LEFT 2|TIMEOUT" in await s.story(call)


async def keys_are_nothing_while_it_rings(s: Slot) -> None:
    """No keys were offered yet: whatever is pressed, the agent goes on ringing and the guard stays in time."""
    call = await s.call()
    await call.ringing()
    name = await s.id_of(call)
    await s.product.fact(name, "ASSISTANT", seconds=11)
    in_time(s, name)
    await call.press("5")
    await asyncio.sleep(0.5)
    assert call.ended_at is None
    await call.hang_up()
    assert not [line for line in await s.story(call) if "KEY" in line]


SCENARIOS: list[Scenario] = [
    the_assistant_speaks_while_agents_ring, who_answers_at_once_is_not_spoken_over, music_and_keys_are_offered,
    a_pick_up_at_the_last_moment_is_a_persons, *map(picked_up_with_the_stroke, (-6, -4, -3, -2, -1, 0)),
    busy_agents_do_not_delay_the_assistant, an_agent_freed_late_does_not_delay_the_assistant, *PLACES,
    nobody_is_there, key_1_asks_to_be_called_back, hanging_up_while_asking_is_all_or_nothing,
    a_callback_that_is_not_reached, key_2_leaves_a_message,
    a_callers_number_that_may_not_be_dialled_gets_no_callback, a_full_queue_offers_a_message,
    who_waits_too_long_may_leave_a_message, keys_are_nothing_while_it_rings,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(product: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(product, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_guard(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)


def test_nothing_is_left_over(product: ProductAsterisk, played: dict[str, BaseException | None]) -> None:
    """No whisper, placeholder or timer outlives its call."""
    asyncio.run(product.gone())
