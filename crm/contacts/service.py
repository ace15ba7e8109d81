"""Reading, writing and finishing contacts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, insert, select, update

from crm.audit.service import note
from crm.autosave.service import Applied, Author, apply
from crm.calls.models import calls
from crm.contacts.fields import missing_fields
from crm.contacts.models import (
    FIELDS,
    Channel,
    Contact,
    ContactState,
    Direction,
    contact_of,
    contacts,
)
from crm.contacts.pop import Pop, profile_for_pop
from crm.contacts.stepping import work_out
from crm.people.models import person_numbers, phone_numbers
from crm.people.numbers import Number, NumberKind
from crm.people.service import attach_number, detach_number, find_by_number
from crm.staff.access import SUPERVISORS, Visitor

__all__ = ["Pop", "profile_for_pop"]

_COLUMNS: Final = tuple(column for column in contacts.c if column.name != "field_versions")


class UnknownContactError(LookupError):
    """There is no contact with this id."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of finishing. ``missing``: field → code of what must be there first; the record stays a draft."""

    contact: Contact
    applied: Applied
    missing: Mapping[str, str] = field(default_factory=dict)


def may_change(contact: Contact, visitor: Visitor) -> bool:
    """Agents their own records, supervisors all."""
    if visitor.is_one_of(*SUPERVISORS):
        return True
    if contact.staff_id is not None:
        return contact.staff_id == visitor.staff_id
    return contact.agent is not None and contact.agent == visitor.extension


def get_contact(connection: Connection, contact_id: int, *, lock: bool = False) -> Contact:
    """One contact; ``lock``: nobody else changes it until the transaction ends. Raises UnknownContactError."""
    return contact_of(_row(connection, contact_id, lock=lock))


def contact_of_call(connection: Connection, call_id: str, agent: str) -> Contact | None:
    """The contact of this agent's part of this call."""
    query = select(*_COLUMNS).where(contacts.c.call_id == call_id, contacts.c.agent == agent)
    row = connection.execute(query).mappings().one_or_none()
    return contact_of(row) if row else None


def current_contact(connection: Connection, agent: str) -> Contact | None:
    """What this agent has on the desk: the talk that goes on, else the last record while it is not finished."""
    mine = select(*_COLUMNS).where(contacts.c.agent == agent, contacts.c.state == ContactState.DRAFT)
    order = (contacts.c.talk_ended_at.is_(None).desc(), contacts.c.begun_at.desc(), contacts.c.id.desc())
    row = connection.execute(mine.order_by(*order).limit(1)).mappings().one_or_none()
    return contact_of(row) if row else None


def contacts_of_person(connection: Connection, person_id: int, most: int = 50) -> list[Contact]:
    """A person's contacts, the newest first (C5)."""
    query = select(*_COLUMNS).where(contacts.c.person_id == person_id)
    rows = connection.execute(query.order_by(contacts.c.begun_at.desc(), contacts.c.id.desc()).limit(most)).mappings()
    return [contact_of(row) for row in rows]


def unfinished_contacts(connection: Connection, staff_id: int | None = None, most: int = 200) -> list[Contact]:
    """Records that somebody has to finish, the oldest first: of one person, or of all. A talk that goes on is none."""
    over = contacts.c.talk_ended_at.is_not(None) | contacts.c.call_id.is_(None)
    query = select(*_COLUMNS).where(contacts.c.state == ContactState.DRAFT, over)
    if staff_id is not None:
        query = query.where(contacts.c.staff_id == staff_id)
    rows = connection.execute(query.order_by(contacts.c.begun_at, contacts.c.id).limit(most)).mappings()
    return [contact_of(row) for row in rows]


def create_contact(
    connection: Connection,
    channel: Channel,
    direction: Direction,
    at: datetime,
    *,
    staff_id: int | None,
    agent: str | None,
    number: Number | None = None,
    person_id: int | None = None,
    language: str | None = None,
    queue: str | None = None,
    call_id: str | None = None,
    rang_at: datetime | None = None,
) -> Contact:
    """A new draft. Whose number it is, when exactly one person has it, is known at once (C3)."""
    known = number.recognisable if number else None
    if person_id is None and known is not None:
        people = find_by_number(connection, known, most=2)
        person_id = people[0].id if len(people) == 1 else None
    statement = insert(contacts).values(
        call_id=call_id,
        agent=agent,
        staff_id=staff_id,
        channel=channel,
        direction=direction,
        state=ContactState.DRAFT,
        queue=queue,
        number=number.number if number and number.kind is not NumberKind.WITHHELD else None,
        language=language,
        rang_at=rang_at,
        begun_at=at,
        updated_at=at,
    )
    contact_id: int = connection.execute(statement.returning(contacts.c.id)).scalar_one()
    contact = get_contact(connection, contact_id)
    if person_id is not None:
        _link_person(connection, contact, person_id, number)
        connection.execute(update(contacts).where(contacts.c.id == contact_id).values(person_id=person_id))
    contact = get_contact(connection, contact_id)
    work_out(connection, contact)
    return contact


def change_contact(
    connection: Connection,
    contact_id: int,
    changes: Mapping[str, Any],
    at: datetime,
    *,
    author: Author,
    doer: Visitor | None = None,
    seen_version: int | None = None,
    number: Number | None = None,
) -> Applied:
    """Writes fields, which are clean (`crm.contacts.fields`), as `crm.autosave` does. ``number``: of the caller, so
    that whoever is chosen as person has it from now on. Raises UnknownContactError."""
    row = _row(connection, contact_id, lock=True)
    now = {name: row[name] for name in (*FIELDS, "version", "field_versions")}
    applied = apply(now, changes, seen_version, author, at)
    if not applied.changed:
        return applied
    new = {name: value for name, (_old, value) in applied.changed.items()}
    if "person_id" in new:
        _link_person(connection, contact_of(row), new["person_id"], number)
    connection.execute(
        update(contacts)
        .where(contacts.c.id == contact_id)
        .values(**new, version=applied.version, field_versions=applied.field_versions, updated_at=at)
    )
    subject = f"contact/{contact_id}"
    if row["state"] == ContactState.FINISHED:  # a draft is being written; what is finished is on record
        lines = {name: [old, value] for name, (old, value) in applied.changed.items()}
        note(connection, at, doer, "contact.changed", subject, changes=lines)
    elif "person_id" in applied.changed:
        note(connection, at, doer, "contact.person_chosen", subject, changes=list(applied.changed["person_id"]))
    return applied


def finish_contact(connection: Connection, contact_id: int, applied: Applied, at: datetime, doer: Visitor) -> Finished:
    """Save and ready (H9): finished when what must be there is there. Twice changes nothing."""
    contact = get_contact(connection, contact_id, lock=True)
    if contact.state is ContactState.FINISHED:
        return Finished(contact, applied)
    missing = missing_fields({name: getattr(contact, name) for name in FIELDS})
    if missing:
        return Finished(contact, applied, missing)
    connection.execute(
        update(contacts)
        .where(contacts.c.id == contact_id)
        .values(state=ContactState.FINISHED, finished_at=at, version=contacts.c.version + 1, updated_at=at)
    )
    contact = get_contact(connection, contact_id)
    work_out(connection, contact)
    note(connection, at, doer, "contact.finished", f"contact/{contact_id}", person=contact.person_id)
    return Finished(contact, applied)


def _row(connection: Connection, contact_id: int, *, lock: bool) -> Mapping[str, Any]:
    query: Select[Any] = select(contacts).where(contacts.c.id == contact_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise UnknownContactError(f"there is no contact {contact_id}")
    return dict(row)


def _link_person(connection: Connection, contact: Contact, person_id: int | None, number: Number | None) -> None:
    """The person has the caller's number from now on, and who was chosen by mistake before has it no more."""
    if contact.person_id is not None and contact.attached_number and contact.number is not None:
        detach_number(connection, contact.person_id, contact.number)
    attached = False
    if person_id is not None and number is not None and number.recognisable is not None:
        attached = not _has_number(connection, person_id, number.recognisable)
        attach_number(connection, person_id, number, used_at=contact.begun_at)
    connection.execute(update(contacts).where(contacts.c.id == contact.id).values(attached_number=attached))
    if contact.call_id is not None:
        connection.execute(update(calls).where(calls.c.call_id == contact.call_id).values(person_id=person_id))


def _has_number(connection: Connection, person_id: int, number: str) -> bool:
    query = (
        select(person_numbers.c.person_id)
        .join(phone_numbers, phone_numbers.c.id == person_numbers.c.number_id)
        .where(person_numbers.c.person_id == person_id, phone_numbers.c.number == number)
    )
    return connection.scalar(query) is not None
