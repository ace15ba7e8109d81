"""Texts that supervisors write with places for what is known only later: ``Thank you[, {caller}]``. Pure.

A part in square brackets is left out when a placeholder in it is not known. There is no way to write the four brackets
themselves.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_BLANKS: Final = re.compile(r"[ \t]{2,}")
_NONE: Final[Mapping[str, str]] = {}


def fill(text: str, known: Mapping[str, str | None], instead: Mapping[str, str] = _NONE) -> str:
    """The text with its values. ``instead``: what stands for a value that is not known, outside of brackets. Names that
    are not in ``known`` stay as they are written, so that the mistake is seen. Values are not read for placeholders."""

    def part(found: re.Match[str]) -> str:
        names = _PLACEHOLDER.findall(found[1])
        return found[1] if all(known.get(name, "?") for name in names) else ""

    def value(found: re.Match[str]) -> str:
        return (known[found[1]] or instead.get(found[1], "")) if found[1] in known else found[0]

    filled = _PLACEHOLDER.sub(value, _OPTIONAL.sub(part, text))
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in filled.splitlines())


def unknown_in(text: str, names: Collection[str]) -> list[str]:
    """Placeholders that are none of ``names``, as they are written, in order."""
    return list(dict.fromkeys(f"{{{name}}}" for name in _PLACEHOLDER.findall(text) if name not in names))


def brackets_match(text: str) -> bool:
    """Whether every bracket has its partner, none inside another of its kind."""
    return not any(sign in _PLACEHOLDER.sub("", _OPTIONAL.sub(r"\1", text)) for sign in "[]{}")
