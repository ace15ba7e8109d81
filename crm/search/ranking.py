"""Which of the passages that may fit fits best. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from crm.search.aspects import folded_once
from crm.search.pieces import numbers_of, pieces_of
from crm.search.question import Question

QUESTION_LIKE: Final = 0.5  # what an own question (title, also asked as) counts that is like the one asked
HEADING: Final = 80  # letters of a text that stand for its title
ASPECT_FITS: Final = 0.3  # what it counts that a passage has what is asked for: an amount, a time, a place


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage to be judged."""

    id: int
    kind: str
    ref: int
    ordinal: int
    title: str
    also: str
    body: str


def rarity(passages: int, having: int) -> float:
    """What a piece tells that so many of the passages have (IDF of BM25)."""
    return math.log(1 + (passages - having + 0.5) / (having + 0.5))


def judge(text: float, worth: Mapping[int, float], passage: Passage, question: Question) -> float:
    """How well a passage answers: 0 not at all; about 1 and more, very well. ``text``: what the index said of it, of
    the sum of ``worth``: piece of the question → what it tells."""
    whole = sum(worth.values()) or 1.0
    like = QUESTION_LIKE * _like_own_question(worth, whole, passage)
    fits = question.aspects.fits(folded_once(f"{passage.title}\n{passage.also}\n{passage.body}"))
    return (text / whole + like) * (1 + ASPECT_FITS * fits)


def _like_own_question(worth: Mapping[int, float], whole: float, passage: Passage) -> float:
    """The best of title and "also asked as": how much of each is in the other. What has no title begins with what it is
    about."""
    best = 0.0
    heading = passage.title or passage.body[:HEADING]
    for line in (heading, *passage.also.split("\n")):
        there = _numbers(line)
        if not there:
            continue
        shared = worth.keys() & there
        asked = sum(worth[piece] for piece in shared) / whole
        own = len(shared) / len(there)
        if asked and own:
            best = max(best, 2 * asked * own / (asked + own))
    return best


@lru_cache(maxsize=50_000)
def _numbers(line: str) -> frozenset[int]:
    return frozenset(numbers_of(pieces_of(line)))


def best_of(scored: Sequence[tuple[float, Passage]], most: int) -> list[tuple[float, Passage]]:
    """Each thing once, by its best passage, in order."""
    best: dict[tuple[str, int], tuple[float, Passage]] = {}
    for score, passage in scored:
        key = (passage.kind, passage.ref)
        if key not in best or score > best[key][0]:
            best[key] = (score, passage)
    return sorted(best.values(), key=lambda one: (-one[0], one[1].kind, one[1].ref))[:most]
