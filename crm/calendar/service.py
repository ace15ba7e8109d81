"""Holidays in the database, in memory and in Asterisk: listed, added, removed, seeded, kept the same in all three."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, and_, delete, or_, select, update

from crm.calendar.models import HolidaySource, holidays
from crm.calendar.opening import ClosedReason, Opening
from crm.calendar.seed import Holiday, UnknownCountry, seed
from crm.closure.service import closed_scopes
from crm.database import insert_into, reading, writing
from crm.pbx_store import Send, make_equal
from dialplan.names import Store
from dialplan.sections import Hours
from dialplan.site import HotlineSite

log = logging.getLogger(__name__)

LONGEST_NAME: Final = 200
Clock = Callable[[], datetime]


class BadHoliday(ValueError):
    """This cannot be a holiday; the message says why."""


class UnknownHoliday(LookupError):
    """There is no holiday on this day."""


@dataclass(frozen=True, slots=True)
class HolidayLine:
    """One holiday in a list. ``removed``: taken away by a person; the doors are open."""

    date: date
    name_th: str
    name_en: str
    source: HolidaySource
    removed: bool


def list_holidays(
    connection: Connection, from_date: date | None = None, to_date: date | None = None, *, removed: bool = False
) -> list[HolidayLine]:
    """Holidays from ``from_date`` to ``to_date``, both inside, in order; with ``removed`` also those taken away."""
    query = select(holidays).order_by(holidays.c.date)
    if from_date is not None:
        query = query.where(holidays.c.date >= from_date)
    if to_date is not None:
        query = query.where(holidays.c.date <= to_date)
    if not removed:
        query = query.where(holidays.c.removed.is_(False))
    return [
        HolidayLine(row.date, row.name_th, row.name_en, HolidaySource(row.source), row.removed)
        for row in connection.execute(query)
    ]


def add_holiday(connection: Connection, day: date, name_th: str, name_en: str, now: datetime) -> None:
    """Closes the doors on ``day``; a day that is there gets the new names. Raises BadHoliday."""
    names = [_checked(name) for name in (name_th, name_en)]
    statement = insert_into(connection, holidays).values(
        date=day, name_th=names[0], name_en=names[1], source=HolidaySource.MANUAL, removed=False, changed_at=now
    )
    new = {name: statement.excluded[name] for name in ("name_th", "name_en", "source", "removed", "changed_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=["date"], set_=new))


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadHoliday(f"a holiday needs a name of 1 to {LONGEST_NAME} letters on one line")
    return name


def remove_holiday(connection: Connection, day: date, now: datetime) -> None:
    """Opens the doors on ``day``, and keeps them open whatever is seeded later. Raises UnknownHoliday."""
    statement = update(holidays).where(holidays.c.date == day, holidays.c.removed.is_(False))
    if connection.execute(statement.values(removed=True, changed_at=now)).rowcount == 0:
        raise UnknownHoliday(f"there is no holiday on {day}; see: hotline calendar list")


def seed_holidays(connection: Connection, found: Iterable[Holiday], today: date, until: date, now: datetime) -> int:
    """Takes in what the calendar of the country says for ``today`` to ``until``; returns how many days changed.

    What a person added or removed stays as that person left it. What the calendar no longer says (another calendar
    was chosen, a date was corrected) goes, except in the past, which is history.
    """
    days = {holiday.date: holiday for holiday in found}
    rows = connection.execute(select(holidays).where(holidays.c.date >= today, holidays.c.date <= until))
    known = {row.date: row for row in rows}
    changed = 0
    for day, holiday in days.items():
        row = known.get(day)
        if row is not None and (row.removed or row.source == HolidaySource.MANUAL):
            continue
        if row is not None and (row.name_th, row.name_en) == (holiday.name_th, holiday.name_en):
            continue
        changed += _seed_one(connection, holiday, now)
    gone = [
        day
        for day, row in known.items()
        if day not in days and row.source == HolidaySource.SEED and not row.removed and day >= today
    ]
    if gone:
        connection.execute(delete(holidays).where(holidays.c.date.in_(gone)))
    return changed + len(gone)


def _seed_one(connection: Connection, holiday: Holiday, now: datetime) -> int:
    statement = insert_into(connection, holidays).values(
        date=holiday.date,
        name_th=holiday.name_th,
        name_en=holiday.name_en,
        source=HolidaySource.SEED,
        removed=False,
        changed_at=now,
    )
    new = {name: statement.excluded[name] for name in ("name_th", "name_en", "changed_at")}
    ours = and_(holidays.c.source == HolidaySource.SEED, holidays.c.removed.is_(False))
    differs = or_(holidays.c.name_th != holiday.name_th, holidays.c.name_en != holiday.name_en)
    upsert = statement.on_conflict_do_update(index_elements=["date"], set_=new, where=and_(ours, differs))
    return connection.execute(upsert, execution_options={"preserve_rowcount": True}).rowcount


class CalendarService:
    """The calendar of one installation. Answers from memory (`ivr.ports.Calendar`); any thread may ask.

    `refresh` reads the database again: after a change, at midnight, and now and then, since other programs (the
    command ``hotline calendar``) change it too.
    """

    def __init__(self, engine: Engine, site: HotlineSite, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._clock = clock
        self._hours: Hours = site.hours
        self._country = site.site.country
        self.zone = ZoneInfo(site.site.timezone)
        self._opening = Opening(site.hours, self.zone)
        self._names: dict[date, str] = {}

    @property
    def opening(self) -> Opening:
        """Hours, holidays and closures as last read."""
        return self._opening

    def today(self) -> date:
        """The date on the site's own clocks."""
        return self._clock().astimezone(self.zone).date()

    def is_open(self, now: datetime, number: str | None = None) -> bool:
        """See `Opening.is_open`."""
        return self._opening.is_open(now, number)

    def closed_reason(self, now: datetime, number: str | None = None) -> ClosedReason | None:
        """See `Opening.closed_reason`."""
        return self._opening.closed_reason(now, number)

    def next_opening(self, now: datetime) -> datetime | None:
        """When all that is closed only by hours or holidays opens next; see `Opening.next_opening`."""
        return self._opening.next_opening(now)

    def seed(self) -> int:
        """Takes in the country's calendar for this year and the next; returns how many days changed."""
        today = self.today()
        try:
            found = seed(self._hours.holidays, (today.year, today.year + 1), self._country)
        except UnknownCountry as error:
            log.warning("%s", error)
            return 0
        with writing(self._engine) as connection:
            return seed_holidays(connection, found, today, date(today.year + 1, 12, 31), self._clock())

    def refresh(self) -> bool:
        """Reads holidays and closures again; True when they are others than before."""
        yesterday = self.today() - timedelta(days=1)  # whoever asks for a moment ago shall get the answer of then
        with reading(self._engine) as connection:
            lines = list_holidays(connection, yesterday)
            closures = closed_scopes(connection)
        names = {line.date: line.name_th for line in lines}
        opening = Opening(self._hours, self.zone, frozenset(names), closures)
        changed = (opening, names) != (self._opening, self._names)
        self._opening, self._names = opening, names
        return changed

    async def sync_to_asterisk(self, send: Send) -> int:
        """Makes Asterisk know the coming holidays, so that it closes alone; returns how many entries differed.

        Call at every login, at midnight, and when `refresh` says that something changed.
        """
        today = self.today()
        wanted = {day.isoformat(): name for day, name in self._names.items() if day >= today}
        return await make_equal(send, Store.HOLIDAY, wanted)
