"""Supervisors in other people's calls, on a real Asterisk: who hears whom is measured by tones in the audio of every
telephone; records and figures of the calls stay what they are."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from installation import wait_for
from product import TRUNK
from sqlalchemy import insert
from telephone_audio import tone
from telephones import Call, Telephone
from whole import GUARD_SECONDS, Whole, spoken, whole_settings

from ami_listener.events import AgentState, EndedBy, LeaveStatus
from ami_listener.records import Outcome
from crm.audit.service import AuditFilter, lines
from crm.database import reading, upgrade, writing
from crm.staff import sessions
from crm.staff.access import COOKIE, CSRF_HEADER
from crm.staff.models import staff, staff_queues

PHONES = "127.0.0.5"
CALLER, AGENT, SUPERVISOR = 1300, 700, 1900  # hertz: what each of them says
ENOUGH, FRAMES = 0.15, 12  # share of the sound, frames of 20 ms


@dataclass
class Person:
    """Somebody with an account, a log-in and a desk phone."""

    whole: Whole
    extension: str
    token: str
    csrf: str

    @classmethod
    def enrol(cls, whole: Whole, extension: str, queues: Iterable[str], role: str) -> "Person":
        at = datetime.now(UTC)
        values = {"username": f"{role}{extension}", "password_hash": "-", "role": role, "phone": "desk"}
        names = {"name_th": f"พนักงาน {extension}", "name_en": f"Agent {extension}", "language": "en"}
        with writing(whole.engine) as connection:
            staff_id = connection.execute(
                insert(staff).values(**values, **names, extension=extension, created_at=at, updated_at=at)
                .returning(staff.c.id)
            ).scalar_one()  # fmt: skip
            for queue in queues:
                connection.execute(insert(staff_queues).values(staff_id=staff_id, queue=queue))
            token = sessions.begin(connection, staff_id, at)
            found = sessions.visitor_of(connection, token, at)
        assert found is not None
        return cls(whole, extension, token, found[0].csrf)

    async def ask(self, what: str, body: Any = None, method: str = "POST") -> tuple[int, Any]:
        """Status and JSON of the console's answer."""
        return await asyncio.to_thread(self._ask, what, body, method)

    def _ask(self, what: str, body: Any, method: str) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.whole.site.ports.web}/api/console/{what}",
            data=json.dumps(body or {}).encode() if method == "POST" else None,
            headers={"Cookie": f"{COOKIE}={self.token}", CSRF_HEADER: self.csrf, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    async def done(self, what: str, **body: Any) -> Any:
        """An order that must be carried out."""
        status, answer = await self.ask(what, body)
        assert status == 200, (what, status, answer)
        return answer

    async def refused(self, what: str, **body: Any) -> str:
        """An order that must be refused, with a sentence; why."""
        status, answer = await self.ask(what, body)
        assert status == 409, (what, status, answer)
        assert answer["advice"]
        return str(answer["detail"])

    @property
    def state(self) -> str:
        states = self.whole.states(self.extension)
        return states[-1][0] if states else ""

    async def becomes(self, state: AgentState, seconds: float = 6) -> None:
        await self.whole.until(lambda: self.state == state, seconds, f"{state}, is {self.state}")


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
            await self.agent.becomes(AgentState.AVAILABLE)

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
    assert await s.boss.refused("spy", agent=s.agent.extension, mode="listen") == "no-call"
    call, leg, name = await s.talk()
    assert (await s.agent.ask("spy", {"agent": s.agent.extension, "mode": "listen"}))[0] == 403
    await s.boss.done("spy", agent=s.agent.extension, mode="listen")
    spy = await s.listening()
    await s.hear(spy, CALLER, AGENT)
    await asyncio.gather(s.hear(call, AGENT), s.hear(leg, CALLER))
    state = (await s.boss.ask("state", method="GET"))[1]
    talk = next(one for one in state["talking"] if one["call"] == name)
    assert [(spy["by"], spy["mode"]) for spy in talk["spies"]] == [(s.boss.extension, "listen")]

    await s.boss.done("spy/mode", mode="whisper")
    await s.hear(leg, CALLER, SUPERVISOR)
    await asyncio.gather(s.hear(call, AGENT), s.hear(spy, CALLER, AGENT))

    await spy.press("6")  # barge, by the telephone's own key
    await s.hear(call, AGENT, SUPERVISOR)
    await asyncio.gather(s.hear(leg, CALLER, SUPERVISOR), s.hear(spy, CALLER, AGENT))

    await spy.press("1")  # means nothing
    await s.hear(call, AGENT, SUPERVISOR)
    await s.boss.done("spy", agent=s.agent.extension, mode="listen")  # the same talk: another way, no other call
    await asyncio.gather(s.hear(call, AGENT), s.hear(leg, CALLER), s.hear(spy, CALLER, AGENT))
    assert spy.ended_at is None
    assert s.boss.extension not in {talk.agent for talk in (await s.whole.recorded(name, bool)).record.conversations}

    await s.boss.done("spy/stop")
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
    await s.boss.done("spy", agent=s.agent.extension, mode="barge")
    spy = await s.listening()
    await s.hear(call, AGENT, SUPERVISOR)
    await leg.hang_up()
    await spy.ended()
    await s.agent.becomes(AgentState.WRAP_UP)
    await call.heard(spoken("survey-123"))
    await call.press("1")
    record = await s.whole.over(name)
    assert (record.outcome, record.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
    assert record.survey is not None
    assert record.survey.meaning == "impressed"
    assert AgentState.WRAP_UP not in {state[0] for state in s.whole.states(s.boss.extension)}
    assert await s.boss.refused("spy/stop") == "not-listening"


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
    assert await s.boss.refused("spy", agent=s.boss.extension, mode="listen") == "own-call"


async def a_waiting_call_is_pulled(s: Room) -> None:
    """Within the nine seconds: the supervisor has the caller, and it counts as answered in time (H1, H7)."""
    await s.there(s.agent, s.boss)
    await s.boss.done(f"agents/{s.agent.extension}/pause", reason="lunch")
    await s.agent.becomes(AgentState.PAUSED)
    call = await s.call()
    name = await s.whole.call_of(s.caller)
    await s.whole.fact(name, "QUEUED", "1")
    await asyncio.sleep(0.5)
    await s.boss.done("pull", call=name)
    leg = await s.listening()
    await call.answered()
    await asyncio.gather(s.hear(call, SUPERVISOR), s.hear(leg, CALLER))
    await asyncio.sleep(max(0.0, GUARD_SECONDS + 0.5 - (call.phone.clock() - call.began_at)))
    await s.hear(call, SUPERVISOR)  # the nine seconds' clock has stopped
    assert await s.boss.refused("pull", call=name) == "not-waiting"
    await leg.hang_up()
    await call.heard(spoken("survey-123"))
    await call.press("2")
    record = await s.whole.over(name)
    assert (record.outcome, record.agent, record.queue) == (Outcome.ANSWERED, s.boss.extension, s.queue)
    assert [queued.status for queued in record.passes] == [LeaveStatus.ANSWERED]
    assert record.agent_answered_at is not None
    assert (record.agent_answered_at - record.arrived_at).total_seconds() < GUARD_SECONDS
    assert s.audited(name) == [f"console.pulled supervisor{s.boss.extension}"]
    await s.boss.done(f"agents/{s.agent.extension}/ready")
    await s.agent.becomes(AgentState.AVAILABLE)


async def pulled_but_not_picked_up(s: Room) -> None:
    """The caller is back in the old place, with the assistant, and the agent has the call after all; then one who waits
    with music is pulled, and hangs up."""
    await s.there(s.agent, s.boss)
    await s.boss.done(f"agents/{s.agent.extension}/pause", reason="lunch")
    call = await s.call()
    name = await s.whole.call_of(s.caller)
    await call.answered(GUARD_SECONDS + 3)  # the assistant
    await s.whole.fact(name, "QUEUED", "2")
    await asyncio.sleep(0.5)  # two beginnings within 0.3 s are one that was told twice
    await s.boss.done("pull", call=name)
    leg = await s.phones.next_call(s.boss.extension)
    leg.reject(603)
    await s.whole.until(lambda: len([x for x in s.whole.lines() if x.call == name and x.event == "QUEUED"]) > 2, 5)
    await s.boss.done("pull", call=name)
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
    answer = await s.boss.done(f"agents/{s.agent.extension}/queues", add=["q00"], remove=[s.queue])
    assert answer == {"queues": ["q00"]}
    shown = s.whole.cli(f"queue show {s.queue}")
    assert f"PJSIP/{s.agent.extension}" not in shown
    assert f"PJSIP/{s.agent.extension}" in s.whole.cli("queue show q00")
    await s.boss.done(f"agents/{s.agent.extension}/queues", add=[s.queue], remove=["q00"])
    call, _leg, _ = await s.talk()
    assert await s.boss.refused(f"agents/{s.agent.extension}/log-out") == "in-a-call"
    await call.hang_up()
    await s.agent.becomes(AgentState.WRAP_UP)
    await s.boss.done(f"agents/{s.agent.extension}/log-out")
    await s.agent.becomes(AgentState.PAUSED)
    assert (await s.agent.ask("state", method="GET"))[0] == 401
    assert await s.boss.refused("agents/9999/pause", reason="lunch") == "unknown"


SCENARIOS: list[Scenario] = [
    listen_whisper_and_barge, the_talk_ends_first, nobody_else_comes_in, a_waiting_call_is_pulled,
    pulled_but_not_picked_up, agents_are_moved_and_logged_out,
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Whole]:
    names = [f"q{i:02}" for i in range(len(SCENARIOS))]
    settings = whole_settings(
        tmp_path_factory.mktemp("console"),
        asterisk_root,
        len(names),
        agents=[{"extension": "2999", "contact": "sip:2999@127.0.0.3:9"}],
        queues=[{"name": name, "wrap_up_seconds": 2, "strategy": "linear"} for name in names],
    )
    product = Whole.prepare(settings, asterisk_root)
    upgrade(product.engine)
    for i, queue in enumerate(names):
        PEOPLE[f"2{i:02}1"] = Person.enrol(product, f"2{i:02}1", [queue], "agent")
        PEOPLE[f"2{i:02}3"] = Person.enrol(product, f"2{i:02}3", [], "supervisor")
    with product:
        try:
            product.installation.start_service()
            wait_for(lambda: known_to(product), "everyone's telephone in Asterisk")
            yield product
        finally:
            if product.installation.service is not None:
                product.installation.stop_service()
            product.engine.dispose()


def known_to(product: Whole) -> bool:
    """Whether everyone's secret has been made and told to Asterisk."""
    product.secrets.agents.update(json.loads((product.state / "secrets.json").read_text())["agents"])
    there = product.cli("pjsip show auths")
    return all(one in product.secrets.agents and f"{one}/{one}" in there for one in PEOPLE)


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return asyncio.run(_play(whole))


async def _play(whole: Whole) -> dict[str, BaseException | None]:
    network = await Telephone.open(whole.sip, TRUNK, whole.site.trunks[0].port)
    phones = await Telephone.open(whole.sip, PHONES)
    phones.passwords = dict(whole.secrets.agents)
    results: dict[str, BaseException | None] = {}

    async def one(index: int, scenario: Scenario) -> None:
        try:
            async with asyncio.timeout(60):
                await scenario(Room(whole, network, phones, index))
            results[scenario.__name__] = None
        except Exception as failure:
            results[scenario.__name__] = failure

    try:
        await asyncio.gather(*(one(i, scenario) for i, scenario in enumerate(SCENARIOS)))
    finally:
        await asyncio.gather(network.close(), phones.close())
    return results


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_console(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    if (failure := played[scenario.__name__]) is not None:
        raise failure
