"""The roster: who works when. Every change is noted in the audit."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select

from crm.audit.service import Doer, note
from crm.staff.models import Role, staff, staff_queues, teams
from crm.staffing.models import Shift, roster_shifts

_COLUMNS = ("day", "starts", "ends", "break_starts", "break_ends", "staff_id", "team_id", "people", "id")


class BadShift(ValueError):
    """This cannot be a shift; ``args[0]`` is a key of the words."""


class UnknownShift(LookupError):
    """There is no such shift."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody, or a team, to put on the roster."""

    id: int
    name_th: str
    name_en: str
    username: str = ""
    extension: str | None = None

    def name(self, language: str) -> str:
        """The name to show in ``language``."""
        return (self.name_th or self.name_en) if language == "th" else (self.name_en or self.name_th)


def shifts_between(connection: Connection, first: date, last: date, queue: str | None = None) -> list[Shift]:
    """Shifts from ``first`` to ``last``, both inside, in order. ``queue``: without people who do not serve it; teams
    count whole, for nobody knows which of them will come."""
    query = select(*(roster_shifts.c[name] for name in _COLUMNS)).where(
        roster_shifts.c.day >= first, roster_shifts.c.day <= last
    )
    if queue is not None:
        serve = select(staff_queues.c.staff_id).where(staff_queues.c.queue == queue)
        query = query.where(or_(roster_shifts.c.staff_id.is_(None), roster_shifts.c.staff_id.in_(serve)))
    query = query.order_by(roster_shifts.c.day, roster_shifts.c.starts, roster_shifts.c.ends, roster_shifts.c.id)
    return [Shift(**row._mapping) for row in connection.execute(query)]


def at_work(shifts: Iterable[Shift], minutes: Iterable[int], length: int) -> dict[int, float]:
    """How many people are at work in each half hour of a day."""
    listed = list(shifts)
    return {minute: sum(shift.at_work(minute, length) for shift in listed) for minute in minutes}


def people(connection: Connection) -> list[Choice]:
    """Everybody who answers calls, by name."""
    query = select(staff.c.id, staff.c.name_th, staff.c.name_en, staff.c.username, staff.c.extension).where(
        staff.c.active, or_(staff.c.role == Role.AGENT, staff.c.extension.is_not(None))
    )
    return [Choice(*row) for row in connection.execute(query.order_by(staff.c.name_th, staff.c.id))]


def all_teams(connection: Connection) -> list[Choice]:
    """All teams, by name."""
    query = select(teams.c.id, teams.c.name_th, teams.c.name_en).order_by(teams.c.name_th, teams.c.id)
    return [Choice(*row) for row in connection.execute(query)]


def called(choices: Iterable[Choice]) -> dict[str, int]:
    """What people and teams may be called in a file → id: names, user name, extension, in lower case. What two of them
    are called is nobody's."""
    names = [
        (name.lower(), choice.id)
        for choice in choices
        for name in {choice.name_th, choice.name_en, choice.username, choice.extension}
        if name
    ]
    often = Counter(name for name, _ in set(names))
    return {name: number for name, number in names if often[name] == 1}


def add(connection: Connection, shift: Shift, at: datetime, doer: Doer | None) -> int:
    """Puts a shift on the roster; returns its id. Raises BadShift."""
    _check(connection, shift)
    values = {name: getattr(shift, name) for name in _COLUMNS if name != "id"}
    statement = insert(roster_shifts).values(**values, changed_at=at).returning(roster_shifts.c.id)
    shift_id = int(connection.execute(statement).scalar_one())
    note(connection, at, doer, "roster.added", f"shift/{shift_id}", **_told(shift))
    return shift_id


def remove(connection: Connection, shift_id: int, at: datetime, doer: Doer | None) -> date:
    """Takes a shift away; returns its day. Raises UnknownShift."""
    query = select(*(roster_shifts.c[name] for name in _COLUMNS)).where(roster_shifts.c.id == shift_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownShift(f"there is no shift {shift_id}")
    shift = Shift(**row._mapping)
    connection.execute(delete(roster_shifts).where(roster_shifts.c.id == shift_id))
    note(connection, at, doer, "roster.removed", f"shift/{shift_id}", **_told(shift))
    return shift.day


def replace_days(
    connection: Connection, shifts: Sequence[Shift], at: datetime, doer: Doer | None, *, how: str = "imported"
) -> None:
    """The days that ``shifts`` speak of have these shifts and no others."""
    days = sorted({shift.day for shift in shifts})
    connection.execute(delete(roster_shifts).where(roster_shifts.c.day.in_(days)))
    rows = [{name: getattr(shift, name) for name in _COLUMNS if name != "id"} for shift in shifts]
    connection.execute(insert(roster_shifts), [row | {"changed_at": at} for row in rows])
    span = {"from": days[0].isoformat(), "to": days[-1].isoformat()}
    note(connection, at, doer, f"roster.{how}", "roster", shifts=len(rows), days=len(days), **span)


def copy_week(
    connection: Connection, monday: date, at: datetime, doer: Doer | None, closed: Collection[date] = ()
) -> int:
    """Takes over the week before ``monday``, for days that have no shift yet and are not ``closed``; returns how many
    shifts were added."""
    before = shifts_between(connection, monday - timedelta(days=7), monday - timedelta(days=1))
    taken = {shift.day for shift in shifts_between(connection, monday, monday + timedelta(days=6))}
    moved = [replace(shift, day=shift.day + timedelta(days=7), id=None) for shift in before]
    wanted = [shift for shift in moved if shift.day not in taken and shift.day not in closed]
    if wanted:
        replace_days(connection, wanted, at, doer, how="copied")
    return len(wanted)


def _check(connection: Connection, shift: Shift) -> None:
    if not 0 <= shift.starts < shift.ends <= 1440:
        raise BadShift("fault_shift")
    rest = shift.break_starts, shift.break_ends
    if any(minute is not None for minute in rest) and (
        rest[0] is None or rest[1] is None or not shift.starts <= rest[0] < rest[1] <= shift.ends
    ):
        raise BadShift("fault_break")
    if (shift.staff_id is None) == (shift.team_id is None):
        raise BadShift("fault_who")
    if not 1 <= shift.people <= 999:
        raise BadShift("fault_people")
    table, number = (staff, shift.staff_id) if shift.team_id is None else (teams, shift.team_id)
    if connection.scalar(select(table.c.id).where(table.c.id == number)) is None:
        raise BadShift("fault_who")
    if shift.staff_id is not None:
        clash = select(roster_shifts.c.id).where(
            and_(
                roster_shifts.c.day == shift.day,
                roster_shifts.c.staff_id == shift.staff_id,
                roster_shifts.c.starts < shift.ends,
                roster_shifts.c.ends > shift.starts,
            )
        )
        if connection.scalar(clash) is not None:
            raise BadShift("fault_clash")


def _told(shift: Shift) -> Mapping[str, Any]:
    who = {"staff": shift.staff_id} if shift.team_id is None else {"team": shift.team_id, "people": shift.people}
    return {"day": shift.day.isoformat(), "from": clock(shift.starts), "to": clock(shift.ends), **who}


def clock(minute: int) -> str:
    """``08:30``; the end of the day is ``24:00``."""
    return f"{minute // 60:02}:{minute % 60:02}"
