"""Writing the index: which piece of text is in which passage, packed into blocks.

A row of `search_postings` holds, for one piece and one block of 16,384 passages, the places (two bytes each, ascending)
and the weights (one byte each) of the passages that have it. So a hundred thousand passages take a few dozen
megabytes, a search reads a few hundred rows, and a change rewrites only the rows of its own passage. Weights are those
of BM25 with a fixed mean length: they hold without knowing the other passages. The same on SQLite and PostgreSQL.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, text, update

from crm.database import insert_into
from crm.search.models import Entry, Kind, search_blocks, search_passages, search_postings
from crm.search.packing import BLOCK, Postings, changed, weight
from crm.search.passages import cut
from crm.search.pieces import counts, pieces_of
from crm.thai import norm

_LOCK: Final = 11690  # PostgreSQL advisory lock: one writer of the index at a time
_SOME: Final = 500  # parameters of one statement
_NO_PLACES: Final[frozenset[int]] = frozenset()
_NONE: Final = Postings()
_ENTRIES_AT_ONCE: Final = BLOCK  # of a large import: the rows of a block are written once or twice
BODY, TITLE, ALSO = 1.0, 1.6, 1.0  # what a piece counts, by where it stands


class _Changes:
    """What the pieces of each block lose and get: block → piece → places, or places with weights. ``fresh``: blocks
    that are begun, of which nothing is there."""

    def __init__(self) -> None:
        self.without: defaultdict[int, defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.more: defaultdict[int, defaultdict[int, Postings]] = defaultdict(lambda: defaultdict(Postings))
        self.fresh: set[int] = set()


def write_entries(connection: Connection, entries: Iterable[Entry]) -> int:
    """Writes these things into the index, instead of what is there of them; returns how many. In this transaction."""
    written = 0
    for some in _in_parts(list(entries), _ENTRIES_AT_ONCE):
        _write(connection, some)
        written += len(some)
    return written


def forget(connection: Connection, kind: Kind, refs: Iterable[int]) -> None:
    """These things are not found any more."""
    _lock(connection)
    changes = _Changes()
    _take_out(connection, kind, list(refs), changes)
    _apply(connection, changes)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _write(connection: Connection, entries: Sequence[Entry]) -> None:
    _lock(connection)
    changes = _Changes()
    kinds: dict[Kind, list[int]] = {}
    for entry in entries:
        kinds.setdefault(entry.kind, []).append(entry.ref)
    for kind, refs in kinds.items():
        _take_out(connection, kind, refs, changes)
    shelves: dict[str, list[dict[str, Any]]] = {}
    for entry in {(one.kind, one.ref): one for one in entries}.values():
        shelves.setdefault(entry.shelf, []).extend(_passages(entry))
    for shelf, rows in shelves.items():
        _put_in(connection, shelf, rows, changes)
    _apply(connection, changes)


def _passages(entry: Entry) -> Iterator[dict[str, Any]]:
    title, also = norm(entry.title), "\n".join(norm(line) for line in entry.also if line.strip())
    for ordinal, body in enumerate(cut(entry.body)):
        yield {
            "shelf": entry.shelf, "kind": entry.kind, "ref": entry.ref, "ordinal": ordinal,
            "title": title, "also": also if ordinal == 0 else "", "body": body,
        }  # fmt: skip


def pieces_in(title: str, also: str, body: str) -> tuple[dict[int, float], int]:
    """Piece → weighed count, and the length of a passage."""
    return counts((pieces_of(title), pieces_of(also), pieces_of(body)), (TITLE, ALSO, BODY))


def _take_out(connection: Connection, kind: Kind, refs: Sequence[int], changes: _Changes) -> None:
    columns = search_passages.c
    gone: dict[int, int] = {}
    for some in _in_parts(refs, _SOME):
        here = (columns.kind == kind) & columns.ref.in_(some)
        query = select(columns.id, columns.title, columns.also, columns.body).where(here)
        for row in connection.execute(query).all():
            block, place = divmod(row.id, BLOCK)
            gone[block] = gone.get(block, 0) + 1
            here_gone = changes.without[block]
            for piece in pieces_in(row.title, row.also, row.body)[0]:
                here_gone[piece].add(place)
        connection.execute(delete(search_passages).where(here))
    for block, count in gone.items():
        fewer = search_blocks.c.passages - count
        connection.execute(update(search_blocks).where(search_blocks.c.block == block).values(passages=fewer))


def _put_in(connection: Connection, shelf: str, rows: list[dict[str, Any]], changes: _Changes) -> None:
    numbers = _numbers(connection, shelf, len(rows), changes.fresh)
    for row, number in zip(rows, numbers, strict=True):
        row["id"] = number
        block, place = divmod(number, BLOCK)
        found, length = pieces_in(row["title"], row["also"], row["body"])
        more = changes.more[block]
        known: dict[float, int] = {}
        for piece, often in found.items():
            marked = known.get(often)
            if marked is None:
                marked = known[often] = weight(often, length)
            more[piece].add(place, marked)
    if rows:
        connection.execute(insert(search_passages), rows)


def _numbers(connection: Connection, shelf: str, count: int, fresh: set[int]) -> list[int]:
    """Numbers for so many new passages of a shelf: the rest of its last block, then new blocks, added to ``fresh``."""
    columns = search_blocks.c
    last = connection.execute(
        select(columns.block, columns.used).where(columns.shelf == shelf).order_by(columns.block.desc()).limit(1)
    ).one_or_none()
    newest = connection.scalar(select(columns.block).order_by(columns.block.desc()).limit(1)) or 0
    numbers: list[int] = []
    block, used = last or (0, BLOCK)
    while len(numbers) < count:
        if used >= BLOCK:
            newest += 1
            block, used = newest, 0
            fresh.add(block)
            connection.execute(insert(search_blocks).values(block=block, shelf=shelf, used=0, passages=0))
        taken = min(BLOCK - used, count - len(numbers))
        numbers += range(block * BLOCK + used, block * BLOCK + used + taken)
        used += taken
        connection.execute(
            update(search_blocks).where(columns.block == block).values(used=used, passages=columns.passages + taken)
        )
    return numbers


def _apply(connection: Connection, changes: _Changes) -> None:
    """Rewrites the rows that change."""
    for block in sorted({*changes.without, *changes.more}):
        without, more = changes.without[block], changes.more[block]
        for some in _in_parts(sorted({*without, *more}), _SOME):
            there = {} if block in changes.fresh else _there(connection, block, some)
            new, empty = [], []
            for piece in some:
                packed = changed(there.get(piece), without.get(piece, _NO_PLACES), more.get(piece, _NONE))
                if packed:
                    new.append({"term": piece, "block": block, "count": len(packed) // 3, "packed": packed})
                elif piece in there:
                    empty.append(piece)
            _store(connection, block, new, empty)


def _there(connection: Connection, block: int, pieces: Sequence[int]) -> dict[int, bytes]:
    columns = search_postings.c
    rows = connection.execute(
        select(columns.term, columns.packed).where(columns.term.in_(pieces), columns.block == block)
    )
    return {row.term: row.packed for row in rows}


def _store(connection: Connection, block: int, new: list[dict[str, Any]], empty: list[int]) -> None:
    columns = search_postings.c
    if empty:
        connection.execute(delete(search_postings).where(columns.term.in_(empty), columns.block == block))
    if new:
        statement = insert_into(connection, search_postings)
        statement = statement.on_conflict_do_update(
            index_elements=["term", "block"],
            set_={"count": statement.excluded.count, "packed": statement.excluded.packed},
        )
        connection.execute(statement, new)


def _in_parts(all_of: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(all_of), size):
        yield all_of[start : start + size]
