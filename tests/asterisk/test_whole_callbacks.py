"""Key 1 ("3. The call" no. 2): the place is kept, agent and caller are connected, and the records say so."""

import asyncio

import pytest
from exchange import SURVEY, Scenario, Slot, play, ringing_at, verdict
from product import sound
from recorded import sides_of, sounding, taken_in
from telephone_audio import tone
from telephones import Call
from whole import GUARD_SECONDS, RETRY_SECONDS, WHISPERED, Whole, of

from ami_listener.events import EndedBy
from ami_listener.records import Outcome
from crm.calls.service import CallFilter, CallLine, CallStory, list_calls
from crm.database import reading
from dialplan.names import agent_interface

CALLER, AGENT = 1300, 1700  # hertz: what they say


async def asks(s: Slot, caller: str, heard: str = "callback-thanks", number: str = "") -> str:
    """A caller waits, presses 1, hears what follows, and is hung up on: the call's name."""
    call = await s.exchange.network.call(number or s.number, caller)
    await call.answered(GUARD_SECONDS + 3)
    keys = WHISPERED["queue-keys"]
    await s.product.until(lambda: len(call.audio.tone_times(keys)) > 5, 12, "keys offered")
    await call.press("1")
    await call.heard(sound(heard), 8)
    name = await s.id_of(call)
    await call.ended(5)
    return name


def back(s: Slot, agent: int = 0) -> None:
    """The agent is there again."""
    interface = agent_interface(s.agents[agent])
    s.product.cli(f"queue unpause member {interface} queue {s.queue}")


def callback_of(s: Slot, request: str) -> list[CallLine]:
    """Calls on record that are the callback of a request."""
    with reading(of(s).engine) as connection:
        lines = list_calls(connection, CallFilter(queue=s.queue), 100)
    return [x for x in lines if (story := of(s).story_of(x.call_id)) and story.record.callback_of == request]


async def dialled(s: Slot, number: str, seconds: float = 8) -> Call:
    """The caller's telephone, when we call it."""
    return await s.exchange.network.next_call(number, seconds)


def stands(story: CallStory, state: str) -> bool:
    return story.callback is not None and story.callback.state == state


async def the_place_is_kept_and_the_caller_rated(s: Slot) -> None:
    """Who asked first is called before who waits on the line since later; the survey is asked of the caller (H7). A
    recorded number's callback is recorded as well, each voice on its own side."""
    s.quiet(0, 1)
    caller, recorded_number = s.caller(), f"13{s.index:02}"
    request = await asks(s, caller, number=recorded_number)
    later = await s.call()
    await later.answered(GUARD_SECONDS + 3)
    back(s)
    leg = await s.rung(seconds=8)
    assert leg.caller == caller
    answered_at = await leg.answer()
    reached = await dialled(s, caller)
    assert reached.caller == recorded_number  # the caller sees our number
    reached.audio.sound, leg.audio.sound = tone(CALLER), tone(AGENT)
    await reached.answer()
    await s.product.fact(request, "CALLBACKTRY", request, "1", "connected")
    await s.product.until(lambda: len(reached.audio.tone_times(AGENT, 0.3)) > 25, 5, "agent heard")
    await leg.hang_up()
    await reached.heard(SURVEY)
    await reached.press("1")
    await reached.ended()
    story = await of(s).recorded(request, lambda x: stands(x, "done") and x.callback and x.callback.answered_by)
    assert story.callback is not None
    assert (story.callback.tries, story.callback.answered_by) == (1, s.agents[0])
    assert (story.record.outcome, story.record.ended_by) == (Outcome.CALLBACK, EndedBy.SYSTEM)
    (line,) = await s.product.until(lambda: callback_of(s, request), 5, "the callback on record")
    record = (await of(s).recorded(line.call_id)).record
    assert (record.outcome, record.agent, record.ended_by) == (Outcome.ANSWERED, s.agents[0], EndedBy.AGENT)
    assert record.survey is not None
    assert record.survey.meaning == "impressed"
    assert abs(record.conversations[0].answered_at.timestamp() - answered_at) < 0.3
    kept = await taken_in(of(s), line.call_id)
    assert kept.missing_seconds is None
    sides = sides_of((s.product.state / "recordings" / str(kept.path)).read_bytes())
    for side, own, other in zip(sides, (CALLER, AGENT), (AGENT, CALLER), strict=True):
        assert len(sounding(side, own)) > 20
        assert len(sounding(side, other)) < 3
    second = await s.rung(seconds=8)
    assert second.caller == later.caller
    await later.hang_up()


async def not_reached_and_given_up(s: Slot) -> None:
    """Two tries (the setting), a pause between them; then the number may ask again."""
    s.quiet(0, 1)
    caller = s.caller()
    request = await asks(s, caller)
    back(s)
    began = []
    for refusal in (486, 503):
        leg = await s.rung(seconds=RETRY_SECONDS + 12)
        assert leg.caller == caller
        await leg.answer()
        tried = await dialled(s, caller)
        began.append(tried.began_at)
        tried.reject(refusal)
        await leg.ended(8)
    assert began[1] - began[0] >= RETRY_SECONDS
    story = await of(s).recorded(request, lambda x: stands(x, "given_up"))
    assert story.callback is not None
    assert (story.callback.tries, story.callback.answered_by) == (2, None)
    assert story.record.outcome is Outcome.CALLBACK
    results = [line.data[1:] for line in s.lines(request, "CALLBACKTRY")]
    assert [result for result in results if result[1] != "calling"] == [("1", "busy"), ("2", "failed")]
    free = s.product.cli
    await s.product.until(lambda: caller not in free("database show hotline-callback"), 12, "may ask again")
    s.quiet(0)
    again = await asks(s, caller)
    await of(s).recorded(again, lambda x: stands(x, "waiting"))
    back(s)
    leg = await s.rung(seconds=8)
    await leg.answer()
    reached = await dialled(s, caller)
    await reached.answer()
    await of(s).recorded(again, lambda x: stands(x, "done"))
    await reached.hang_up()


async def asked_twice_called_once(s: Slot) -> None:
    """A second request of the same number, in another spelling, makes no second callback."""
    s.quiet(0, 1)
    caller = s.caller()
    request = await asks(s, caller)
    second = await asks(s, f"+66{caller[1:]}", "callback-already")
    story = await of(s).recorded(second)
    assert story.record.callback is not None
    assert story.record.callback.duplicate
    assert story.record.outcome is Outcome.CALLBACK
    back(s)
    leg = await s.rung(seconds=8)
    await leg.answer()
    reached = await dialled(s, caller)
    await reached.answer()
    await of(s).recorded(request, lambda x: stands(x, "done"))
    await leg.hang_up()
    await reached.heard(SURVEY)
    await reached.hang_up()  # while being asked
    with pytest.raises(AssertionError, match="nobody called"):
        await ringing_at(s.exchange, s.agents[0], seconds=6)  # longer than wrap-up and rest together
    assert len(callback_of(s, request)) == 1


async def a_caller_without_a_number_enters_one(s: Slot) -> None:
    s.quiet(0, 1)
    wanted = s.caller()
    call = await s.call("anonymous", name="Anonymous")
    await call.answered(GUARD_SECONDS + 3)
    keys = WHISPERED["queue-keys"]
    await s.product.until(lambda: len(call.audio.tone_times(keys)) > 5, 12, "keys offered")
    await call.press("1")
    await call.heard(sound("callback-no-number"), 8)
    await call.press(f"{wanted}#")
    await call.heard(sound("callback-change"), 15)
    await call.press("1")
    await call.heard(sound("callback-thanks"), 8)
    await call.ended(5)
    back(s)
    leg = await s.rung(seconds=8)
    assert leg.caller == wanted
    await leg.answer()
    reached = await dialled(s, wanted)
    await reached.answer()
    await asyncio.sleep(0.3)
    await reached.hang_up()
    await leg.ended()


SCENARIOS: list[Scenario] = [
    the_place_is_kept_and_the_caller_rated, not_reached_and_given_up, asked_twice_called_once,
    a_caller_without_a_number_enters_one,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_callback(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
