"""Lists of cards: whose, which, how many; always only what the visitor may see."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, false, func, or_, select, true

from crm.cards.models import card_attempts, transfer_cards
from crm.cards.records import CALLER_NAME, PERSON, SOURCE, Card, card_of, select_cards
from crm.cards.states import CardState, Handover
from crm.contacts.models import contacts
from crm.staff.access import Visitor
from crm.staff.models import Role

PAGE: Final = 50
_c: Final = transfer_cards.c
_OPEN: Final = _c.state != CardState.CLOSED
_WITH_AGENT: Final = _c.handover.in_([Handover.PLANNED, Handover.FAILED])
_AGENTS_TURN: Final = and_(_OPEN, or_(_WITH_AGENT, _c.state.in_([CardState.REPORTED, CardState.FOLLOWED_UP])))
_OFFICES_TURN: Final = and_(
    ~_WITH_AGENT,
    _c.state.in_([CardState.OPEN, CardState.ANSWERED, CardState.NOT_SATISFIED, CardState.SATISFIED]),
)


class View(StrEnum):
    """Which list."""

    MINE = "mine"
    OFFICE = "office"
    DUE = "due"  # today, or what is left of it
    OVERDUE = "overdue"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a list. ``page`` from 1."""

    view: View
    text: str = ""
    state: CardState | None = None
    department: str | None = None
    person_id: int | None = None
    page: int = 1


def views_of(who: Visitor) -> tuple[View, ...]:
    """The lists that make sense for a visitor, the most important first."""
    if who.role is Role.OFFICER:
        return View.OFFICE, View.DUE, View.OVERDUE, View.ALL
    if who.is_one_of(Role.SUPERVISOR):
        return View.OVERDUE, View.DUE, View.MINE, View.ALL
    return View.MINE, View.DUE, View.OVERDUE, View.ALL


def seen_by(who: Visitor) -> ColumnElement[bool]:
    """The cards that this visitor may see at all; as `crm.cards.parts.part_of`, in SQL."""
    if who.role is not Role.OFFICER:
        return true()
    return and_(~_WITH_AGENT, _office_of(who))


def _office_of(who: Visitor) -> ColumnElement[bool]:
    own = _c.to_staff_id == who.staff_id
    return or_(own, _c.department == who.department) if who.department else own


def _mine(who: Visitor) -> ColumnElement[bool]:
    if who.role is Role.OFFICER:
        worked_on = exists().where(card_attempts.c.card_id == _c.id, card_attempts.c.staff_id == who.staff_id)
        return or_(_c.to_staff_id == who.staff_id, worked_on)
    mine = [_c.staff_id == who.staff_id, and_(_c.to_staff_id == who.staff_id, ~_WITH_AGENT)]
    if who.extension:
        mine.append(and_(_c.staff_id.is_(None), _c.agent == who.extension))
    return or_(*mine)


def _theirs(who: Visitor) -> ColumnElement[bool]:
    """Whose time matters to the visitor: supervisors look after all."""
    if who.role is Role.OFFICER:
        return and_(_office_of(who), _OFFICES_TURN)
    return true() if who.is_one_of(Role.SUPERVISOR) else _mine(who)


def _condition(view: View, who: Visitor, now: datetime, zone: tzinfo) -> ColumnElement[bool]:
    if view is View.MINE:
        return and_(_OPEN, _mine(who))
    if view is View.OFFICE:
        return and_(_OPEN, _office_of(who) if who.role is Role.OFFICER else _c.department.is_not(None))
    if view is View.DUE:
        return and_(_OPEN, _theirs(who), _c.due_at > now, _c.due_at < end_of_day(now, zone))
    if view is View.OVERDUE:
        return and_(_OPEN, _theirs(who), _c.due_at <= now)
    return true()


def end_of_day(now: datetime, zone: tzinfo) -> datetime:
    """The coming midnight."""
    day = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(0), zone)


def cards(connection: Connection, wanted: Wanted, who: Visitor, now: datetime, zone: tzinfo) -> tuple[list[Card], int]:
    """One page of a list and how many cards the whole list has: by due time, in `View.ALL` the newest first."""
    conditions = [seen_by(who), _condition(wanted.view, who, now, zone), *_filters(wanted)]
    order = (_c.created_at.desc(),) if wanted.view is View.ALL else (_c.due_at.asc().nulls_last(),)
    query = select_cards().where(*conditions).order_by(*order, _c.id.desc())
    rows = connection.execute(query.limit(PAGE).offset((wanted.page - 1) * PAGE))
    count = connection.scalar(select(func.count()).select_from(SOURCE).where(*conditions))
    return [card_of(row) for row in rows], int(count or 0)


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(_c.state == wanted.state)
    if wanted.department is not None:
        found.append(_c.department == wanted.department)
    if wanted.person_id is not None:
        found.append(_of_person(wanted.person_id))
    for word in wanted.text.split():
        columns = (_c.number, CALLER_NAME, _c.caller_number, _c.to_name_th, _c.to_name_en, _c.question)
        words = {word, _international(word)}
        found.append(or_(*(column.icontains(one, autoescape=True) for column in columns for one in words)))
    return found


def _international(word: str) -> str:
    """A number as people write it, as it is kept: 081… is +6681…."""
    digits = word.replace("-", "")
    return digits[1:] if digits.startswith("0") and digits.isdigit() and len(digits) > 3 else word


def counts(connection: Connection, who: Visitor, now: datetime, zone: tzinfo) -> dict[View, int]:
    """How many cards each list has, in one look."""
    views = views_of(who)
    columns = [func.sum(case((_condition(view, who, now, zone), 1), else_=0)) for view in views]
    row = connection.execute(select(*columns).select_from(transfer_cards).where(seen_by(who))).one()
    return {view: int(count or 0) for view, count in zip(views, row, strict=True)}


def waiting_for(connection: Connection, who: Visitor, now: datetime) -> int:
    """How many cards wait for a step of this visitor; of a supervisor: how many are overdue."""
    condition: Any = false()
    if who.role is Role.OFFICER:
        condition = and_(_office_of(who), _OFFICES_TURN)
    elif who.role is Role.AGENT:
        addressed = and_(_c.to_staff_id == who.staff_id, _OFFICES_TURN)
        condition = or_(and_(_mine(who), _AGENTS_TURN), addressed)
    else:
        condition = and_(_OPEN, _c.due_at <= now)
    query = select(func.count()).select_from(transfer_cards).where(seen_by(who), condition)
    return int(connection.scalar(query) or 0)


def open_cards_of(connection: Connection, person_id: int, limit: int = 10) -> list[Card]:
    """A person's cards that are not closed, for the pop: the newest first (C3)."""
    query = select_cards().where(_of_person(person_id), _OPEN).order_by(_c.created_at.desc(), _c.id.desc())
    return [card_of(row) for row in connection.execute(query.limit(limit))]


def cards_of_person(connection: Connection, person_id: int, limit: int = 50) -> list[Card]:
    """All of a person's cards, the newest first."""
    query = select_cards().where(_of_person(person_id)).order_by(_c.created_at.desc(), _c.id.desc())
    return [card_of(row) for row in connection.execute(query.limit(limit))]


def _of_person(person_id: int) -> ColumnElement[bool]:
    """Named on the card or, which counts more, in the record of service; both by index."""
    named = select(contacts.c.id).where(contacts.c.person_id == person_id)
    return and_(or_(_c.person_id == person_id, _c.contact_id.in_(named)), PERSON.in_([person_id]))


def open_cards_of_number(connection: Connection, number: str, limit: int = 10) -> list[Card]:
    """The same by telephone number, of callers whom nobody has named yet."""
    condition = and_(_c.caller_number == number, PERSON.is_(None), _OPEN)
    query = select_cards().where(condition).order_by(_c.created_at.desc(), _c.id.desc())
    return [card_of(row) for row in connection.execute(query.limit(limit))]


def open_and_overdue(connection: Connection, now: datetime) -> tuple[int, int]:
    """How many cards are open, and how many of them overdue."""
    still_open = _c.state.in_([state for state in CardState if state is not CardState.CLOSED])
    overdue = func.sum(case((_c.due_at <= now, 1), else_=0))
    count, late = connection.execute(select(func.count(), overdue).select_from(transfer_cards).where(still_open)).one()
    return int(count), int(late or 0)
