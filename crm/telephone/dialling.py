"""What may be dialled: colleagues, departments, and the patterns of the settings; the same that the dialplan allows."""

import re
from functools import lru_cache
from typing import Final

from dialplan.site import HotlineSite

_SPOKEN: Final = re.compile(r"[\s().\-–/]+")
_CLASSES: Final = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*", "-": "", "+": r"\+"}


def as_dialled(number: str, country_code: str = "66") -> str:
    """What people write or click, as it is dialled here: ``+66 81-234 5678`` becomes ``0812345678``."""
    digits = _SPOKEN.sub("", number)
    return f"0{digits[len(country_code) + 1 :]}" if digits.startswith(f"+{country_code}") else digits


def may_be_dialled(site: HotlineSite, number: str) -> bool:
    """Whether the dialplan would dial it."""
    if not re.fullmatch(r"\+?[0-9]{1,20}", number):
        return False
    if any(agent.extension == number for agent in site.agents):
        return True
    if any(department.extension == number and department.dial for department in site.departments):
        return True
    return any(_pattern(pattern).fullmatch(number) for pattern in site.dialling.patterns)


@lru_cache(maxsize=200)
def _pattern(text: str) -> re.Pattern[str]:
    """An Asterisk pattern (without its underscore) as a regular expression."""
    parts = re.findall(r"\[[^\]]*\]|.", text)
    return re.compile("".join(part if part.startswith("[") else _CLASSES.get(part, part) for part in parts))
