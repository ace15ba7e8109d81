"""Scenarios of ``test_phone_faults``: the page is loaded anew, in every state of a call."""

import asyncio
import re

from phone_broken import silence, state_of
from product import MUSIC_HERTZ
from recorded import sides_of, sounding, taken_in
from telephone_room import Desk
from telephone_seat import AGENT, CALLER, COLLEAGUE, heard
from telephones import Call
from whole import spoken

from ami_listener.events import AgentState, EndedBy

ENOUGH = 60  # frames of 20 ms


async def heard_for_long(s: Desk, call: Call) -> None:
    """The caller has heard the agent's browser long enough to find it on the recording, and it speaks G.711."""
    since = call.phone.clock()
    await s.whole.until(lambda: len(call.audio.tone_times(AGENT, 0.3, since)) > ENOUGH, 8, "agent heard")
    shown = s.whole.cli("pjsip show channelstats")
    (codec,) = re.findall(rf"{s.agent()}-\w+\s+[\d:]+\s+(\w+)", shown)
    assert codec in ("ulaw", "alaw")


async def reloaded_in_a_call(s: Desk) -> None:
    """The talk goes on after less than two seconds; wrap-up and survey come once, at the true end. Its recording, too,
    has all of it: what was said before and after the reload, and after a hold. The browser speaks
    G.711 before and after, whatever else it has."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat, recorded=True)
    await heard_for_long(s, call)
    since = call.phone.clock()
    await seat.page.reload()
    taken = await seat.until("taken-up", seconds=7)
    assert taken["detail"]["call"]["number"] == call.caller
    await heard(call, AGENT)
    await seat.hears(CALLER)
    assert silence(call, since) < 3
    assert s.whole.states(s.agent())[-1][0] == AgentState.IN_CALL
    await heard_for_long(s, call)
    await seat.order("phone.hold()")
    await heard(call, MUSIC_HERTZ)
    await seat.order("phone.resume()")
    await heard_for_long(s, call)
    await seat.order("phone.hangUp()")
    await call.heard(spoken("survey-123"))
    await call.press("1")
    name = await s.id_of(call)
    record = await s.whole.over(name)
    assert [(x.agent, x.ended_by) for x in record.conversations] == [(s.agent(), EndedBy.AGENT)]
    assert len(s.whole.of(name, "AGENTLEFT")) == 1
    assert len(s.whole.of(name, "SURVEYASKED")) == 1
    await state_of(s, s.agent(), AgentState.WRAP_UP, seconds=3)
    await state_of(s, s.agent(), AgentState.AVAILABLE, seconds=8)
    kept = await taken_in(s.whole, name)
    _, theirs = sides_of((s.whole.state / "recordings" / str(kept.path)).read_bytes())
    said = len(call.audio.tone_times(AGENT, 0.3))
    assert said > 3 * ENOUGH
    assert len(sounding(theirs, AGENT)) > said - ENOUGH, "a moment at the reload and at the hold's end"


async def reloaded_and_the_caller_hangs_up_at_once(s: Desk) -> None:
    """The moment Asterisk has put the new leg into the call, before anybody else knows of it: the talk has its end,
    and its wrap-up, all the same."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    name = await s.id_of(call)
    await seat.page.reload(wait_until="commit")
    await s.whole.fact(name, "TAKENUP", seconds=7)
    await call.hang_up()
    record = await s.whole.over(name)
    assert [(x.agent, x.ended_by) for x in record.conversations] == [(s.agent(), EndedBy.CALLER)]
    (left,) = s.whole.of(name, "AGENTLEFT")
    assert left.data[0] not in s.whole.of(name, "ANSWERED")[0].data  # of the new leg
    await state_of(s, s.agent(), AgentState.WRAP_UP, seconds=3)
    await state_of(s, s.agent(), AgentState.AVAILABLE, seconds=8)


async def reloaded_while_the_caller_holds(s: Desk) -> None:
    """The agent is back and talks; nobody is left with the music."""
    seat = await s.room.sit(s.agent())
    call = await s.talk(seat)
    await seat.order("phone.hold()")
    await seat.page.reload()
    await seat.until("taken-up", seconds=7)
    await heard(call, AGENT)
    await seat.hears(CALLER)
    await seat.page.reload()  # and once more
    await seat.until("taken-up", seconds=7)
    await heard(call, AGENT)
    await call.hang_up()
    await seat.until("ended", seconds=3)
    record = await s.whole.over(await s.id_of(call))
    assert [x.ended_by for x in record.conversations] == [EndedBy.CALLER]


async def reloaded_while_it_rings(s: Desk) -> None:
    """It stops to ring at once: the next agent, or this one again after a rest."""
    seat = await s.room.sit(s.agent())
    call = await s.call()
    await seat.until("ringing")
    await seat.page.reload()
    await seat.until("registered")
    await seat.until("ringing", seconds=8)
    await seat.order("phone.answer()")
    await call.answered()
    await heard(call, AGENT)


async def reloaded_while_a_colleague_is_asked(s: Desk) -> None:
    """The caller is taken up again; the colleague's call is over."""
    seat, colleague = await s.room.sit(s.agent(1)), await s.room.sit(s.agent(2), COLLEAGUE)
    await colleague.order("phone.stop()")
    call = await s.talk(seat)
    colleague = await s.room.sit(s.agent(2), COLLEAGUE)
    await seat.order(f"phone.consult('{s.agent(2)}')")
    await colleague.until("ringing")
    await colleague.order("phone.answer()")
    await seat.until("consult", state="talking")
    await seat.page.reload()
    await seat.until("taken-up", seconds=7)
    await colleague.until("ended")
    await heard(call, AGENT)


async def reloaded_in_a_call_of_the_agents_own(s: Desk) -> None:
    """It is taken up as well, and its end is told once."""
    seat = await s.room.sit(s.agent())
    dialling = asyncio.ensure_future(seat.order("phone.dial('0812345678')"))
    far = await s.room.network.next_call("0812345678")
    await dialling
    await far.answer()
    await heard(far, AGENT)
    await seat.page.reload()
    taken = await seat.until("taken-up", seconds=7)
    assert (taken["detail"]["call"]["number"], taken["detail"]["call"]["direction"]) == ("0812345678", "out")
    await heard(far, AGENT)
    await asyncio.sleep(0.3)
    await seat.order("phone.hangUp()")
    await far.ended()

    def told() -> object:
        return [x for x in s.whole.lines() if x.event == "OUTENDED" and x.agent == s.agent()]

    ended = await s.whole.until(told, 5, "the end of the own call")
    assert [x.data[0] for x in ended] == ["ANSWER"]
