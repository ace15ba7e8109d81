"""Finding, adding and changing people. One number may belong to several people, one person may have several."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, case, delete, insert, or_, select, update

from crm.database import insert_into
from crm.people.models import Person, PersonNumber, Profile, people, person_numbers, phone_numbers
from crm.people.numbers import Number, NumberKind

_PROFILE: Final = frozenset(field.name for field in fields(Profile))


class UnknownPersonError(LookupError):
    """There is no person with this id: it may have been deleted meanwhile."""


_PEOPLE_OF_NUMBER: Final[Select[Any]] = (
    select(people, person_numbers.c.last_used_at)
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
    row = connection.execute(select(people).where(people.c.id == person_id)).one_or_none()
    if row is None:
        raise UnknownPersonError(f"there is no person {person_id}")
    return Person(**row._mapping)


def numbers_of(connection: Connection, person_id: int) -> list[PersonNumber]:
    """A person's numbers, the primary one first."""
    rows = connection.execute(
        select(phone_numbers.c.number, phone_numbers.c.kind, person_numbers.c.is_primary, person_numbers.c.last_used_at)
        .join(person_numbers, person_numbers.c.number_id == phone_numbers.c.id)
        .where(person_numbers.c.person_id == person_id)
        .order_by(person_numbers.c.is_primary.desc(), phone_numbers.c.number)
    )
    return [PersonNumber(*row) for row in rows]


def create_person(connection: Connection, profile: Profile, at: datetime, number: Number | None = None) -> int:
    """Adds a person (C2), with ``number`` as the primary one when it is known; returns the id."""
    values = {name: value for name, value in asdict(profile).items() if name in _PROFILE}
    statement = insert(people).values(**values, created_at=at, updated_at=at).returning(people.c.id)
    person_id: int = connection.execute(statement).scalar_one()
    if number is not None and number.kind is not NumberKind.WITHHELD:
        attach_number(connection, person_id, number, primary=True, used_at=at)
    return person_id


def update_person(connection: Connection, person_id: int, at: datetime, **changes: Any) -> None:
    """Changes fields of the profile (C5). Raises UnknownPersonError, TypeError for a field there is not."""
    unknown = changes.keys() - _PROFILE
    if unknown:
        raise TypeError(f"a person has no {', '.join(sorted(unknown))}")
    changed = connection.execute(update(people).where(people.c.id == person_id).values(**changes, updated_at=at))
    if changed.rowcount == 0:
        raise UnknownPersonError(f"there is no person {person_id}")


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


def remember_contact(connection: Connection, person_id: int, number: Number, at: datetime) -> None:
    """This person was spoken to from this number at ``at``: next time they are shown first (C3, C5)."""
    if number.kind is not NumberKind.WITHHELD:
        attach_number(connection, person_id, number, used_at=at)


def _number_id(connection: Connection, number: Number) -> int:
    statement = insert_into(connection, phone_numbers).values(number=number.number, kind=str(number.kind))
    connection.execute(statement.on_conflict_do_nothing(index_elements=["number"]))
    found: int = connection.execute(
        select(phone_numbers.c.id).where(phone_numbers.c.number == number.number)
    ).scalar_one()
    return found
