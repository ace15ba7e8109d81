"""Who spoke with the caller, when, and who sent the caller on: the telephones' own clocks against the records (K3)."""

import asyncio
from datetime import datetime

import pytest
from exchange import SURVEY, Scenario, Slot, play, ringing_at, verdict
from product import MUSIC_HERTZ
from telephone_audio import tone
from telephones import Call, final_notify
from whole import WRAP_UP_SECONDS, Whole, of

from ami_listener.events import AgentState, EndedBy, LeaveStatus
from ami_listener.records import CallRecord, Outcome

CLOSE_SECONDS = 0.4  # the telephone of the test shares the processor with all the others


def same(recorded: datetime | None, seen: float | None) -> bool:
    """Whether a time on record is the one that a telephone saw."""
    return recorded is not None and seen is not None and abs(recorded.timestamp() - seen) < CLOSE_SECONDS


def assert_asked_once(record: CallRecord, key: str, meaning: str) -> None:
    """H7, H8: the one answer on record."""
    assert record.survey is not None
    assert (record.survey.key, record.survey.meaning) == (key, meaning)


async def rated(s: Slot, call: Call, key: str) -> CallRecord:
    """The record, after the caller has answered the survey, which was asked once."""
    await call.heard(SURVEY)
    await call.press(key)
    name = await s.id_of(call)
    await call.ended()
    assert len(s.lines(name, "SURVEYASKED")) == 1
    return await of(s).over(name)


async def wrapped_up(s: Slot, agent: str, since: datetime | None) -> None:
    """The agent's wrap-up is on record from the end of the talk for as long as the setting says."""

    def over() -> object:
        return [x for x in of(s).states(agent) if x[0] == AgentState.WRAP_UP and x[3] is not None]

    state = (await s.product.until(over, WRAP_UP_SECONDS + 4, f"wrap-up of {agent}"))[0]
    assert since is not None
    assert abs((state[2] - since).total_seconds()) < CLOSE_SECONDS
    assert WRAP_UP_SECONDS - 0.1 <= (state[3] - state[2]).total_seconds() < WRAP_UP_SECONDS + 1.2


async def answered_and_rated(s: Slot) -> None:
    """H1, H7, H8: every time on record is what the telephones saw."""
    call, leg, _ = await s.talk()
    await asyncio.sleep(0.5)
    await leg.hang_up()
    record = await rated(s, call, "2")
    assert (record.outcome, record.ended_by, record.agent) == (Outcome.ANSWERED, EndedBy.AGENT, s.agents[0])
    assert same(record.arrived_at, call.began_at)
    assert same(record.agent_answered_at, leg.answered_at)
    assert same(record.conversations[0].ended_at, leg.ended_at)
    assert same(record.ended_at, call.ended_at)
    assert record.assistant_answered_at is None
    assert_asked_once(record, "2", "satisfied")
    rings = {(ring.agent, ring.answered) for ring in record.rings}
    assert rings == {(s.agents[0], True), (s.agents[1], False)}
    assert all(same(ring.rang_at, leg.began_at) for ring in record.rings)
    assert [x.status for x in record.passes] == [LeaveStatus.ANSWERED]
    await wrapped_up(s, s.agents[0], record.conversations[0].ended_at)


async def the_caller_hangs_up_first(s: Slot) -> None:
    """Counts as not asked; the agent wraps up, as the list of agents tells while it lasts."""
    call, leg, name = await s.talk()
    await call.hang_up()
    await leg.ended()

    def wrapping() -> object:
        return of(s).states(s.agents[0])[-1][0] == AgentState.WRAP_UP

    await s.product.until(wrapping, 3, "wrap-up")
    listed = {line["agent"]: line for line in await of(s).listed("agents", "list")}
    assert listed[s.agents[0]]["state"] in {"wrap_up", "available"}  # the program takes a moment to start
    assert listed[s.agents[1]]["state"] == "available"
    record = await of(s).over(name)
    assert (record.outcome, record.ended_by, record.survey) == (Outcome.ANSWERED, EndedBy.CALLER, None)
    await wrapped_up(s, s.agents[0], record.conversations[0].ended_at)


async def music(s: Slot, call: Call, since: float) -> None:
    await s.product.until(lambda: len(call.audio.tone_times(MUSIC_HERTZ, since=since)) > 10, 5, "music")


async def held_twice(s: Slot) -> None:
    """Hold by the agent's telephone (re-INVITE): the caller hears music meanwhile."""
    call, leg, _ = await s.talk()
    times = []
    for _ in range(2):
        times.append(leg.phone.clock())
        await leg.hold()
        since = leg.phone.clock()
        await music(s, call, since)
        times.append(leg.phone.clock())
        await leg.hold(False)
        await asyncio.sleep(0.3)
    await leg.hang_up()
    record = await rated(s, call, "1")
    on_record = [at for hold in record.holds for at in (hold.held_at, hold.resumed_at)]
    assert len(on_record) == 4
    assert all(same(at, seen) for at, seen in zip(on_record, times, strict=True))
    assert {hold.agent for hold in record.holds} == {s.agents[0]}
    assert abs(record.hold_seconds - (times[1] - times[0] + times[3] - times[2])) < CLOSE_SECONDS


async def blind(s: Slot, leg: Call, target: str) -> float:
    """An agent sends the caller on and hangs up; when."""
    await asyncio.sleep(0.3)
    at = leg.phone.clock()
    assert await leg.refer(target) == 202
    await s.product.until(lambda: final_notify(leg) or leg.ended_at, 5, "transfer accepted")
    assert final_notify(leg) < "3", f"refused with {final_notify(leg)}"
    await leg.hang_up()
    return at


async def blind_transfer(s: Slot) -> None:
    call, first, _ = await s.talk()
    at = await blind(s, first, s.agents[1])
    second = await s.rung(1)
    await second.answer()
    await asyncio.sleep(0.3)
    await second.hang_up()
    record = await rated(s, call, "1")
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [("blind", *s.agents)]
    assert same(record.transfers[0].transferred_at, at)
    assert [x.agent for x in record.conversations] == list(s.agents)
    assert [x.ended_by for x in record.conversations] == [EndedBy.TRANSFER, EndedBy.AGENT]
    assert same(record.conversations[1].answered_at, second.answered_at)
    assert same(record.conversations[1].ended_at, second.ended_at)
    assert (record.agent, record.ended_by, record.outcome) == (s.agents[0], EndedBy.AGENT, Outcome.ANSWERED)
    assert_asked_once(record, "1", "impressed")
    for talk in record.conversations:
        await wrapped_up(s, talk.agent, talk.ended_at)


async def a_transfer_of_a_transfer(s: Slot) -> None:
    """The third is a colleague of no queue, who has no wrap-up."""
    third = f"2{s.index:02}3"
    call, first, _ = await s.talk()
    await blind(s, first, s.agents[1])
    second = await s.rung(1)
    await second.answer()
    await blind(s, second, third)
    last = await s.exchange.desks.next_call(third)
    await last.answer()
    await asyncio.sleep(0.3)
    await last.hang_up()
    record = await rated(s, call, "3")
    people = [*s.agents, third]
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [
        ("blind", people[0], people[1]), ("blind", people[1], people[2]),
    ]  # fmt: skip
    assert [x.agent for x in record.conversations] == people
    assert [x.ended_by for x in record.conversations] == [EndedBy.TRANSFER, EndedBy.TRANSFER, EndedBy.AGENT]
    assert (record.agent, record.ended_by) == (people[0], EndedBy.AGENT)
    assert_asked_once(record, "3", "not_satisfied")
    for talk in record.conversations[:2]:
        await wrapped_up(s, talk.agent, talk.ended_at)


async def consulted(s: Slot, leg: Call, colleague: str) -> tuple[Call, Call]:
    """The agent asks a colleague while the caller hears music: both ends of that call."""
    await asyncio.sleep(0.3)
    await leg.hold()
    consult = await s.exchange.desks.call(colleague, leg.user)
    other = await ringing_at(s.exchange, colleague)
    await other.answer()
    await consult.answered()
    await asyncio.sleep(0.3)
    return consult, other


async def joined(s: Slot, leg: Call, consult: Call) -> float:
    """The agent joins the caller with the colleague and is gone; when."""
    at = leg.phone.clock()
    assert await leg.refer_attended(consult) == 202
    await s.product.until(lambda: final_notify(leg) == "200", 5, "joined")
    await asyncio.gather(leg.hang_up(), consult.hang_up())
    return at


async def attended_transfer(s: Slot) -> None:
    """REFER with Replaces (RFC 3891): the colleague's part begins when the two are joined."""
    call, first, _ = await s.talk()
    consult, second = await consulted(s, first, s.agents[1])
    at = await joined(s, first, consult)
    second.audio.sound = tone(1300)
    await s.product.until(lambda: len(call.audio.tone_times(1300)) > 10, 5, "second agent heard by caller")
    await second.hang_up()
    record = await rated(s, call, "1")
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [("attended", *s.agents)]
    assert same(record.transfers[0].transferred_at, at)
    assert [x.agent for x in record.conversations] == list(s.agents)
    assert [x.ended_by for x in record.conversations] == [EndedBy.TRANSFER, EndedBy.AGENT]
    assert same(record.conversations[0].ended_at, at)
    assert same(record.conversations[1].answered_at, at)
    assert same(record.conversations[1].ended_at, second.ended_at)
    assert (record.agent, record.ended_by) == (s.agents[0], EndedBy.AGENT)
    assert [(hold.agent, same(hold.resumed_at, at)) for hold in record.holds] == [(s.agents[0], True)]
    assert record.holds[0].held_at.timestamp() <= consult.began_at + CLOSE_SECONDS
    assert_asked_once(record, "1", "impressed")
    for talk in record.conversations:
        await wrapped_up(s, talk.agent, talk.ended_at)


async def attended_after_blind(s: Slot) -> None:
    third = f"2{s.index:02}3"
    call, first, _ = await s.talk()
    await blind(s, first, s.agents[1])
    second = await s.rung(1)
    await second.answer()
    consult, last = await consulted(s, second, third)
    await joined(s, second, consult)
    await asyncio.sleep(0.3)
    await call.hang_up()
    await last.ended()
    record = await of(s).over(await s.id_of(call))
    people = [*s.agents, third]
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [
        ("blind", people[0], people[1]), ("attended", people[1], people[2]),
    ]  # fmt: skip
    assert [x.agent for x in record.conversations] == people
    assert (record.ended_by, record.survey) == (EndedBy.CALLER, None)


async def a_consultation_is_not_a_call(s: Slot) -> None:
    """Two agents who speak with each other: nothing is offered, nobody wraps up."""
    consult = await s.exchange.desks.call(s.agents[1], s.agents[0])
    second = await s.rung(1)
    await second.answer()
    await consult.answered()

    def in_call() -> object:
        return of(s).states(s.agents[1])[-1][0] == AgentState.IN_CALL

    await s.product.until(in_call, 3, "shown as busy")
    await consult.hang_up()
    await second.ended()
    await s.product.until(lambda: of(s).states(s.agents[1])[-1][0] == AgentState.AVAILABLE, 3, "free at once")
    assert AgentState.WRAP_UP not in {state[0] for state in of(s).states(s.agents[1])}
    assert await of(s).metric("hotline_calls_offered_total", queue=s.queue) == 0


SCENARIOS: list[Scenario] = [
    answered_and_rated, the_caller_hangs_up_first, held_twice, blind_transfer, a_transfer_of_a_transfer,
    attended_transfer, attended_after_blind, a_consultation_is_not_a_call,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_conversation(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
