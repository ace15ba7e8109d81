"""Searching as somebody: what their role may find, in the order of what fits and of what was useful before."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, and_, or_, select

from crm.search.models import Found, Kind, search_passages, useful_answers
from crm.search.service import find
from crm.search.shelves import shelves_of
from crm.search.useful import in_new_order, likeness, often_useful
from crm.staff.models import Role

LONGEST: Final = 400
_ANSWERED_SUCH: Final = 0.8  # what an answer to the very same question is worth
_ALIKE: Final = 0.45
_WORTH_SHOWING: Final = 0.3  # of the best; what fits less only distracts


def search(
    connection: Connection,
    asked: str,
    role: Role,
    *,
    kind: Kind | None = None,
    topic_id: int | None = None,
    limit: int = 10,
) -> list[Found]:
    """What answers ``asked``, for somebody of this role; only things of ``kind``, when given."""
    asked = asked[:LONGEST].strip()
    shelves = [one for one in shelves_of(role) if kind is None or one == kind or _is_shelf_of(one, kind)]
    if len(asked) < 2 or not shelves:
        return []
    found = find(connection, asked, shelves=shelves, limit=limit * 2)
    known = {(one.kind, one.ref) for one in found}
    found += [one for one in _answers_before(connection, asked, shelves) if (one.kind, one.ref) not in known]
    best = max((one.score for one in found), default=0.0)
    found = [one for one in found if one.score >= _WORTH_SHOWING * best]
    return in_new_order(connection, asked, found, topic_id)[:limit]


def suggest(
    connection: Connection, subject: str, role: Role, *, topic_id: int | None = None, limit: int = 5
) -> list[Found]:
    """What may help with this subject, without being asked: what fits the line that is typed, then what was useful for
    this topic before."""
    found = search(connection, subject, role, topic_id=topic_id, limit=limit)
    if topic_id is not None and len(found) < limit:
        known = {(one.kind, one.ref) for one in found}
        more = [one for one in often_useful(connection, topic_id, limit) if one not in known]
        found += _shown(connection, more, shelves_of(role))
    return found[:limit]


def _is_shelf_of(shelf: str, kind: Kind) -> bool:
    return shelf == "restricted" and kind == Kind.DOCUMENT


def _answers_before(connection: Connection, asked: str, shelves: Sequence[str]) -> list[Found]:
    """What answered such questions, though it may say it in other words."""
    such = find(connection, asked, shelves=[Kind.ASKED], limit=10)
    alike = {one.ref: likeness(asked, one.title) for one in such}
    close = [ref for ref, share in alike.items() if share >= _ALIKE]
    if not close:
        return []
    columns = useful_answers.c
    rows = connection.execute(select(columns.id, columns.kind, columns.ref).where(columns.id.in_(close)))
    worth: dict[tuple[Kind, int], float] = {}
    for row in rows:
        key = (Kind(row.kind), row.ref)
        worth[key] = max(worth.get(key, 0.0), _ANSWERED_SUCH * alike[row.id])
    return [replace(one, score=worth[one.kind, one.ref]) for one in _shown(connection, list(worth), shelves)]


def _shown(connection: Connection, things: Sequence[tuple[Kind, int]], shelves: Sequence[str]) -> list[Found]:
    """These things as found, as far as they stand on these shelves now."""
    if not things:
        return []
    columns = search_passages.c
    these = or_(*(and_(columns.kind == kind, columns.ref == ref) for kind, ref in things))
    query = select(columns.kind, columns.ref, columns.title, columns.body).where(
        these, columns.ordinal == 0, columns.shelf.in_(list(shelves))
    )
    there = {
        (Kind(row.kind), row.ref): Found(
            kind=Kind(row.kind), ref=row.ref, title=row.title, snippet=row.body[:240], score=0.0
        )
        for row in connection.execute(query)
    }
    return [there[one] for one in things if one in there]
