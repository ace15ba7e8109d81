""" "This answered it": what was useful for which question, and what that does to the order."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from crm.search.index import forget, write_entries
from crm.search.models import Entry, Found, Kind, useful_answers
from crm.search.pieces import numbers_of, pieces_of
from crm.thai import norm

_MOST_QUESTIONS: Final = 40  # newest, of one thing
_ALIKE: Final = 0.35  # what share of two questions' pieces must be the same
_FORGOTTEN_AT_ONCE: Final = 300
_WEIGHT: Final = 0.35
_OF_TOPIC: Final = 0.02


def mark_useful(
    connection: Connection,
    kind: Kind,
    ref: int,
    question: str,
    at: datetime,
    *,
    staff_id: int | None,
    topic_id: int | None = None,
    contact_id: int | None = None,
) -> None:
    """Keeps that this answered that; who asks so again finds it, even when it says it in other words."""
    asked = " ".join(norm(question).split())[:300]
    useful_id: int = connection.execute(
        insert(useful_answers)
        .values(
            kind=kind,
            ref=ref,
            question=asked,
            topic_id=topic_id,
            contact_id=contact_id,
            staff_id=staff_id,
            marked_at=at,
        )
        .returning(useful_answers.c.id)
    ).scalar_one()
    if asked:
        write_entries(connection, [Entry(kind=Kind.ASKED, ref=useful_id, shelf=Kind.ASKED, title=asked, body="")])


def forget_questions(connection: Connection, contact_ids: Collection[int]) -> int:
    """Forgets what was asked in these records of service (R7): callers' own words are personal data too. Returns how
    many questions. To be called by whoever deletes the records, in the same transaction."""
    columns = useful_answers.c
    these = columns.contact_id.in_(contact_ids)
    gone = list(connection.scalars(select(columns.id).where(these)))
    forget(connection, Kind.ASKED, gone)
    connection.execute(delete(useful_answers).where(these))
    return len(gone)


def forget_old_questions(connection: Connection, before: datetime) -> int:
    """Forgets what was asked before that instant, in order of time (R7): records are kept for two years. Returns how
    many questions, at most a few hundred at once."""
    columns = useful_answers.c
    query = select(columns.id).where(columns.marked_at < before).order_by(columns.marked_at).limit(_FORGOTTEN_AT_ONCE)
    gone = list(connection.scalars(query))
    if gone:
        forget(connection, Kind.ASKED, gone)
        connection.execute(delete(useful_answers).where(columns.id.in_(gone)))
    return len(gone)


def likeness(one: str, other: str) -> float:
    """How much two questions are alike: 1 the same pieces, 0 none."""
    pieces, others = set(numbers_of(pieces_of(one))), set(numbers_of(pieces_of(other)))
    return 2 * len(pieces & others) / (len(pieces) + len(others)) if pieces and others else 0.0


def in_new_order(
    connection: Connection, asked: str, found: Sequence[Found], topic_id: int | None = None
) -> list[Found]:
    """The things found, those first that answered such questions before."""
    if not found:
        return []
    columns = useful_answers.c
    rows = connection.execute(
        select(columns.kind, columns.ref, columns.question, columns.topic_id)
        .where(columns.ref.in_({one.ref for one in found}))
        .order_by(columns.id.desc())
        .limit(_MOST_QUESTIONS * len(found))
    ).all()
    more: dict[tuple[str, int], float] = {}
    for row in rows:
        alike = likeness(asked, row.question)
        gain = _WEIGHT * alike if alike >= _ALIKE else 0.0
        gain += _OF_TOPIC if topic_id is not None and row.topic_id == topic_id else 0.0
        key = (row.kind, row.ref)
        more[key] = min(1.0, more.get(key, 0.0) + gain)
    return sorted(found, key=lambda one: -(one.score + more.get((one.kind, one.ref), 0.0)))


def often_useful(connection: Connection, topic_id: int, limit: int = 5) -> list[tuple[Kind, int]]:
    """What answered most questions of this subject."""
    columns = useful_answers.c
    rows = connection.execute(
        select(columns.kind, columns.ref)
        .where(columns.topic_id == topic_id)
        .group_by(columns.kind, columns.ref)
        .order_by(func.count().desc(), func.max(columns.id).desc())
        .limit(limit)
    )
    return [(Kind(row.kind), row.ref) for row in rows]
