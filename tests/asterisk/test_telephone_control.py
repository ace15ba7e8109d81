"""Desk phones and other softphones, asked through Asterisk: what an agent's page orders happens on the agent's own
telephone, and on no other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from desk_agent import Agent
from desk_phones import played_at_desks, prepared, running
from exchange import verdict
from telephone_audio import tone
from telephones import Call, Telephone
from whole import Whole, spoken

from ami_listener.events import AgentState, CallKind, EndedBy, OutboundResult
from crm.database import reading
from crm.telephone.service import OutboundCall, outbound_of
from dialplan.asterisk.process import AsteriskProcess
from dialplan.names import PauseReason, Store

WRAP_UP_SECONDS, OUT_WRAP_UP_SECONDS = 4, 2
PHONES = "127.0.0.4"


@dataclass
class Office:
    """One scenario's own call centre: two agents with desk phones."""

    whole: Whole
    network: Telephone
    phones: Telephone
    index: int

    @property
    def number(self) -> str:
        return f"11{self.index:02}"

    def agent(self, n: int = 1) -> Agent:
        return AGENTS[f"2{self.index:02}{n}"]

    async def there(self, n: int = 1) -> Agent:
        """An agent whose telephone is registered."""
        agent = self.agent(n)
        assert await self.phones.register(agent.extension, self.whole.secrets.agents[agent.extension]) == 200
        await agent.becomes(AgentState.AVAILABLE)
        return agent

    async def call(self) -> Call:
        call = await self.network.call(self.number, f"081{self.index:03}0001")
        call.audio.sound = tone(1300, 0.96)
        return call

    async def talk(self, agent: Agent) -> tuple[Call, Call]:
        """A caller and this agent talk."""
        call = await self.call()
        leg = await self.phones.next_call(agent.extension)
        await leg.answer()
        leg.audio.sound = tone(700, 0.96)
        await call.answered()
        await asyncio.sleep(0.5)
        return call, leg

    async def hears(self, call: Call, hertz: float) -> None:
        since = call.phone.clock()
        await self.whole.until(lambda: len(call.audio.tone_times(hertz, 0.3, since=since)) > 5, 5, f"{hertz} Hz")

    async def own_calls(self, agent: Agent, wanted: Callable[[list[OutboundCall]], object]) -> list[OutboundCall]:
        """The agent's own calls on record, as soon as they are as wanted."""

        def found() -> list[OutboundCall] | None:
            with reading(self.whole.engine) as connection:
                calls = outbound_of(connection, agent.extension)
            return calls if wanted(calls) else None

        calls: list[OutboundCall] = await self.whole.until(found, 5, "own calls on record")
        return calls


AGENTS: dict[str, Agent] = {}
Scenario = Callable[[Office], Awaitable[None]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Whole]:
    product = prepared(
        tmp_path_factory.mktemp("desks"),
        asterisk_root,
        len(SCENARIOS),
        WRAP_UP_SECONDS,
        departments=[{"name": "legal", "extension": "701", "dial": "021112222"}],
        dialling={"wrap_up_seconds": OUT_WRAP_UP_SECONDS},
    )
    for i in range(len(SCENARIOS)):
        for n, queues in ((1, [f"q{i:02}"]), (2, [])):
            AGENTS[f"2{i:02}{n}"] = Agent.enrol(product, f"2{i:02}{n}", queues)
    with running(product, AGENTS):
        yield product


async def dial(s: Office) -> None:
    """The own telephone rings and picks up by itself, then the number is dialled; on record, and no caller's call."""
    agent = await s.there()
    assert await agent.done("dial", {"number": "081-234 5678"}) == {"number": "0812345678"}
    leg = await s.phones.next_call(agent.extension)
    assert leg.invite is not None
    assert leg.invite["x-hotline-dialled"] == "0812345678"
    assert leg.invite["call-info"] == "<sip:hotline>;answer-after=0"
    assert leg.caller == "0812345678"
    await leg.answer()
    far = await s.network.next_call("0812345678")
    assert far.caller == s.whole.site.numbers[0].number
    await far.answer()
    far.audio.sound = tone(1900, 0.96)
    await s.hears(leg, 1900)
    await agent.becomes(AgentState.IN_CALL)
    _, state = await agent.ask("state", method="GET")
    assert (state["outbound"]["number"], state["outbound"]["kind"]) == ("0812345678", "outside")
    assert await agent.refused("dial", {"number": "0812345678"}) == "busy"
    await leg.hold()
    await agent.shows(AgentState.ON_HOLD)
    await leg.hold(False)
    await agent.shows(AgentState.IN_CALL)
    await agent.done("hang-up")
    await leg.ended()
    await far.ended()
    await agent.becomes(AgentState.WRAP_UP, PauseReason.WRAP_UP)  # a setting: none by default
    await agent.becomes(AgentState.AVAILABLE, seconds=OUT_WRAP_UP_SECONDS + 3)
    (call,) = await s.own_calls(agent, lambda calls: calls and calls[0].ended_at)
    assert (call.kind, call.number, call.result) == (CallKind.OUTSIDE, "0812345678", OutboundResult.ANSWERED)
    assert call.answered_at is not None
    assert await s.whole.metric("hotline_calls_offered_total", queue=f"q{s.index:02}") == 0


async def dial_what_may_not_be_dialled(s: Office) -> None:
    """Refused with a sentence; and with the own telephone away."""
    agent = s.agent()
    assert await agent.refused("dial", {"number": "0812345678"}) == "offline"
    await s.there()
    for number, why in (
        ("0019005551234", "not-permitted"), ("*51", "not-permitted"), ("hotline-survey", "not-permitted"),
        ("0812345678,1", "not-permitted"), (agent.extension, "own-extension"),
    ):  # fmt: skip
        assert await agent.refused("dial", {"number": number}) == why
    status, _ = await agent.ask("dial", {"number": ""})
    assert status == 422
    assert s.phones.incoming.get(agent.extension) is None or s.phones.incoming[agent.extension].empty()


async def dial_a_colleague(s: Office) -> None:
    """Who sees the caller's own extension; no wrap-up after it, for neither."""
    agent, other = await s.there(1), s.agent(2)
    assert await s.phones.register(other.extension, s.whole.secrets.agents[other.extension]) == 200
    await agent.done("dial", {"number": other.extension})
    leg = await s.phones.next_call(agent.extension)
    await leg.answer()
    far = await s.phones.next_call(other.extension)
    assert far.caller == agent.extension
    far.reject(486)
    await leg.ended()
    await agent.becomes(AgentState.AVAILABLE)
    (call,) = await s.own_calls(agent, lambda calls: calls and calls[0].ended_at)
    assert (call.kind, call.result, call.answered_at) == (CallKind.AGENT, OutboundResult.BUSY, None)
    assert PauseReason.WRAP_UP not in {state[1] for state in s.whole.states(agent.extension)}


async def refuse_and_hang_up(s: Office) -> None:
    """While it rings the order refuses; in the call it ends it, and the caller goes on to the survey (H7)."""
    agent = await s.there()
    assert await agent.refused("hang-up") == "no-call"
    call = await s.call()
    leg = await s.phones.next_call(agent.extension)
    await agent.done("hang-up")
    await leg.ended()
    leg = await s.phones.next_call(agent.extension, 12)  # after the rest of who refused
    await leg.answer()
    await call.answered()
    await asyncio.sleep(0.3)
    await agent.done("hang-up")
    await leg.ended()
    await call.heard(spoken("survey-123"))


async def blind_transfer(s: Office) -> None:
    """K3: through Asterisk, so that queue statistics and survey stay right."""
    agent = await s.there()
    call, leg = await s.talk(agent)
    assert await agent.refused("transfer", {"to": "0019005551234"}) == "not-permitted"
    assert await agent.done("transfer", {"to": "701"}) == {"to": "701"}
    await leg.ended()
    office = await s.network.next_call("021112222", 8)
    await office.answer()
    office.audio.sound = tone(1900, 0.96)
    await s.hears(call, 1900)
    await office.hang_up()
    await call.heard(spoken("survey-123"))
    await call.press("1")
    name = await s.whole.call_of(call.caller)
    record = await s.whole.over(name)
    assert [(x.kind, x.agent, x.to) for x in record.transfers] == [("blind", agent.extension, "701")]
    assert record.conversations[0].ended_by is EndedBy.TRANSFER
    assert len(s.whole.of(name, "SURVEYASKED")) == 1
    assert await agent.refused("transfer", {"to": "701"}) == "no-call"


async def handing_on_whom_the_agent_had_called(s: Office) -> None:
    """An own call may be handed on too; nobody is asked or queued for it, and no fact is told of a caller."""
    agent, other = await s.there(1), s.agent(2)
    assert await s.phones.register(other.extension, s.whole.secrets.agents[other.extension]) == 200
    await agent.done("dial", {"number": "0812345699"})
    leg = await s.phones.next_call(agent.extension)
    await leg.answer()
    far = await s.network.next_call("0812345699")
    await far.answer()
    await asyncio.sleep(0.5)
    await agent.done("transfer", {"to": other.extension})
    second = await s.phones.next_call(other.extension)
    await second.answer()
    second.audio.sound = tone(1000, 0.96)
    await s.hears(far, 1000)
    await second.hang_up()
    await far.ended()
    assert [line for line in s.whole.lines() if line.event == "TRANSFERTO" and line.call == ""] == []
    await s.own_calls(agent, lambda calls: calls and calls[0].result is OutboundResult.ANSWERED)


async def answer_hold_and_resume(s: Office) -> None:
    """NOTIFY "talk" and "hold" reach the telephone within its call; what it does with them is its own affair."""
    agent = await s.there()
    assert await agent.refused("answer") == "no-call"
    call = await s.call()
    leg = await s.phones.next_call(agent.extension)
    await agent.done("answer")
    await leg.until(lambda: leg.asked == ["talk"], 3, "asked to answer")
    await leg.answer()
    await call.answered()
    await asyncio.sleep(0.3)
    await agent.done("hold")
    await agent.done("resume")
    await leg.until(lambda: leg.asked == ["talk", "hold", "talk"], 3, "asked to hold and resume")
    await leg.hang_up()


async def hung_up_before_a_reloaded_page_was_back(s: Office) -> None:
    """The page had said that it goes on with the call, and then the caller was gone: an end like any other."""
    agent = await s.there()
    call, leg = await s.talk(agent)
    await agent.done("take-up")
    await call.hang_up()
    await leg.ended()
    await agent.becomes(AgentState.WRAP_UP, PauseReason.WRAP_UP)
    record = await s.whole.over(await s.whole.call_of(call.caller))
    assert [(talk.agent, talk.ended_by) for talk in record.conversations] == [(agent.extension, EndedBy.CALLER)]


async def breaks(s: Office) -> None:
    """With a reason of the list; not rung meanwhile; back by the page, and by *52 for whoever has no page."""
    agent = await s.there()
    _, reasons = await agent.ask("pause-reasons", method="GET")
    assert {"name": "lunch", "label_th": "พักกลางวัน", "label_en": "Lunch"} in reasons
    assert await agent.refused("pause", {"reason": "holiday"}) == "unknown-reason"
    await agent.done("pause", {"reason": "lunch"})
    await agent.becomes(AgentState.PAUSED, "lunch")
    call = await s.call()
    await asyncio.sleep(1.5)
    assert s.phones.incoming.get(agent.extension) is None or s.phones.incoming[agent.extension].empty()
    await agent.done("ready")
    leg = await s.phones.next_call(agent.extension)
    await leg.answer()
    await call.answered()
    await agent.done("pause", {"reason": "meeting"})  # during the call: it holds after it, without a wrap-up
    await leg.hang_up()
    await agent.becomes(AgentState.PAUSED, "meeting")
    back = await s.phones.call("*52", agent.extension)
    await back.answered()
    await agent.becomes(AgentState.AVAILABLE)
    assert "not found" in s.whole.cli(f"database get {Store.BREAK} {agent.extension}").lower()


async def wrap_up(s: Office) -> None:
    """More time, counted by Asterisk's own clock; and done before the time is over."""
    agent = await s.there()
    assert await agent.refused("wrap-up/extend", {"seconds": 10}) == "not-in-wrap-up"
    assert await agent.refused("wrap-up/finish") == "not-in-wrap-up"
    _, leg = await s.talk(agent)
    await leg.hang_up()
    begun = await agent.becomes(AgentState.WRAP_UP, PauseReason.WRAP_UP)
    answer = await agent.done("wrap-up/extend", {"seconds": 5})
    ends_at = datetime.fromisoformat(answer["ends_at"]).timestamp()
    assert begun + WRAP_UP_SECONDS + 3.5 < ends_at < begun + WRAP_UP_SECONDS + 5.5
    over = await agent.becomes(AgentState.AVAILABLE, seconds=WRAP_UP_SECONDS + 9)
    assert abs(over - ends_at) < 1.5
    call, leg = await s.talk(agent)
    await leg.hang_up()
    begun = await agent.becomes(AgentState.WRAP_UP, PauseReason.WRAP_UP)
    await agent.done("wrap-up/finish")
    assert await agent.becomes(AgentState.AVAILABLE) - begun < WRAP_UP_SECONDS - 1
    await call.hang_up()


async def a_break_in_the_wrap_up(s: Office) -> None:
    """The end of the wrap-up does not end the break."""
    agent = await s.there()
    call, leg = await s.talk(agent)
    await leg.hang_up()
    await agent.becomes(AgentState.WRAP_UP, PauseReason.WRAP_UP)
    await agent.done("pause", {"reason": "other"})
    await asyncio.sleep(WRAP_UP_SECONDS + 1)
    assert agent.state == (AgentState.PAUSED, "other")
    await call.hang_up()
    await agent.done("ready")


async def doors(s: Office) -> None:
    """Not without a log-in, not with a foreign token; whoever has no telephone has no account."""
    agent = await s.there()
    stranger = Agent(s.whole, agent.extension, "nobody", "-")
    for what in ("dial", "hang-up", "transfer", "pause", "ready", "answer", "hold", "wrap-up/finish", "take-over"):
        assert (await stranger.ask(what))[0] == 401
        assert (await agent.ask(what, csrf="foreign"))[0] == 403
    assert (await stranger.ask("account", method="GET"))[0] == 401
    _, account = await agent.ask("account", method="GET")
    assert (account["extension"], account["kind"], account["sip"]) == (agent.extension, "desk", None)
    assert (await agent.ask("take-over"))[0] == 404


async def an_asterisk_started_anew_keeps_breaks(s: Office) -> None:
    """Also with the service away: Asterisk sets them itself, before anybody is rung (last: it touches everybody)."""
    agent = await s.there()
    pausing = await s.phones.call("*51", agent.extension)
    await pausing.answered()
    await agent.becomes(AgentState.PAUSED, "break")
    await asyncio.sleep(1.2)  # Asterisk writes its database once a second
    await asyncio.to_thread(s.whole.installation.stop_service)
    await asyncio.to_thread(s.whole.process.stop)
    s.whole.process = AsteriskProcess(s.whole.folders)
    await asyncio.to_thread(s.whole.process.start)
    await s.whole.until(lambda: "paused:break" in s.whole.cli(f"queue show q{s.index:02}"), 5, "the break again")
    s.whole.installation.start_service(ready=False)
    await asyncio.to_thread(s.whole.installation.wait_ready)
    assert await s.phones.register(agent.extension, s.whole.secrets.agents[agent.extension]) == 200
    await agent.becomes(AgentState.PAUSED, "break", 20)  # Asterisk first asks a telephone it knew whether it is there
    await agent.done("ready")
    await agent.becomes(AgentState.AVAILABLE, None, 20)


SCENARIOS: list[Scenario] = [
    dial, dial_what_may_not_be_dialled, dial_a_colleague, refuse_and_hang_up, blind_transfer,
    handing_on_whom_the_agent_had_called, answer_hold_and_resume,
    hung_up_before_a_reloaded_page_was_back, breaks, wrap_up, a_break_in_the_wrap_up, doors,
    an_asterisk_started_anew_keeps_breaks,
]  # fmt: skip
ALONE = {an_asterisk_started_anew_keeps_breaks}


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return asyncio.run(played_at_desks(whole, PHONES, Office, SCENARIOS, seconds=90, alone=ALONE))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_control(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
