"""Cutting a long text into passages. Pure."""

import re
from typing import Final

from crm.thai import norm

LENGTH: Final = 700  # letters of a passage, about
_BLANKS: Final = re.compile(r"[ \t\u00a0]+")


def cut(text: str, length: int = LENGTH) -> list[str]:
    """The passages of a text in order, each at most ``length`` letters: cut between paragraphs, else lines, else at
    blanks, else anywhere. At least one, perhaps empty."""
    passages: list[str] = []
    current = ""
    for part in _parts(norm(text), length):
        if current and len(current) + len(part) + 1 > length:
            passages.append(current)
            current = part
        else:
            current = f"{current}\n{part}" if current else part
    return [*passages, current] if current or not passages else passages


def _parts(text: str, length: int) -> list[str]:
    """Lines, the long ones cut."""
    parts: list[str] = []
    for raw in text.split("\n"):
        line = _BLANKS.sub(" ", raw).strip()
        while len(line) > length:
            at = line.rfind(" ", length // 2, length)
            at = at if at > 0 else length
            parts.append(line[:at].strip())
            line = line[at:].strip()
        if line:
            parts.append(line)
    return parts
