"""What happened with a person, in lines: features that know something give it (C5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One thing that happened. ``kind``: contact, call, card; ``rating``: a meaning of the survey (H8); ``badge``: a
    short word on how it stands; ``href``: where it is shown whole."""

    kind: str
    at: datetime
    title: str
    detail: str = ""
    who: str = ""
    rating: str | None = None
    badge: str = ""
    href: str | None = None


HistorySource = Callable[[Connection, int, int, str], Sequence[HistoryLine]]
"""(connection, person's id, most, language) → lines, the newest first."""


def history_of(
    connection: Connection, sources: Sequence[HistorySource], person_id: int, most: int, language: str
) -> list[HistoryLine]:
    """The newest lines of all sources."""
    lines = [line for source in sources for line in source(connection, person_id, most, language)]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:most]
