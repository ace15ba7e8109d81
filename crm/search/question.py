"""What somebody asks, as weighed pieces: politeness hardly counts, words of the same meaning a little. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from crm.search import spoken
from crm.search.glossary import GROUPS
from crm.search.pieces import (
    Pieces,
    latin_grams,
    pieces_of_folded,
    skeleton_grams,
    thai_grams,
    word_number,
)
from crm.thai import fold

LONGEST: Final = 400  # letters of a question that are looked at
SKELETON, LATIN, SAME_MEANING, POLITE = 0.45, 0.35, 0.3, 0.3
WORD, NUMBER = 2.8, 1.8  # one piece each; a Thai word has several
_LETTERS: Final = {name: letter for letter, name in spoken.LETTER_NAMES.items()}
_ANY_LETTER: Final = "|".join(sorted(_LETTERS, key=len, reverse=True))
_SPELLED: Final = re.compile(f"(?:{_ANY_LETTER}){{2,6}}")
_ONE_LETTER: Final = re.compile(_ANY_LETTER)


@dataclass(frozen=True, slots=True)
class Question:
    """``weights``: piece → what it counts; ``pieces``: what was asked, folded; ``meanings``: words of the same meaning
    that were added."""

    weights: dict[int, float]
    pieces: Pieces
    meanings: tuple[str, ...]


def understand(asked: str) -> Question:
    """Takes a question apart."""
    folded = fold(asked[:LONGEST])
    pieces = pieces_of_folded(folded)
    weights: dict[int, float] = {}
    for run in pieces.thai:
        _add_thai(weights, run, 1.0)
    for word in pieces.words:
        _add_word(weights, word, POLITE if word in spoken.ENGLISH_FILLERS else 1.0)
    for number in pieces.numbers:
        _raise(weights, word_number(number), NUMBER)
    meanings = _same_meanings(pieces)
    for meaning in meanings:
        added = pieces_of_folded(meaning)
        for run in added.thai:
            _add_thai(weights, run, SAME_MEANING)
        for word in added.words:
            _raise(weights, word_number(word), WORD * SAME_MEANING)
    return Question(weights, pieces, meanings)


def typed_in_thai(asked: str) -> str | None:
    """What Latin letters mean when the keyboard was left in English; None when they make no Thai."""
    if not asked.isascii() or len(asked) < 3:
        return None
    thai = asked.translate(spoken.KEYBOARD)
    letters = sum("ก" <= letter <= "๎" for letter in thai)
    return thai if letters >= 0.7 * len(thai.replace(" ", "")) else None


def spelled_out(thai: str) -> list[str]:
    """Abbreviations whose letters are said in Thai: จีเอสพี is gsp."""
    return ["".join(_LETTERS[one] for one in _ONE_LETTER.findall(found[0])) for found in _SPELLED.finditer(thai)]


def letter_names(word: str) -> str:
    """The names of its letters in Thai, as people write them: sme is เอสเอ็มอี."""
    return "".join(spoken.LETTER_NAMES[letter] for letter in word)


def _raise(weights: dict[int, float], piece: int, to: float) -> None:
    weights[piece] = max(weights.get(piece, 0.0), to)


def _add_thai(weights: dict[int, float], run: str, factor: float) -> None:
    polite = _polite_places(run)
    for place, piece in enumerate(thai_grams(run)):
        inside = polite[place : place + 3]
        _raise(weights, piece, factor * (POLITE if inside and all(inside) else 1.0))
    bare = "".join(letter for letter, unheard in zip(run, polite, strict=True) if not unheard)
    for piece in skeleton_grams(bare):
        _raise(weights, piece, factor * SKELETON)


def _polite_places(run: str) -> list[bool]:
    places = [False] * len(run)
    for pattern in (spoken.POLITE, spoken.PARTICLE):
        for found in pattern.finditer(run):
            places[found.start() : found.end()] = [True] * (found.end() - found.start())
    return places if not all(places) else [False] * len(run)


def _add_word(weights: dict[int, float], word: str, factor: float) -> None:
    _raise(weights, word_number(word), factor * WORD)
    if len(word) > 4 and word.endswith("s"):
        _raise(weights, word_number(word[:-1]), factor * WORD * 0.9)
    for piece in latin_grams(word):
        _raise(weights, piece, factor * LATIN)


def _same_meanings(pieces: Pieces) -> tuple[str, ...]:
    said = " ".join(pieces.words)
    phrase = f" {said} "
    thai = " ".join(pieces.thai)
    added: dict[str, None] = dict.fromkeys(spelled_out(thai))
    letters = [word for word in pieces.words if 2 <= len(word) <= 4 and word.isascii() and word.isalpha()]
    added |= dict.fromkeys(letter_names(word) for word in letters)  # 50/50 is a word of two numbers, and has no names
    for group in _groups_of(thai, phrase):
        for meaning in group:
            if not _is_said(meaning, thai, phrase):
                added[meaning] = None
    return tuple(added)


@lru_cache(maxsize=256)
def _groups_of(thai: str, phrase: str) -> tuple[tuple[str, ...], ...]:
    return tuple(group for group in GROUPS if any(_is_said(meaning, thai, phrase) for meaning in group))


def _is_said(meaning: str, thai: str, phrase: str) -> bool:
    if meaning[0] >= "\u0e01":
        return len(meaning) > 2 and meaning.replace(" ", "") in thai
    return f" {meaning.replace('-', ' ').replace('/', ' ')} " in phrase
