"""Handing a call on from the page (K3): to whom was meant, who hears whom meanwhile, and the survey at the end."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from product import MUSIC_HERTZ
from telephone_audio import tone
from telephone_room import Desk, Scenario, play, room_settings, staffed, verdict
from telephone_seat import AGENT, CALLER, COLLEAGUE, OFFICE, Seat, heard, not_heard
from telephones import Call
from whole import Whole, installed_root, spoken

from ami_listener.events import EndedBy
from ami_listener.records import CallRecord


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    root = installed_root()
    folder: Path = tmp_path_factory.mktemp("transfers")
    with staffed(room_settings(folder, root, len(SCENARIOS)), root) as running:
        yield running


async def two(s: Desk) -> tuple[Seat, Seat, Call]:
    """An agent talks with a caller; a colleague is there, and rings for nobody else."""
    seat = await s.room.sit(s.agent(1))
    call = await s.talk(seat)
    return seat, await s.room.sit(s.agent(2), COLLEAGUE), call


async def rated(s: Desk, call: Call, key: str = "2") -> CallRecord:
    """H7, H8: the survey, once; the record."""
    await call.heard(spoken("survey-123"))
    await call.press(key)
    name = await s.id_of(call)
    record = await s.whole.over(name)
    assert len(s.whole.of(name, "SURVEYASKED")) == 1
    return record


async def blind_to_a_colleague(s: Desk) -> None:
    """The page asks the server, which knows who may be dialled."""
    seat, colleague, call = await two(s)
    await seat.order(f"phone.transferBlind('{s.agent(2)}')")
    assert (await seat.until("ended"))["detail"]["cause"] == "transferred"
    await seat.until("transferred", to=s.agent(2), kind="blind")
    assert (await colleague.until("ringing"))["detail"]["call"]["number"] == call.caller
    await colleague.order("phone.answer()")
    await heard(call, COLLEAGUE)
    await colleague.hears(CALLER)
    await colleague.order("phone.hangUp()")
    record = await rated(s, call)
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [("blind", s.agent(1), s.agent(2))]
    assert [(x.agent, x.ended_by) for x in record.conversations] == [
        (s.agent(1), EndedBy.TRANSFER), (s.agent(2), EndedBy.AGENT),
    ]  # fmt: skip


async def blind_to_a_department_outside(s: Desk) -> None:
    seat = await s.room.sit(s.agent(1))
    call = await s.talk(seat)
    await seat.order("phone.transferBlind('701')")
    office = await s.room.network.next_call("021112222", 8)
    await office.answer()
    office.audio.sound = tone(OFFICE, 0.96)
    await heard(call, OFFICE)
    await office.hang_up()
    record = await rated(s, call)
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [("blind", s.agent(1), "701")]


async def blind_with_the_service_away(s: Desk) -> None:
    """Then the page asks Asterisk itself (REFER), and says good-bye itself."""
    seat, colleague, call = await two(s)
    await seat.page.context.route("**/api/telephone/transfer", lambda route: route.abort())
    await seat.order(f"phone.transferBlind('{s.agent(2)}')")
    assert (await seat.until("ended"))["detail"]["cause"] == "transferred"
    await colleague.until("ringing")
    await colleague.order("phone.answer()")
    await heard(call, COLLEAGUE)
    await colleague.order("phone.hangUp()")
    record = await rated(s, call)
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [("blind", s.agent(1), s.agent(2))]


async def a_number_that_may_not_be_dialled(s: Desk) -> None:
    """Refused with a sentence, and the caller is still there; likewise the own extension."""
    seat = await s.room.sit(s.agent(1))
    call = await s.talk(seat)
    for number, why in (("0019005551234", "not-permitted"), (s.agent(1), "own-extension")):
        said = await seat.order(
            f"phone.transferBlind('{number}').then(() => null, (error) => [error.code, error.cause.data])"
        )
        assert said[0] == "refused"
        assert said[1]["detail"] == why
        assert said[1]["advice"]
    await heard(call, AGENT)
    assert len(await seat.events("transfer-failed")) == 2
    await seat.order("phone.hangUp()")


async def nobody_picks_up_there(s: Desk) -> None:
    """The caller is not lost: back in the queue, in the old place."""
    seat, colleague, call = await two(s)
    await seat.order(f"phone.transferBlind('{s.agent(2)}')")
    await colleague.until("ringing")
    await colleague.order("phone.reject()")
    await call.heard(spoken("transfer-failed"))
    again = await colleague.until("ringing", 2, 12)
    assert again["detail"]["call"]["number"] == call.caller
    await colleague.order("phone.answer()")
    await heard(call, COLLEAGUE)
    await colleague.order("phone.hangUp()")
    await rated(s, call)


async def consulted(s: Desk) -> tuple[Seat, Seat, Call]:
    """The agent asks a colleague; the caller hears music meanwhile."""
    seat, colleague, call = await two(s)
    await seat.order(f"phone.consult('{s.agent(2)}')")
    assert (await colleague.until("ringing"))["detail"]["call"]["number"] == s.agent(1)
    await heard(call, MUSIC_HERTZ)
    await colleague.order("phone.answer()")
    await seat.until("consult", state="talking")
    await seat.hears(COLLEAGUE, whom="second")
    await colleague.hears(AGENT)
    await not_heard(call, AGENT)
    return seat, colleague, call


async def consult_swap_and_complete(s: Desk) -> None:
    """Who hears whom at every step; the colleague's part begins when the two are joined."""
    seat, colleague, call = await consulted(s)
    await seat.order("phone.swap()")
    assert (await seat.until("swapped"))["detail"]["with"] == "caller"
    await heard(call, AGENT)
    await seat.hears(CALLER)
    await colleague.does_not_hear(AGENT)
    await colleague.hears(MUSIC_HERTZ)
    await seat.order("phone.swap()")
    assert (await seat.until("swapped", 2))["detail"]["with"] == "colleague"
    await colleague.hears(AGENT)
    await not_heard(call, AGENT)
    await seat.order("phone.completeTransfer()")
    assert (await seat.until("ended"))["detail"]["cause"] == "transferred"
    await seat.until("transferred", kind="attended", to=s.agent(2))
    assert (await seat.state())["call"] is None
    await heard(call, COLLEAGUE)
    await colleague.hears(CALLER)
    await colleague.order("phone.hangUp()")
    record = await rated(s, call)
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [("attended", s.agent(1), s.agent(2))]
    assert [(x.agent, x.ended_by) for x in record.conversations] == [
        (s.agent(1), EndedBy.TRANSFER), (s.agent(2), EndedBy.AGENT),
    ]  # fmt: skip


async def three_together(s: Desk) -> None:
    """Everybody hears the two others; muted, the agent is heard by none; then the two go on alone."""
    seat, colleague, call = await consulted(s)
    await seat.order("phone.join()")
    assert (await seat.state())["together"] is True
    await heard(call, AGENT)
    await heard(call, COLLEAGUE)
    await colleague.hears(CALLER)
    await colleague.hears(AGENT)
    await seat.hears(CALLER)
    await seat.hears(COLLEAGUE, whom="second")
    await seat.order("phone.mute()")
    await not_heard(call, AGENT)
    await colleague.does_not_hear(AGENT)
    await heard(call, COLLEAGUE)
    await seat.order("phone.mute(false)")
    await heard(call, AGENT)
    await seat.order("phone.completeTransfer()")
    await seat.until("ended")
    await heard(call, COLLEAGUE)
    await not_heard(call, AGENT)
    await colleague.hears(CALLER)
    await colleague.order("phone.hangUp()")
    record = await rated(s, call)
    assert [(x.kind, x.to) for x in record.transfers] == [("attended", s.agent(2))]


async def three_and_two_again(s: Desk) -> None:
    """Swap ends the three; the colleague leaves, and the caller is talked to on."""
    seat, colleague, call = await consulted(s)
    await seat.order("phone.join()")
    await heard(call, COLLEAGUE)
    await seat.order("phone.swap()")
    assert (await seat.state())["together"] is False
    await heard(call, AGENT)
    await not_heard(call, COLLEAGUE)
    await colleague.order("phone.hangUp()")
    await seat.until("consult", state="ended")
    await heard(call, AGENT)
    await seat.order("phone.hangUp()")
    record = await rated(s, call)
    assert record.transfers == []
    assert [x.agent for x in record.conversations] == [s.agent(1)]


async def abandoned(s: Desk) -> None:
    """Back to the caller with one order."""
    seat, colleague, call = await consulted(s)
    await seat.order("phone.abandonConsult()")
    await colleague.until("ended")
    await heard(call, AGENT)
    await seat.hears(CALLER)
    state = await seat.state()
    assert (state["colleague"], state["call"]["held"]) == (None, False)
    await seat.order("phone.hangUp()")
    await rated(s, call)


async def the_colleague_is_busy_or_declines(s: Desk) -> None:
    """The consultation says so; the caller is taken back."""
    seat, colleague, call = await two(s)
    await seat.order(f"phone.consult('{s.agent(2)}')")
    await colleague.until("ringing")
    await colleague.order("phone.reject()")
    ended = await seat.until("consult", state="ended")
    assert ended["detail"]["cause"] in {"busy", "refused", "no-answer"}
    assert (await seat.state())["call"]["held"] is True
    await seat.order("phone.resume()")
    await heard(call, AGENT)
    await seat.order("phone.consult('0019005551234')")
    assert (await seat.until("consult", 2, state="ended"))["detail"]["cause"] == "not-permitted"
    await seat.order("phone.resume()")
    await seat.order("phone.hangUp()")
    await rated(s, call)


async def the_caller_leaves_while_a_colleague_is_asked(s: Desk) -> None:
    """Agent and colleague go on talking: that is the call now."""
    seat, colleague, call = await consulted(s)
    await call.hang_up()
    assert (await seat.until("ended"))["detail"]["by"] == "them"
    await asyncio.sleep(0.3)
    state = await seat.state()
    assert (state["call"]["number"], state["colleague"]) == (s.agent(2), None)
    await seat.hears(COLLEAGUE)
    await colleague.hears(AGENT)
    await seat.order("phone.hangUp()")
    await colleague.until("ended")


async def an_office_outside_is_asked_and_joined(s: Desk) -> None:
    seat = await s.room.sit(s.agent(1))
    call = await s.talk(seat)
    await seat.order("phone.consult('702')")
    office = await s.room.network.next_call("021113333", 8)
    await office.answer()
    office.audio.sound = tone(OFFICE, 0.96)
    await seat.until("consult", state="talking")
    await seat.hears(OFFICE, whom="second")
    await heard(office, AGENT)
    await seat.order("phone.completeTransfer()")
    await heard(call, OFFICE)
    await heard(office, CALLER)
    await office.hang_up()
    record = await rated(s, call)
    assert [x.kind for x in record.transfers] == ["attended"]


SCENARIOS: list[Scenario] = [
    blind_to_a_colleague, blind_to_a_department_outside, blind_with_the_service_away, a_number_that_may_not_be_dialled,
    nobody_picks_up_there, consult_swap_and_complete, three_together, three_and_two_again, abandoned,
    the_colleague_is_busy_or_declines, the_caller_leaves_while_a_colleague_is_asked,
    an_office_outside_is_asked_and_joined,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS, alone={blind_with_the_service_away})


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_transfer(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    """K3."""
    verdict(played, scenario)
