"""A recorded talk through the whole product (issue 4, section 4): the right audio, silence where it was paused, and who
may hear it. Proved by tones."""

import asyncio
import hashlib
import json
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest
from exchange import Scenario, Slot, play, verdict
from recorded import sides_of, sounding, taken_in
from telephone_audio import FRAME, tone
from telephones import final_notify
from whole import Whole, of

from crm.database import reading, writing
from crm.staff import service as staff
from crm.staff import sessions
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from dialplan.prompts.audio import decode_ulaw

CALLER, AGENT, SECOND, SECRET = 1300, 1700, 2100, 2900  # hertz


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
    """The secret is spoken by both while the recording is paused; it is heard, and on no side of the recording."""
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
    live = await ask("GET", "/api/recordings/live")
    assert [one["agents"] for one in live if one["call_id"] == name] == [[s.agents[0]]]
    assert (await ask("POST", f"/api/recordings/{name}/pause"))["state"] == "paused"
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


async def who_is_handed_the_caller_is_on_it(s: Slot) -> None:
    """After an attended transfer to a telephone that counts its packets from lower down, which Asterisk's recorder
    takes for late: the service begins the recording again."""
    whole = of(s)
    call = await s.exchange.network.call(f"13{s.index:02}", s.caller())
    first = await s.rung(0)
    await first.answer()
    await call.answered()
    name = await s.id_of(call)
    call.audio.sound, first.audio.sound = tone(CALLER), tone(AGENT)
    await s.product.until(lambda: len(call.audio.tone_times(AGENT, 0.3)) > 200, 9, "the notice over, first agent heard")
    await first.hold()
    consult = await s.exchange.desks.call(s.agents[1], s.agents[0])
    second = await s.rung(1)
    second.audio.sequence = first.audio.sequence - 5000
    await second.answer()
    await consult.answered()
    consult.audio.sound = tone(SECRET)
    await s.product.until(lambda: len(second.audio.tone_times(SECRET)) > 25, 5, "the agents talk")
    assert await first.refer_attended(consult) == 202
    await s.product.until(lambda: final_notify(first) == "200", 5, "joined")
    await asyncio.gather(first.hang_up(), consult.hang_up())
    second.audio.sound = tone(SECOND)
    await s.product.until(lambda: len(call.audio.tone_times(SECOND)) > 60, 8, "second agent heard")
    await second.hang_up()
    await call.ended(12)
    await whole.over(name)

    who = await asyncio.to_thread(supervisor, whole, "handed")
    await taken_in(whole, name)
    _, agents = sides_of(await asyncio.to_thread(asked, whole, who, "GET", f"/api/recordings/{name}/sound"))
    assert len(sounding(agents, AGENT)) > 60
    assert len(sounding(agents, SECOND)) > 40


SCENARIOS: list[Scenario] = [a_recorded_talk, who_is_handed_the_caller_is_on_it]


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.__name__)
def test_the_right_audio_is_recorded(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
