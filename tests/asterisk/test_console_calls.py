"""Supervisors in other people's calls, on a real Asterisk: who hears whom is measured by tones in the audio of every
telephone; records and figures of the calls stay what they are."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from desk_agent import Agent
from desk_phones import played_at_desks, prepared, running
from exchange import verdict
from telephone_audio import tone
from telephones import Call, Telephone
from whole import GUARD_SECONDS, Whole, spoken

from ami_listener.events import AgentState, EndedBy, LeaveStatus
from ami_listener.records import Outcome
from crm.audit.service import AuditFilter, lines
from crm.database import reading

PHONES = "127.0.0.5"
CALLER, AGENT, SUPERVISOR = 1300, 700, 1900  # hertz: what each of them says
ENOUGH, FRAMES = 0.15, 12  # share of the sound, frames of 20 ms


class Person(Agent):
    """Somebody with a desk phone who gives orders at the console, if the role lets them."""

    async def at_console(self, what: str, body: Any = None, method: str = "POST") -> tuple[int, Any]:
        """Status and JSON of the console's answer."""
        return await self.ask(f"/api/console/{what}", body, method=method)

    async def orders(self, what: str, **body: Any) -> Any:
        """An order that must be carried out."""
        return await self.done(f"/api/console/{what}", body)

    async def in_vain(self, what: str, **body: Any) -> str:
        """An order that must be refused, with a sentence; why."""
        return await self.refused(f"/api/console/{what}", body)

    async def is_now(self, state: AgentState) -> None:
        """Waits until this is on record, for whatever reason."""
        await self.whole.until(lambda: self.state[0] == state, 6, f"{state}, is {self.state}")


@dataclass
class Room:
    """One scenario's own queue, with an agent and a supervisor who answers no queue."""

    whole: Whole
    network: Telephone
    phones: Telephone
    index: int

    @property
    def queue(self) -> str:
        return f"q{self.index:02}"

    @property
    def agent(self) -> Person:
        return PEOPLE[f"2{self.index:02}1"]

    @property
    def boss(self) -> Person:
        return PEOPLE[f"2{self.index:02}3"]

    @property
    def caller(self) -> str:
        return f"081{self.index:03}0001"

    async def there(self, *people: Person) -> None:
        """Their telephones are registered."""
        for person in people:
            assert await self.phones.register(person.extension, self.whole.secrets.agents[person.extension]) == 200
        if self.agent in people:
            await self.agent.is_now(AgentState.AVAILABLE)

    async def call(self) -> Call:
        call = await self.network.call(f"11{self.index:02}", self.caller)
        call.audio.sound = tone(CALLER, 0.96)
        return call

    async def talk(self) -> tuple[Call, Call, str]:
        """A caller and the agent talk."""
        call = await self.call()
        leg = await self.phones.next_call(self.agent.extension)
        await leg.answer()
        leg.audio.sound = tone(AGENT, 0.96)
        await call.answered()
        await asyncio.sleep(0.3)
        return call, leg, await self.whole.call_of(self.caller)

    async def listening(self) -> Call:
        """The supervisor's telephone, which rings for a call of its own wish and picks up."""
        spy = await self.phones.next_call(self.boss.extension)
        assert spy.invite is not None
        assert spy.invite["x-hotline-answer"] == "1"
        assert spy.invite["call-info"] == "<sip:hotline>;answer-after=0"
        await spy.answer()
        spy.audio.sound = tone(SUPERVISOR, 0.96)
        return spy

    async def hear(self, call: Call, *wanted: int) -> None:
        """This telephone hears these voices, and after that, for a while, no others."""

        def all_heard() -> bool:
            return all(len(call.audio.tone_times(hertz, ENOUGH, since=since)) >= FRAMES for hertz in wanted)

        since = call.phone.clock()
        await self.whole.until(all_heard, 5, f"{wanted} heard by {call!r}")
        since = call.phone.clock()
        await asyncio.sleep(0.6)
        heard = {hertz for hertz in (CALLER, AGENT, SUPERVISOR) if call.audio.tone_times(hertz, 0.05, since=since)}
        assert heard == set(wanted)

    def audited(self, call_id: str) -> list[str]:
        """What the audit says of supervisors in this call, in order."""
        with reading(self.whole.engine) as connection:
            found = lines(connection, AuditFilter(subject=f"call/{call_id}"))
        return [f"{line.action} {line.who} {line.details.get('by', '')}".strip() for line in reversed(found)]


PEOPLE: dict[str, Person] = {}
Scenario = Callable[[Room], Awaitable[None]]


async def listen_whisper_and_barge(s: Room) -> None:
    """Each way is heard by the right parties only; the keys of the telephone change it, too; all of it is in the audit.
    The call stays one call with one agent, for records and figures (H1)."""
    await s.there(s.agent, s.boss)
    assert await s.boss.in_vain("spy", agent=s.agent.extension, mode="listen") == "no-call"
    call, leg, name = await s.talk()
    assert (await s.agent.at_console("spy", {"agent": s.agent.extension, "mode": "listen"}))[0] == 403
    await s.boss.orders("spy", agent=s.agent.extension, mode="listen")
    spy = await s.listening()
    await s.hear(spy, CALLER, AGENT)
    await asyncio.gather(s.hear(call, AGENT), s.hear(leg, CALLER))
    state = (await s.boss.at_console("state", method="GET"))[1]
    talk = next(one for one in state["talking"] if one["call"] == name)
    assert [(spy["by"], spy["mode"]) for spy in talk["spies"]] == [(s.boss.extension, "listen")]

    await s.boss.orders("spy/mode", mode="whisper")
    await s.hear(leg, CALLER, SUPERVISOR)
    await asyncio.gather(s.hear(call, AGENT), s.hear(spy, CALLER, AGENT))

    await spy.press("6")  # barge, by the telephone's own key
    await s.hear(call, AGENT, SUPERVISOR)
    await asyncio.gather(s.hear(leg, CALLER, SUPERVISOR), s.hear(spy, CALLER, AGENT))

    await spy.press("1")  # means nothing
    await s.hear(call, AGENT, SUPERVISOR)
    await s.boss.orders("spy", agent=s.agent.extension, mode="listen")  # the same talk: another way, no other call
    await asyncio.gather(s.hear(call, AGENT), s.hear(leg, CALLER), s.hear(spy, CALLER, AGENT))
    assert spy.ended_at is None
    assert s.boss.extension not in {talk.agent for talk in (await s.whole.recorded(name, bool)).record.conversations}

    await s.boss.orders("spy/stop")
    await spy.ended()
    await s.hear(call, AGENT)
    await call.hang_up()
    record = await s.whole.over(name)
    assert (record.outcome, record.agent, record.ended_by) == (Outcome.ANSWERED, s.agent.extension, EndedBy.CALLER)
    assert [talk.agent for talk in record.conversations] == [s.agent.extension]
    assert [ring.agent for ring in record.rings] == [s.agent.extension]
    assert [queued.status for queued in record.passes] == [LeaveStatus.ANSWERED]
    assert not record.transfers
    assert await s.whole.metric("hotline_calls_offered_total", queue=s.queue) == 1
    boss = f"supervisor{s.boss.extension}"
    ways = [f"console.{way} {boss}" for way in ("listen", "whisper")]
    await s.whole.until(lambda: len(s.audited(name)) == 4, 5, f"audit, is {s.audited(name)}")
    assert s.audited(name) == [*ways, f"console.barge {boss} key", f"console.listen {boss}"]


async def the_talk_ends_first(s: Room) -> None:
    """The supervisor's leg ends with the talk; the agent wraps up as always, the supervisor does not."""
    await s.there(s.agent, s.boss)
    call, leg, name = await s.talk()
    await s.boss.orders("spy", agent=s.agent.extension, mode="barge")
    spy = await s.listening()
    await s.hear(call, AGENT, SUPERVISOR)
    await leg.hang_up()
    await spy.ended()
    await s.agent.is_now(AgentState.WRAP_UP)
    await call.heard(spoken("survey-123"))
    await call.press("1")
    record = await s.whole.over(name)
    assert (record.outcome, record.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
    assert record.survey is not None
    assert record.survey.meaning == "impressed"
    assert AgentState.WRAP_UP not in {state[0] for state in s.whole.states(s.boss.extension)}
    assert await s.boss.in_vain("spy/stop") == "not-listening"


async def nobody_else_comes_in(s: Room) -> None:
    """An agent's telephone cannot reach the contexts of supervisors, whatever it dials or transfers to."""
    await s.there(s.agent, s.boss)
    for number in ("listen", "barge", "4", "hotline-spy", "hotline-pull"):
        call = await s.phones.call(number, s.agent.extension)
        await call.ended()
        assert call.answered_at is None
    dialplan = s.whole.cli("dialplan show hotline-spy")
    assert s.boss.extension in dialplan
    assert s.agent.extension not in dialplan
    assert await s.boss.in_vain("spy", agent=s.boss.extension, mode="listen") == "own-call"


async def a_waiting_call_is_pulled(s: Room) -> None:
    """Within the nine seconds: the supervisor has the caller, and it counts as answered in time (H1, H7)."""
    await s.there(s.agent, s.boss)
    await s.boss.orders(f"agents/{s.agent.extension}/pause", reason="lunch")
    await s.agent.is_now(AgentState.PAUSED)
    call = await s.call()
    name = await s.whole.call_of(s.caller)
    await s.whole.fact(name, "QUEUED", "1")
    await asyncio.sleep(0.5)
    await s.boss.orders("pull", call=name)
    leg = await s.listening()
    await call.answered()
    await asyncio.gather(s.hear(call, SUPERVISOR), s.hear(leg, CALLER))
    await asyncio.sleep(max(0.0, GUARD_SECONDS + 0.5 - (call.phone.clock() - call.began_at)))
    await s.hear(call, SUPERVISOR)  # the nine seconds' clock has stopped
    assert await s.boss.in_vain("pull", call=name) == "not-waiting"
    await leg.hang_up()
    await call.heard(spoken("survey-123"))
    await call.press("2")
    record = await s.whole.over(name)
    assert (record.outcome, record.agent, record.queue) == (Outcome.ANSWERED, s.boss.extension, s.queue)
    assert [queued.status for queued in record.passes] == [LeaveStatus.ANSWERED]
    assert record.agent_answered_at is not None
    assert (record.agent_answered_at - record.arrived_at).total_seconds() < GUARD_SECONDS
    assert s.audited(name) == [f"console.pulled supervisor{s.boss.extension}"]
    await s.boss.orders(f"agents/{s.agent.extension}/ready")
    await s.agent.is_now(AgentState.AVAILABLE)


async def pulled_but_not_picked_up(s: Room) -> None:
    """The caller is back in the old place, with the assistant, and the agent has the call after all; then one who waits
    with music is pulled, and hangs up."""
    await s.there(s.agent, s.boss)
    await s.boss.orders(f"agents/{s.agent.extension}/pause", reason="lunch")
    call = await s.call()
    name = await s.whole.call_of(s.caller)
    await call.answered(GUARD_SECONDS + 3)  # the assistant
    await s.whole.fact(name, "QUEUED", "2")
    await asyncio.sleep(0.5)  # two beginnings within 0.3 s are one that was told twice
    await s.boss.orders("pull", call=name)
    leg = await s.phones.next_call(s.boss.extension)
    leg.reject(603)
    await s.whole.until(lambda: len([x for x in s.whole.lines() if x.call == name and x.event == "QUEUED"]) > 2, 5)
    await s.boss.orders("pull", call=name)
    leg = await s.listening()
    await asyncio.gather(s.hear(call, SUPERVISOR), s.hear(leg, CALLER))
    await call.hang_up()
    await leg.ended()
    record = await s.whole.over(name)
    assert (record.outcome, record.agent, record.ended_by) == (Outcome.ANSWERED, s.boss.extension, EndedBy.CALLER)
    assert record.passes[-1].status is LeaveStatus.ANSWERED
    assert s.audited(name) == [f"console.pulled supervisor{s.boss.extension}"] * 2


async def agents_are_moved_and_logged_out(s: Room) -> None:
    """Another queue rings at once; who has a call is not logged out; whoever is, is not rung (desk phone)."""
    await s.there(s.agent, s.boss)
    answer = await s.boss.orders(f"agents/{s.agent.extension}/queues", add=["q00"], remove=[s.queue])
    assert answer == {"queues": ["q00"]}
    shown = s.whole.cli(f"queue show {s.queue}")
    assert f"PJSIP/{s.agent.extension}" not in shown
    assert f"PJSIP/{s.agent.extension}" in s.whole.cli("queue show q00")
    await s.boss.orders(f"agents/{s.agent.extension}/queues", add=[s.queue], remove=["q00"])
    call, _leg, _ = await s.talk()
    assert await s.boss.in_vain(f"agents/{s.agent.extension}/log-out") == "in-a-call"
    await call.hang_up()
    await s.agent.is_now(AgentState.WRAP_UP)
    await s.boss.orders(f"agents/{s.agent.extension}/log-out")
    await s.agent.is_now(AgentState.PAUSED)
    assert (await s.agent.at_console("state", method="GET"))[0] == 401
    assert await s.boss.in_vain("agents/9999/pause", reason="lunch") == "unknown"


SCENARIOS: list[Scenario] = [
    listen_whisper_and_barge, the_talk_ends_first, nobody_else_comes_in, a_waiting_call_is_pulled,
    pulled_but_not_picked_up, agents_are_moved_and_logged_out,
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Whole]:
    product = prepared(tmp_path_factory.mktemp("console"), asterisk_root, len(SCENARIOS), wrap_up_seconds=2)
    for i in range(len(SCENARIOS)):
        PEOPLE[f"2{i:02}1"] = Person.enrol(product, f"2{i:02}1", [f"q{i:02}"])
        PEOPLE[f"2{i:02}3"] = Person.enrol(product, f"2{i:02}3", [], "supervisor")
    with running(product, PEOPLE):
        yield product


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return asyncio.run(played_at_desks(whole, PHONES, Room, SCENARIOS, seconds=60))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_console(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
