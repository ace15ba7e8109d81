"""What was sent to a person by e-mail, as lines of their history (C5, H6)."""

from collections.abc import Sequence

from sqlalchemy import Connection, String, cast, literal, select

from crm.basket.showing import letter_json
from crm.basket.words import WORDS
from crm.contacts.models import contacts
from crm.outbox.models import letters
from crm.outbox.service import get
from crm.people.history import HistoryLine


def letter_history(connection: Connection, person_id: int, most: int, language: str) -> Sequence[HistoryLine]:
    """Letters of this person's contacts, the newest first, with what became of each in words."""
    about = literal("contact/") + cast(contacts.c.id, String)
    query = (
        select(letters.c.id, contacts.c.id.label("contact_id"))
        .join(contacts, letters.c.about == about)
        .where(contacts.c.person_id == person_id)
        .order_by(letters.c.created_at.desc())
        .limit(most)
    )
    return [_line(connection, row.id, row.contact_id, language) for row in connection.execute(query).all()]


def _line(connection: Connection, letter_id: int, contact_id: int, language: str) -> HistoryLine:
    letter = get(connection, letter_id)
    shown = letter_json(letter, language)
    return HistoryLine(
        kind="letter",
        at=letter.created_at,
        title=f"{WORDS[language]['letter']}: {letter.subject}",
        detail=" · ".join(filter(None, (letter.recipient, shown["reason"]))),
        badge=shown["state_name"],
        href=f"/basket/{contact_id}",
    )
