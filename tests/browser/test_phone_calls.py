"""The telephone in the page: a call from ring to survey, with who hears whom, on a real Asterisk in a real browser."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect
from product import MUSIC_HERTZ
from telephone_audio import tone
from telephone_room import SUPERVISOR, Desk, Scenario, play, room_settings, staffed, verdict
from telephone_seat import AGENT, CALLER, OFFICE, heard, not_heard
from whole import Whole, installed_root, spoken

from ami_listener.events import AgentState
from dialplan.names import PauseReason


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    root = installed_root()
    folder: Path = tmp_path_factory.mktemp("telephones")
    with staffed(room_settings(folder, root, len(SCENARIOS), supervisors=True), root) as running:
        yield running


async def rings_and_both_hear_each_other(s: Desk) -> None:
    """H1, C1: the number and the name are there when it rings; audio both ways; H7, H8: then the survey."""
    seat = await s.room.sit(s.agent())
    call = await s.call(name="Somchai")
    ringing = await seat.until("ringing")
    assert ringing["detail"]["call"] | {"id": "", "began": 0} == {
        "id": "", "direction": "in", "number": call.caller, "name": "Somchai", "state": "ringing", "held": False,
        "began": 0, "talking_since": None,
    }  # fmt: skip
    assert (await seat.until("attention"))["detail"]["on"] is True
    await seat.order("phone.answer()")
    await call.answered()
    await heard(call, AGENT)
    await seat.hears(CALLER)
    await seat.until("sound")
    assert (await seat.until("attention", 2))["detail"]["on"] is False
    await seat.order("phone.hangUp()")
    assert (await seat.until("ended"))["detail"] | {"call": 0} == {"call": 0, "by": "us", "cause": "hung-up"}
    await call.heard(spoken("survey-123"))
    await call.press("1")
    record = await s.whole.over(await s.id_of(call))
    assert record.survey is not None
    assert (record.agent, record.survey.meaning) == (s.agent(), "impressed")
    assert (await seat.state())["call"] is None


async def hold_and_back(s: Desk) -> None:
    """The caller hears music meanwhile, and it is on record."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    await seat.order("phone.hold()")
    assert (await seat.state())["call"]["held"] is True
    await heard(call, MUSIC_HERTZ)
    await not_heard(call, AGENT)
    await seat.order("phone.resume()")
    await heard(call, AGENT)
    await seat.hears(CALLER)
    assert [event["kind"] for event in await seat.events() if event["kind"] in ("held", "resumed")] == [
        "held",
        "resumed",
    ]
    await seat.order("phone.hangUp()")
    await call.hang_up()
    record = await s.whole.over(await s.id_of(call))
    assert [(hold.agent, hold.resumed_at is not None) for hold in record.holds] == [(s.agent(), True)]


async def mute(s: Desk) -> None:
    """The agent is not heard but hears; also across a hold; the next call begins unmuted."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    await seat.order("phone.mute()")
    await not_heard(call, AGENT)
    await seat.hears(CALLER)
    await seat.order("phone.hold()")
    await seat.order("phone.resume()")
    await not_heard(call, AGENT)
    await seat.order("phone.mute(false)")
    await heard(call, AGENT)
    await seat.order("phone.mute()")
    await seat.order("phone.hangUp()")
    assert (await seat.state())["muted"] is False


async def keys(s: Desk) -> None:
    """RFC 4733: what is pressed arrives, in order."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    await seat.order("phone.keypad('17#')")
    await s.whole.until(lambda: len(call.audio.keys) >= 3, 5, "keys")
    assert "".join(key for _, key in call.audio.keys) == "17#"
    await seat.order("phone.hangUp()")


async def the_caller_hangs_up(s: Desk) -> None:
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    await call.hang_up()
    assert (await seat.until("ended", seconds=2))["detail"]["by"] == "them"
    assert (await seat.state())["call"] is None


async def refused_it_rings_at_the_next(s: Desk) -> None:
    """Who refuses rests for a moment, and the caller waits on, without silence."""
    first, second = await s.room.sit(s.agent(1)), await s.room.sit(s.agent(2))
    await second.order("phone.stop()")
    call = await s.call()
    await first.until("ringing")
    second = await s.room.sit(s.agent(2))
    await first.order("phone.reject()")
    assert (await first.until("ended"))["detail"] | {"call": 0} == {"call": 0, "by": "us", "cause": "refused"}
    await second.until("ringing", seconds=6)
    await second.order("phone.answer()")
    await call.answered()
    await call.hang_up()

    def rested() -> object:
        return PauseReason.RING_MISSED in [state[1] for state in s.whole.states(s.agent(1))]

    await s.whole.until(rested, 5, "the rest of who refused")


async def another_agent_is_faster(s: Desk) -> None:
    """Both ring; the one who is late is told that somebody else has it."""
    first, second = await s.room.sit(s.agent(1)), await s.room.sit(s.agent(2))
    call = await s.call()
    await first.until("ringing")
    await second.until("ringing")
    await second.order("phone.answer()")
    await call.answered()
    assert (await first.until("ended"))["detail"]["cause"] == "missed"
    await call.hang_up()


async def the_caller_gives_up_while_it_rings(s: Desk) -> None:
    seat = await s.room.sit(s.agent())
    call = await s.call()
    await seat.until("ringing")
    await call.hang_up()
    assert (await seat.until("ended", seconds=2))["detail"] | {"call": 0} == {
        "call": 0,
        "by": "them",
        "cause": "missed",
    }


async def a_second_call_is_told_that_we_are_busy(s: Desk) -> None:
    """No queue rings somebody who talks; a colleague may try, hears busy, and the talk goes on."""
    seat = await s.room.sit(s.agent(1))
    call = await s.talk(seat)
    waiting = await s.call()
    await asyncio.sleep(1.5)
    assert len(await seat.events("ringing")) == 1
    other = await s.room.desks.call(s.agent(1), s.agent(3))
    await other.ended(5)
    assert other.answered_at is None
    assert (await seat.until("waiting"))["detail"]["number"] == s.agent(3)
    await heard(call, AGENT)
    await waiting.hang_up()
    await seat.order("phone.hangUp()")


async def outbound(s: Desk) -> None:
    """Ringing is heard, then the far end; nobody wraps up, and it is no caller's call."""
    seat = await s.room.sit(s.agent())
    dialling = asyncio.ensure_future(seat.order("phone.dial('0812345678')"))
    far = await s.room.network.next_call("0812345678")
    await dialling
    far.audio.sound = tone(1900, 0.96)
    await s.whole.until(lambda: s.whole.states(s.agent())[-1][0] == AgentState.IN_CALL, 5, "in call")
    await far.answer()
    await seat.until("answered")
    await seat.hears(1900)
    await heard(far, AGENT)
    assert (await seat.state())["call"]["direction"] == "out"
    await seat.order("phone.hangUp()")
    await far.ended()
    await s.whole.until(lambda: s.whole.states(s.agent())[-1][0] == AgentState.AVAILABLE, 5, "free at once")
    assert AgentState.WRAP_UP not in {state[0] for state in s.whole.states(s.agent())}
    assert await s.whole.metric("hotline_calls_offered_total", queue=s.queue) == 0


async def outbound_that_comes_to_nothing(s: Desk) -> None:
    """Busy, refused by the dialplan, and given up: each says what it was."""
    seat = await s.room.sit(s.agent())
    dialling = asyncio.ensure_future(seat.order("phone.dial('0812345679')"))
    far = await s.room.network.next_call("0812345679")
    await dialling
    far.reject(486)
    assert (await seat.until("ended"))["detail"]["cause"] == "busy"
    await seat.order("phone.dial('0019005551234')")
    assert (await seat.until("ended", 2))["detail"]["cause"] == "not-permitted"
    await seat.order("phone.dial('0812345677')")
    far = await s.room.network.next_call("0812345677")
    assert await seat.refused("phone.dial('0812345677')") == "busy"
    await seat.order("phone.hangUp()")
    assert (await seat.until("ended", 3))["detail"]["cause"] == "cancelled"
    await far.ended()


async def answered_by_itself(s: Desk) -> None:
    """Auto-answer, a setting of the account."""
    seat = await s.room.sit(s.agent(), auto_answer=True)
    call = await s.call()
    ringing = await seat.until("ringing")
    assert ringing["detail"]["auto"] is True
    await call.answered(3)
    await heard(call, AGENT)
    await call.hang_up()


async def devices_and_tests(s: Desk) -> None:
    """Lists of devices; a choice is kept; the microphone's level; orders without a call are refused by name."""
    seat = await s.room.sit(s.agent())
    devices = await seat.order("phone.devices()")
    assert devices["microphones"]
    assert all(set(device) == {"id", "label"} for device in devices["microphones"] + devices["speakers"])
    await seat.order("phone.choose({ volume: 0.3, ringer: '' })")
    await seat.order("phone.testSpeaker()")
    await seat.order("phone.testRinger()")
    await seat.order("phone.allow()")
    levels = await seat.order(
        "(async () => { const seen = []; const end = await phone.testMicrophone((level) => seen.push(level));"
        " await new Promise((done) => setTimeout(done, 400)); end(); return seen; })()"
    )
    assert len(levels) >= 3
    assert 0.2 < max(levels) <= 1
    assert await seat.refused("phone.hold()") == "no-call"
    assert await seat.refused("phone.answer()") == "no-call"
    await seat.page.reload()
    await seat.until("registered")
    assert (await seat.order("phone.settings"))["volume"] == 0.3


async def a_real_microphone(s: Desk) -> None:
    """Through the browser's own audio devices, as far as a machine without ears has them."""
    seat = await s.room.sit(s.agent(), 0)
    call = await s.call()
    await seat.until("ringing")
    await seat.order("phone.answer()")
    await call.answered()
    await seat.hears(CALLER)
    since = call.phone.clock()
    await s.whole.until(lambda: len(call.audio.loud_times(since)) > 3, 5, "the beeps of the fake microphone")
    await seat.order("phone.hangUp()")


async def no_microphone(s: Desk) -> None:
    """It cannot be answered here: said so, and the caller goes to the next at once instead of hearing nothing."""
    seat = await s.room.sit(s.agent(1))
    call = await s.call()
    await seat.order("void (phone.sound.take = () => Promise.reject(new DOMException('no', 'NotAllowedError')))")
    await seat.until("ringing")
    await seat.order("phone.sound.close()")
    assert await seat.refused("phone.answer()") == "no-microphone"
    await seat.until("ended")
    assert (await seat.state())["call"] is None
    assert call.answered_at is None
    other = await s.room.sit(s.agent(2))
    await other.until("ringing", seconds=6)
    await other.order("phone.answer()")
    await call.answered()


async def a_notification_when_nobody_looks(s: Desk) -> None:
    """With number and name as the page words them; it closes when the ring ends. None for who looks at the page."""
    seat = await s.room.sit(s.agent())
    await seat.order(
        "(() => { window.shownNotices = []; window.Notification = class { static permission = 'granted';"
        " constructor(title, more) { shownNotices.push([title, more.body]); }"
        " close() { shownNotices.push('closed'); } }; document.hasFocus = () => false; })()"
    )
    call = await s.call(name="Somchai")
    await seat.until("ringing")
    assert await seat.order("shownNotices") == [[call.caller, "Somchai"]]
    await seat.order("phone.answer()")
    await call.answered()
    assert await seat.order("shownNotices") == [[call.caller, "Somchai"], "closed"]
    await call.hang_up()
    await seat.until("ended")
    await seat.order("document.hasFocus = () => true")
    call = await s.call()
    await seat.until("ringing", 2, 8)
    assert len(await seat.order("shownNotices")) == 2
    await call.hang_up()


async def the_ring_on_the_chosen_device(s: Desk) -> None:
    seat = await s.room.sit(s.agent())
    devices = await seat.order("phone.devices()")
    chosen = devices["speakers"][-1]["id"]
    await seat.order(f"phone.choose({{ ringer: '{chosen}', speaker: '{chosen}' }})")
    call = await s.call()
    await seat.until("ringing")
    await seat.until("attention")
    await asyncio.sleep(0.3)
    assert await seat.order("phone.sound.tones.sinkId") == chosen
    assert await seat.order("phone.sound.tones.state") == "running"
    assert await seat.order("phone.sound.repeating !== null") is True
    await seat.order("phone.answer()")
    await call.answered()
    await seat.hears(CALLER)
    assert await seat.order("[...phone.sound.players].map((player) => player.sinkId)") == [chosen]
    assert await seat.order("phone.sound.repeating") is None


async def a_telephone_on_the_desk(s: Desk) -> None:
    """The same orders go through the server; nothing is registered in the page."""
    extension = s.agent(3)
    seat = await s.room.sit(extension, registered=False)
    await seat.order("began")
    assert (await seat.state())["kind"] == "desk"
    assert await seat.refused("phone.dial('0019005551234')") == "refused"
    await seat.order("phone.dial('0812345676')")
    leg = await s.room.desks.next_call(extension)
    await leg.answer()
    far = await s.room.network.next_call("0812345676")
    await far.answer()
    await asyncio.sleep(0.5)
    await seat.order("phone.hold()")
    await leg.until(lambda: leg.asked == ["hold"], 3, "asked to hold")
    await seat.order("phone.transferBlind('701')")
    await leg.ended()
    office = await s.room.network.next_call("021112222", 8)
    await office.answer()
    await office.hang_up()
    await far.ended()


async def a_supervisor_in_the_call_from_the_console(s: Desk) -> None:
    """Listen, whisper and barge in by the console's own buttons, with the telephone of that page, which picks up by
    itself: each is heard by the right parties only."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    voice = OFFICE  # what the supervisor sings
    boss = await s.room.sit(s.agent(SUPERVISOR), voice, at="/console?lang=en")
    page = boss.page
    await expect(page.locator("#phone")).to_contain_text("Ready", timeout=10_000)
    await page.locator(f"#talking [data-act=listen][data-of='{s.agent()}']").click()
    for tone_ in (CALLER, AGENT):
        await boss.hears(tone_)
    await asyncio.gather(not_heard(call, voice), seat.does_not_hear(voice))
    await page.locator("[data-way=whisper]").click()
    await seat.hears(voice)
    await asyncio.gather(not_heard(call, voice), seat.hears(CALLER), boss.does_not_hear(voice))
    await page.locator("[data-way=barge]").click()
    await heard(call, voice)
    await asyncio.gather(seat.hears(voice), seat.hears(CALLER), boss.hears(CALLER), boss.hears(AGENT))
    await page.locator("#spying-stop").click()
    await expect(page.locator("#spying")).to_be_hidden()
    await asyncio.gather(not_heard(call, voice), heard(call, AGENT))
    await seat.does_not_hear(voice)
    await seat.order("phone.hangUp()")


SCENARIOS: list[Scenario] = [
    rings_and_both_hear_each_other, hold_and_back, mute, keys, the_caller_hangs_up, refused_it_rings_at_the_next,
    another_agent_is_faster, the_caller_gives_up_while_it_rings, a_second_call_is_told_that_we_are_busy, outbound,
    outbound_that_comes_to_nothing, answered_by_itself, devices_and_tests, a_real_microphone,
    no_microphone, a_notification_when_nobody_looks, the_ring_on_the_chosen_device, a_telephone_on_the_desk,
    a_supervisor_in_the_call_from_the_console,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_phone(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
