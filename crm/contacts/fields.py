"""The fields of a contact: what may be written into each."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from crm.contacts.models import ContactOutcome
from crm.people.fields import LANGUAGES, FieldProblem, one_of_words, text_of
from crm.people.service import UnknownPersonError, living_id
from crm.topics.models import Matter, topics

LONGEST: Final = {"department": 200, "internal_extension": 40, "notes": 20_000, "question": 20_000, "answer": 20_000}
NEEDED: Final = {  # outcome → what must be there before the record is finished (C2, C3, H9)
    ContactOutcome.ANSWERED: ("topic_id", "answer"),
    ContactOutcome.TRANSFERRED: ("topic_id", "department", "answer"),
    ContactOutcome.CALLBACK_PROMISED: ("topic_id", "answer"),
    ContactOutcome.CASE_OPENED: ("topic_id", "answer"),
    ContactOutcome.CUT_OFF: (),
    ContactOutcome.WRONG_NUMBER: (),
}


def clean_changes(connection: Connection, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What can be stored of ``given``, and field → code of what cannot. A subject brings its kind of matter along."""
    clean: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, value in given.items():
        try:
            clean[name] = _clean(connection, name, value)
        except FieldProblem as problem:
            problems[name] = problem.code
    if clean.get("topic_id") is not None and "kind" not in clean:
        clean["kind"] = connection.scalar(select(topics.c.kind).where(topics.c.id == clean["topic_id"]))
    return clean, problems


def missing_fields(values: Mapping[str, Any]) -> dict[str, str]:
    """Field → code of what must be there before the record is finished."""
    outcome = values.get("outcome")
    if outcome is None:
        return {"outcome": "outcome_missing"}
    needed = NEEDED[ContactOutcome(outcome)]
    return {name: f"{name}_missing" for name in needed if values.get(name) is None}


def _clean(connection: Connection, name: str, value: Any) -> Any:
    if name in LONGEST:
        return text_of(value, LONGEST[name], lines=LONGEST[name] > 1000)
    if name == "outcome":
        return one_of_words(value, tuple(ContactOutcome))
    if name == "kind":
        return one_of_words(value, tuple(Matter))
    if name == "language":
        return one_of_words(value, LANGUAGES)
    if name == "topic_id":
        topic_id = _id(value)
        if topic_id is not None and connection.scalar(select(topics.c.id).where(topics.c.id == topic_id)) is None:
            raise FieldProblem("no_topic")
        return topic_id
    if name == "person_id":
        person_id = _id(value)
        try:
            return None if person_id is None else living_id(connection, person_id)
        except UnknownPersonError:
            raise FieldProblem("no_person") from None
    raise FieldProblem("unknown_field")


def _id(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not str(value).isdigit() or int(value) > 2**62:
        raise FieldProblem("bad_choice")
    return int(value)
