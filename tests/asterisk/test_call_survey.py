"""A call that is answered ends in the survey (H7, H8), with Asterisk alone: no service is running."""

import pytest
from exchange import SURVEY, Scenario, Slot, play, verdict
from product import ProductAsterisk, sound
from telephone_audio import tone


async def key_1_impressed(s: Slot) -> None:
    await rated(s, "1", "impressed")


async def key_2_satisfied(s: Slot) -> None:
    await rated(s, "2", "satisfied")


async def key_3_not_satisfied(s: Slot) -> None:
    await rated(s, "3", "not_satisfied")


async def rated(s: Slot, key: str, meaning: str) -> None:
    call, leg, name = await s.talk()
    await leg.hang_up()
    story = await s.ended(call, key)
    agent = s.agents[0]
    channel = s.lines(name, "ANSWERED")[0].data[0]
    story.remove(next(line for line in story if line.startswith(f"AGENTLEFT {channel}|")))
    assert story == [
        f"ARRIVED {call.caller}|{s.number}|carrier|{s.lines(name, 'ARRIVED')[0].data[3]}",
        "QUEUED 1",
        f"ANSWERED {channel}",
        "LEFT 1|CONTINUE",
        "SURVEYASKED scale-123",
        f"SURVEY scale-123|{key}|{meaning}|answered",
        story[-1],
    ]
    assert story[-1].endswith("|system")
    assert s.lines(name, "ANSWERED")[0].agent == agent
    assert channel.startswith(f"PJSIP/{agent}-")
    assert call.audio.heard(sound("survey-thanks"))


async def agents_ring_at_once_and_hear_the_caller(s: Slot) -> None:
    """H1: a free agent rings at once (50 ms); the number is shown; audio both ways; ringing, not charged before."""
    call = await s.call()
    leg = await s.rung()
    assert leg.began_at - call.began_at <= 0.05
    assert leg.caller == call.caller
    await call.ringing()
    assert call.answered_at is None
    await leg.answer()
    await call.answered()
    leg.audio.sound, call.audio.sound = tone(1300), tone(1500)
    await s.product.until(lambda: len(call.audio.tone_times(1300)) > 10, 5, "agent heard by caller")
    await s.product.until(lambda: len(leg.audio.tone_times(1500)) > 10, 5, "caller heard by agent")
    name = await s.id_of(call)
    await call.hang_up()
    await s.story(call)
    assert s.lines(name, "ARRIVED")[0].at == pytest.approx(call.began_at, abs=0.1)
    assert s.lines(name, "ANSWERED")[0].at == pytest.approx(leg.answered_at, abs=0.1)
    assert s.lines(name, "ENDED")[0].at == pytest.approx(call.ended_at, abs=0.1)


async def the_caller_who_hangs_up_first_is_not_asked(s: Slot) -> None:
    call, leg, _ = await s.talk()
    await call.hang_up()
    story = await s.story(call)
    assert not [line for line in story if line.startswith("SURVEY")]
    assert not story[-1].endswith("system")
    await leg.ended()


async def a_wrong_key_is_asked_once_more(s: Slot) -> None:
    call, leg, _ = await s.talk()
    await leg.hang_up()
    at = await call.heard(SURVEY)
    await call.press("7")
    await call.heard(sound("survey-wrong-key"), since=at)
    await call.press("1")
    story = await s.story(call)
    assert story[-2] == "SURVEY scale-123|1|impressed|answered"


async def two_wrong_keys_are_no_answer(s: Slot) -> None:
    call, leg, _ = await s.talk()
    await leg.hang_up()
    await call.heard(SURVEY)
    await call.press("7")
    again = await call.heard(sound("survey-wrong-key"))
    await call.heard(SURVEY, since=again)
    await call.press("9")
    story = await s.story(call)
    assert story[-2].startswith("SURVEY scale-123||")
    assert story[-2].endswith("|no_key")
    assert [line for line in story if line.startswith("SURVEYASKED")] == ["SURVEYASKED scale-123"]


async def hash_is_no_answer(s: Slot) -> None:
    call, leg, _ = await s.talk()
    await leg.hang_up()
    await call.heard(SURVEY)
    await call.press("#")
    story = await s.story(call)
    assert story[-2] == "SURVEY scale-123|||no_key"


async def no_key_is_waited_for_after_the_prompt(s: Slot) -> None:
    call, leg, name = await s.talk()
    await leg.hang_up()
    story = await s.ended(call)
    assert story[-2] == "SURVEY scale-123|||no_key"
    waited = s.lines(name, "SURVEY")[0].at - s.lines(name, "SURVEYASKED")[0].at
    timeout = s.product.site.survey.timeout_seconds
    assert waited == pytest.approx(len(SURVEY) / 8000 + timeout, abs=0.6)
    assert call.audio.heard(sound("thank-you-goodbye"))


async def a_key_during_the_prompt_ends_it(s: Slot) -> None:
    call, leg, name = await s.talk()
    await leg.hang_up()
    await call.heard(SURVEY)
    pressed = await call.press("2")
    story = await s.story(call)
    assert story[-2] == "SURVEY scale-123|2|satisfied|answered"
    assert not call.audio.heard_last(SURVEY)
    assert 0 < s.lines(name, "SURVEY")[0].at - pressed < 0.5


async def a_key_at_once_counts(s: Slot) -> None:
    """Who knows the survey presses before a word is heard."""
    call, leg, _ = await s.talk()
    await leg.hang_up()
    await s.product.fact(await s.id_of(call), "SURVEYASKED")
    await call.press("3")
    assert (await s.story(call))[-2] == "SURVEY scale-123|3|not_satisfied|answered"


async def hanging_up_during_the_survey(s: Slot) -> None:
    call, leg, _ = await s.talk()
    await leg.hang_up()
    await call.heard(SURVEY)
    await call.hang_up()
    # the agent's leg tells of its end by a thread of its own, at any moment of the survey
    story = [line for line in await s.story(call) if not line.startswith("AGENTLEFT")]
    assert story[-3:-1] == ["SURVEYASKED scale-123", "SURVEY scale-123|||hung_up"]
    assert not story[-1].endswith("system")


async def an_anonymous_caller_is_served(s: Slot) -> None:
    headers = (("Privacy", "id"),)
    call = await s.call("anonymous", name="Anonymous", headers=headers)
    leg = await s.rung()
    await leg.answer()
    await call.answered()
    await leg.hang_up()
    await call.heard(SURVEY)
    await call.press("1")
    await call.ended()
    name = next(x.call for x in s.product.lines() if x.event == "ARRIVED" and x.data[1] == s.number)
    await s.product.fact(name, "ENDED")
    assert "SURVEY scale-123|1|impressed|answered" in s.product.story(name)


async def an_abandoned_call_is_recorded(s: Slot) -> None:
    call = await s.call()
    leg = await s.rung()
    await call.ringing()
    await call.hang_up()
    assert call.status == 487
    await leg.ended()
    story = await s.story(call)
    assert [line.split()[0] for line in story] == ["ARRIVED", "QUEUED", "ENDED"]


SCENARIOS: list[Scenario] = [
    key_1_impressed, key_2_satisfied, key_3_not_satisfied, agents_ring_at_once_and_hear_the_caller,
    the_caller_who_hangs_up_first_is_not_asked, a_wrong_key_is_asked_once_more, two_wrong_keys_are_no_answer,
    hash_is_no_answer, no_key_is_waited_for_after_the_prompt, a_key_during_the_prompt_ends_it, a_key_at_once_counts,
    hanging_up_during_the_survey, an_anonymous_caller_is_served, an_abandoned_call_is_recorded,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(product: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(product, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_answered(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
