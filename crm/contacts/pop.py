"""What appears while the telephone rings (C1 to C3): a handful of quick look-ups by index, whatever the number of
people. Sync: give it a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, or_, select

from crm.calls.models import calls
from crm.contacts.models import ContactState, contacts
from crm.people.models import Person, PersonNumber
from crm.people.search import NUMBERS_OF_PEOPLE
from crm.people.service import find_by_number, get_person, living_id
from crm.people.showing import person_json
from crm.staff.models import staff
from crm.topics.models import topics

MOST_PEOPLE: Final = 10
LAST_CONTACTS: Final = 5
LAST_CALLS: Final = 5
_COUNTED: Final = 1000  # "1000 or more" is enough to know


class CallerKind(StrEnum):
    """What is known of who calls."""

    HIDDEN = "hidden"  # no number: search by name
    NEW = "new"  # nobody has this number (C2)
    KNOWN = "known"  # exactly one person has it (C3)
    SEVERAL = "several"  # to be chosen from


@dataclass(frozen=True, slots=True, kw_only=True)
class PastContact:
    """A contact of before, in a line. ``rating``: the survey's meaning (H8)."""

    id: int
    person_id: int | None
    begun_at: datetime
    channel: str
    state: str
    topic_th: str | None
    topic_en: str | None
    question: str | None
    answer: str | None
    outcome: str | None
    rating: str | None
    agent_th: str | None
    agent_en: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call of before from this number."""

    call_id: str
    arrived_at: datetime
    outcome: str | None
    rating: str | None
    agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOfPop:
    """One of those who may be calling."""

    person: Person
    numbers: Sequence[PersonNumber] = ()
    contact_count: int = 0
    last_contacts: Sequence[PastContact] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop:
    """Everything. ``calls_before``: from this number, this call not among them, at most 1000; ``drafts``: records of
    these people or this number that are not finished."""

    kind: CallerKind
    number: str | None
    people: Sequence[PersonOfPop] = ()
    calls_before: int = 0
    last_calls: Sequence[PastCall] = ()
    drafts: Sequence[int] = field(default_factory=tuple)

    def as_json(self, year: int, language: str = "th") -> dict[str, Any]:
        """For the page. ``year``: now, for ages; ``language``: of subjects and names."""
        return {
            "kind": self.kind,
            "number": self.number,
            "people": [
                person_json(one.person, one.numbers, year, language)
                | {"contact_count": one.contact_count}
                | {"contacts": [_contact_json(line, language) for line in one.last_contacts]}
                for one in self.people
            ],
            "calls_before": self.calls_before,
            "last_calls": [_call_json(line) for line in self.last_calls],
            "drafts": list(self.drafts),
        }


def profile_for_pop(
    connection: Connection, number: str | None, call_id: str | None = None, person_id: int | None = None
) -> Pop:
    """All that a pop shows. ``number``: in its one form (`crm.people.numbers.Number.recognisable`), None when hidden.
    ``call_id``: the call that rings, not to be counted as one of before. ``person_id``: of this person instead.

    Raises UnknownPersonError for a ``person_id`` that is nobody's.
    """
    if person_id is not None:
        people = [get_person(connection, living_id(connection, person_id))]
    else:
        people = find_by_number(connection, number, MOST_PEOPLE) if number else []
    call = call_id or ""
    ids = [person.id for person in people]
    numbers = _numbers(connection, ids)
    shown = [_person(connection, person, numbers.get(person.id, ()), call) for person in people]
    calls_before = _calls_before(connection, number, call)
    return Pop(
        kind=_kind(number, people),
        number=number,
        people=shown,
        calls_before=calls_before,
        last_calls=_last_calls(connection, number, call) if calls_before else (),
        drafts=_drafts(connection, ids, number, call),
    )


def past_contacts(connection: Connection, person_id: int, most: int, call_id: str = "") -> list[PastContact]:
    """A person's contacts in a line each, the newest first; that of ``call_id`` left out."""
    values = {"person_id": person_id, "most": most, "call_id": call_id}
    return [PastContact(**row._mapping) for row in connection.execute(_PAST, values)]


# Put together once: this is asked for every ring, and putting it together costs more than answering it.

_NOT_THIS_CALL: Final = or_(contacts.c.call_id.is_(None), contacts.c.call_id != bindparam("call_id"))
_COUNT: Final = (
    select(func.count()).select_from(contacts).where(contacts.c.person_id == bindparam("person_id"), _NOT_THIS_CALL)
)
_PAST: Final = (
    select(
        contacts.c.id,
        contacts.c.person_id,
        contacts.c.begun_at,
        contacts.c.channel,
        contacts.c.state,
        topics.c.name_th.label("topic_th"),
        topics.c.name_en.label("topic_en"),
        contacts.c.question,
        contacts.c.answer,
        contacts.c.outcome,
        calls.c.survey_meaning.label("rating"),
        staff.c.name_th.label("agent_th"),
        staff.c.name_en.label("agent_en"),
    )
    .select_from(contacts)
    .join(topics, topics.c.id == contacts.c.topic_id, isouter=True)
    .join(calls, calls.c.call_id == contacts.c.call_id, isouter=True)
    .join(staff, staff.c.id == contacts.c.staff_id, isouter=True)
    .where(contacts.c.person_id == bindparam("person_id"), _NOT_THIS_CALL)
    .order_by(contacts.c.begun_at.desc(), contacts.c.id.desc())
    .limit(bindparam("most"))
)
_EARLIER_CALLS: Final = (calls.c.caller_e164 == bindparam("number")) & (calls.c.call_id != bindparam("call_id"))
_CALLS_BEFORE: Final = select(func.count()).select_from(
    select(calls.c.call_id).where(_EARLIER_CALLS).limit(_COUNTED).subquery()
)
_LAST_CALLS: Final = (
    select(
        calls.c.call_id,
        calls.c.arrived_at,
        calls.c.outcome,
        calls.c.survey_meaning.label("rating"),
        calls.c.agent,
    )
    .where(_EARLIER_CALLS)
    .order_by(calls.c.arrived_at.desc())
    .limit(LAST_CALLS)
)
_DRAFT: Final = (contacts.c.state == ContactState.DRAFT) & _NOT_THIS_CALL
_DRAFTS: Final = (  # by person and by number apart: each has its index
    select(contacts.c.id).where(contacts.c.person_id.in_(bindparam("ids", expanding=True)), _DRAFT).limit(20),
    select(contacts.c.id).where(contacts.c.number == bindparam("number"), _DRAFT).limit(20),
)


def _kind(number: str | None, people: Sequence[Person]) -> CallerKind:
    if not people:
        return CallerKind.NEW if number else CallerKind.HIDDEN
    return CallerKind.KNOWN if len(people) == 1 else CallerKind.SEVERAL


def _numbers(connection: Connection, ids: Sequence[int]) -> dict[int, list[PersonNumber]]:
    found: dict[int, list[PersonNumber]] = {}
    for row in connection.execute(NUMBERS_OF_PEOPLE, {"ids": ids}) if ids else ():
        found.setdefault(row.person_id, []).append(PersonNumber(*row[1:]))
    return found


def _person(connection: Connection, person: Person, numbers: Sequence[PersonNumber], call_id: str) -> PersonOfPop:
    past = past_contacts(connection, person.id, LAST_CONTACTS, call_id)
    count = len(past)
    if count == LAST_CONTACTS:  # there may be more
        count = connection.scalar(_COUNT, {"person_id": person.id, "call_id": call_id}) or 0
    return PersonOfPop(person=person, numbers=numbers, contact_count=count, last_contacts=past)


def _calls_before(connection: Connection, number: str | None, call_id: str) -> int:
    if number is None:
        return 0
    return connection.scalar(_CALLS_BEFORE, {"number": number, "call_id": call_id}) or 0


def _last_calls(connection: Connection, number: str | None, call_id: str) -> list[PastCall]:
    rows = connection.execute(_LAST_CALLS, {"number": number, "call_id": call_id})
    return [PastCall(**row._mapping) for row in rows]


def _drafts(connection: Connection, ids: Sequence[int], number: str | None, call_id: str) -> list[int]:
    of_people, of_number = _DRAFTS
    found = set(connection.scalars(of_people, {"ids": ids, "call_id": call_id})) if ids else set()
    if number:
        found |= set(connection.scalars(of_number, {"number": number, "call_id": call_id}))
    return sorted(found)


def _contact_json(line: PastContact, language: str) -> dict[str, Any]:
    own, other = ("th", "en") if language == "th" else ("en", "th")
    return {
        "id": line.id,
        "at": line.begun_at.isoformat(),
        "channel": line.channel,
        "state": line.state,
        "subject": getattr(line, f"topic_{own}") or getattr(line, f"topic_{other}"),
        "question": line.question,
        "summary": line.answer,
        "outcome": line.outcome,
        "agent": getattr(line, f"agent_{own}") or getattr(line, f"agent_{other}"),
        "rating": line.rating,
    }


def _call_json(line: PastCall) -> dict[str, Any]:
    return {
        "call_id": line.call_id,
        "at": line.arrived_at.isoformat(),
        "outcome": line.outcome,
        "agent": line.agent,
        "rating": line.rating,
    }
