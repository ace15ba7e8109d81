"""Many calls at once on one Asterisk: every scenario has a number, a queue and agents of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from product import DESKS, TRUNK, Line, ProductAsterisk, base_site, free_port, sound
from telephones import Call, Telephone

from dialplan.names import Store, agent_interface
from dialplan.site import HotlineSite

SLOTS = 84
WRAP_UP_SECONDS = 3
SURVEY = sound("survey-123")


def exchange_site(slots: int = SLOTS, with_menu: bool = False, **sections: Any) -> HotlineSite:
    """A site of as many independent call centres as there are slots, two agents each."""
    desks = free_port(DESKS)
    special = [("1190", "nobody"), ("1191", "full"), ("1192", "impatient"), ("1193", "left"), ("1194", "right")]
    values = base_site(
        numbers=[{"number": f"11{i:02}", "queue": f"q{i:02}", "menu": with_menu} for i in range(slots)]
        + [{"number": number, "queue": queue} for number, queue in special],
        queues=[{"name": f"q{i:02}", "wrap_up_seconds": WRAP_UP_SECONDS, "strategy": "ringall"} for i in range(slots)]
        + [{"name": queue, "max_callers": 1, "wrap_up_seconds": WRAP_UP_SECONDS, "strategy": "ringall"}
           for _, queue in special],
        agents=[
            {"extension": "2901", "queues": ["nobody"]},  # a telephone that never registers
            *({"extension": f"29{n}1", "queues": [special[n][1]], "contact": f"sip:29{n}1@{DESKS}:{desks}"}
              for n in (1, 2)),
            {"extension": "2951", "queues": ["left", "right"], "contact": f"sip:2951@{DESKS}:{desks}"},
        ] + [
            {"extension": f"2{i:02}{n}", "name_en": f"Agent {i}-{n}", "queues": [f"q{i:02}"],
             "contact": f"sip:2{i:02}{n}@{DESKS}:{desks}"}
            for i in range(slots) for n in (1, 2)
        ],
        departments=[{"name": "customs", "extension": "701", "dial": "021112222"}],
    )  # fmt: skip
    site = HotlineSite.model_validate({**values, **sections})
    return changed(site, {"impatient": {"max_wait_seconds": 2}})


def changed(site: HotlineSite, queues: dict[str, dict[str, Any]]) -> HotlineSite:
    """The site with some queues' settings changed, to values that would be too short for a real one too."""
    new = tuple(queue.model_copy(update=queues.get(queue.name, {})) for queue in site.queues)
    return site.model_copy(update={"queues": new})


@dataclass
class Exchange:
    """Everything outside Asterisk during a test: the telephone network and a room of desk phones."""

    product: ProductAsterisk
    network: Telephone
    desks: Telephone

    @classmethod
    async def open(cls, product: ProductAsterisk) -> "Exchange":
        contact = next(agent.contact for agent in product.site.agents if agent.contact)
        network = await Telephone.open(product.sip, TRUNK, product.site.trunks[0].port)
        desks = await Telephone.open(product.sip, DESKS, int(contact.rpartition(":")[2]))
        desks.passwords = dict(product.secrets.agents)
        return cls(product, network, desks)

    async def close(self) -> None:
        await asyncio.gather(self.network.close(), self.desks.close())


async def ringing_at(exchange: Exchange, extension: str, seconds: float = 5) -> Call:
    """The next call that rings, and still rings, at an extension."""
    while (call := await exchange.desks.next_call(extension, seconds)).ended_at is not None:
        pass
    return call


@dataclass
class Slot:
    """One scenario's own call centre in an exchange."""

    exchange: Exchange
    index: int
    _callers: Iterable[int] = field(default_factory=count)

    @property
    def product(self) -> ProductAsterisk:
        return self.exchange.product

    @property
    def number(self) -> str:
        return f"11{self.index:02}"

    @property
    def queue(self) -> str:
        return f"q{self.index:02}"

    @property
    def agents(self) -> tuple[str, str]:
        return f"2{self.index:02}1", f"2{self.index:02}2"

    def caller(self) -> str:
        """A caller's number that no other scenario uses."""
        return f"081{self.index:03}{next(iter(self._callers)):04}"

    async def call(self, caller: str | None = None, **more: Any) -> Call:
        return await self.exchange.network.call(self.number, caller if caller is not None else self.caller(), **more)

    async def id_of(self, call: Call) -> str:
        return await self.product.call_of(call.caller)

    async def rung(self, agent: int = 0, seconds: float = 5) -> Call:
        """The next call that rings at one of our two agents."""
        return await ringing_at(self.exchange, self.agents[agent], seconds)

    def quiet(self, *agents: int) -> None:
        """These agents are away: paused, so only the others ring."""
        for agent in agents:
            interface = agent_interface(self.agents[agent])
            # as everybody must who pauses an agent: else the end of a wrap-up would be the end of this pause
            self.product.cli(f"database del {Store.WRAP_UP} {self.agents[agent]}")
            self.product.cli(f"queue pause member {interface} queue {self.queue} reason test")

    def nobody_else(self, agent: int = 1) -> None:
        self.quiet(agent)

    async def talk(self, agent: int = 0, **more: Any) -> tuple[Call, Call, str]:
        """A caller and an agent who talk to each other; the other agent is left ringing no more."""
        call = await self.call(**more)
        leg = await self.rung(agent)
        await leg.answer()
        await call.answered()
        for other in self.exchange.desks.all_calls:
            if other.user in self.agents and other.answered_at is None:
                await other.ended()
        return call, leg, await self.id_of(call)

    async def ended(self, call: Call, key: str = "") -> list[str]:
        """Waits for the survey, answers it, and gives the call's whole story."""
        await call.heard(SURVEY)
        if key:
            await call.press(key)
        return await self.story(call)

    async def story(self, call: Call, seconds: float = 12) -> list[str]:
        """The call's whole story once it has ended; exactly one ARRIVED and one ENDED (every call is one record)."""
        name = await self.id_of(call)
        await self.product.fact(name, "ENDED", seconds=seconds)
        await call.ended()
        story = self.product.story(name)
        assert [line.split()[0] for line in story].count("ARRIVED") == 1
        assert [line.split()[0] for line in story].count("ENDED") == 1
        return story

    def lines(self, call: str, *events: str) -> list[Line]:
        return self.product.of(call, *events)


Scenario = Callable[[Slot], Awaitable[None]]


def play(product: ProductAsterisk, scenarios: Iterable[Scenario]) -> dict[str, BaseException | None]:
    """Plays scenarios at the same time, each in a slot that was not used before; what became of each, by its name."""
    return asyncio.run(_play(product, list(scenarios)))


async def _play(product: ProductAsterisk, scenarios: list[Scenario]) -> dict[str, BaseException | None]:
    exchange = await Exchange.open(product)
    try:
        results = await asyncio.gather(
            *(_one(scenario, _free_slot(exchange)) for scenario in scenarios),
            return_exceptions=True,
        )
    finally:
        await exchange.close()
    return {scenario.__name__: result for scenario, result in zip(scenarios, results, strict=True)}


def _free_slot(exchange: Exchange) -> Slot:
    slot = Slot(exchange, next(exchange.product.free_slots))
    assert slot.queue in [queue.name for queue in exchange.product.site.queues], "every slot is used: make more (SLOTS)"
    return slot


async def _one(scenario: Scenario, slot: Slot) -> None:
    async with asyncio.timeout(90):
        await scenario(slot)


def verdict(results: dict[str, BaseException | None], scenario: Callable[..., Awaitable[None]]) -> None:
    """Passes or fails as the scenario did."""
    if (failure := results[scenario.__name__]) is not None:
        raise failure
