"""Transfer cards in the search index: what was asked before, and what the office answered."""

from typing import Final

from sqlalchemy import Connection, Engine, select

from crm.cards.models import card_attempts, transfer_cards
from crm.database import insert_into, reading, writing
from crm.search.models import Entry, Kind, search_marks, search_passages
from crm.search.service import forget, write_entries

MARK: Final = "cards"
_AT_ONCE: Final = 100


def index_cards(engine: Engine) -> int:
    """Writes cards that changed since the last time; returns how many. Names and numbers of callers stay out."""
    with reading(engine) as connection:
        mark = connection.scalar(select(search_marks.c.at).where(search_marks.c.name == MARK))
        columns = transfer_cards.c
        query = select(columns.id, columns.number, columns.question, columns.why, columns.outcome, columns.to_name_th,
                       columns.to_name_en, columns.updated_at)  # fmt: skip
        if mark is not None:
            query = query.where(columns.updated_at > mark)
        rows = connection.execute(query.order_by(columns.updated_at, columns.id).limit(_AT_ONCE)).all()
        answers = _answers(connection, [row.id for row in rows])
    if not rows:
        return 0
    entries = [
        Entry(
            kind=Kind.CARD, ref=row.id, shelf=Kind.CARD, title=row.question.strip()[:200] or row.why[:200],
            body="\n".join(filter(None, (row.number, row.why, *answers.get(row.id, ()), row.outcome, row.to_name_th))),
        )
        for row in rows
    ]  # fmt: skip
    with writing(engine) as connection:
        write_entries(connection, [one for one in entries if one.title])
        forget(connection, Kind.CARD, [one.ref for one in entries if not one.title])
        statement = insert_into(connection, search_marks).values(name=MARK, at=rows[-1].updated_at)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": statement.excluded.at}))
    return len(rows)


def forget_gone_cards(connection: Connection) -> int:
    """Takes cards that are not there any more out of the index (R7); returns how many. To be called by whoever deletes
    cards, in the same transaction."""
    columns = search_passages.c
    there = select(transfer_cards.c.id).where(transfer_cards.c.id == columns.ref).exists()
    gone = list(connection.scalars(select(columns.ref).distinct().where(columns.kind == Kind.CARD, ~there)))
    forget(connection, Kind.CARD, gone)
    return len(gone)


def _answers(connection: Connection, ids: list[int]) -> dict[int, list[str]]:
    columns = card_attempts.c
    found: dict[int, list[str]] = {}
    query = select(columns.card_id, columns.answer).where(columns.card_id.in_(ids)).order_by(columns.ordinal)
    for row in connection.execute(query):
        found.setdefault(row.card_id, []).append(row.answer)
    return found
