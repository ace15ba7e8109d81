"""A recorded talk through the whole product: the right audio, silence where it was paused, and who
may hear it. Proved by tones."""

import asyncio
import hashlib
import json
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest
from exchange import Scenario, Slot, play, verdict
from handing_on import consulted, joined
from product import MUSIC_HERTZ, TONES
from recorded import sides_of, sounding, taken_in
from telephone_audio import FRAME, tone
from telephones import Call, final_notify
from whole import GUARD_SECONDS, Whole, of

from crm.database import reading, writing
from crm.staff import service as staff
from crm.staff import sessions
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from dialplan.prompts.audio import decode_ulaw

CALLER, AGENT, SECOND, SECRET = 1300, 1700, 2100, 2900  # hertz
NOTICE = TONES["agent-recording-notice"]


def supervisor(whole: Whole, username: str = "listener") -> tuple[str, str]:
    """A log-in: the cookie's token and what changing requests carry."""
    draft = StaffDraft(username=username, role=Role.SUPERVISOR, name_th="หัวหน้า", name_en="Boss")
    now = datetime.now(UTC)
    with writing(whole.engine) as connection:
        who = staff.create(connection, draft, now, None, Hasher(memory_kib=64).chosen("four plain words here"))
        token = sessions.begin(connection, who, now)
    with reading(whole.engine) as connection:
        found = sessions.visitor_of(connection, token, now)
    assert found is not None
    return token, found[0].csrf


def asked(whole: Whole, who: tuple[str, str], method: str, path: str) -> bytes:
    headers = {"Cookie": f"{COOKIE}={who[0]}", "X-CSRF-Token": who[1]}
    request = urllib.request.Request(f"http://127.0.0.1:{whole.site.ports.web}{path}", method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return bytes(answer.read())


async def a_recorded_talk(s: Slot) -> None:
    """The secret is spoken by both while the recording is paused; it is heard, and on no side of the recording. Keys
    are marks, but not those of the secret."""
    whole = of(s)
    who = await asyncio.to_thread(supervisor, whole)

    async def ask(method: str, path: str) -> Any:
        return json.loads(await asyncio.to_thread(asked, whole, who, method, path))

    call = await s.exchange.network.call(f"13{s.index:02}", s.caller())
    leg = await s.rung(0)
    await leg.answer()
    await call.answered()
    name = await s.id_of(call)

    async def say(ours: int, theirs: int, frames: int) -> None:
        since = leg.phone.clock()
        call.audio.sound, leg.audio.sound = tone(ours), tone(theirs)
        await s.product.until(lambda: len(leg.audio.tone_times(ours, 0.3, since)) > frames, 6, "caller heard")
        await s.product.until(lambda: len(call.audio.tone_times(theirs, 0.3, since)) > frames, 6, "agent heard")

    await say(CALLER, AGENT, 25)
    await call.press("5")
    await leg.press("6")
    await say(CALLER, AGENT, 20)  # the service has heard of both: what it hears of while it hushes is not kept
    live = await ask("GET", "/api/recordings/live")
    assert [one["agents"] for one in live if one["call_id"] == name] == [[s.agents[0]]]
    assert (await ask("POST", f"/api/recordings/{name}/pause"))["state"] == "paused"
    await call.press("4111")
    await say(SECRET, SECRET, 40)
    await say(CALLER, AGENT, 5)  # nothing of the secret is on the way any more
    assert (await ask("POST", f"/api/recordings/{name}/resume"))["state"] == "on"
    await say(CALLER, AGENT, 25)
    await leg.hang_up()
    await call.ended(12)
    await whole.over(name)

    one = await taken_in(whole, name)
    sound = await asyncio.to_thread(asked, whole, who, "GET", f"/api/recordings/{name}/sound")
    assert hashlib.sha256(sound).hexdigest() == one.sha256
    for side, own in zip(sides_of(sound), (CALLER, AGENT), strict=True):
        assert len(sounding(side, own)) > 40
        assert not sounding(side, SECRET)
        quiet = sum(0.02 for n in range(0, len(side), FRAME) if max(map(abs, decode_ulaw(side[n : n + FRAME]))) < 0.01)
        assert quiet > 0.7
    told = await ask("GET", f"/api/recordings/{name}?lang=en")
    assert {"answer", "pause", "continue", "end"} <= {mark["kind"] for mark in told["marks"]}
    pressed = [mark["label"] for mark in told["marks"] if mark["kind"] == "touch"]
    assert pressed == ["Caller presses a key", f"Agent {s.index}-1 presses a key"]


async def begun(s: Slot, over_seconds: float, sequence: int = 20_000) -> tuple[Call, Call, str]:
    """A recorded talk; ``over_seconds``: so long the caller has heard the first agent, whose telephone counts its
    packets from ``sequence``."""
    call = await s.exchange.network.call(f"13{s.index:02}", s.caller())
    first = await s.rung(0)
    first.audio.sequence = sequence
    await first.answer()
    await call.answered()
    call.audio.sound, first.audio.sound = tone(CALLER), tone(AGENT)
    frames = over_seconds / 0.02
    await s.product.until(lambda: len(call.audio.tone_times(AGENT, 0.3)) > frames, 9, "first agent heard")
    return call, first, await s.id_of(call)


async def both_are_on_it(s: Slot, call: Call, second: Call, name: str) -> None:
    """The second agent talks and hangs up; the recording has what each of the three said."""
    second.audio.sound = tone(SECOND)
    await s.product.until(lambda: len(call.audio.tone_times(SECOND, 0.3)) > 60, 8, "second agent heard")
    await second.hang_up()
    await call.ended(12)
    await of(s).over(name)
    one = await taken_in(of(s), name)
    callers, agents = sides_of((of(s).state / "recordings" / str(one.path)).read_bytes())
    assert one.missing_seconds is None
    assert len(sounding(agents, AGENT)) > 25
    assert len(sounding(agents, SECOND)) > 40
    assert len(sounding(callers, CALLER)) > 80
    assert not sounding(callers, SECOND) + sounding(agents, CALLER) + sounding(agents, SECRET)


async def who_comes_back_from_a_hold_is_on_it(s: Slot) -> None:
    """Asterisk's recorder takes the music for packet 0, which follows a high number, and then the agent for late."""
    call, first, name = await begun(s, over_seconds=0.7, sequence=40_000)
    await first.hold()
    await s.product.until(lambda: len(call.audio.tone_times(MUSIC_HERTZ)) > 25, 5, "music")
    await first.hold(False)
    await both_are_on_it(s, call, first, name)


async def who_answers_after_music_is_on_it(s: Slot) -> None:
    """As after a hold: the recorder heard the music of the wait."""
    s.quiet(0, 1)
    call = await s.exchange.network.call(f"13{s.index:02}", s.caller())
    call.audio.sound = tone(CALLER)
    await s.product.until(lambda: len(call.audio.tone_times(MUSIC_HERTZ, 0.1)) > 25, GUARD_SECONDS + 8, "music")
    s.product.cli(f"queue unpause member PJSIP/{s.agents[0]} queue {s.queue}")
    leg = await s.rung(0)
    leg.audio.sequence = 40_000
    await leg.answer()
    leg.audio.sound = tone(AGENT)
    await s.product.until(lambda: len(call.audio.tone_times(AGENT, 0.3)) > 30, 5, "agent heard")
    await both_are_on_it(s, call, leg, await s.id_of(call))


async def who_is_handed_the_caller_is_on_it(s: Slot) -> None:
    """After an attended transfer to a telephone that counts its packets from lower down, which Asterisk's recorder
    takes for late: the service begins the recording again."""
    call, first, name = await begun(s, over_seconds=4)  # the notice is over
    consult, second = await consulted(s, first, counts=-5000)
    consult.audio.sound = tone(SECRET)
    await s.product.until(lambda: len(second.audio.tone_times(SECRET)) > 25, 5, "the agents talk")
    await joined(s, first, consult)
    await both_are_on_it(s, call, second, name)


async def handed_on_while_the_notice_is_spoken(s: Slot) -> None:
    """The notice is one more who holds Asterisk's filter: it is broken off, and spoken anew to the second agent."""
    call, first, name = await begun(s, over_seconds=0.7)
    await s.product.until(lambda: len(call.audio.tone_times(NOTICE, 0.1)) > 5, 5, "the notice begins")
    assert await first.refer(s.agents[1]) == 202
    await s.product.until(lambda: final_notify(first) or first.ended_at, 5, "transfer accepted")
    await first.hang_up()
    second = await s.rung(1)
    second.audio.sequence = first.audio.sequence - 5000
    await second.answer()
    await s.product.until(lambda: len(second.audio.tone_times(NOTICE, 0.1)) > 10, 5, "the second agent is told")
    await both_are_on_it(s, call, second, name)
    assert len(s.lines(name, "RECORDING")) == 1


async def joined_while_the_notice_is_spoken(s: Slot) -> None:
    """The same where the service does it."""
    call, first, name = await begun(s, over_seconds=0.7)
    consult, second = await consulted(s, first, counts=-5000)
    await joined(s, first, consult)
    await s.product.until(lambda: len(second.audio.tone_times(NOTICE, 0.1)) > 10, 5, "the second agent is told")
    await both_are_on_it(s, call, second, name)


async def joined_while_a_supervisor_speaks(s: Slot) -> None:
    """Who barges in is another, until the first agent's leg ends."""
    call, first, name = await begun(s, over_seconds=4)
    boss, voice = f"2{s.index:02}3", 700
    await s.exchange.desks.register(boss, of(s).secrets.agents[boss])
    shown = s.product.cli("core show channels concise").splitlines()
    (talk,) = [line.split("!")[0] for line in shown if line.startswith(f"PJSIP/{s.agents[0]}-")]
    ways = f"channel originate PJSIP/{boss} application ChanSpy {talk},quESXB"
    asking = asyncio.create_task(asyncio.to_thread(s.product.cli, ways))
    spy = await s.exchange.desks.next_call(boss)
    await spy.answer()
    await asking
    spy.audio.sound = tone(voice)
    await s.product.until(lambda: len(call.audio.tone_times(voice, 0.15)) > 25, 5, "supervisor heard")
    consult, second = await consulted(s, first, counts=-5000)
    await joined(s, first, consult)
    await both_are_on_it(s, call, second, name)


SCENARIOS: list[Scenario] = [
    who_answers_after_music_is_on_it, a_recorded_talk, who_comes_back_from_a_hold_is_on_it,
    who_is_handed_the_caller_is_on_it,
    handed_on_while_the_notice_is_spoken, joined_while_the_notice_is_spoken, joined_while_a_supervisor_speaks,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.__name__)
def test_the_right_audio_is_recorded(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
