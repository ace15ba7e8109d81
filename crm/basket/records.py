"""Reading baskets, and the people and words around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from crm.basket.kept_wording import kept_wordings
from crm.basket.models import Basket, ConfirmedHow, Item, basket_items, baskets, item_of
from crm.basket.wording import Wording
from crm.contacts.models import Contact
from crm.people.models import Person
from crm.people.service import UnknownPersonError, get_person
from crm.staff.models import staff
from crm.topics.service import topic_tree


class UnknownItem(LookupError):
    """There is no such item in this basket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A basket with all that its letter is made of: what is typed goes before what is known."""

    basket: Basket
    contact: Contact
    person: Person | None
    agent_th: str
    agent_en: str
    subject_th: str
    subject_en: str
    default_language: str
    wordings: Mapping[str, Wording]

    @property
    def wording(self) -> Wording:
        """What its letter says around the answer and the list, as it is in force now."""
        return self.wordings[self.language]

    @property
    def language(self) -> str:
        """Of the letter."""
        known = self.person.language if self.person else None
        wanted = self.basket.language or self.contact.language or known or self.default_language
        return wanted if wanted in {"th", "en"} else self.default_language

    @property
    def recipient(self) -> str:
        """The address; empty when none is known."""
        own = self.basket.recipient
        return (own if own is not None else (self.person.email if self.person else None)) or ""

    @property
    def recipient_name(self) -> str:
        """As the letter calls them."""
        own = self.basket.recipient_name
        return own if own is not None else self.known_name

    @property
    def known_name(self) -> str:
        """As the profile has it, with the word of respect that Thai letters have."""
        person = self.person
        if person is None:
            return ""
        names = " ".join(filter(None, (person.first_name, person.last_name))).strip()
        if not names:
            return person.display_name or ""
        return f"คุณ{names}" if self.language == "th" else names

    @property
    def answer(self) -> str:
        """What was answered."""
        own = self.basket.answer
        return (own if own is not None else self.contact.answer) or ""

    @property
    def subject(self) -> str:
        """The subject of the contact, in the letter's language."""
        return self.subject_th if self.language == "th" else self.subject_en

    @property
    def agent(self) -> str:
        """Who signs."""
        return self.agent_th if self.language == "th" else self.agent_en


def get_basket(connection: Connection, contact_id: int, *, lock: bool = False) -> Basket:
    """The basket of a contact, empty when nothing was put in yet. ``lock``: nobody else changes it meanwhile."""
    query = select(baskets).where(baskets.c.contact_id == contact_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        return Basket(id=0, contact_id=contact_id)
    values = {name: row[name] for name in Basket.__dataclass_fields__ if name != "items"}
    how = ConfirmedHow(values["confirmed_how"]) if values["confirmed_how"] else None
    return Basket(**values | {"confirmed_how": how}, items=items_of(connection, row["id"]))


def contact_of_show_key(connection: Connection, key: str, now: datetime) -> int | None:
    """Whose basket a visitor's screen shows; None when the key is none, or its time is over."""
    query = select(baskets.c.contact_id).where(baskets.c.show_key == key, baskets.c.show_until > now)
    found: int | None = connection.scalar(query)
    return found


def items_of(connection: Connection, basket_id: int) -> list[Item]:
    """What lies in a basket, in order."""
    query = select(basket_items).where(basket_items.c.basket_id == basket_id)
    rows = connection.execute(query.order_by(basket_items.c.position, basket_items.c.id)).mappings()
    return [item_of(row) for row in rows]


def item_in(basket: Basket, item_id: int) -> Item:
    """One of its items. Raises UnknownItem."""
    found = next((item for item in basket.items if item.id == item_id), None)
    if found is None:
        raise UnknownItem
    return found


def ensure_basket(connection: Connection, contact_id: int, at: datetime) -> Basket:
    """The basket, made when there is none, and locked."""
    basket = get_basket(connection, contact_id, lock=True)
    if basket.id:
        return basket
    statement = insert(baskets).values(contact_id=contact_id, updated_at=at)
    return replace(basket, id=connection.execute(statement.returning(baskets.c.id)).scalar_one())


def round_of(connection: Connection, contact: Contact, basket: Basket, default_language: str) -> Round:
    """The basket with all that its letter is made of."""
    names = staff_names(connection, [contact.staff_id])
    topic = topic_tree(connection).get(contact.topic_id) if contact.topic_id is not None else None
    agent_th, agent_en = names.get(contact.staff_id, ("", ""))
    return Round(
        basket=basket,
        contact=contact,
        person=_person(connection, contact.person_id),
        agent_th=agent_th,
        agent_en=agent_en,
        subject_th=topic.name("th") if topic else "",
        subject_en=topic.name("en") if topic else "",
        default_language=default_language,
        wordings={language: kept.wording for language, kept in kept_wordings(connection).items()},
    )


def _person(connection: Connection, person_id: int | None) -> Person | None:
    if person_id is None:
        return None
    try:
        return get_person(connection, person_id)
    except UnknownPersonError:
        return None


def staff_names(connection: Connection, ids: Sequence[int | None]) -> dict[int | None, tuple[str, str]]:
    """Id → name in Thai and in English, each the other where it is missing."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    query = select(staff.c.id, staff.c.name_th, staff.c.name_en).where(staff.c.id.in_(wanted))
    rows: Any = connection.execute(query)
    return {row.id: (row.name_th or row.name_en or "", row.name_en or row.name_th or "") for row in rows}


def waiting_for_second(connection: Connection, most: int = 200) -> list[tuple[int, Item]]:
    """What waits for a second person, the oldest first: contact's id and item."""
    query = (
        select(baskets.c.contact_id, basket_items)
        .join(baskets, baskets.c.id == basket_items.c.basket_id)
        .where(basket_items.c.second_asked_at.is_not(None), basket_items.c.second_at.is_(None))
        .order_by(basket_items.c.second_asked_at)
        .limit(most)
    )
    return [(row["contact_id"], item_of(row)) for row in connection.execute(query).mappings()]
