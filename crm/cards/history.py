"""A person's transfer cards as lines of their history (C5, K4)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from crm.cards.lists import cards_of_person
from crm.cards.words import WORDS
from crm.people.history import HistoryLine


def card_history(connection: Connection, person_id: int, most: int, language: str) -> Sequence[HistoryLine]:
    """All of them, the newest first."""
    words = WORDS[language]
    return [
        HistoryLine(
            kind="card",
            at=card.created_at,
            title=f"{card.number} → {card.to_name(language)}",
            detail=card.question,
            who=card.agent_name(language),
            badge=words[f"state_{card.state.value}"],
            href=f"/cards/{card.id}",
        )
        for card in cards_of_person(connection, person_id, most)
    ]
