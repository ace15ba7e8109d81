"""While a call waits: the name that agents see (C1), what the assistant says (H1), the menu (K1), missed rings."""

import asyncio
from datetime import UTC, datetime

import pytest
from exchange import Scenario, Slot, play, verdict
from product import sound
from telephones import Call
from whole import GUARD_SECONDS, REPEAT_SECONDS, REST_SECONDS, WHISPERED, Whole, of

from ami_listener.events import EndedBy, PickUpReason
from ami_listener.records import Outcome
from crm.database import writing
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person
from dialplan.names import PauseReason

NAME = "คุณสมหญิง ใจดี ณ อยุธยา"


async def shown(s: Slot, caller: str, name: str = "") -> Call:
    """How a call is shown on the agent's desk phone; the caller hangs up then."""
    call = await s.call(caller, name=name)
    leg = await s.rung()
    await call.hang_up()
    await leg.ended()
    return leg


def asserted(leg: Call) -> str:
    assert leg.invite is not None
    return leg.invite["p-asserted-identity"]


async def the_name_from_the_records_is_shown(s: Slot) -> None:
    """C1: a plain desk phone shows the Thai name, however the network spells the number."""
    s.quiet(1)
    plain = s.caller()
    written = f"{plain[:3]}-{plain[3:6]} {plain[6:]}"
    assert f"+66{plain[1:]}" in await of(s).hotline("people", "add", NAME, written)
    for spelling in (plain, f"66{plain[1:]}", f"+66{plain[1:]}", f"0066{plain[1:]}"):
        leg = await shown(s, spelling, "what the network says")
        assert leg.caller_name == NAME, spelling
        assert f'"{NAME}"' in asserted(leg), spelling
        assert leg.caller == spelling  # what is dialled back
        story = await of(s).recorded(await s.product.call_of(spelling))
        assert story.caller_number == f"+66{plain[1:]}"
        assert story.person is not None
        assert story.person.display_name == NAME
        assert (story.record.outcome, story.record.ended_by) == (Outcome.ABANDONED, EndedBy.CALLER)


async def unknown_callers_show_their_number(s: Slot) -> None:
    s.quiet(1)
    caller = s.caller()
    leg = await shown(s, caller)
    assert leg.caller == caller
    assert leg.caller_name in {"", caller}
    assert caller in asserted(leg)
    leg = await shown(s, "anonymous", "Anonymous")
    assert leg.caller.lower() == "anonymous"
    story = await of(s).recorded(await s.product.call_of("anonymous"))
    assert (story.caller_number, story.person) == (None, None)


async def a_number_of_two_people_shows_no_wrong_name(s: Slot) -> None:
    """C1: a shared telephone; whose call it is nobody knows."""
    s.quiet(1)
    caller = s.caller()
    with writing(of(s).engine) as connection:
        for name in ("สมชาย", "สมศรี"):
            create_person(connection, Profile(display_name=name), datetime.now(UTC), normalise(caller))
    leg = await shown(s, caller)
    assert leg.caller == caller
    assert leg.caller_name in {"", caller}


async def spoken_to_in_the_language_on_record(s: Slot) -> None:
    """C1: who is known to speak English hears English without a menu."""
    caller = s.caller()
    await of(s).hotline("people", "add", "Jane Doe", caller, "--language", "en")
    call, leg, name = await s.talk(caller=caller)
    assert leg.caller_name == "Jane Doe"
    await asyncio.sleep(0.3)
    await leg.hang_up()
    await call.heard(sound("survey-123", "en"))
    await call.press("1")
    record = await of(s).over(name)
    assert record.language == "en"


def tones(call: Call, prompt: str, since: float = 0.0) -> list[float]:
    """When a whispered prompt was heard."""
    return call.audio.tone_times(WHISPERED[prompt], since=since)


async def whispered(s: Slot, call: Call, prompt: str, since: float = 0.0, seconds: float = 12) -> float:
    """When a whispered prompt was begun; waits for it."""
    await s.product.until(lambda: len(tones(call, prompt, since)) > 5, seconds, f"{prompt} whispered")
    return tones(call, prompt, since)[0]


async def still_ringing(s: Slot, agent: int, since: float) -> Call:
    """The ring that began after a moment."""
    while (leg := await s.rung(agent)).began_at < since:
        pass
    return leg


async def quick_call(s: Slot, agent: int) -> None:
    """So that the pace of the queue is known."""
    call, leg, _ = await s.talk(agent)
    await leg.hang_up()
    await call.hang_up()


async def place_and_wait_are_told_while_telephones_ring(s: Slot) -> None:
    """H1: the assistant tells place and wait, again and again; agents' telephones never stop ringing for it."""
    await quick_call(s, 0)
    await quick_call(s, 1)
    await s.product.until(lambda: {of(s).states(agent)[-1][0] for agent in s.agents} == {"available"}, 8, "both free")
    first = await s.call()
    await first.ringing()
    second = await s.call()
    await asyncio.gather(first.answered(GUARD_SECONDS + 2), second.answered(GUARD_SECONDS + 3))
    assert first.answered_at is not None
    assert abs(first.answered_at - first.began_at - GUARD_SECONDS) < 0.4
    legs = [await still_ringing(s, agent, first.answered_at - 0.1) for agent in (0, 1)]
    told = [await whispered(s, first, prompt) for prompt in ("greeting", "assistant-apology", "you-are-next")]
    told.append(await whispered(s, first, "queue-keys"))
    assert told == sorted(told)
    place = [await whispered(s, second, p) for p in ("you-are-number", "num-2", "in-the-queue", "expected-wait")]
    place.append(await whispered(s, second, "less-than-one-minute"))
    assert place == sorted(place)
    again = await whispered(s, first, "still-waiting", seconds=REPEAT_SECONDS)
    assert abs(again - told[2] - REPEAT_SECONDS) < 1.5
    await whispered(s, first, "you-are-next", since=again)
    assert [leg.ended_at for leg in legs] == [None, None]
    firsts = next(leg for leg in legs if leg.caller == first.caller)  # whose telephone it is, Asterisk chooses
    answered_at = await firsts.answer()
    await asyncio.sleep(3.5)
    # the rest of the round would last three seconds more
    assert not [prompt for prompt in ("less-than-one-minute", "queue-keys") if tones(first, prompt, answered_at + 0.2)]
    await whispered(s, second, "you-are-next", seconds=REPEAT_SECONDS + 4)  # has moved up, and is told
    record = (await of(s).recorded(await s.id_of(first), lambda x: x.record.conversations)).record
    assert record.assistant_reason is PickUpReason.GUARD
    assert record.assistant_answered_at is not None
    assert abs(record.assistant_answered_at.timestamp() - first.answered_at) < 0.25
    assert abs(record.conversations[0].answered_at.timestamp() - answered_at) < 0.25
    await asyncio.gather(first.hang_up(), second.hang_up())


async def menu_in_english(s: Slot) -> None:
    """K1: English from the moment it is chosen; the keys are on record."""
    s.quiet(1)
    call = await s.exchange.network.call(f"12{s.index:02}", s.caller())
    await call.heard(sound("menu-language", "th"))
    await call.press("2")
    await call.heard(sound("menu-matter", "en"))
    await call.press("9")
    await call.heard(sound("wrong-key", "en"))
    await call.press("1")
    leg = await s.rung()
    await leg.answer()
    await asyncio.sleep(0.3)
    await leg.hang_up()
    await call.heard(sound("survey-123", "en"))
    await call.press("3")
    await call.heard(sound("survey-thanks", "en"))
    record = await of(s).over(await s.id_of(call))
    assert record.language == "en"
    keys = [(key.menu, key.key, key.choice) for key in record.menu_keys]
    assert keys == [("language", "2", "en"), ("matter", "9", None), ("matter", "1", "general")]
    assert (record.assistant_reason, record.queue) == (PickUpReason.MENU, s.queue)
    assert record.survey is not None
    assert record.survey.meaning == "not_satisfied"


async def who_misses_two_rings_is_paused(s: Slot) -> None:
    """No. 7: after a refusal a rest, after two in a row a pause that says why; *52 ends it."""
    s.quiet(1)
    agent = s.agents[0]
    call = await s.call()
    first = await s.rung()
    first.reject(486)
    rejected_at = first.phone.clock()

    def state() -> tuple[str, str | None]:
        return of(s).states(agent)[-1][:2]

    await s.product.until(lambda: state() == ("paused", PauseReason.RING_MISSED), 2, "a rest")
    again = await s.rung(seconds=REST_SECONDS + 4)
    assert again.began_at - rejected_at >= REST_SECONDS
    again.reject(603)
    await s.product.until(lambda: state() == ("paused", PauseReason.MISSED_CALLS), 2, "a pause")
    assert await of(s).metric("hotline_missed_rings_total", queue=s.queue) == 2
    assert await of(s).metric("hotline_agents", queue=s.queue, state="paused") == 2
    await asyncio.sleep(REST_SECONDS + 1)
    assert state() == ("paused", PauseReason.MISSED_CALLS)
    back = await s.exchange.desks.call("*52", agent)
    await back.answered()
    await back.ended()
    third = await s.rung(seconds=3)
    await third.answer()
    await call.hang_up()
    record = await of(s).over(await s.id_of(call))
    assert (record.outcome, record.agent) == (Outcome.ANSWERED, agent)
    assert [ring.answered for ring in record.rings if ring.agent == agent][-1] is True
    assert sum(ring.answered is False for ring in record.rings) >= 2


SCENARIOS: list[Scenario] = [
    the_name_from_the_records_is_shown, unknown_callers_show_their_number, a_number_of_two_people_shows_no_wrong_name,
    spoken_to_in_the_language_on_record, place_and_wait_are_told_while_telephones_ring, menu_in_english,
    who_misses_two_rings_is_paused,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_caller(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
