"""The headers of one AMI message as the translator reads them: names in small letters, values that are one text."""

from collections.abc import Mapping
from typing import Any, Final

Message = Mapping[str, Any]
_MOST_NAMES: Final = 1_000


class _SmallLetters(dict[str, str]):
    """Header names in small letters: a few dozen names, thousands of times a second."""

    def __missing__(self, key: str) -> str:
        small = key.lower()
        if len(self) < _MOST_NAMES:
            self[key] = small
        return small


_SMALL: Final = _SmallLetters()


def event_name(message: Message) -> str | None:
    """The first is Asterisk's own; a UserEvent may bring another."""
    name = message.get("Event") or message.get("event")
    first = name[0] if isinstance(name, list) else name
    return first if isinstance(first, str) else None


def lowered(message: Message) -> dict[str, Any]:
    """The same headers, however Asterisk spelled their names."""
    small = _SMALL
    return {small[key]: value for key, value in message.items()}


def text_of(message: Message, key: str, default: str = "") -> str:
    """A header's value. Raises TypeError for one that came more than once."""
    value = message.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"{key} came more than once")
    return value
