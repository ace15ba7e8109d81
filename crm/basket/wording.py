"""What a letter says around the answer and the list: its default, what may stand in it, and filled in. Pure (H6).

Placeholders: ``{name}`` the reader, ``{about}`` the subject, ``{day}`` of the contact, ``{house}``, ``{telephone}``,
``{number}`` of the contact, ``{agent}``. Name and subject have words that stand for them when they are not known; in
square brackets they are left out with what stands there (`crm.placeholders`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from crm.basket.words import LETTER
from crm.placeholders import brackets_match, fill, unknown_in
from crm.thai import norm

LANGUAGES: Final = ("th", "en")
PLACEHOLDERS: Final = ("name", "about", "day", "house", "telephone", "number", "agent")
LONGEST: Final = {"subject": 200, "opening": 4_000, "closing": 4_000}


@dataclass(frozen=True, slots=True)
class Wording:
    """``subject`` is one line; ``closing``: with the signature. An empty line parts paragraphs."""

    subject: str
    opening: str
    closing: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text: ``code`` is a word to be looked up, ``where`` what it is about, as it is written."""

    code: str
    where: tuple[str, ...] = field(default=())


FIELDS: Final = tuple(one.name for one in fields(Wording))
DEFAULTS: Final = {language: Wording(**{name: LETTER[language][name] for name in FIELDS}) for language in LANGUAGES}


def cleaned(wording: Wording) -> Wording:
    """As it is kept."""
    lines = {name: norm(getattr(wording, name)).replace("\r\n", "\n").replace("\r", "\n").strip() for name in FIELDS}
    return Wording(**lines | {"subject": " ".join(lines["subject"].split())})


def faults_of(wording: Wording) -> dict[str, Fault]:
    """Field → what is wrong with it; empty when it can be used."""
    found = {name: _fault(name, getattr(wording, name)) for name in FIELDS}
    return {name: fault for name, fault in found.items() if fault is not None}


def _fault(name: str, text: str) -> Fault | None:
    if not text:
        return Fault("wording_missing")
    if len(text) > LONGEST[name]:
        return Fault("too_long")
    if unknown := unknown_in(text, PLACEHOLDERS):
        return Fault("wording_unknown", tuple(unknown))
    return None if brackets_match(text) else Fault("unmatched_brackets")


def filled(wording: Wording, known: Mapping[str, str], language: str) -> Wording:
    """With the values of a letter."""
    instead = {"name": LETTER[language]["nobody"], "about": LETTER[language]["your_question"]}
    said = {name: fill(getattr(wording, name), known, instead).strip() for name in FIELDS}
    return Wording(**said | {"subject": " ".join(said["subject"].split())})


def paragraphs(text: str) -> list[list[str]]:
    """The lines of each paragraph."""
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if line:
            parts[-1].append(line)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]
