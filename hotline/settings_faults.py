"""What is wrong with the settings, in plain words: every fault at once, with its line or its variable."""

import copy
import os
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from dialplan.site import Place, SiteProblems
from hotline.toml_lines import line_of

LOOKS = 3  # each look shows what the faults of the one before had hidden
_TYPES = {
    "tuple_type": 'must be a list: ["…", "…"]',
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "string_type": 'must be a text in quotes: "…"',
    "path_type": 'must be a folder in quotes: "…"',
    "missing": "is missing",
    "too_short": "at least one is needed",
    "extra_forbidden": "there is no such setting; look at the list in docs/settings.md",
}
_PATTERNS = {
    "^[0-9]{2,15}$": "must be 2 to 15 digits, without spaces or dashes",
    "^[a-z][a-z0-9-]{0,30}$": "must be small letters, digits and hyphens, beginning with a letter",
    "^[0-9]$": "must be one digit: a key of the telephone",
    r"^[^\x00-\x1f\x7f;\"\\]*$": 'must be one line without ; " and \\',
    "^[A-Za-z0-9.:_-]+$": "must be an address, such as 192.0.2.10 or sip.example.com",
    "^[A-Za-z0-9.:_/-]+$": "must be an address or a network, such as 192.0.2.0/24",
    "^[0-9+]*$": "must be digits, or + and digits",
    r"^[0-9XZN.!\[\]+-]+$": "must be a pattern of digits, X, Z, N, [..] and .",
    r"^[0-9.]*$": "must be an IPv4 address, such as 203.0.113.10",
    r"^stuns?:[A-Za-z0-9.-]+(:\d{1,5})?$": "must be written as stun:stun.example.com:3478",
    r"^turns?:[A-Za-z0-9.-]+(:\d{1,5})?(\?transport=(udp|tcp))?$": "must be written as turn:turn.example.com:3478",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "must be the name of an environment variable",
    "^[A-Z]{2}$": "must be two capital letters, such as TH",
}
_STAND_INS: dict[str, Any] = {"host": "127.0.0.1", "keys": {"1": "satisfied"}, "prompt": "survey-123"}


def all_faults(
    error: ValidationError, values: Mapping[str, Any], text: str, build: Callable[[dict[str, Any]], object]
) -> list[str]:
    """Every fault in the order of the file. What a first look hides (names that fit nothing) further looks show."""
    found = _faults(error)
    mended = copy.deepcopy(dict(values))
    for _ in range(LOOKS):
        _mend(mended, error)
        try:
            build(mended)
            break
        except ValidationError as again:
            error = again
            fresh = _faults(error)
        for place, message in fresh.items():
            if message != _TYPES["missing"] and not _below_any(place, found):
                found[place] = message
    return [message for _, message in sorted(_line(place, message, text) for place, message in found.items())]


def _mend(values: dict[str, Any], error: ValidationError) -> None:
    """Takes what is faulty away, and puts something harmless where something must be, so that the rest is seen."""
    for number, fault in enumerate(error.errors(include_url=False)):
        place = fault["loc"]
        holder: Any = values
        keys: list[tuple[dict[str, Any], str]] = []
        for step in place:
            if isinstance(holder, dict):
                keys.append((holder, str(step)))
            try:
                holder = holder[step]
            except (KeyError, IndexError, TypeError):
                break
        if not keys or fault["type"] == "too_short":
            continue
        table, key = keys[-1]
        if fault["type"] != "missing":
            table.pop(key, None)
        elif len(place) > 1:
            stand_in = f"9{number:05}" if key in {"number", "extension"} else f"stand-in-{number}"
            table[key] = _STAND_INS.get(key, stand_in)


def _below_any(place: Place, known: Mapping[Place, str]) -> bool:
    return any(place[: len(other)] == other for other in known)


def _faults(error: ValidationError) -> dict[Place, str]:
    found = error.errors(include_url=False)
    faults: dict[Place, str] = {}
    for fault in found:
        place = fault["loc"]
        # pydantic counts only the good items of a list; the bad ones are named already
        if fault["type"] == "too_short" and any(f["loc"][: len(place)] == place and f is not fault for f in found):
            continue
        context = fault.get("ctx", {})
        cause: Any = context.get("error")
        if isinstance(cause, SiteProblems):
            for problem in cause.problems:
                told = faults.get(problem.place)
                faults[problem.place] = f"{told}; {problem.text}" if told else problem.text
        elif isinstance(cause, ValueError):
            faults[place] = str(cause)
        else:
            faults[place] = _plain(fault["type"], fault["msg"], str(context.get("pattern", "")))
    return faults


def _plain(kind: str, message: str, pattern: str) -> str:
    if kind == "string_pattern_mismatch" and pattern in _PATTERNS:
        return _PATTERNS[pattern]
    return _TYPES.get(kind) or message[:1].lower() + message[1:]


def _line(place: Place, message: str, text: str) -> tuple[int, str]:
    """A fault with where it is. What the environment sets is not to be looked for in the file."""
    name = ".".join(str(part) for part in place)
    variables = {variable.upper(): variable for variable in os.environ}
    parts = [str(part).upper() for part in place]
    for length in range(min(2, len(parts)), 0, -1):
        if variable := variables.get("HOTLINE_" + "__".join(parts[:length])):
            return 0, f"environment {variable}: {name}: {message}"
    line = line_of(text, place)
    return line or 0, f"{f'line {line}: ' if line else ''}{name}: {message}"
