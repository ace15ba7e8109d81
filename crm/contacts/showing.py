"""A contact as JSON, for the pages."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import Connection, select

from crm.calls.models import calls
from crm.contacts.models import FIELDS, Contact, ContactOutcome
from crm.contacts.stepping import marks_made, read_steps, standards_of, timeline
from crm.contacts.words import WORDS
from crm.people.models import people
from crm.people.showing import national
from crm.staff.models import staff
from crm.topics.models import Matter
from crm.topics.service import topic_tree

_TIMES: Final = ("begun_at", "talk_ended_at", "finished_at", "updated_at")


@dataclass(frozen=True, slots=True)
class View:
    """Who looks: language, time zone, now."""

    language: str
    zone: tzinfo
    now: datetime


def contact_json(connection: Connection, contact: Contact, view: View) -> dict[str, Any]:
    """Everything a desk shows of a contact, its steps included."""
    times = {name: (at := getattr(contact, name)) and at.isoformat() for name in _TIMES}
    return {
        "id": contact.id,
        "version": contact.version,
        "call_id": contact.call_id,
        "channel": contact.channel,
        "direction": contact.direction,
        "state": contact.state,
        "agent": contact.agent,
        "staff_id": contact.staff_id,
        "staff_name": _staff_name(connection, contact, view.language),
        "queue": contact.queue,
        "number": contact.number,
        "number_shown": national(contact.number) if contact.number else None,
        **{name: getattr(contact, name) for name in FIELDS},
        "person": person_brief(connection, contact.person_id),
        "topic": topic_brief(connection, contact.topic_id, view.language),
        **times,
        "rating": _rating(connection, contact),
        **steps_json(connection, contact, view),
    }


def steps_json(connection: Connection, contact: Contact, view: View) -> dict[str, Any]:
    """``steps`` with their standards and times (`crm.contacts.stepping.timeline`), with names in one language too;
    ``marks``: how many of the agent's keys they know of, so that a page can tell an older answer from a newer one."""
    standards = standards_of(connection, contact, view.zone)
    drawn = timeline(contact, standards, read_steps(connection, contact.id), view.now)
    return {
        "steps": [step | {"name": step[f"name_{view.language}"]} for step in drawn],
        "marks": marks_made(connection, contact.id),
    }


def line_json(connection: Connection, contact: Contact, view: View) -> dict[str, Any]:
    """A line of a list."""
    return {
        "id": contact.id,
        "call_id": contact.call_id,
        "channel": contact.channel,
        "direction": contact.direction,
        "state": contact.state,
        "staff_id": contact.staff_id,
        "staff_name": _staff_name(connection, contact, view.language),
        "number": contact.number,
        "number_shown": national(contact.number) if contact.number else None,
        "person": person_brief(connection, contact.person_id),
        "topic": topic_brief(connection, contact.topic_id, view.language),
        "question": contact.question,
        "answer": contact.answer,
        "outcome": contact.outcome,
        "begun_at": contact.begun_at.isoformat(),
        "talk_ended_at": contact.talk_ended_at and contact.talk_ended_at.isoformat(),
    }


def person_brief(connection: Connection, person_id: int | None) -> dict[str, Any] | None:
    """Who it is, in short."""
    if person_id is None:
        return None
    columns = (people.c.id, people.c.display_name, people.c.business_level, people.c.language, people.c.version)
    row = connection.execute(select(*columns).where(people.c.id == person_id)).one_or_none()
    return dict(row._mapping) if row else None


def topic_brief(connection: Connection, topic_id: int | None, language: str) -> dict[str, Any] | None:
    """What it is about, with the way down the tree."""
    if topic_id is None:
        return None
    tree = topic_tree(connection)
    topic = tree.get(topic_id)
    if topic is None:
        return None
    return {"id": topic.id, "name": topic.name(language), "path": [tree[one].name(language) for one in topic.path]}


def choices(language: str) -> dict[str, list[dict[str, str]]]:
    """Field → value and label of what can be chosen."""
    words = WORDS[language]
    return {
        "outcome": [{"value": one, "label": words[one]} for one in ContactOutcome],
        "kind": [{"value": one, "label": words[one]} for one in Matter],
    }


def _staff_name(connection: Connection, contact: Contact, language: str) -> str | None:
    if contact.staff_id is None:
        return None
    row = connection.execute(select(staff.c.name_th, staff.c.name_en).where(staff.c.id == contact.staff_id)).first()
    if row is None:
        return None
    return str((row.name_th or row.name_en) if language == "th" else (row.name_en or row.name_th))


def _rating(connection: Connection, contact: Contact) -> str | None:
    if contact.call_id is None or contact.survey_asked_at is None:
        return None
    meaning = connection.scalar(select(calls.c.survey_meaning).where(calls.c.call_id == contact.call_id))
    return None if meaning is None else str(meaning)
