"""People and departments of the database in the running product: written down, taken into the settings, and rung.

Whatever changes them, a page or a command of another process, is seen by the stamp of their tables. A change never
drops a call.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.actions import AmiError
from ami_listener.floor import FloorSnapshot
from crm.database import explain, reading
from crm.departments.models import departments
from crm.departments.service import departments_of
from crm.pbx_store import Send
from crm.staff.models import PhoneKind, Role, staff
from crm.staff.service import members
from dialplan.asterisk import control
from dialplan.asterisk.errors import AsteriskError
from dialplan.secrets import SecretMissing
from dialplan.sections import Agent, Department
from hotline import memberships, pbx
from hotline.pbx import Pbx
from hotline.people_overlay import PeopleOverlay, write
from hotline.settings import Settings

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 5.0  # how soon a change by a command is seen
QUEUES: Final = "queues.conf"
Stamp = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """How a change went. ``complaints``: of ours and of Asterisk's, for people to read; empty: all is well."""

    at: datetime
    done: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()


def overlay_of(connection: Connection) -> PeopleOverlay:
    """Everyone who is active and has a telephone, and every department that is in use."""
    agents = [
        Agent(
            extension=one.extension,
            name_th=one.name_th,
            name_en=one.name_en,
            queues=tuple(one.queues),
            penalties={queue: penalty for queue, penalty in one.queues.items() if penalty},
            phone="webrtc" if one.phone is PhoneKind.BROWSER else "desk",
            supervises=one.role in (Role.SUPERVISOR, Role.ADMINISTRATOR),
        )
        for one in members(connection, active=True)
        if one.extension is not None
    ]
    names = ("name", "label_th", "label_en", "extension", "dial", "email", "answer_days", "answer_hours")
    offices = [
        Department(**{name: getattr(one, name) for name in names}) for one in departments_of(connection, active=True)
    ]
    return PeopleOverlay(tuple(sorted(agents, key=lambda agent: agent.extension)), tuple(offices))


def stamp_of(connection: Connection) -> Stamp:
    """Differs whenever people or departments differ."""
    stamp: list[object] = []
    for table in (staff, departments):
        stamp += connection.execute(select(func.count(), func.max(table.c.updated_at)).select_from(table)).one()
    return tuple(stamp)


class People:
    """``settings`` as they are now; `changed` after a change of ours, `follow` for those of others.

    ``floor``: who is paused and why. ``reread``: lists queues and members anew for whoever keeps them in memory.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        send: Send,
        floor: Callable[[], FloorSnapshot],
        reread: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime],
    ) -> None:
        self.settings = settings
        self.last: Applied | None = None
        self._engine = engine
        self._send = send
        self._floor = floor
        self._reread = reread
        self._clock = clock
        self._stamp: Stamp | None = None
        self._before: Settings | None = None  # what Asterisk has, when it did not take what came after
        self._turn = asyncio.Lock()

    @property
    def complaints(self) -> tuple[str, ...]:
        """What the last change met with; before the first, what the file of people did."""
        return self.last.complaints if self.last is not None else self.settings.people_problems

    async def changed(self) -> Applied:
        """Takes in what the database says now, and has Asterisk do it. Never raises: what is wrong is in the answer."""
        async with self._turn:
            try:
                overlay, self._stamp = await asyncio.to_thread(self._look)
            except SQLAlchemyError as error:
                self.last = Applied(self._clock(), complaints=(explain(error).advice,))
                return self.last
            old, self.settings = self._before or self.settings, self.settings.with_people(overlay)
            report = await self._apply(old, overlay)
            complaints = (*self.settings.people_problems, *(line for line in report if not _is_done(line)))
            said = self.complaints
            self.last = Applied(self._clock(), tuple(filter(_is_done, report)), complaints)
        for line in complaints:
            if line not in said:
                log.warning("people and departments: %s", line)
        return self.last

    async def follow(self) -> None:
        """Looks for changes by others, such as commands, until cancelled; also for the database, when it is away."""
        for line in self.settings.people_problems:
            log.warning("people and departments: %s", line)
        while True:
            with suppress(SQLAlchemyError):  # the recorder says that the database is away
                if self._before is not None or await asyncio.to_thread(self._read_stamp) != self._stamp:
                    await self.changed()
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> tuple[PeopleOverlay, Stamp]:
        with reading(self._engine) as connection:
            return overlay_of(connection), stamp_of(connection)

    def _read_stamp(self) -> Stamp:
        with reading(self._engine) as connection:
            return stamp_of(connection)

    async def _apply(self, old: Settings, overlay: PeopleOverlay) -> list[str]:
        new = self.settings
        try:
            written = await asyncio.to_thread(write, new.state, overlay)
            if not written and (old.agents, old.departments) == (new.agents, new.departments):
                self._before = None
                return []
            self._before = old
            report = await self._in_asterisk(old, new)
        except OSError as error:
            return [f"{error.filename}: {error.strerror}: make room, or make the state folder writable"]
        except (AsteriskError, SecretMissing) as error:
            return [str(error)]
        self._before = None
        return report

    async def _in_asterisk(self, old: Settings, new: Settings) -> list[str]:
        found = await asyncio.to_thread(pbx.locate, new)
        known = await asyncio.to_thread(_has_queues_of, found, old)
        before = self._floor().agents
        report = await asyncio.to_thread(pbx.apply, new, found, but={QUEUES} if known else ())
        if not control.is_running(found.folders):
            return report
        told = False
        if known:
            with suppress(AmiError):  # not connected just now: by its console then
                told = await memberships.tell(self._send, memberships.changes(old.agents, new.agents), before)
            if not told:
                await asyncio.to_thread(control.cli, found.folders, pbx.RELOADS[QUEUES])
        if not told:
            try:
                await memberships.say_again(self._send, before)
                await self._reread()
            except AmiError as error:
                log.info("who is paused and why is read when Asterisk answers again: %s", error)
        return report


def _has_queues_of(found: Pbx, settings: Settings) -> bool:
    """Whether Asterisk's file is the one of these settings, so that nothing else in it waits to be read."""
    path = found.folders.etc / QUEUES
    return path.exists() and path.read_text("utf-8") == pbx.files_of(settings, found)[QUEUES]


def _is_done(line: str) -> bool:
    return line.startswith("wrote ")
