"""Who may be the same person: one number, or one name. People decide; what they decided is remembered."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, or_, select

from crm.database import insert_into
from crm.people.models import different_people, person_numbers
from crm.people.search import Found, found_people, search
from crm.people.service import get_person
from crm.thai import distance, sound, split, without_title

MOST: Final = 10
_WIDELY_SHARED: Final = 20  # people on one number: a switchboard, not a sign


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Somebody who may be the same person, and why: ``same_number``, ``same_name``."""

    found: Found
    reasons: tuple[str, ...]


def duplicates_of(connection: Connection, person_id: int) -> list[Duplicate]:
    """Those who may be this person too, the surest first. Raises UnknownPersonError."""
    person = get_person(connection, person_id)
    reasons: dict[int, list[str]] = {}
    for one in _same_number(connection, person_id):
        reasons.setdefault(one, []).append("same_number")
    for found in search(connection, without_title(person.display_name), most=30):
        if _same_name(person.display_name, found.person.display_name):
            reasons.setdefault(found.person.id, []).append("same_name")
    for one in (person_id, *_told_apart(connection, person_id)):
        reasons.pop(one, None)
    order = sorted(reasons, key=lambda one: (-len(reasons[one]), one))
    people = found_people(connection, order, MOST)
    return [Duplicate(found, tuple(reasons[found.person.id])) for found in people]


def tell_apart(connection: Connection, one_id: int, other_id: int) -> None:
    """These two are not the same; never suggested again. Raises UnknownPersonError."""
    for person_id in (one_id, other_id):
        get_person(connection, person_id)
    first, second = sorted((one_id, other_id))
    statement = insert_into(connection, different_people).values(one_id=first, other_id=second)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["one_id", "other_id"]))


def not_told_apart(connection: Connection, one_id: int, other_id: int) -> None:
    """They may be the same after all."""
    first, second = sorted((one_id, other_id))
    pair = (different_people.c.one_id == first) & (different_people.c.other_id == second)
    connection.execute(delete(different_people).where(pair))


def _same_number(connection: Connection, person_id: int) -> list[int]:
    mine = select(person_numbers.c.number_id).where(person_numbers.c.person_id == person_id)
    others = select(person_numbers.c.person_id).where(
        person_numbers.c.number_id.in_(mine), person_numbers.c.person_id != person_id
    )
    found = list(connection.scalars(others.distinct().limit(_WIDELY_SHARED + 1)))
    return found if len(found) <= _WIDELY_SHARED else []


def _same_name(one: str, other: str) -> bool:
    """First and last name by ear; a single name is no sign."""
    first, second = split(without_title(one)), split(without_title(other))
    if min(len(first), len(second)) < 2:
        return "".join(first) == "".join(second) and len(first) + len(second) > 2
    return distance(sound("".join(first)), sound("".join(second)), 1) <= 1


def _told_apart(connection: Connection, person_id: int) -> list[int]:
    pairs = connection.execute(
        select(different_people).where(
            or_(different_people.c.one_id == person_id, different_people.c.other_id == person_id)
        )
    )
    return [pair.other_id if pair.one_id == person_id else pair.one_id for pair in pairs]
