"""Text as pieces that can be compared: three letters of Thai at a time, whole Latin words and numbers. Pure.

Thai has no blanks between words, and its texts come with blanks in wrong places, without tone marks, and with marks
that a PDF has moved. So Thai is compared by its pieces of three letters, as `crm.thai.fold` leaves them and without
blanks, and by pieces of its letters alone, without the vowels above and below the line (`skeleton`).
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from crm.thai import fold

_RUN: Final = re.compile(r"[\u0e01-\u0e45](?:[\s\u0e2f\u0e46.]*[\u0e01-\u0e45])*|[a-z\u00df-\u024f]+|[0-9]+")
_NOT_THAI: Final = re.compile(r"[^\u0e01-\u0e2e\u0e30-\u0e45]+")
_FLOATING: Final = str.maketrans(dict.fromkeys(map(ord, "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a")))
_JOINED: Final = re.compile(r"(?<![a-z0-9])([a-z0-9]{1,12})[-./&]([a-z0-9]{1,12})(?![a-z0-9])")
_WORD, _SKELETON = 0x1FFFFF, 0x1FFFFE  # first 21 bits of such a piece: no letter has these numbers
_LONGEST_WORD: Final = 40


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a text consists of: Thai runs without blanks, Latin words, numbers. All folded."""

    thai: tuple[str, ...]
    words: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not (self.thai or self.words or self.numbers)


def pieces_of(text: str) -> Pieces:
    """Takes a text apart."""
    return pieces_of_folded(fold(text))


def pieces_of_folded(folded: str) -> Pieces:
    """The same of a text that is folded already."""
    thai, words, numbers = [], [], []
    for run in _RUN.findall(folded):
        if run[0] >= "\u0e01":
            thai.append(_NOT_THAI.sub("", run))
        elif run[0].isdigit():
            numbers.append(run.lstrip("0") or "0")
        else:
            words.append(run[:_LONGEST_WORD])
    for one, other in _JOINED.findall(folded):
        words.append(one + other)  # e-filing is efiling, B2B stays together
    return Pieces(tuple(thai), tuple(words), tuple(numbers))


def floats(letter: str) -> bool:
    """Whether a letter stands above or below the line."""
    return ord(letter) in _FLOATING


def skeleton(thai: str) -> str:
    """Thai without what floats above and below the line: PDF and hurry put these in wrong places."""
    return thai.translate(_FLOATING)


@lru_cache(maxsize=400_000)
def gram(letters: str) -> int:
    """The number of a piece of up to three letters: 21 bits each."""
    number = 0
    for letter in letters:
        number = number << 21 | ord(letter)
    return number


@lru_cache(maxsize=100_000)
def _named(kind: int, text: str) -> int:
    data = text.encode()
    return kind << 42 | (zlib.crc32(data) | (zlib.adler32(data) & 0x3FF) << 32)


def word_number(word: str) -> int:
    """The number of a whole word."""
    return _named(_WORD, word)


def thai_grams(run: str) -> Iterator[int]:
    """Pieces of three letters; a shorter run is one piece."""
    if len(run) < 3:
        yield gram(run)
        return
    for place in range(len(run) - 2):
        yield gram(run[place : place + 3])


def skeleton_grams(run: str) -> Iterator[int]:
    """Pieces of four letters of the skeleton, when it is long enough to say something."""
    bare = skeleton(run)
    for place in range(len(bare) - 3):
        yield _named(_SKELETON, bare[place : place + 4])


def latin_grams(word: str) -> Iterator[int]:
    """Pieces of a Latin word with its ends, for words written wrongly."""
    if len(word) < 4:
        return
    whole = f"^{word}$"
    for place in range(len(whole) - 2):
        yield gram(whole[place : place + 3])


def numbers_of(pieces: Pieces) -> Iterator[int]:
    """The number of every piece, as often as it stands there: what the index is made of."""
    for run in pieces.thai:
        yield from thai_grams(run)
        yield from skeleton_grams(run)
    for word in (*pieces.words, *pieces.numbers):
        yield word_number(word)
    for word in pieces.words:
        yield from latin_grams(word)


def counts(pieces: Iterable[Pieces], weights: Iterable[float]) -> tuple[dict[int, float], int]:
    """Piece → how often, each text's weighed; and how many pieces there are in all."""
    found: dict[int, float] = {}
    length = 0
    for one, weight in zip(pieces, weights, strict=True):
        for number in numbers_of(one):
            found[number] = found.get(number, 0.0) + weight
            length += 1
    return found, length
