"""Writes cards: numbers, rows, steps. What happens in one transaction is told to listeners afterwards."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, text, update

from crm.audit.service import Doer, note
from crm.cards.models import card_numbers, card_steps, transfer_cards
from crm.cards.records import Card, get
from crm.cards.states import CardState
from crm.database import insert_into, writing
from crm.web.dates import BUDDHIST_ERA

_LOCK: Final = 1170  # PostgreSQL advisory lock: one writer of cards, as SQLite has anyway


@dataclass(slots=True)
class Work:
    """A transaction that changes cards. ``told``: cards and what happened to them, for listeners, once it is kept."""

    connection: Connection
    at: datetime
    told: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who does something. ``name``: as the story shows it, empty: the system. ``doer`` None: without an account."""

    name: str = ""
    doer: Doer | None = None

    @property
    def staff_id(self) -> int | None:
        """Of the account."""
        return self.doer.staff_id if self.doer else None


SYSTEM: Final = Hand()


@contextmanager
def at_work(engine: Engine, at: datetime) -> Iterator[Work]:
    """One transaction; two never see half of each other, so a card made by dialog and by event is one card."""
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield Work(connection, at)


def new_number(connection: Connection, at: datetime, zone: tzinfo) -> str:
    """The next number of the year, such as ``T-2569-000123``."""
    year = at.astimezone(zone).year + BUDDHIST_ERA
    statement = insert_into(connection, card_numbers).values(year=year, last=1)
    more = statement.on_conflict_do_update(index_elements=["year"], set_={"last": card_numbers.c.last + 1})
    number = connection.execute(more.returning(card_numbers.c.last)).scalar_one()
    return f"T-{year}-{number:06}"


def new_link_key() -> str:
    """What links to a card must know of it."""
    return secrets.token_urlsafe(9)


def add(work: Work, zone: tzinfo, values: Mapping[str, Any]) -> Card:
    """Writes a new card."""
    row = {
        "number": new_number(work.connection, work.at, zone),
        "state": CardState.OPEN,
        "created_at": work.at,
        "updated_at": work.at,
        "link_key": new_link_key(),
        **values,
    }
    statement = insert(transfer_cards).values(**row).returning(transfer_cards.c.id)
    return get(work.connection, work.connection.execute(statement).scalar_one())


def change(work: Work, card: Card, **values: Any) -> Card:
    """Changes a card; nothing when all is as it was."""
    new = {name: value for name, value in values.items() if getattr(card, name) != value}
    if not new:
        return card
    own = transfer_cards.c.id == card.id
    work.connection.execute(update(transfer_cards).where(own).values(**new, updated_at=work.at))
    return get(work.connection, card.id)


def step(work: Work, card: Card, hand: Hand, what: str, **details: Any) -> None:
    """A line in the story and one in the audit, and listeners are told. ``details``: JSON."""
    work.connection.execute(
        insert(card_steps).values(
            card_id=card.id,
            done_at=work.at,
            staff_id=hand.staff_id,
            who=hand.name,
            what=what,
            state=card.state,
            details=details,
        )
    )
    told = {"number": card.number, "state": card.state.value, "by": hand.name, **details}
    note(work.connection, work.at, hand.doer, f"card.{what}", f"card/{card.id}", **told)
    work.told.append((card.id, what))
