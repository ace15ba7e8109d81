"""What a pop shows of a caller, put together from the records of every feature, ready for JSON."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Connection

from crm.people.models import Person, Profile
from crm.people.service import find_by_number

_SHOWN: Final = tuple(field.name for field in fields(Profile))
MOST_PEOPLE: Final = 8


def profile_of(connection: Connection, number: str | None) -> Mapping[str, Any]:
    """``people``: those of ``number``, who called last first; nobody for a hidden number (C1, C3)."""
    people = find_by_number(connection, number, MOST_PEOPLE) if number else []
    return {"people": [_person(person) for person in people]}


def _person(person: Person) -> Mapping[str, Any]:
    shown = {name: getattr(person, name) for name in _SHOWN}
    last = person.last_used_at.isoformat() if person.last_used_at else None
    return {"id": person.id, **shown, "last_used_at": last, "contacts": [], "cards": []}
