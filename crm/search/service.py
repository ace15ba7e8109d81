"""Finding: from a question to the things that answer it, in two steps.

First the index tells which passages have the rarest pieces of the question; a budget bounds how much of it is read, so
that a search among a hundred thousand passages takes no longer than among one thousand. Then the likeliest sixty are
judged by their whole text (`crm.search.ranking`).
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from crm.search.index import forget, write_entries
from crm.search.models import Entry, Found, Kind, search_blocks, search_passages, search_postings
from crm.search.packing import BLOCK, SCALE, unpack
from crm.search.question import Question, typed_in_thai, understand
from crm.search.ranking import Passage, best_of, judge, rarity

__all__ = ["Entry", "Found", "Kind", "find", "forget", "write_entries"]

_BUDGET: Final = 40_000  # entries of the index that a search reads
_CANDIDATES: Final = 40
_TELLING: Final = 20_000  # entries by which the promising passages are chosen
_PROMISING: Final = 400
_SNIPPET: Final = 240
_FINE: Final = 1024  # steps of what a piece is worth


def find(connection: Connection, asked: str, *, shelves: Sequence[str], limit: int = 10) -> list[Found]:
    """What answers ``asked``, of these shelves; the best first, each thing once."""
    if not shelves:
        return []
    blocks = _blocks(connection, shelves)
    question = understand(asked)
    worth, having = _worth(connection, question, blocks)
    if not worth and (thai := typed_in_thai(asked)):  # the keyboard was left in English
        question = understand(thai)
        worth, having = _worth(connection, question, blocks)
    likely = _likely(connection, worth, having, list(blocks))
    scored = [(judge(likely[one.id], worth, one, question), one) for one in _passages(connection, list(likely))]
    return [
        Found(kind=Kind(one.kind), ref=one.ref, title=one.title, snippet=one.body[:_SNIPPET], score=round(score, 4))
        for score, one in best_of(scored, limit)
    ]


def _worth(
    connection: Connection, question: Question, blocks: Mapping[int, int]
) -> tuple[dict[int, float], dict[int, int]]:
    """Piece → what it tells; and piece → how many passages have it. Without the pieces that nothing has."""
    having = _having(connection, question.weights, list(blocks)) if question.weights else {}
    total = sum(blocks.values())
    return {piece: question.weights[piece] * rarity(total, count) for piece, count in having.items()}, having


def _blocks(connection: Connection, shelves: Sequence[str]) -> dict[int, int]:
    """Block → passages in it."""
    columns = search_blocks.c
    rows = connection.execute(select(columns.block, columns.passages).where(columns.shelf.in_(shelves)))
    return {row.block: row.passages for row in rows}


def _having(connection: Connection, pieces: Mapping[int, float], blocks: Sequence[int]) -> dict[int, int]:
    """Piece → how many passages have it."""
    columns = search_postings.c
    rows = connection.execute(
        select(columns.term, func.sum(columns.count))
        .where(columns.term.in_(list(pieces)), columns.block.in_(blocks))
        .group_by(columns.term)
    )
    return {row[0]: int(row[1]) for row in rows}


def _likely(
    connection: Connection, worth: Mapping[int, float], having: Mapping[int, int], blocks: Sequence[int]
) -> dict[int, float]:
    """The passages that have most of what is rare: id → the sum of what they have."""
    chosen: list[int] = []
    spent = 0
    for piece in sorted(worth, key=lambda one: (-worth[one], one)):
        if chosen and spent + having[piece] > _BUDGET:
            continue
        chosen.append(piece)
        spent += having[piece]
    values = {piece: round(worth[piece] * _FINE) for piece in chosen}  # whole numbers: the same sum in any order
    rare = _rare(chosen, having)
    scores: dict[int, dict[int, int]] = {}  # block → place → sum
    later: dict[int, list[tuple[int, bytes]]] = {}
    for term, block, packed in _rows(connection, chosen, blocks):
        value = values[term]
        if term not in rare:
            later.setdefault(block, []).append((value, packed))
            continue
        here = scores.setdefault(block, {})
        get = here.get
        for place, mark in zip(*unpack(packed), strict=True):
            here[place] = get(place, 0) + value * mark
    kept = _with_common(scores, later)
    least = min(heapq.nlargest(_CANDIDATES, kept.values()), default=0)
    best = sorted((-score, number) for number, score in kept.items() if score >= least)[:_CANDIDATES]
    return {number: -score / (_FINE * SCALE) for score, number in best}


def _rows(connection: Connection, pieces: Sequence[int], blocks: Sequence[int]) -> Iterable[tuple[int, int, bytes]]:
    """Piece, block, and packed which passages of the block have it."""
    columns = search_postings.c
    query = select(columns.term, columns.block, columns.packed)
    return connection.execute(query.where(columns.term.in_(pieces), columns.block.in_(blocks))).all()


def _rare(chosen: Sequence[int], having: Mapping[int, int]) -> set[int]:
    """The pieces that are worth most, as many as tell which passages may fit."""
    rare: set[int] = set()
    spent = 0
    for piece in chosen:
        if rare and spent + having[piece] > _TELLING:
            break
        rare.add(piece)
        spent += having[piece]
    return rare


def _with_common(
    scores: Mapping[int, Mapping[int, int]], later: Mapping[int, list[tuple[int, bytes]]]
) -> dict[int, int]:
    """The most promising passages, with what the common pieces add to them: these are only looked up."""
    every = [score for here in scores.values() for score in here.values()]
    least = min(heapq.nlargest(_PROMISING, every), default=0)
    kept: dict[int, int] = {}
    for block, here in scores.items():
        promising = {place: score for place, score in here.items() if score >= least}
        for value, packed in later.get(block, ()) if promising else ():
            marks = dict(zip(*unpack(packed), strict=True))
            for place in promising.keys() & marks.keys():
                promising[place] += value * marks[place]
        base = block * BLOCK
        kept |= {base + place: score for place, score in promising.items()}
    return kept


def _passages(connection: Connection, ids: Sequence[int]) -> list[Passage]:
    columns = search_passages.c
    query = select(
        columns.id, columns.kind, columns.ref, columns.ordinal, columns.title, columns.also, columns.body
    ).where(columns.id.in_(ids))
    return [Passage(*row) for row in connection.execute(query)]
