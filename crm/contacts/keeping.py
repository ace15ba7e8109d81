"""Writes what a call tells about one agent's part of it into the record of service. Doing it again changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from crm.autosave.service import SYSTEM
from crm.calls.models import calls
from crm.contacts.facts import Talk
from crm.contacts.models import Channel, Contact, ContactOutcome, ContactState, contacts
from crm.contacts.service import change_contact, contact_of_call, create_contact, get_contact
from crm.contacts.stepping import work_out

_TIMES: Final = ("rang_at", "begun_at", "talk_ended_at", "survey_asked_at", "survey_ended_at")


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that was made (``new``), or has changed: ``changes`` are fields that agents see."""

    contact: Contact
    new: bool
    changes: Mapping[str, Any]


def keep(
    connection: Connection, talk: Talk, staff_id: int, at: datetime, departments: Mapping[str, str]
) -> Kept | None:
    """Makes or completes the record of ``talk``; None when nothing was new. ``departments``: extension → name."""
    contact = contact_of_call(connection, talk.call_id, talk.agent)
    new = contact is None
    if contact is None:
        contact = _create(connection, talk, staff_id)
        if contact is None:
            return None
    times = {name: getattr(talk, name) for name in _TIMES if getattr(talk, name) != getattr(contact, name)}
    if times:
        connection.execute(update(contacts).where(contacts.c.id == contact.id).values(**times, updated_at=at))
        contact = get_contact(connection, contact.id)
        work_out(connection, contact)
    if contact.person_id is not None:  # the call may have been written after the person was known
        unknown = (calls.c.call_id == talk.call_id) & calls.c.person_id.is_(None)
        connection.execute(update(calls).where(unknown).values(person_id=contact.person_id))
    fields = _fields(connection, talk, contact, departments)
    changes: dict[str, Any] = {}
    if fields:
        applied = change_contact(connection, contact.id, fields, at, author=SYSTEM)
        changes = {name: value for name, (_old, value) in applied.changed.items()}
        contact = get_contact(connection, contact.id)
    return Kept(contact, new, changes) if new or times or changes else None


def _create(connection: Connection, talk: Talk, staff_id: int) -> Contact | None:
    try:
        with connection.begin_nested():
            return create_contact(
                connection,
                Channel.TELEPHONE,
                talk.direction,
                talk.begun_at,
                staff_id=staff_id,
                agent=talk.agent,
                number=talk.number,
                language=talk.language,
                queue=talk.queue,
                call_id=talk.call_id,
                rang_at=talk.rang_at,
            )
    except IntegrityError:  # another process was quicker
        return None


def _fields(connection: Connection, talk: Talk, contact: Contact, departments: Mapping[str, str]) -> dict[str, Any]:
    """What the call tells of the agent's own fields: only into those that nobody has written yet (C2, C3)."""
    if contact.state is ContactState.FINISHED:
        return {}
    written = connection.scalar(select(contacts.c.field_versions).where(contacts.c.id == contact.id)) or {}
    told: dict[str, Any] = {"language": talk.language, "internal_extension": talk.transferred_by}
    if talk.transferred_to is not None:
        told |= {
            "outcome": ContactOutcome.TRANSFERRED,
            "department": departments.get(talk.transferred_to),
            "internal_extension": talk.transferred_by or talk.transferred_to,
        }
    return {
        name: str(value)
        for name, value in told.items()
        if value is not None and getattr(contact, name) is None and name not in written
    }
