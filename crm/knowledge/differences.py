"""What differs between two versions of an article, line by line. Pure."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_TEXTS: Final = ("question_th", "question_en", "answer_th", "answer_en", "also", "sources", "department")


@dataclass(frozen=True, slots=True)
class Difference:
    """Lines of one field: ``sign`` "+" added, "-" removed, " " as before."""

    field: str
    lines: tuple[tuple[str, str], ...]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Field by field, only those that differ."""
    found = []
    for field in _TEXTS:
        old, new = str(before[field]), str(after[field])
        if old != new:
            compared = difflib.ndiff(old.split("\n"), new.split("\n"))
            lines = tuple((line[0], line[2:]) for line in compared if line[0] in "+- ")
            found.append(Difference(field, lines))
    found += [
        Difference(field, (("-", _shown(before[field])), ("+", _shown(after[field]))))
        for field in ("valid_until", "attachments")
        if before[field] != after[field]
    ]
    return found


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
