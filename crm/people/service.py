"""Finding, adding and changing people. One number may belong to several people, one person may have several."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, case, delete, insert, or_, select, update

from crm.audit.service import Doer, note
from crm.autosave.service import SYSTEM, Applied, Author, apply
from crm.database import insert_into
from crm.people.models import Person, PersonNumber, Profile, people, person_numbers, phone_numbers
from crm.people.names import full_name
from crm.people.numbers import Number, NumberKind
from crm.people.search import index_person

_PROFILE: Final = frozenset(field.name for field in fields(Profile))
_NAMES: Final = frozenset({"title", "first_name", "last_name"})
_FOUND_BY: Final = _NAMES | {"display_name", "email"}
_COLUMNS: Final = tuple(column for column in people.c if column.name != "field_versions")


class UnknownPersonError(LookupError):
    """There is no person with this id: it may have been deleted meanwhile."""


_PEOPLE_OF_NUMBER: Final[Select[Any]] = (
    select(*_COLUMNS, person_numbers.c.last_used_at)
    .select_from(phone_numbers)
    .join(person_numbers, person_numbers.c.number_id == phone_numbers.c.id)
    .join(people, people.c.id == person_numbers.c.person_id)
    .where(phone_numbers.c.number == bindparam("number"))
    .order_by(
        person_numbers.c.last_used_at.desc().nulls_last(),
        person_numbers.c.is_primary.desc(),
        person_numbers.c.person_id,
    )
    .limit(bindparam("most"))
)


def find_by_number(connection: Connection, number: str, most: int = 20) -> list[Person]:
    """The people of a number in its one form (`Number.recognisable`), who used it last first (C1, C3)."""
    rows = connection.execute(_PEOPLE_OF_NUMBER, {"number": number, "most": most})
    return [Person(**row._mapping) for row in rows]


def get_person(connection: Connection, person_id: int) -> Person:
    """The person with this id. Raises UnknownPersonError."""
    row = connection.execute(select(*_COLUMNS).where(people.c.id == person_id)).one_or_none()
    if row is None:
        raise UnknownPersonError(f"there is no person {person_id}")
    return Person(**row._mapping)


def living_id(connection: Connection, person_id: int) -> int:
    """Whom this person is kept as, after merges: mostly the same. Raises UnknownPersonError."""
    seen = {person_id}
    while True:
        row = connection.execute(select(people.c.merged_into_id).where(people.c.id == person_id)).one_or_none()
        if row is None:
            raise UnknownPersonError(f"there is no person {person_id}")
        if row.merged_into_id is None or row.merged_into_id in seen:
            return person_id
        person_id = row.merged_into_id
        seen.add(person_id)


def numbers_of(connection: Connection, person_id: int) -> list[PersonNumber]:
    """A person's numbers, the primary one first."""
    rows = connection.execute(
        select(phone_numbers.c.number, phone_numbers.c.kind, person_numbers.c.is_primary, person_numbers.c.last_used_at)
        .join(person_numbers, person_numbers.c.number_id == phone_numbers.c.id)
        .where(person_numbers.c.person_id == person_id)
        .order_by(person_numbers.c.is_primary.desc(), phone_numbers.c.number)
    )
    return [PersonNumber(*row) for row in rows]


def create_person(
    connection: Connection, profile: Profile, at: datetime, number: Number | None = None, doer: Doer | None = None
) -> int:
    """Adds a person (C2), with ``number`` as the primary one when it is known; returns the id."""
    values = {name: value for name, value in asdict(profile).items() if name in _PROFILE}
    statement = insert(people).values(**values, created_at=at, updated_at=at).returning(people.c.id)
    person_id: int = connection.execute(statement).scalar_one()
    index_person(connection, person_id, profile)
    if number is not None and number.kind is not NumberKind.WITHHELD:
        attach_number(connection, person_id, number, primary=True, used_at=at)
    given = {name: value for name, value in values.items() if value is not None}
    note(connection, at, doer, "person.added", f"person/{person_id}", **given)
    return person_id


def change_person(
    connection: Connection,
    person_id: int,
    changes: Mapping[str, Any],
    at: datetime,
    *,
    author: Author = SYSTEM,
    doer: Doer | None = None,
    seen_version: int | None = None,
) -> Applied:
    """Changes fields of the profile (C5) as `crm.autosave` does, with a line in the audit; ``changes`` are clean
    (`crm.people.fields`). Raises UnknownPersonError, TypeError for a field there is not."""
    unknown = changes.keys() - _PROFILE
    if unknown:
        raise TypeError(f"a person has no {', '.join(sorted(unknown))}")
    row = connection.execute(select(people).where(people.c.id == person_id).with_for_update()).mappings().one_or_none()
    if row is None:
        raise UnknownPersonError(f"there is no person {person_id}")
    fields_now = {name: row[name] for name in (*_PROFILE, "version", "field_versions")}
    applied = apply(fields_now, _with_display_name(fields_now, changes), seen_version, author, at)
    if not applied.changed:
        return applied
    new = {name: value for name, (_old, value) in applied.changed.items()}
    statement = update(people).where(people.c.id == person_id)
    connection.execute(
        statement.values(**new, version=applied.version, field_versions=applied.field_versions, updated_at=at)
    )
    if applied.changed.keys() & _FOUND_BY and row["merged_into_id"] is None:
        index_person(connection, person_id, Profile(**{name: (fields_now | new)[name] for name in _PROFILE}))
    lines = {name: [old, value] for name, (old, value) in applied.changed.items()}
    note(connection, at, doer, "person.changed", f"person/{person_id}", changes=lines)
    return applied


def _with_display_name(now: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The name on screens follows first and last name, unless somebody wrote another one."""
    if "display_name" in changes or not changes.keys() & _NAMES:
        return dict(changes)
    then = {**now, **changes}
    derived = full_name(then["title"], then["first_name"], then["last_name"])
    if not derived or now["display_name"] != full_name(now["title"], now["first_name"], now["last_name"]):
        return dict(changes)
    return {**changes, "display_name": derived}


def attach_number(
    connection: Connection, person_id: int, number: Number, *, primary: bool = False, used_at: datetime | None = None
) -> None:
    """Gives a person a number; twice changes nothing. Raises ValueError for a withheld number."""
    if number.number is None:
        raise ValueError("a withheld number cannot belong to anyone")
    number_id = _number_id(connection, number)
    if primary:
        connection.execute(
            update(person_numbers).where(person_numbers.c.person_id == person_id).values(is_primary=False)
        )
    statement = insert_into(connection, person_numbers).values(
        person_id=person_id, number_id=number_id, is_primary=primary, last_used_at=used_at
    )
    then, now = person_numbers.c.last_used_at, statement.excluded.last_used_at
    newer = {"last_used_at": case((or_(then.is_(None), now > then), now), else_=then)}
    if primary:
        newer["is_primary"] = statement.excluded.is_primary
    connection.execute(statement.on_conflict_do_update(index_elements=["number_id", "person_id"], set_=newer))


def detach_number(connection: Connection, person_id: int, number: str) -> None:
    """Takes a number away from a person; the number itself stays."""
    number_id = select(phone_numbers.c.id).where(phone_numbers.c.number == number).scalar_subquery()
    connection.execute(
        delete(person_numbers).where(person_numbers.c.person_id == person_id, person_numbers.c.number_id == number_id)
    )


def _number_id(connection: Connection, number: Number) -> int:
    statement = insert_into(connection, phone_numbers).values(number=number.number, kind=str(number.kind))
    connection.execute(statement.on_conflict_do_nothing(index_elements=["number"]))
    found: int = connection.execute(
        select(phone_numbers.c.id).where(phone_numbers.c.number == number.number)
    ).scalar_one()
    return found
