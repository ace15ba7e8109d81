"""The desk's wiring: what it shows comes from every other feature."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ami_listener.floor import AgentNow, FloorSnapshot
from ami_listener.records import CallRecord
from crm.database import reading
from crm.desk.pop import Pops
from crm.desk.profile import profile_of
from crm.desk.service import Desk
from crm.desk.stream import Streams
from crm.desk.web import DeskPages
from crm.desk.web import Surroundings as DeskSurroundings
from crm.live import Hub
from crm.pbx_store import Send
from crm.staff.access import Access
from crm.web.shell import House
from hotline.office.labels import agent_names, office_names, pause_reasons, queue_list
from hotline.our_numbers import OurNumbers
from hotline.surroundings import Basics


class Around(Basics, Protocol):
    """What the desk needs of `hotline.surroundings.Surroundings`."""

    @property
    def send(self) -> Send: ...
    @property
    def floor(self) -> Callable[[], FloorSnapshot]: ...
    @property
    def agent_now(self) -> Callable[[str], AgentNow | None]: ...
    @property
    def find_call(self) -> Callable[[str], CallRecord | None]: ...


def make_desk(around: Around, hub: Hub, access: Access, house: House) -> tuple[Desk, DeskPages]:
    """The desk and its pages; give the first every event."""

    def look_up(number: str | None, call_id: str) -> Mapping[str, Any]:
        now = around.clock()
        with reading(around.engine) as connection:
            return profile_of(connection, number, call_id, now, now.astimezone(house.zone).year)

    def queues_of(extension: str) -> list[str]:
        return [name for agent in around.settings.agents if agent.extension == extension for name in agent.queues]

    desk = Desk(
        hub=hub,
        pops=Pops(look_up, around.clock),
        agent_now=around.agent_now,
        floor=around.floor,
        find_call=around.find_call,
        normalise=OurNumbers(lambda: around.settings),
        send=around.send,
        clock=around.clock,
    )
    surroundings = DeskSurroundings(
        hub=hub,
        access=access,
        house=house,
        floor=around.floor,
        queues=queue_list(around.settings),
        queues_of=queues_of,
        colleagues=lambda: agent_names(around.settings),
        reasons=lambda role: pause_reasons(around.engine, role),
        offices=lambda language: office_names(around.settings, language),
        clock=around.clock,
    )
    return desk, DeskPages(surroundings, desk, Streams(hub, around.clock))
