"""Everybody whom a call can go to, out of settings, accounts and the numbers outside; and who was chosen how often."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from crm.audit.service import Doer, changes_between, note
from crm.database import insert_into
from crm.directory.models import directory_entries, directory_uses
from crm.directory.targets import Target, TargetKind, Uses, dialled
from crm.staff.accounts import StaffMember
from crm.staff.models import Role
from crm.staff.service import members
from dialplan.patterns import may_be_dialled
from dialplan.sections import Department
from dialplan.site import HotlineSite

LONGEST: Final = 120
SHORTEST_NUMBER: Final = 3


class UnknownTarget(LookupError):
    """There is nobody like that; the message says what was asked for."""


class BadEntry(ValueError):
    """A number outside that cannot be kept. ``fault``: key of the words that say why; ``field``: which."""

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(f"{field}: {fault}")
        self.field, self.fault = field, fault


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """A number outside, as people write it."""

    name_th: str = ""
    name_en: str = ""
    office_th: str = ""
    office_en: str = ""
    number: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(EntryDraft):
    """A number outside, as it is kept."""

    id: int
    created_at: datetime
    updated_at: datetime


# --- everybody --------------------------------------------------------------------------------------------------------


def targets(connection: Connection, site: HotlineSite) -> list[Target]:
    """All of them: departments, officers, agents, numbers outside."""
    people = members(connection, active=True)
    offices = {department.name: department for department in site.departments}
    found = [_department(department) for department in site.departments]
    found += [_person(person, offices) for person in people if person.role is Role.OFFICER]
    at_desks = {person.extension: person for person in people if person.extension and person.role is not Role.OFFICER}
    officers = {person.extension for person in people if person.role is Role.OFFICER}
    found += [_person(person, offices) for person in at_desks.values()]
    found += [
        Target(
            kind=TargetKind.AGENT,
            key=agent.extension,
            name_th=agent.name_th,
            name_en=agent.name_en,
            dial=agent.extension,
            watched=bool(agent.queues),
        )
        for agent in site.agents
        if agent.extension not in at_desks and agent.extension not in officers
    ]
    return found + [_outside(entry) for entry in entries(connection)]


def resolve(connection: Connection, site: HotlineSite, kind: str, key: str) -> Target:
    """The one that is meant by kind and key: a department's name, an officer's user name or extension, an agent's
    extension, a number. Raises UnknownTarget."""
    if kind == TargetKind.OUTSIDE:
        return _number_outside(connection, key)
    for target in targets(connection, site):
        if target.kind == kind and key in {target.key, target.dial}:
            return target
    raise UnknownTarget(f"there is no {kind} {key!r}")


def of_dialled(connection: Connection, site: HotlineSite, number: str) -> Target:
    """Who is reached by what a telephone dialled; a number of nobody we know is one outside."""
    for target in targets(connection, site):
        if target.dial == number:
            return target
    return _number_outside(connection, number)


def call_anyway(site: HotlineSite, query: str) -> Target | None:
    """A number that was typed and may be dialled, though it is in no list; else None."""
    number = dialled(query)
    typed = len(number) >= SHORTEST_NUMBER and number.lstrip("+").isdigit()
    if not typed or not may_be_dialled(number, site.dialling.patterns):
        return None
    return Target(kind=TargetKind.OUTSIDE, key=number, name_th="", name_en="", dial=number, known=False)


def _department(department: Department) -> Target:
    return Target(
        kind=TargetKind.DEPARTMENT,
        key=department.name,
        name_th=department.label_th,
        name_en=department.label_en,
        dial=department.extension,
        department=department.name,
    )


def _person(person: StaffMember, offices: dict[str, Department]) -> Target:
    is_officer = person.role is Role.OFFICER
    office = offices.get(person.department or "") if is_officer else None
    return Target(
        kind=TargetKind.OFFICER if is_officer else TargetKind.AGENT,
        key=person.username if is_officer else str(person.extension),
        name_th=person.name_th,
        name_en=person.name_en,
        dial=person.extension,
        department=person.department if is_officer else None,
        staff_id=person.id,
        watched=bool(person.queues),
        office_th=office.label_th if office else "",
        office_en=office.label_en if office else "",
    )


def _outside(entry: Entry) -> Target:
    return Target(
        kind=TargetKind.OUTSIDE,
        key=entry.number,
        name_th=entry.name_th,
        name_en=entry.name_en,
        dial=entry.number,
        office_th=entry.office_th,
        office_en=entry.office_en,
    )


def _number_outside(connection: Connection, number: str) -> Target:
    number = dialled(number)
    if not number.lstrip("+*#").replace("*", "").replace("#", "").isdigit() or len(number) > LONGEST:
        raise UnknownTarget("a number outside is written in digits")
    row = connection.execute(select(directory_entries).where(directory_entries.c.number == number)).one_or_none()
    if row is not None:
        return _outside(Entry(**row._mapping))
    return Target(kind=TargetKind.OUTSIDE, key=number, name_th="", name_en="", dial=number, known=False)


# --- who was chosen ---------------------------------------------------------------------------------------------------


def chosen(connection: Connection, agent: str, target: Target, at: datetime) -> None:
    """This agent transferred to that target: next time it stands higher."""
    statement = insert_into(connection, directory_uses).values(
        agent=agent, kind=target.kind.value, key=target.key, uses=1, last_used_at=at
    )
    more = {"uses": directory_uses.c.uses + 1, "last_used_at": at}
    connection.execute(statement.on_conflict_do_update(index_elements=["agent", "kind", "key"], set_=more))


def uses_of(connection: Connection, agent: str | None) -> Uses:
    """How often everybody was chosen, by this agent and by all."""
    columns = directory_uses.c
    total = select(columns.kind, columns.key, func.sum(columns.uses)).group_by(columns.kind, columns.key)
    by_all = {(kind, key): int(count) for kind, key, count in connection.execute(total)}
    if agent is None:
        return Uses({}, by_all)
    own = select(columns.kind, columns.key, columns.uses).where(columns.agent == agent)
    return Uses({(kind, key): count for kind, key, count in connection.execute(own)}, by_all)


# --- numbers outside --------------------------------------------------------------------------------------------------


def entries(connection: Connection) -> list[Entry]:
    """All numbers outside, by name."""
    order = directory_entries.c.name_th, directory_entries.c.name_en, directory_entries.c.id
    return [Entry(**row._mapping) for row in connection.execute(select(directory_entries).order_by(*order))]


def add_entry(
    connection: Connection, draft: EntryDraft, patterns: Iterable[str], at: datetime, doer: Doer | None
) -> int:
    """Keeps a number outside; returns its id. Raises BadEntry."""
    values = _checked(connection, draft, patterns, None)
    statement = insert(directory_entries).values(**values, created_at=at, updated_at=at)
    entry_id: int = connection.execute(statement.returning(directory_entries.c.id)).scalar_one()
    note(connection, at, doer, "directory.added", f"directory/{entry_id}", **values)
    return entry_id


def change_entry(
    connection: Connection,
    entry_id: int,
    draft: EntryDraft,
    patterns: Iterable[str],
    at: datetime,
    doer: Doer | None,
) -> None:
    """Changes a number outside. Raises BadEntry, UnknownTarget."""
    before = entry(connection, entry_id)
    values = _checked(connection, draft, patterns, entry_id)
    changes = changes_between(before, values)
    if changes:
        own = directory_entries.c.id == entry_id
        connection.execute(update(directory_entries).where(own).values(**values, updated_at=at))
        note(connection, at, doer, "directory.changed", f"directory/{entry_id}", changes=changes)


def remove_entry(connection: Connection, entry_id: int, at: datetime, doer: Doer | None) -> None:
    """Deletes a number outside; cards that went there keep its name. Raises UnknownTarget."""
    before = entry(connection, entry_id)
    connection.execute(delete(directory_entries).where(directory_entries.c.id == entry_id))
    note(connection, at, doer, "directory.removed", f"directory/{entry_id}", number=before.number)


def entry(connection: Connection, entry_id: int) -> Entry:
    """One number outside. Raises UnknownTarget."""
    row = connection.execute(select(directory_entries).where(directory_entries.c.id == entry_id)).one_or_none()
    if row is None:
        raise UnknownTarget(f"there is no entry {entry_id}")
    return Entry(**row._mapping)


def _checked(
    connection: Connection, draft: EntryDraft, patterns: Iterable[str], entry_id: int | None
) -> dict[str, Any]:
    values = {name: " ".join(str(value).split()) for name, value in asdict(draft).items()}
    values["number"] = dialled(values["number"])
    if not values["name_th"] and not values["name_en"]:
        raise BadEntry("name_th", "name_missing")
    for name, value in values.items():
        if len(value) > LONGEST or not value.isprintable():
            raise BadEntry(name, "too_long")
    if not may_be_dialled(values["number"], patterns):
        raise BadEntry("number", "not_dialled")
    same = select(directory_entries.c.id).where(directory_entries.c.number == values["number"])
    others = [found for found in connection.scalars(same) if found != entry_id]
    if others:
        raise BadEntry("number", "number_taken")
    return values
