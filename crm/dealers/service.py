"""Dealers: kept, changed, imported whole or not at all, found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select, update

from crm.audit.service import Doer, note
from crm.database import insert_into, reading, writing
from crm.dealers.fields import FIELDS, FieldFault, tidy
from crm.dealers.models import dealers
from crm.search.models import Entry, Kind, search_marks
from crm.search.service import forget, write_entries

_SOME: Final = 500
_INDEXED_AT_ONCE: Final = 400
MARK: Final = "dealers"


class DealerProblem(ValueError):
    """It cannot be done. ``faults``: field → code."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {code}" for name, code in faults.items()))
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an import does, or would do."""

    new: int
    changed: int
    same: int


def dealer(connection: Connection, dealer_id: int) -> RowMapping | None:
    """One dealer; None when there is none."""
    return connection.execute(select(dealers).where(dealers.c.id == dealer_id)).mappings().one_or_none()


def listed(connection: Connection, *, limit: int = 100, retired: bool = False) -> list[RowMapping]:
    """The last changed first."""
    hidden = dealers.c.retired_at.is_not(None) if retired else dealers.c.retired_at.is_(None)
    query = select(dealers).where(hidden).order_by(dealers.c.updated_at.desc(), dealers.c.id.desc()).limit(limit)
    return list(connection.execute(query).mappings())


def several(connection: Connection, ids: Sequence[int]) -> list[RowMapping]:
    """These dealers in this order."""
    rows = {row["id"]: row for row in connection.execute(select(dealers).where(dealers.c.id.in_(list(ids)))).mappings()}
    return [rows[one] for one in ids if one in rows]


def count(connection: Connection) -> int:
    """How many there are."""
    return connection.scalar(select(func.count()).select_from(dealers).where(dealers.c.retired_at.is_(None))) or 0


def all_of(connection: Connection) -> Iterator[RowMapping]:
    """All of them, by code."""
    query = select(dealers).where(dealers.c.retired_at.is_(None)).order_by(dealers.c.code)
    yield from connection.execution_options(yield_per=1000).execute(query).mappings()


def save_dealer(
    connection: Connection, dealer_id: int | None, told: Mapping[str, str], at: datetime, doer: Doer | None
) -> int:
    """Adds or changes one; returns the id. Raises DealerProblem."""
    values, faults = tidy(told)
    _refuse(faults)
    other = connection.scalar(select(dealers.c.id).where(dealers.c.code == values["code"]))
    if other is not None and other != dealer_id:
        raise DealerProblem({"code": "twice"})
    if dealer_id is None:
        row = values | {"created_at": at, "updated_at": at}
        new_id: int = connection.execute(insert(dealers).values(**row).returning(dealers.c.id)).scalar_one()
        note(connection, at, doer, "dealer.added", f"dealer/{new_id}", code=values["code"])
        index_dealers(connection, several(connection, [new_id]))
        return new_id
    before = dealer(connection, dealer_id)
    if before is None:
        raise DealerProblem({"code": "no_dealer"})
    changed = [name for name in FIELDS if before[name] != values[name]]
    if changed:
        connection.execute(update(dealers).where(dealers.c.id == dealer_id).values(**values, updated_at=at))
        changes = {name: [before[name], values[name]] for name in changed}
        note(connection, at, doer, "dealer.changed", f"dealer/{dealer_id}", changes=changes)
        index_dealers(connection, several(connection, [dealer_id]))
    return dealer_id


def retire_dealer(connection: Connection, dealer_id: int, retired: bool, at: datetime, doer: Doer | None) -> None:
    """Not found any more, or again."""
    values = {"retired_at": at if retired else None, "updated_at": at}
    connection.execute(update(dealers).where(dealers.c.id == dealer_id).values(**values))
    note(connection, at, doer, "dealer.retired" if retired else "dealer.brought_back", f"dealer/{dealer_id}")
    if retired:
        forget(connection, Kind.DEALER, [dealer_id])
    else:
        index_dealers(connection, several(connection, [dealer_id]))


def _refuse(faults: Sequence[FieldFault]) -> None:
    if faults:
        raise DealerProblem({fault.field: fault.code for fault in faults})


def compare(connection: Connection, rows: Sequence[Mapping[str, str]]) -> Changes:
    """What importing these rows would do."""
    new = changed = 0
    for row, before in _with_before(connection, rows):
        new += before is None
        changed += before is not None and _differs(row, before)
    return Changes(new, changed, len(rows) - new - changed)


def import_rows(connection: Connection, rows: Sequence[Mapping[str, str]], at: datetime, doer: Doer | None) -> Changes:
    """Writes them all, in this transaction; who searches finds them when `index_pending` has been there."""
    new = changed = 0
    writes: list[dict[str, Any]] = []
    for row, before in _with_before(connection, rows):
        if before is not None and not _differs(row, before):
            continue
        new += before is None
        changed += before is not None
        # each its own microsecond, so that the index knows how far it has come
        moment = at + timedelta(microseconds=len(writes))
        writes.append({**row, "created_at": at, "updated_at": moment, "retired_at": None})
    for start in range(0, len(writes), _SOME):
        statement = insert_into(connection, dealers)
        told = {name: statement.excluded[name] for name in (*FIELDS, "updated_at", "retired_at")}
        statement = statement.on_conflict_do_update(index_elements=["code"], set_=told)
        connection.execute(statement, writes[start : start + _SOME])
    note(connection, at, doer, "dealer.imported", None, new=new, changed=changed)
    return Changes(new, changed, len(rows) - new - changed)


def _with_before(
    connection: Connection, rows: Sequence[Mapping[str, str]]
) -> Iterator[tuple[Mapping[str, str], RowMapping | None]]:
    for start in range(0, len(rows), _SOME):
        some = rows[start : start + _SOME]
        query = select(dealers).where(dealers.c.code.in_([row["code"] for row in some]))
        known = {row["code"]: row for row in connection.execute(query).mappings()}
        for row in some:
            yield row, known.get(row["code"])


def _differs(row: Mapping[str, str], before: RowMapping) -> bool:
    return before["retired_at"] is not None or any(before[name] != row[name] for name in FIELDS)


def index_dealers(connection: Connection, rows: Sequence[RowMapping]) -> None:
    """Writes these dealers into the search index."""
    write_entries(connection, [_entry(row) for row in rows])


def _entry(row: RowMapping) -> Entry:
    title = row["name_th"] or row["name_en"]
    also = tuple(one for one in (row["name_en"],) if one and one != title)
    told = (row["products"], row["areas"], row["contact"], row["telephones"], row["email"], row["website"],
            row["address"], row["note"], row["code"])  # fmt: skip
    body = " · ".join(one for one in told if one)
    return Entry(kind=Kind.DEALER, ref=row["id"], shelf=Kind.DEALER, title=title, also=also, body=body)


def pending(connection: Connection) -> int:
    """How many dealers wait to be written into the index."""
    mark = connection.scalar(select(search_marks.c.at).where(search_marks.c.name == MARK))
    query = select(func.count()).select_from(dealers)
    return connection.scalar(query if mark is None else query.where(dealers.c.updated_at > mark)) or 0


def index_pending(engine: Engine) -> int:
    """Writes what waits into the index, in short transactions, so that others can write between them."""
    done = 0
    while True:
        with reading(engine) as connection:
            mark = connection.scalar(select(search_marks.c.at).where(search_marks.c.name == MARK))
            query = select(dealers).order_by(dealers.c.updated_at, dealers.c.id).limit(_INDEXED_AT_ONCE)
            query = query if mark is None else query.where(dealers.c.updated_at > mark)
            rows = list(connection.execute(query).mappings())
        if not rows:
            return done
        with writing(engine) as connection:
            index_dealers(connection, [row for row in rows if row["retired_at"] is None])
            statement = insert_into(connection, search_marks).values(name=MARK, at=rows[-1]["updated_at"])
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"at": statement.excluded.at})
            )
        done += len(rows)
