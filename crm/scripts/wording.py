"""A script's text with everything filled in. Pure.

Placeholders: ``{agent}``, ``{caller}``, ``{hotline}``; in Thai also ``{polite}`` (ค่ะ/ครับ), ``{polite_question}``
(คะ/ครับ) and ``{self}`` (ดิฉัน/ผม). A part in square brackets is left out when a placeholder in it is not known:
``Thank you[, {caller}]``.
"""

import re
from collections.abc import Mapping
from typing import Final

from crm.scripts.models import Particle
from crm.thai import norm, without_title

PLACEHOLDERS: Final = ("agent", "caller", "hotline", "polite", "polite_question", "self")
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]*)\}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_BLANKS: Final = re.compile(r"[ \t]{2,}")
_WOMEN: Final = ("นางสาว", "นาง", "น.ส.", "Mrs", "Ms", "Miss")
_MEN: Final = ("นาย", "Mr")
_VOICES: Final[Mapping[Particle | None, Mapping[str, str]]] = {
    Particle.KHA: {"polite": "ค่ะ", "polite_question": "คะ", "self": "ดิฉัน"},
    Particle.KHRAP: {"polite": "ครับ", "polite_question": "ครับ", "self": "ผม"},
    None: {"polite": "ค่ะ/ครับ", "polite_question": "คะ/ครับ", "self": "ดิฉัน/ผม"},
}


def say(
    text: str, particle: Particle | None, *, agent: str | None = None, caller: str | None = None, hotline: str = ""
) -> str:
    """What the agent says. ``particle`` None: both forms are shown. Placeholders there are not stay as they are
    written, so that the mistake is seen."""
    known = {**_VOICES[particle], "agent": agent, "caller": caller, "hotline": hotline}

    def part(found: re.Match[str]) -> str:
        names = _PLACEHOLDER.findall(found[1])
        return found[1] if all(known.get(name, "?") for name in names) else ""

    def value(found: re.Match[str]) -> str:
        return (known[found[1]] or "") if found[1] in known else found[0]

    said = _PLACEHOLDER.sub(value, _OPTIONAL.sub(part, text))
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in said.splitlines())


def problems_of(text: str) -> list[str]:
    """What is wrong with a script's text: keys of `crm.scripts.words`."""
    problems = []
    if not text.strip():
        problems.append("text_missing")
    if any(name not in PLACEHOLDERS for name in _PLACEHOLDER.findall(text)):
        problems.append("unknown_placeholder")
    without = _PLACEHOLDER.sub("", _OPTIONAL.sub("", text))
    if any(sign in without for sign in "[]{}"):
        problems.append("unmatched_brackets")
    return problems


def addressed(name: str | None, language: str) -> str | None:
    """A caller's name as they are spoken to: คุณสมชาย ใจดี whatever the title; in English as it is written."""
    if not name or language != "th":
        return name or None
    plain = without_title(name)
    return f"คุณ {plain}" if plain[:1].isascii() else f"คุณ{plain}"


def particle_of(chosen: str | None, sex: str | None, *names: str) -> Particle | None:
    """What the agent chose, else what the account or the title in the own name says, else None."""
    if chosen in tuple(Particle):
        return Particle(chosen)
    if sex in {"female", "male"}:
        return Particle.KHA if sex == "female" else Particle.KHRAP
    for name in map(norm, names):
        if name.startswith(_WOMEN):
            return Particle.KHA
        if name.startswith(_MEN):
            return Particle.KHRAP
    return None
