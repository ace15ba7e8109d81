"""What somebody asks, as weighed pieces: politeness hardly counts, words of the same meaning a little. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from crm.search import spoken
from crm.search.aspects import ASKING, Aspects, aspects_of
from crm.search.glossary import GROUPS
from crm.search.pieces import (
    Pieces,
    floats,
    latin_grams,
    pieces_of_folded,
    skeleton_grams,
    thai_grams,
    word_number,
)
from crm.thai import distance, fold

LONGEST: Final = 400  # letters of a question that are looked at
SKELETON, LATIN, SAME_MEANING, POLITE, ASPECT = 0.45, 0.35, 0.3, 0.1, 0.5
WORD, NUMBER = 2.8, 1.8  # one piece each; a Thai word has several
_LETTERS: Final = {name: letter for letter, name in spoken.LETTER_NAMES.items()}
_ANY_LETTER: Final = "|".join(sorted(_LETTERS, key=len, reverse=True))
_SPELLED: Final = re.compile(f"(?:{_ANY_LETTER}){{2,6}}")
_LATIN_ROW: Final = re.compile(r"[a-z]+(?: +[a-z]+)+")
_LONGEST_JOINED, _MOST_JOINED = 24, 24
_LATIN_MEANINGS: Final = tuple(
    dict.fromkeys(word for group in GROUPS for word in group if word.isascii() and word.isalpha() and len(word) > 4)
)
_ONE_LETTER: Final = re.compile(_ANY_LETTER)


@dataclass(frozen=True, slots=True)
class Question:
    """``weights``: piece → what it counts; ``pieces``: what was asked, folded; ``meanings``: words of the same meaning
    that were added; ``aspects``: what is asked for."""

    weights: dict[int, float]
    pieces: Pieces
    meanings: tuple[str, ...]
    aspects: Aspects


def understand(asked: str) -> Question:
    """Takes a question apart."""
    folded = fold(asked[:LONGEST])
    pieces = pieces_of_folded(folded)
    weights: dict[int, float] = {}
    for run in pieces.thai:
        _add_thai(weights, run, 1.0)
    for word in pieces.words:
        _add_word(weights, word, POLITE if word in spoken.ENGLISH_FILLERS else 1.0)
    for number in (*pieces.numbers, *spoken.numbers_said(folded)):
        _raise(weights, word_number(number), NUMBER)
    joined = joined_words(folded)
    for word in joined:
        _raise(weights, word_number(word), WORD)
    meanings = _same_meanings(pieces, joined)
    for meaning in meanings:
        added = pieces_of_folded(meaning)
        for run in added.thai:
            _add_thai(weights, run, SAME_MEANING)
        for word in added.words:
            _raise(weights, word_number(word), WORD * SAME_MEANING)
    return Question(weights, pieces, meanings, aspects_of(folded))


def joined_words(folded: str) -> list[str]:
    """What Latin letters become without the blanks between them, which a PDF puts anywhere: p ass port."""
    found = []
    for row in _LATIN_ROW.findall(folded):
        parts = row.split()
        for count in (2, 3, 4):
            found += ["".join(parts[place : place + count]) for place in range(len(parts) - count + 1)]
    return [word for word in found if len(word) <= _LONGEST_JOINED][:_MOST_JOINED]


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
    worth = _worth_of_letters(run)
    for place, piece in enumerate(thai_grams(run)):
        _raise(weights, piece, factor * max(worth[place : place + 3]))
    bare = [(letter, one) for letter, one in zip(run, worth, strict=True) if one > POLITE and not floats(letter)]
    for place, piece in enumerate(skeleton_grams("".join(letter for letter, _ in bare))):
        _raise(weights, piece, factor * SKELETON * max(one for _, one in bare[place : place + 4]))


def _worth_of_letters(run: str) -> list[float]:
    """What each letter counts: politeness hardly, what asks for something less than the subject."""
    worth = [1.0] * len(run)
    for pattern, value in ((ASKING, ASPECT), (spoken.POLITE, POLITE), (spoken.PARTICLE, POLITE)):
        for found in pattern.finditer(run):
            worth[found.start() : found.end()] = [value] * (found.end() - found.start())
    return worth if max(worth) > ASPECT else [1.0] * len(run)


def _add_word(weights: dict[int, float], word: str, factor: float) -> None:
    _raise(weights, word_number(word), factor * WORD)
    if len(word) > 4 and word.endswith("s"):
        _raise(weights, word_number(word[:-1]), factor * WORD * 0.9)
    for piece in latin_grams(word):
        _raise(weights, piece, factor * LATIN)


def _same_meanings(pieces: Pieces, joined: Sequence[str]) -> tuple[str, ...]:
    meant = [known for word in (*pieces.words, *joined) if (known := _meant(word)) not in pieces.words and known]
    phrase = f" {' '.join((*pieces.words, *meant))} "
    thai = " ".join(pieces.thai)
    added: dict[str, None] = dict.fromkeys((*spelled_out(thai), *meant))
    letters = [word for word in pieces.words if 2 <= len(word) <= 4 and word.isascii() and word.isalpha()]
    added |= dict.fromkeys(letter_names(word) for word in letters)  # 50/50 is a word of two numbers, and has no names
    for group in _groups_of(thai, phrase):
        for meaning in group:
            if not _is_said(meaning, thai, phrase):
                added[meaning] = None
    return tuple(added)


@lru_cache(maxsize=2000)
def _meant(word: str) -> str | None:
    """The Latin word of the glossary that was meant, with a typing error or two."""
    if len(word) < 5 or not word.isascii():
        return None
    most = 1 if len(word) < 8 else 2
    near = [(distance(word, known, most), known) for known in _LATIN_MEANINGS if abs(len(word) - len(known)) <= most]
    off, known = min(near, default=(most + 1, ""))
    return known if off <= most else None


@lru_cache(maxsize=256)
def _groups_of(thai: str, phrase: str) -> tuple[tuple[str, ...], ...]:
    return tuple(group for group in GROUPS if any(_is_said(meaning, thai, phrase) for meaning in group))


def _is_said(meaning: str, thai: str, phrase: str) -> bool:
    if meaning[0] >= "\u0e01":
        return len(meaning) > 2 and meaning.replace(" ", "") in thai
    return f" {meaning.replace('-', ' ').replace('/', ' ')} " in phrase
