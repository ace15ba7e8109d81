"""Watches the time: reminds the office before an answer is due, tells office and supervisors when it is overdue, and
sends what an incomplete card still owes the office. Once per due time, also after restarts."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import SQLAlchemyError

from crm.cards import ledger
from crm.cards.ledger import SYSTEM, Work, step
from crm.cards.letters import LetterKind
from crm.cards.models import transfer_cards
from crm.cards.records import Card, card_of, select_cards
from crm.cards.service import Cards
from crm.cards.states import CardState, Part
from crm.database import explain, reading

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 30.0
PATIENCE: Final = timedelta(minutes=15)  # for the agent to say why and what, before the office hears without it
AT_ONCE: Final = 100
_c: Final = transfer_cards.c


class CardKeeper:
    """Let it `run`."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards
        self._fault: str | None = None

    async def run(self) -> None:
        """Looks twice a minute, for ever."""
        while True:
            try:
                await asyncio.to_thread(self.look)
                self._fault = None
            except SQLAlchemyError as error:
                if (fault := explain(error).advice) != self._fault:
                    log.warning("reminders of transfer cards wait: %s", fault)
                    self._fault = fault
            except Exception:
                log.exception("reminding of transfer cards failed; it is tried again")
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> int:
        """Everything that is due now; how many cards that were."""
        now = self._cards.clock()
        ahead = now + timedelta(hours=self._cards.house.times.remind_hours)
        is_open = _c.state != CardState.CLOSED
        overdue = and_(is_open, _c.due_at <= now, _not_for(_c.overdue_told_for))
        soon = and_(is_open, _c.due_at > now, _c.due_at <= ahead, _not_for(_c.reminded_for))
        owed = and_(is_open, _c.office_told_at.is_(None), _c.handed_over_at <= now - PATIENCE)
        done = self._each(overdue, self._overdue)
        done += self._each(soon, self._remind)
        return done + self._each(owed, self._send_late)

    def _each(self, condition: ColumnElement[bool], what: Callable[[Work, Card], None]) -> int:
        """One transaction a card, each looked at again inside it."""
        with reading(self._cards.engine) as connection:
            ids = list(connection.scalars(select(_c.id).where(condition).order_by(_c.due_at, _c.id).limit(AT_ONCE)))
        for card_id in ids:
            with self._cards.working() as work:
                query = select_cards().where(_c.id == card_id, condition)
                row = work.connection.execute(query).one_or_none()
                if row is not None:
                    what(work, card_of(row))
        return len(ids)

    def _overdue(self, work: Work, card: Card) -> None:
        house = self._cards.house
        card = ledger.change(work, card, overdue_told_for=card.due_at, reminded_for=card.due_at)
        step(work, card, SYSTEM, "overdue", **_due(card))
        if card.turn is Part.OFFICE:
            card = house.write_office(work, card, LetterKind.OVERDUE)
        house.write_supervisors(work, card)

    def _remind(self, work: Work, card: Card) -> None:
        card = ledger.change(work, card, reminded_for=card.due_at)
        step(work, card, SYSTEM, "due", **_due(card))
        if card.turn is Part.OFFICE:
            self._cards.house.write_office(work, card, LetterKind.DUE)

    def _send_late(self, work: Work, card: Card) -> None:
        self._cards.house.write_office(work, card, LetterKind.NEW)


def _due(card: Card) -> dict[str, Any]:
    return {"due_at": card.due_at.isoformat() if card.due_at else None}


def _not_for(column: ColumnElement[datetime | None]) -> ColumnElement[bool]:
    """Not told of this due time yet."""
    return or_(column.is_(None), column != _c.due_at)
