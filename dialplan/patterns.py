"""Which numbers a pattern of Asterisk's dialplan takes (`[dialling] patterns`), for whoever asks before dialling."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_CLASSES: Final = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*", "-": ""}


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\[[^\]]*\]|.", pattern)
    return re.compile("".join(part if part[0] == "[" else _CLASSES.get(part, re.escape(part)) for part in parts))


def may_be_dialled(number: str, patterns: Iterable[str]) -> bool:
    """Whether one of ``patterns``, written without their underscore, takes ``number``."""
    return any(_expression(pattern).fullmatch(number) for pattern in patterns)
