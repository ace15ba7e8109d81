"""The console's wiring."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ami_listener.events import Event
from crm.audit.service import note
from crm.console.frame import Around, Frame
from crm.console.live import Floor, Sources
from crm.console.orders import Around as OrdersAround
from crm.console.orders import Orders
from crm.console.spies import Spies, Spy
from crm.console.web import ConsolePages
from crm.database import reading, writing
from crm.desk.stream import Streams
from crm.live import Hub
from crm.people.numbers import normalise
from crm.people.service import find_by_number
from crm.staff.access import Access
from crm.staff.models import Role
from crm.staff.service import members
from crm.telephone.control import TelephoneControl
from crm.web.shell import House
from hotline.office.labels import pause_reasons
from hotline.surroundings import Surroundings

log = logging.getLogger(__name__)
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ConsoleOffice:
    """What the office starts, tells and ends."""

    pages: ConsolePages
    happened: Callable[[Event], None]
    works: tuple[Callable[[], Coroutine[Any, Any, None]], ...]

    @property
    def router(self) -> APIRouter:
        """For the application."""
        return self.pages.router


@dataclass(frozen=True, slots=True)
class _Doer:
    staff_id: int
    username: str


class _KeysInAudit:
    """What is chosen by a key of the telephone is in the audit, too; it waits there for a database that is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pressed: asyncio.Queue[Spy] = asyncio.Queue()
        self.put = self._pressed.put_nowait

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            spy = await self._pressed.get()
            while True:
                try:
                    await run_in_threadpool(self._note, spy)
                    break
                except SQLAlchemyError as error:
                    log.warning("a line of the audit waits for the database: %s", type(error).__name__)
                    await asyncio.sleep(RETRY_SECONDS)

    def _note(self, spy: Spy) -> None:
        with writing(self._engine) as connection:
            who = next((one for one in members(connection) if one.extension == spy.supervisor), None)
            doer = _Doer(who.id, who.username) if who else None
            details = {"agent": spy.agent, "extension": spy.supervisor, "by": "key"}
            note(connection, spy.since, doer, f"console.{spy.mode}", f"call/{spy.call_id}", **details)


def make_console(
    around: Surroundings, hub: Hub, access: Access, house: House, control: TelephoneControl, heard: Callable[[], bool]
) -> ConsoleOffice:
    """The console; ``heard``: whether we hear Asterisk."""
    keys = _KeysInAudit(around.engine)
    spies = Spies(keys.put)
    floor = Floor(_sources(around, heard), spies, hub)

    async def people_changed() -> None:
        if around.people is not None:
            await around.people.changed()

    frame = Frame(
        Around(
            engine=around.engine,
            access=access,
            house=house,
            hub=hub,
            clock=around.clock,
            site=around.current,
            agent=around.agent_now,
            orders=_orders(around, spies),
            floor=floor,
            control=control,
            closures=around.closures,
            calendar=around.calendar,
            reasons=lambda _role: pause_reasons(around.engine, Role.AGENT),  # a supervisor pauses an agent
            people_changed=people_changed,
        )
    )
    return ConsoleOffice(ConsolePages(frame, Streams(hub, around.clock)), spies.happened, (floor.run, keys.run))


def _orders(around: Surroundings, spies: Spies) -> Orders:
    return Orders(
        OrdersAround(
            send=around.send,
            site=around.current,
            agent=around.agent_now,
            floor=around.floor,
            find_call=around.find_call,
            spies=spies,
        )
    )


def _sources(around: Surroundings, heard: Callable[[], bool]) -> Sources:
    def number_of(raw: str | None) -> str | None:
        return normalise(raw, country=around.settings.site.country, extensions=()).recognisable

    def names(numbers: Sequence[str]) -> Mapping[str, str]:
        """Numbers of exactly one person → what they are called."""
        found = {}
        with reading(around.engine) as connection:
            for number in numbers:
                people = find_by_number(connection, number, most=2)
                if len(people) == 1:
                    found[number] = people[0].display_name
        return found

    return Sources(
        floor=around.floor,
        agents=lambda: around.settings.agents,
        find_call=around.find_call,
        number_of=number_of,
        names=names,
        closures=around.closures.status,
        heard=heard,
        clock=around.clock,
    )
