"""What call flows need from elsewhere. The service gives them at the start; tests give their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Clock = Callable[[], datetime]
"""Now, aware, UTC."""

NumberKind = Literal["e164", "short", "anonymous", "internal", "unknown"]


@dataclass(frozen=True)
class NormalNumber:
    """A telephone number in one spelling (C1).

    `value`: E.164 with ``+``, the short code, the extension, or as it came; None when there is none.
    `national`: as a person in the country dials and says it, digits only; None when it is not known.
    """

    kind: NumberKind
    value: str | None
    national: str | None = None


class NumberPlan(Protocol):
    """Spells telephone numbers."""

    def normalise(self, raw: str | None, country: str) -> NormalNumber:
        """Never raises: what it does not know is of kind ``unknown``. `country` as in ISO 3166 (``TH``)."""
        ...


@dataclass(frozen=True)
class CallerName:
    """Who calls (C1, C3): what is shown on the telephone, and the language preferred, if any."""

    display_name: str
    language: str | None = None


class CallerDirectory(Protocol):
    """Finds people by telephone number."""

    def find(self, number: str | None) -> CallerName | None:
        """Who has this E.164 number; None when nobody, several, or when the answer takes more than 300 ms."""
        ...


class QueueView(Protocol):
    """Knows who waits where, from memory."""

    def place(self, call_id: str, queue: str) -> tuple[int | None, float | None]:
        """Place in the queue (1 = next) and expected wait in seconds; None for what is not known."""
        ...


class Calendar(Protocol):
    """Knows the opening hours, holidays and closures."""

    def next_opening(self, now: datetime) -> datetime | None:
        """When we open next, aware; None when that is not known."""
        ...


class Voice(Protocol):
    """Says numbers and times: lists of prompt ids in the order in which they are played."""

    def number(self, language: str, n: int, /) -> list[str]: ...
    def position(self, language: str, n: int, /) -> list[str]: ...
    def minutes(self, language: str, m: int, /) -> list[str]: ...
    def digits(self, language: str, text: str, /) -> list[str]: ...
    def opening(self, language: str, opens_at: datetime, now: datetime, /) -> list[str]: ...
