"""Writes the letters of each brief once, when its time has come."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from crm.briefs import service
from crm.briefs.letter_page import letter_page
from crm.briefs.service import Kind
from crm.briefs.showing import letter, subject
from crm.database import explain, reading, writing
from crm.reports.sealed import Frame, snapshot
from crm.settings import BriefSettings
from dialplan.sections import Hours

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 15.0
STILL_USEFUL: Final = timedelta(hours=2)  # after a start that late nobody needs the morning's brief


@dataclass(frozen=True, kw_only=True)
class BriefHouse:
    """What briefs know of the installation. ``queues``: label of each, in a language; ``agents``: extension →
    name, by language; ``mail``: letters are sent."""

    engine: Engine
    settings: BriefSettings
    frame: Callable[[], Frame]
    hours: Callable[[], Hours]
    queues: Callable[[str], Mapping[str, str]]
    agents: Callable[[], Mapping[str, Mapping[str, str]]]
    name: Callable[[str], str]
    address: Callable[[], str]
    clock: Callable[[], datetime]
    mail: bool


class BriefKeeper:
    """`run` goes on for ever."""

    def __init__(self, house: BriefHouse) -> None:
        self._house = house
        self._done: set[tuple[Kind, date]] = set()
        self._fault = ""

    async def run(self) -> None:
        """Looks at the clock now and then; the database is asked only when it is time."""
        while self._house.mail:
            for kind, day in self.due():
                try:
                    await asyncio.to_thread(self.send, kind, day)
                except SQLAlchemyError as error:
                    self._say(explain(error).advice)
            await asyncio.sleep(LOOK_SECONDS)

    def due(self) -> list[tuple[Kind, date]]:
        """Whose time has come today and which are not written yet."""
        zone = self._house.frame().zone
        now = self._house.clock().astimezone(zone)
        self._done = {done for done in self._done if done[1] == now.date()}
        found = []
        for kind in Kind:
            at: str = getattr(self._house.settings, kind.value)
            if not at or (kind, now.date()) in self._done:
                continue
            begins = datetime.combine(now.date(), time.fromisoformat(at), zone)
            if begins <= now < begins + STILL_USEFUL:
                found.append((kind, now.date()))
        return found

    def send(self, kind: Kind, day: date) -> int:
        """Writes the letters of one brief, if it is a day with opening hours; returns how many. For a thread."""
        house, now = self._house, self._house.clock()
        language = house.settings.language
        with reading(house.engine) as connection:
            wanted = service.is_open_day(connection, day, house.hours()) and not service.is_sent(connection, kind, day)
            recipients = house.settings.recipients or service.team(connection)
        sent = 0
        if wanted and recipients:
            with snapshot(house.engine) as connection:
                brief = service.compose(connection, kind, day, now, house.frame(), house.hours())
            about = subject(brief, house.name(language), language)
            told = (brief, house.queues(language), house.address(), house.frame().zone, language)
            with writing(house.engine) as connection:
                sent = service.send(connection, brief, about, letter(*told), recipients, letter_page(*told))
            log.info("%s brief of %s: %d letter(s) written", kind.value, day, sent)
        self._done.add((kind, day))
        return sent

    def _say(self, fault: str) -> None:
        if fault != self._fault:
            log.warning("briefs wait: %s", fault)
        self._fault = fault
