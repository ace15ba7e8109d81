"""When things break around the telephone in the page: nobody waits in silence for more than ten seconds, nobody is
shown as available who cannot be rung, and the telephone comes back by itself."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from phone_broken import SILENCE_SECONDS, kill, silence, state_of
from phone_busy_machine import its_addresses_are_found_late, the_microphone_is_ready_a_moment_later
from phone_reloads import (
    reloaded_and_the_caller_hangs_up_at_once,
    reloaded_in_a_call,
    reloaded_in_a_call_of_the_agents_own,
    reloaded_while_a_colleague_is_asked,
    reloaded_while_it_rings,
    reloaded_while_the_caller_holds,
)
from product import MUSIC_HERTZ
from telephone_room import Desk, Scenario, play, room_settings, staffed, verdict
from telephone_seat import AGENT, CALLER, COLLEAGUE, LogIn, heard
from whole import Whole, installed_root, spoken

from ami_listener.events import AgentState, EndedBy
from dialplan.asterisk.process import AsteriskProcess
from dialplan.names import Store


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    root = installed_root()
    folder: Path = tmp_path_factory.mktemp("faults")
    with staffed(room_settings(folder, root, len(SCENARIOS)), root) as running:
        yield running


async def killed_while_idle(s: Desk) -> None:
    """Offline within seconds, and not rung."""
    browser = await s.room.launch()
    seat = await s.room.sit(s.agent(), browser=browser)
    await state_of(s, s.agent(), AgentState.AVAILABLE, seconds=3)
    await kill(browser)
    assert await state_of(s, s.agent(), AgentState.OFFLINE, seconds=5) < 4
    call = await s.call()
    await asyncio.sleep(1)
    assert s.whole.states(s.agent())[-1][0] == AgentState.OFFLINE
    await call.hang_up()
    record = await s.whole.over(await s.id_of(call))
    assert record.rings == []
    assert seat.errors == []


async def killed_while_ringing(s: Desk) -> None:
    """The call goes to the next agent, not after the ring time but at once."""
    browser = await s.room.launch()
    first = await s.room.sit(s.agent(1), browser=browser)
    call = await s.call()
    await first.until("ringing")
    second = await s.room.sit(s.agent(2))
    assert not await second.events("ringing")  # the first is still being rung
    at = await kill(browser)
    ringing = await second.until("ringing", seconds=SILENCE_SECONDS)
    assert ringing["at"] - at < 6
    await second.order("phone.answer()")
    await call.answered()
    await heard(call, AGENT)


async def killed_in_a_call(s: Desk) -> None:
    """The caller is back in the queue within ten seconds, hears music, and is answered by another."""
    browser = await s.room.launch()
    seat = await s.room.sit(s.agent(1), browser=browser)
    call = await s.talk(seat)
    other = await s.room.sit(s.agent(2), COLLEAGUE)
    at = await kill(browser)
    ringing = await other.until("ringing", seconds=14)
    assert ringing["at"] - at < SILENCE_SECONDS
    await other.order("phone.answer()")
    await heard(call, COLLEAGUE)
    assert silence(call, at - 0.5) <= SILENCE_SECONDS
    await other.order("phone.hangUp()")
    await call.heard(spoken("survey-123"))
    await call.press("2")
    record = await s.whole.over(await s.id_of(call))
    assert [(x.agent, x.ended_by) for x in record.conversations] == [
        (s.agent(1), EndedBy.FAILURE), (s.agent(2), EndedBy.AGENT),
    ]  # fmt: skip
    assert record.survey is not None
    assert record.survey.meaning == "satisfied"


async def killed_while_the_caller_holds(s: Desk) -> None:
    """Music is no answer: a quarter of a minute later the caller is back in the queue."""
    browser = await s.room.launch()
    seat = await s.room.sit(s.agent(1), browser=browser)
    call = await s.talk(seat)
    await seat.order("phone.hold()")
    other = await s.room.sit(s.agent(2), COLLEAGUE)
    at = await kill(browser)
    ringing = await other.until("ringing", seconds=25)
    assert ringing["at"] - at < 20
    await other.order("phone.answer()")
    await heard(call, COLLEAGUE)
    assert silence(call, at) < 2


async def socket_cut_while_idle(s: Desk) -> None:
    """Said at once, back within two seconds; a call then rings."""
    seat = await s.room.sit(s.agent())
    await seat.order("phone.station.line.socket.socket.close()")
    away = await seat.until("unregistered")
    assert away["detail"]["reason"] == "network"
    back = await seat.until("registered", 2)
    assert back["at"] - away["at"] < 2
    call = await s.call()
    await seat.until("ringing")
    await seat.order("phone.answer()")
    await heard(call, AGENT)


async def socket_cut_while_ringing(s: Desk) -> None:
    """It rings on, and can be answered over the new socket."""
    seat = await s.room.sit(s.agent())
    call = await s.call()
    await seat.until("ringing")
    await seat.order("phone.station.line.socket.socket.close()")
    await seat.until("registered", 2)
    await asyncio.sleep(1.3)  # longer than a telephone that is gone may ring
    await seat.order("phone.answer()")
    await call.answered()
    await heard(call, AGENT)


async def socket_cut_in_a_call(s: Desk) -> None:
    """The talk goes on; hold works over the new socket, and the caller's good-bye arrives there."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    await seat.order("phone.station.line.socket.socket.close()")
    assert await seat.refused("phone.hold()") == "not-connected"
    await seat.until("registered", 2)
    await heard(call, AGENT)
    await seat.order("phone.hold()")
    await heard(call, MUSIC_HERTZ)
    await seat.order("phone.resume()")
    await seat.order("phone.station.line.socket.socket.close()")
    await seat.until("registered", 3)
    await asyncio.sleep(0.5)
    await call.hang_up()
    assert (await seat.until("ended", seconds=3))["detail"]["by"] == "them"


async def hung_up_without_a_socket(s: Desk) -> None:
    """The server tells Asterisk on its own way: the caller goes on to the survey without waiting."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    await seat.order(
        "(() => { const { socket } = phone.station.line; socket.wanted = false; socket.socket.close(); })()"
    )
    await seat.until("unregistered")
    at = call.phone.clock()
    await seat.order("phone.hangUp()")
    assert await call.heard(spoken("survey-123"), 3, since=at) - at < 2


async def nobody_asks_for_us(s: Desk) -> None:
    """The socket is open but nothing comes: after thirteen seconds the page no longer says that it can ring."""
    seat = await s.room.sit(s.agent())
    await seat.order("phone.station.line.socket.socket.onmessage = () => {}")
    away = await seat.until("unregistered", seconds=20)
    assert away["detail"]["reason"] == "silent"
    back = await seat.until("registered", 2)
    assert back["at"] - away["at"] < 3


async def the_registration_is_renewed_in_time(s: Desk) -> None:
    """By a clock that also goes when nobody looks at the page."""
    seat = await s.room.sit(s.agent())
    before = s.whole.cli(f"pjsip show aor {s.agent()}")
    await seat.order(
        "(() => { const { line } = phone.station; window.sent = []; const { socket } = line; const send = socket.send;"
        " socket.send = (text) => { sent.push(text.split(' ')[0]); return send.call(socket, text); };"
        " line.renewedAt -= 120001; })()"
    )
    deadline = time.monotonic() + 5
    while "REGISTER" not in await seat.order("sent"):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert (await seat.state())["line"]["state"] == "registered"
    assert len(await seat.events("unregistered")) == 0
    assert before.count("Contact:") == s.whole.cli(f"pjsip show aor {s.agent()}").count("Contact:")


async def the_machine_slept(s: Desk) -> None:
    """The clock jumps: the line is made anew at once."""
    seat = await s.room.sit(s.agent())
    await seat.order(
        "(() => { const { line } = phone.station; line.tickedAt -= 60000; line.heardAt -= 60000; line.tick(); })()"
    )
    assert (await seat.until("unregistered"))["detail"]["reason"] == "asleep"
    await seat.until("registered", 2, 3)


async def two_tabs(s: Desk) -> None:
    """One telephone: the second tab says where it is, takes over when the first is closed, or when asked to."""
    first = await s.room.sit(s.agent())
    second = await s.room.sit(s.agent(), beside=first, registered=False)
    there = await second.until("elsewhere")
    assert (there["detail"]["where"], there["detail"]["calling"]) == ("tab", False)
    assert (await second.state())["line"]["state"] == "elsewhere"
    contacts = s.whole.cli(f"pjsip show aor {s.agent()}")
    assert len(re.findall(r"Contact:\s+\d", contacts)) == 1
    await first.page.close()
    await second.until("registered", seconds=3)
    third = await s.room.sit(s.agent(), beside=second, registered=False)
    await third.until("elsewhere")
    await third.order("phone.takeOver()")
    await third.until("registered", seconds=4)
    await second.until("elsewhere")
    call = await s.call()
    await third.until("ringing")
    assert not await second.events("ringing")
    await call.hang_up()


async def a_tab_takes_the_call_along(s: Desk) -> None:
    """Taken over during a call, the talk goes on in the new tab."""
    first = await s.room.sit(s.agent())
    call = await s.talk(first)
    second = await s.room.sit(s.agent(), beside=first, registered=False)
    assert (await second.until("elsewhere"))["detail"]["calling"] is True
    await second.order("phone.takeOver()")
    await second.until("taken-up", seconds=7)
    await heard(call, AGENT)
    await second.hears(CALLER)
    await second.order("phone.hangUp()")
    await call.heard(spoken("survey-123"))


async def two_log_ins(s: Desk) -> None:
    """Another log-in of the same person does not steal the telephone, but can take it; the secret changes with it."""
    first = await s.room.sit(s.agent())
    other = LogIn.of(s.whole, s.agent())
    second = await s.room.sit(s.agent(), log_in=other, registered=False)
    there = await second.until("elsewhere")
    assert there["detail"] | {"address": "127.0.0.1"} == {
        "where": "browser", "address": "127.0.0.1", "browser": "Chromium",
    }  # fmt: skip
    secret = s.whole.cli(f"database get {Store.PHONE} {s.agent()}")
    await second.order("phone.takeOver()")
    await second.until("registered", seconds=4)
    assert (await first.until("elsewhere"))["detail"]["where"] == "browser"
    assert s.whole.cli(f"database get {Store.PHONE} {s.agent()}") != secret


async def logged_out(s: Desk) -> None:
    """The socket ends within seconds, the secret is dead, the agent is offline; the page does not try again."""
    seat = await s.room.sit(s.agent())
    await state_of(s, s.agent(), AgentState.AVAILABLE, seconds=3)
    account = await seat.order("fetch('/api/telephone/account').then((answer) => answer.json())")
    seat.log_in.end()
    away = await seat.until("unregistered", seconds=5)
    assert away["detail"] == {"reason": "logged-out", "again_ms": None}
    await state_of(s, s.agent(), AgentState.OFFLINE, seconds=5)
    assert "not found" in s.whole.cli(f"database get {Store.PHONE} {s.agent()}").lower()
    status = await s.room.desks.register(s.agent(), account["sip"]["secret"])
    assert status in {401, 403, 500}
    await asyncio.sleep(1)
    assert (await seat.state())["line"]["state"] == "unregistered"


async def the_service_is_started_anew(s: Desk) -> None:
    """The talk goes on without it, and the telephone is there again with it, with the same secret."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    secret = s.whole.cli(f"database get {Store.PHONE} {s.agent()}")
    await asyncio.to_thread(s.whole.installation.stop_service)
    await seat.until("unregistered")
    await heard(call, AGENT)
    s.whole.installation.start_service(ready=False)
    await asyncio.to_thread(s.whole.installation.wait_ready)
    await seat.until("registered", 2, 10)
    assert s.whole.cli(f"database get {Store.PHONE} {s.agent()}") == secret
    await heard(call, AGENT)
    await seat.order("phone.hold()")
    await heard(call, MUSIC_HERTZ)
    await seat.order("phone.resume()")
    await seat.order("phone.hangUp()")
    await call.heard(spoken("survey-123"))


async def asterisk_is_started_anew(s: Desk) -> None:
    """Said at once; the telephone is back within seconds, with the secret it had; a break is still a break."""
    seat, resting = await s.room.sit(s.agent(1)), await s.room.sit(s.agent(2), COLLEAGUE)
    reply = await resting.order(
        "fetch('/api/telephone/pause', { method: 'POST', body: JSON.stringify({ reason: 'lunch' }), headers:"
        f" {{ 'Content-Type': 'application/json', 'X-CSRF-Token': '{resting.log_in.csrf}' }} }}).then((a) => a.status)"
    )
    assert reply == 200
    await state_of(s, s.agent(2), AgentState.PAUSED, seconds=3)
    call = await s.talk(seat)
    pid = s.whole.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    away = await seat.until("unregistered", seconds=3)
    assert away["detail"]["reason"] == "asterisk-away"
    assert (await seat.until("quiet", seconds=12))["detail"]["on"] is True
    ended = await seat.until("ended", seconds=20)
    assert (ended["detail"]["by"], ended["detail"]["cause"]) == ("network", "network")
    await asyncio.to_thread(s.whole.process.stop)
    s.whole.process = AsteriskProcess(s.whole.folders)
    await asyncio.to_thread(s.whole.process.start)
    begun = time.monotonic()
    await seat.until("registered", 2, 15)
    assert time.monotonic() - begun < 10
    await call.hang_up()
    await resting.until("registered", 2, 10)
    await state_of(s, s.agent(2), AgentState.PAUSED, seconds=10)
    assert s.whole.states(s.agent(2))[-1][1] == "lunch"
    await state_of(s, s.agent(1), AgentState.AVAILABLE, seconds=10)
    again = await s.call()
    await seat.until("ringing", 2)
    assert not await resting.events("ringing")
    await seat.order("phone.answer()")
    await heard(again, AGENT)


SCENARIOS: list[Scenario] = [
    reloaded_in_a_call, reloaded_and_the_caller_hangs_up_at_once, reloaded_while_the_caller_holds,
    reloaded_while_it_rings, reloaded_while_a_colleague_is_asked,
    reloaded_in_a_call_of_the_agents_own, killed_while_idle, killed_while_ringing, killed_in_a_call,
    killed_while_the_caller_holds, socket_cut_while_idle, socket_cut_while_ringing,
    socket_cut_in_a_call, hung_up_without_a_socket, nobody_asks_for_us,
    the_registration_is_renewed_in_time, the_machine_slept, two_tabs,
    a_tab_takes_the_call_along, two_log_ins, logged_out,
    the_microphone_is_ready_a_moment_later, its_addresses_are_found_late,
    the_service_is_started_anew, asterisk_is_started_anew,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS, alone={the_service_is_started_anew, asterisk_is_started_anew})


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_fault(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
