"""Finds the line of a setting in a TOML text, so that an error can name it."""

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"' -]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+)\s*(?:\.[A-Za-z0-9_.-]+\s*)?=")


def line_of(text: str, place: tuple[str | int, ...]) -> int | None:
    """Line number (from 1) of the setting at ``place``, or of the nearest thing around it; None when nothing is near.

    ``("queues", 1, "ring_seconds")`` is the key ``ring_seconds`` in the second ``[[queues]]``.
    """
    best: int | None = None
    best_depth = 0
    current: tuple[str | int, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            names = tuple(part.strip(" \"'") for part in header[2].split("."))
            current = names
            if header[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
                current = (*names, counts[names])
            elif names[:1] in counts and len(names) > 1:
                current = (names[0], counts[names[:1]], *names[1:])
            found = current
        elif key := _KEY.match(line):
            found = (*current, key[1])
        else:
            continue
        depth = len(found)
        if depth > best_depth and place[:depth] == found:
            best, best_depth = number, depth
    return best
