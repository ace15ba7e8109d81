"""What a pop shows of a caller, put together from the records of every feature, ready for JSON in each language."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from crm.cards.lists import open_cards_of, open_cards_of_number
from crm.cards.records import Card
from crm.cards.words import WORDS as CARD_WORDS
from crm.contacts.service import profile_for_pop

LANGUAGES: Final = ("th", "en")


def profile_of(
    connection: Connection, number: str | None, call_id: str | None, now: datetime, year: int
) -> Mapping[str, Any]:
    """Language → people of ``number`` with their last contacts, ratings and open cards (C1, C3); nobody for a hidden
    number. ``call_id``: the call that rings; ``year``: this one, for ages."""
    found = profile_for_pop(connection, number, call_id)
    cards = {one.person.id: open_cards_of(connection, one.person.id) for one in found.people}
    unnamed = open_cards_of_number(connection, number) if number else []
    return {
        language: _with_cards(found.as_json(year, language), cards, unnamed, now, language) for language in LANGUAGES
    }


def _with_cards(
    shown: dict[str, Any], cards: Mapping[int, Sequence[Card]], unnamed: Sequence[Card], now: datetime, language: str
) -> Mapping[str, Any]:
    for person in shown["people"]:
        person["cards"] = [card_line(card, now, language) for card in cards[person["id"]]]
    return shown | {"cards": [card_line(card, now, language) for card in unnamed]}


def card_line(card: Card, now: datetime, language: str) -> Mapping[str, Any]:
    """A transfer card in a line."""
    return {
        "id": card.id,
        "number": card.number,
        "state": card.state.value,
        "state_label": CARD_WORDS[language][f"state_{card.state.value}"],
        "to": card.to_name(language),
        "question": card.question,
        "due_at": card.due_at.isoformat() if card.due_at else None,
        "overdue": card.is_overdue(now),
        "url": f"/cards/{card.id}",
    }
