"""Thai text: one spelling to keep, one to search by, one to compare by ear.

`norm` is what is stored and shown, `fold` a search key without tone marks, `sound` how a name is heard: agents write
down names that they only hear, and ณัฐพงศ์ and นัทพงษ์ are the same to the ear. Pure; no dictionary.
"""

import re
import unicodedata
from typing import Final

_DIGITS: Final = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
# Thai glyph variants in the private use area, left behind when text is copied out of a PDF.
_PRIVATE_USE: Final = {
    0xF700: 0xE10, 0xF701: 0xE34, 0xF702: 0xE35, 0xF703: 0xE36, 0xF704: 0xE37, 0xF705: 0xE48, 0xF706: 0xE49,
    0xF707: 0xE4A, 0xF708: 0xE4B, 0xF709: 0xE4C, 0xF70A: 0xE48, 0xF70B: 0xE49, 0xF70C: 0xE4A, 0xF70D: 0xE4B,
    0xF70E: 0xE4C, 0xF70F: 0xE0D, 0xF710: 0xE31, 0xF711: 0xE4D, 0xF712: 0xE47, 0xF713: 0xE48, 0xF714: 0xE49,
    0xF715: 0xE4A, 0xF716: 0xE4B, 0xF717: 0xE4C, 0xF718: 0xE38, 0xF719: 0xE39, 0xF71A: 0xE3A,
}  # fmt: skip
_INVISIBLE: Final = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")
_SARA_AM: Final = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32|([\u0e48-\u0e4b])\u0e4d\u0e32")
_TONE_FIRST: Final = re.compile("([\u0e48-\u0e4b])([\u0e31\u0e34-\u0e3a])")
_DOUBLED: Final = re.compile("([\u0e30-\u0e3a\u0e47-\u0e4e])\\1+")
# What needs no repair: neither other scripts nor marks in a wrong order, doubled or taken apart, nor Thai digits.
_SUSPECT: Final = re.compile(
    "[^\\x00-\x7f\u0e01-\u0e4c]|\u0e40\u0e40|[\u0e48-\u0e4b][\u0e31\u0e34-\u0e3a]|([\u0e30-\u0e3a\u0e47-\u0e4e])\\1"
)
_MARKS: Final = re.compile("[\u0e47-\u0e4e]")
_LATIN_MARKS: Final = re.compile("[\u0300-\u036f]")
_SILENT: Final = re.compile("[\u0e01-\u0e2e][\u0e34\u0e38]?\u0e4c")
_BREAKS: Final = re.compile(r"[\s.,;:/\\()\[\]{}<>\"'“”‘’`´\-–—_|+&!?*#%=~^…ฯ]+")
# Consonants of one sound in one letter; ร is often said as ล.
_ALIKE: Final = str.maketrans("ณฎฏฐฑฒธถภผฆขฃฅศษซญฬรฌฉฝฮใ", "นดตทททททพพคคคคสสสยลลชชฟหไ")
_REPEATED: Final = re.compile(r"(.)\1+")
_TITLES: Final = (
    *("นางสาว", "เด็กชาย", "เด็กหญิง", "คุณ", "นาย", "นาง", "ด.ช.", "ด.ญ.", "น.ส.", "ดร.", "ผศ.", "รศ.", "ศ."),
    *("Mrs.", "Mrs", "Mr.", "Mr", "Ms.", "Ms", "Miss", "Dr.", "Dr"),
)


def norm(text: str) -> str:
    """What is stored and shown: marks in one order, no invisible characters, digits 0–9. Never NFKC, which takes good
    sara am apart."""
    if not _SUSPECT.search(text):
        return text
    text = _INVISIBLE.sub("", text.translate(_PRIVATE_USE).replace("\u00a0", " ")).translate(_DIGITS)
    while (settled := _in_order(text)) != text:  # one repair may uncover another
        text = settled
    return text


def _in_order(text: str) -> str:
    text = _SARA_AM.sub(lambda found: (found[1] or found[2] or "") + "\u0e33", unicodedata.normalize("NFC", text))
    text = text.replace("\u0e40\u0e40", "\u0e41")  # two sara e look like one sara ae
    return _DOUBLED.sub(r"\1", _TONE_FIRST.sub(r"\2\1", text))


def fold(text: str) -> str:
    """Key to search by: no tone marks, small letters without accents, sara am as sara aa."""
    while (folded := _fold_once(text)) != text:  # without their marks, letters meet that were apart
        text = folded
    return text


def _fold_once(text: str) -> str:
    folded = _MARKS.sub("", norm(text)).lower().replace("\u0e33", "\u0e32")
    return unicodedata.normalize("NFC", _LATIN_MARKS.sub("", unicodedata.normalize("NFD", folded)))


def sound(text: str) -> str:
    """How a word is heard, roughly: without silent letters, consonants of one sound alike, nothing doubled."""
    heard = fold(_SILENT.sub("", norm(text))).replace("รร", "\u0e31").replace("ฤ", "ริ")  # รร is a short a
    return _REPEATED.sub(r"\1", heard.translate(_ALIKE))


def split(text: str) -> list[str]:
    """The words of ``text``: what it writes between blanks and signs (Thai has blanks between names). None twice."""
    return list(dict.fromkeys(word for word in _BREAKS.split(norm(text)) if word))


def words(text: str) -> list[str]:
    """The same, folded."""
    return list(dict.fromkeys(fold(word) for word in split(text)))


def without_title(name: str) -> str:
    """A name without คุณ, นาย, Mrs. …, written before it or glued to it; the whole when nothing else is left."""
    plain = norm(name).strip()
    for title in _TITLES:
        rest = plain[len(title) :]
        if plain.lower().startswith(title.lower()) and (title[-1] == "." or not title.isascii() or rest[:1] == " "):
            return rest.strip() if len(rest.strip()) >= 2 else plain
    return plain


def distance(one: str, other: str, most: int = 2) -> int:
    """Typing errors between two words: letters left out, added, replaced, or two in the wrong order; counted up to
    ``most`` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
