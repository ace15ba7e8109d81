"""Names as a search sees them: their words, and the ways in which somebody may mistake a word. Pure.

A word is found by its beginning, by its sound, and with one typing error: index and question both leave out each letter
in turn, and meet when what is left is the same (one letter too many, too few, wrong, or two in the wrong order).
"""

from typing import Final

from crm.people.models import Profile, WordKind
from crm.thai import distance, fold, sound, split, without_title

LONGEST_WORD: Final = 60
SHORTEST_MISTAKEN: Final = 4  # letters; of shorter words every other one would be alike
LONGEST_MISTAKEN: Final = 24


def words_of(profile: Profile) -> dict[str, WordKind]:
    """Folded word → what it is, of everything a person is found by."""
    found: dict[str, WordKind] = {}
    for word in _raw_words(profile):
        found.setdefault(fold(word)[:LONGEST_WORD], WordKind.NAME)
    whole = fold((profile.first_name or "") + (profile.last_name or "")) or fold(without_title(profile.display_name))
    whole = "".join(split(whole))[:LONGEST_WORD]
    if whole:
        found.setdefault(whole, WordKind.WHOLE)
    if profile.email:
        found[fold(profile.email)[:LONGEST_WORD]] = WordKind.EMAIL
    found.pop("", None)
    return found


def spellings_of(profile: Profile) -> set[tuple[str, str]]:
    """(spelling, folded word) of every word of the name."""
    return {
        (spelling, fold(word)[:LONGEST_WORD]) for word in _raw_words(profile) for spelling in spellings(word) if word
    }


def spellings(word: str) -> set[str]:
    """Ways in which a word of a name may be written by who only heard it, or mistypes it: keys, not words."""
    found: set[str] = set()
    for heard in {sound(word), sound(fold(word))}:  # with and without its silent letters
        short = heard[:LONGEST_MISTAKEN]
        found.add(short)
        if len(short) >= SHORTEST_MISTAKEN:
            found |= {short[:n] + short[n + 1 :] for n in range(len(short))}
    found.discard("")
    return found


def errors_between(asked: str, word: str) -> int:
    """How far a folded word is from what was asked for: typing errors, by letters or by ear, whichever is nearer."""
    return min(distance(fold(asked), word), distance(sound(asked), sound(word)))


def is_near(asked: str, word: str) -> bool:
    """Whether ``word`` may be what was meant: one error in a short word, two in a long one."""
    return errors_between(asked, word) <= (1 if len(sound(asked)) <= 5 else 2)


def full_name(title: str | None, first_name: str | None, last_name: str | None) -> str:
    """How a person is called on screens: ``นางสาวสมหญิง ใจดี``, ``Mr Smith``. Empty when nothing is known."""
    names = " ".join(part for part in (first_name, last_name) if part)
    if not title or not names:
        return names
    return f"{title} {names}" if title.isascii() or title.endswith(".") else f"{title}{names}"


def _raw_words(profile: Profile) -> list[str]:
    texts = [profile.display_name, without_title(profile.display_name), profile.first_name, profile.last_name]
    return list(dict.fromkeys(word for text in texts if text for word in split(text)))
