"""A person's contacts, and their calls of which there is no record, as lines of their history (C5)."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from crm.calls.models import calls
from crm.contacts.models import ContactState, contacts
from crm.contacts.pop import PastContact, past_contacts
from crm.contacts.words import WORDS
from crm.people.history import HistoryLine

LONGEST_DETAIL = 300


def contact_history(connection: Connection, person_id: int, most: int, language: str) -> Sequence[HistoryLine]:
    """Records of service, the newest first."""
    return [_line(one, language) for one in past_contacts(connection, person_id, most)]


def call_history(connection: Connection, person_id: int, most: int, language: str) -> Sequence[HistoryLine]:
    """Calls that nobody wrote a record of: not answered, or before there were records."""
    words = WORDS[language]
    recorded = select(contacts.c.id).where(contacts.c.call_id == calls.c.call_id).exists()
    rows = connection.execute(
        select(calls.c.arrived_at, calls.c.outcome, calls.c.survey_meaning, calls.c.agent)
        .where(calls.c.person_id == person_id, ~recorded)
        .order_by(calls.c.arrived_at.desc())
        .limit(most)
    )
    return [
        HistoryLine(
            kind="call",
            at=row.arrived_at,
            title=words.get(row.outcome or "", ""),
            who=row.agent or "",
            rating=row.survey_meaning,
        )
        for row in rows
    ]


def _line(one: PastContact, language: str) -> HistoryLine:
    words = WORDS[language]
    subject = (one.topic_th or one.topic_en) if language == "th" else (one.topic_en or one.topic_th)
    detail = " · ".join(text for text in (one.question, one.answer) if text)
    who = (one.agent_th or one.agent_en) if language == "th" else (one.agent_en or one.agent_th)
    draft = one.state == ContactState.DRAFT
    return HistoryLine(
        kind="contact",
        at=one.begun_at,
        title=subject or words[one.channel],
        detail=detail if len(detail) <= LONGEST_DETAIL else detail[:LONGEST_DETAIL] + "…",
        who=who or "",
        rating=one.rating,
        badge=words["draft"] if draft else words.get(one.outcome or "", ""),
    )
