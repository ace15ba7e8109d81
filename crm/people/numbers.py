"""Telephone numbers in one form, so that a caller is recognised however the number was written (C1).

Trunks and people write the same number as 081…, +6681…, 6681…, 006681…, ๐๘๑…, with blanks, dashes or "/". All become
E.164; Thai short codes (1169, 191) and extensions stay as they are; what is none of these is kept but never guessed at.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

LONGEST_KEPT: Final = 64
_WITHHELD: Final = frozenset(
    {
        "", "anonymous", "restricted", "unknown", "private", "withheld", "unavailable", "blocked", "hidden", "nobody",
        "none", "null", "invalid", "coinline", "s", "asterisk", "ไม่แสดงหมายเลข", "ไม่ทราบ",
    }
)  # fmt: skip
_WRAPPING: Final = re.compile(r"^.*<([^<>]*)>.*$")  # "Name" <sip:0812345678@trunk>
_SCHEME: Final = re.compile(r"^(?:sips?|tel|callto):", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\s*(?:ต่อ|กด|\bextension|\bext\.?|(?<=\d)\s*x|#)[\s.:]*(\d{1,6})\s*$", re.IGNORECASE)
_SEVERAL: Final = re.compile(r"\s*(?:[,;]|\bor\b|หรือ|ถึง|/)\s*")
_LETTERS: Final = re.compile(r"[^\W\d_]")


class NumberKind(StrEnum):
    """What a number is."""

    E164 = "e164"
    SHORT = "short"  # public short code, same in the whole country
    INTERNAL = "internal"  # extension of ours or of an exchange
    OTHER = "other"  # kept as it came: not a number that can be recognised for sure
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Number:
    """A number in its one form. ``number`` None only when withheld; ``extension``: dialled after it, when written."""

    kind: NumberKind
    number: str | None
    extension: str | None = None

    @property
    def recognisable(self) -> str | None:
        """The form by which people are found; None when withheld or not a telephone number."""
        return self.number if self.kind in {NumberKind.E164, NumberKind.SHORT, NumberKind.INTERNAL} else None


WITHHELD: Final = Number(NumberKind.WITHHELD, None)


def is_country(code: str) -> bool:
    """Whether there are telephone numbers of this country: two letters of ISO 3166, ``TH``."""
    return code in phonenumbers.SUPPORTED_REGIONS


def normalise(raw: str | None, *, country: str = "TH", extensions: Collection[str] = ()) -> Number:
    """The one form of ``raw``; never raises. ``extensions``: ours, so that 1001 is a desk and 1169 a short code.

    ``country``: of numbers without a country code. A list of numbers ("02-111-1111/02-222-2222", "02-507-7999-8")
    gives the first.
    """
    text = _plain(raw)
    if text.casefold() in _WITHHELD:
        return WITHHELD
    if text in extensions:
        return Number(NumberKind.INTERNAL, text)
    text, extension = _split_extension(text)
    if _LETTERS.search(text.replace("หรือ", "").replace("ถึง", "")) and not re.search(r"\bor\b", text):
        return Number(NumberKind.OTHER, text[:LONGEST_KEPT])  # vanity letters and SIP names: do not guess
    for candidate in _candidates(text):
        found = _one(candidate, country)
        if found:
            return Number(found.kind, found.number, extension)
    return Number(NumberKind.OTHER, (re.sub(r"[\s().-]", "", text) or text)[:LONGEST_KEPT], extension)


def _plain(raw: str | None) -> str:
    """Without display name, URI parts, quotes and invisible marks; all digits 0–9, all dashes ``-``."""
    text = raw or ""
    wrapped = _WRAPPING.match(text)
    if wrapped:
        text = wrapped[1]
    text = "".join(_plain_character(character) for character in text).strip().strip("\"'<>").strip()
    if _SCHEME.match(text):
        text = re.split(r"[;?]", _SCHEME.sub("", text))[0]
    return text.partition("@")[0].strip()


def _plain_character(character: str) -> str:
    if character in "+-0123456789":
        return character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category in {"Cc", "Cf", "Cs", "Co", "Cn"}:
        return " " if character in "\t\n\r" else ""
    if category == "Pd":
        return "-"
    return {"＋": "+", "／": "/", "（": "(", "）": ")", "\N{NO-BREAK SPACE}": " "}.get(character, character)


def _split_extension(text: str) -> tuple[str, str | None]:
    match = _EXTENSION.search(text)
    if not match or not re.search(r"\d", text[: match.start()]):
        return text, None
    return text[: match.start()], match[1]


def _candidates(text: str) -> list[str]:
    """The whole first; then the first of several; then without a trailing range such as ``-8`` or ``-28``."""
    first = next((part for part in _SEVERAL.split(text) if re.search(r"\d", part)), text)
    return [text, first, re.sub(r"\s*-\s*\d{1,4}$", "", first)]


@lru_cache(maxsize=4096)  # a tenth of a millisecond each, and a call asks for its caller several times
def _one(text: str, country: str) -> Number | None:
    body = re.sub(r"[\s().\-/]", "", text.replace("(0)", "", 1) if text.startswith(("+", "00")) else text)
    if not re.fullmatch(r"\+?\d+", body):
        return None
    short = _short(body, country)
    if short:
        return short
    for spelling in _spellings(body, country):
        try:
            parsed = phonenumbers.parse(spelling, country)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return Number(NumberKind.E164, phonenumbers.format_number(parsed, PhoneNumberFormat.E164))
    return None


def _short(body: str, country: str) -> Number | None:
    """Thai public short codes are 3–4 digits from 1 (the library does not know them all, 1203 for one); other digits
    as short are extensions. Some trunks put the country code before a short code: +661169."""
    digits = body.lstrip("+")
    code = str(phonenumbers.country_code_for_region(country))
    if digits.startswith(code) and body.startswith("+") and 3 <= len(digits) - len(code) <= 4:
        digits = digits[len(code) :]
    elif body.startswith("+"):
        return None
    if 3 <= len(digits) <= 4 and digits.startswith("1"):
        return Number(NumberKind.SHORT, digits)
    return Number(NumberKind.INTERNAL, digits) if 2 <= len(digits) <= 5 else None


def _spellings(body: str, country: str) -> list[str]:
    """What a trunk may have meant, likeliest first. 00 is written before the country code by most trunks, though
    within Thailand one dials 001, 007, 008 or 009."""
    code = str(phonenumbers.country_code_for_region(country))
    if body.startswith("+0"):
        return [body.lstrip("+")] if not body.startswith("+00") else _spellings(body[1:], country)
    if body.startswith("+"):
        return [body]
    if body.startswith("00"):
        return [f"+{body[2:]}", f"+{body[3:]}"]
    if body.startswith(code) and len(body) > 9:
        return [f"+{body}", body]
    return [body, f"+{body}"] if len(body) > 10 else [body]
