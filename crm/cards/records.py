"""A card as it is read, with everything that belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from crm.cards.models import Reason, card_attempts, card_handovers, card_steps, transfer_cards
from crm.cards.states import CardState, Handover, Part, Result, Standing, turn
from crm.contacts.models import contacts
from crm.directory.targets import TargetKind
from crm.people.models import people
from crm.people.service import find_by_number


class UnknownCard(LookupError):
    """There is no such card, or not for whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A transfer card. Meanings: `crm.cards.models`. ``attempts``: how many the office has made."""

    id: int
    number: str
    state: CardState
    handover: Handover
    reason: Reason | None
    mode: str | None
    by_event: bool
    created_at: datetime
    updated_at: datetime
    agent: str
    agent_name_th: str
    agent_name_en: str
    staff_id: int | None
    call_id: str | None
    contact_id: int | None
    person_id: int | None
    caller_name: str
    caller_number: str | None
    to_kind: TargetKind
    to_key: str
    to_name_th: str
    to_name_en: str
    to_dial: str | None
    department: str | None
    to_staff_id: int | None
    why: str
    question: str
    transferred_at: datetime | None
    picked_up_at: datetime | None
    handed_over_at: datetime | None
    office_told_at: datetime | None
    due_at: datetime | None
    reminded_for: datetime | None
    overdue_told_for: datetime | None
    outcome: str
    followed_up_at: datetime | None
    closed_at: datetime | None
    closed_because: str | None
    link_key: str
    attempts: int

    @property
    def standing(self) -> Standing:
        """What decides about the next step."""
        return Standing(self.state, self.handover, self.attempts)

    @property
    def turn(self) -> Part | None:
        """Whose step the next is."""
        return turn(self.standing)

    @property
    def is_incomplete(self) -> bool:
        """Why, what or to whom is still missing: the agent has to add it."""
        return self.state is not CardState.CLOSED and not (self.why and self.question and self.to_key)

    def is_overdue(self, now: datetime) -> bool:
        """The next step should have been taken."""
        return self.due_at is not None and self.due_at <= now

    def agent_name(self, language: str) -> str:
        """Who transferred."""
        names = (
            (self.agent_name_th, self.agent_name_en) if language == "th" else (self.agent_name_en, self.agent_name_th)
        )
        return names[0] or names[1] or self.agent

    def to_name(self, language: str) -> str:
        """To whom."""
        names = (self.to_name_th, self.to_name_en) if language == "th" else (self.to_name_en, self.to_name_th)
        return names[0] or names[1] or self.to_key


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverLine:
    """One call that was handed over with the card."""

    id: int
    card_id: int
    call_id: str
    agent: str
    kind: str
    to: str | None
    transferred_at: datetime
    result: Handover
    reason: Reason | None
    picked_up_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of the office. ``staff_id`` None: written down through the link of a letter."""

    id: int
    card_id: int
    ordinal: int
    made_at: datetime
    officer: str
    staff_id: int | None
    details: str
    answer: str
    result: Result
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the card's story."""

    id: int
    card_id: int
    done_at: datetime
    staff_id: int | None
    who: str
    what: str
    state: CardState
    details: Mapping[str, Any]


_ATTEMPTS: Final = (
    select(func.count())
    .select_from(card_attempts)
    .where(card_attempts.c.card_id == transfer_cards.c.id)
    .correlate(transfer_cards)
    .scalar_subquery()
)
# Whose card it is follows the record of service: who is named there a minute later is named here, too.
PERSON: Final[ColumnElement[Any]] = func.coalesce(contacts.c.person_id, transfer_cards.c.person_id)
CALLER_NAME: Final[ColumnElement[Any]] = func.coalesce(people.c.display_name, transfer_cards.c.caller_name)
SOURCE: Final = transfer_cards.outerjoin(contacts, contacts.c.id == transfer_cards.c.contact_id).outerjoin(
    people, people.c.id == PERSON
)
_FOLLOWED: Final = frozenset({"person_id", "caller_name"})


def select_cards() -> Select[Any]:
    """SELECT of cards, for `card_of`; conditions may name `transfer_cards`, `PERSON` and `CALLER_NAME`."""
    own = [column for column in transfer_cards.c if column.name not in _FOLLOWED]
    more = [PERSON.label("person_id"), CALLER_NAME.label("caller_name"), _ATTEMPTS.label("attempts")]
    return select(*own, *more).select_from(SOURCE)


def card_of(row: Row[Any]) -> Card:
    """The card of a row of `select_cards`."""
    values = dict(row._mapping)
    values |= {
        "state": CardState(values["state"]),
        "handover": Handover(values["handover"]),
        "reason": Reason(values["reason"]) if values["reason"] else None,
        "to_kind": TargetKind(values["to_kind"]),
    }
    return Card(**values)


def get(connection: Connection, card_id: int) -> Card:
    """One card. Raises UnknownCard."""
    row = connection.execute(select_cards().where(transfer_cards.c.id == card_id)).one_or_none()
    if row is None:
        raise UnknownCard(f"there is no card {card_id}")
    return card_of(row)


def attempts_of(connection: Connection, card_id: int) -> list[Attempt]:
    """The office's attempts, in order."""
    query = select(card_attempts).where(card_attempts.c.card_id == card_id).order_by(card_attempts.c.ordinal)
    return [Attempt(**dict(row._mapping) | {"result": Result(row.result)}) for row in connection.execute(query)]


def steps_of(connection: Connection, card_id: int) -> list[Step]:
    """The card's story, in order."""
    query = select(card_steps).where(card_steps.c.card_id == card_id).order_by(card_steps.c.done_at, card_steps.c.id)
    return [Step(**dict(row._mapping) | {"state": CardState(row.state)}) for row in connection.execute(query)]


def handovers_of(
    connection: Connection, *, card_id: int | None = None, call_id: str | None = None
) -> list[HandoverLine]:
    """The calls handed over with a card, or the hand-overs of one call, in order."""
    table = card_handovers
    query = select(table).order_by(table.c.transferred_at)
    query = query.where(table.c.card_id == card_id) if card_id is not None else query.where(table.c.call_id == call_id)
    return [_line(row) for row in connection.execute(query)]


def _line(row: Row[Any]) -> HandoverLine:
    reason = Reason(row.reason) if row.reason else None
    return HandoverLine(**dict(row._mapping) | {"result": Handover(row.result), "reason": reason})


def the_one_at(connection: Connection, number: str | None) -> int | None:
    """The person of a telephone number, when there is exactly one."""
    found = find_by_number(connection, number, most=2) if number else []
    return found[0].id if len(found) == 1 else None
