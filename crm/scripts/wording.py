"""A script's text with everything filled in. Pure.

Placeholders: ``{agent}``, ``{caller}``, ``{hotline}``; in Thai also ``{polite}`` (ค่ะ/ครับ), ``{polite_question}``
(คะ/ครับ) and ``{self}`` (ดิฉัน/ผม). Parts in square brackets: see `crm.placeholders`.
"""

from collections.abc import Mapping
from typing import Final

from crm.placeholders import brackets_match, fill, unknown_in
from crm.scripts.models import Particle
from crm.thai import norm, without_title

PLACEHOLDERS: Final = ("agent", "caller", "hotline", "polite", "polite_question", "self")
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
    return fill(text, {**_VOICES[particle], "agent": agent, "caller": caller, "hotline": hotline})


def problems_of(text: str) -> list[str]:
    """What is wrong with a script's text: keys of `crm.scripts.words`."""
    problems = []
    if not text.strip():
        problems.append("text_missing")
    if unknown_in(text, PLACEHOLDERS):
        problems.append("unknown_placeholder")
    if not brackets_match(text):
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
