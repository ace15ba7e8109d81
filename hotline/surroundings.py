"""What everything that is made for the people who work here is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine

from ami_listener.floor import AgentNow, FloorSnapshot
from ami_listener.records import CallRecord
from crm.calendar.service import CalendarService
from crm.closure.service import ClosureService
from crm.pbx_store import Send
from hotline.people import People
from hotline.settings import Settings


class Basics(Protocol):
    """What every part of the office needs of `Surroundings`; parts that need more say so in an ``Around`` of theirs."""

    @property
    def settings(self) -> Settings: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the office is given. ``engine``: the database, for threads; ``send``: asks Asterisk; ``floor``: who waits
    and talks now; ``agent_now``: of one agent; ``find_call``: a call that is going on or ended lately, as far as
    it is known; ``called_by_hand``: a person calls the caller of this callback, the scheduler shall not;
    ``transferred``: how a transfer ended (kind, result), for the figures; from any thread.

    ``settings``: as they are at this moment; people and departments come and go while we run, so ask for it again.
    """

    current: Callable[[], Settings]
    engine: Engine
    send: Send
    floor: Callable[[], FloorSnapshot]
    agent_now: Callable[[str], AgentNow | None]
    find_call: Callable[[str], CallRecord | None]
    calendar: CalendarService
    closures: ClosureService
    clock: Callable[[], datetime]
    called_by_hand: Callable[[str], None] = lambda _call_id: None
    transferred: Callable[[str, str], None] = lambda _kind, _result: None
    version: str = "0"
    people: People | None = None  # None: changes of people reach nobody, as in a test without Asterisk

    @property
    def settings(self) -> Settings:
        """The settings as they are now, with today's people and departments."""
        return self.current()
