"""What a target is, how targets are found by words or digits, and in which order they are shown. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from ami_listener.events import AgentState
from ami_listener.floor import AgentNow


class TargetKind(StrEnum):
    """Where a call can be sent."""

    DEPARTMENT = "department"
    OFFICER = "officer"
    AGENT = "agent"
    OUTSIDE = "outside"


class Availability(StrEnum):
    """Whether somebody would pick up."""

    FREE = "free"
    BUSY = "busy"  # rings, talks, holds, or writes down the last call
    PAUSED = "paused"
    OFFLINE = "offline"
    UNKNOWN = "unknown"  # a telephone that nobody watches


_AVAILABILITY: Final = {
    AgentState.AVAILABLE: Availability.FREE,
    AgentState.RINGING: Availability.BUSY,
    AgentState.IN_CALL: Availability.BUSY,
    AgentState.ON_HOLD: Availability.BUSY,
    AgentState.WRAP_UP: Availability.BUSY,
    AgentState.PAUSED: Availability.PAUSED,
    AgentState.OFFLINE: Availability.OFFLINE,
}
_FREE_FIRST: Final = (Availability.FREE, Availability.UNKNOWN, Availability.BUSY, Availability.PAUSED)
_KINDS: Final = tuple(TargetKind)
_MARKS: Final = re.compile("[\u0e47-\u0e4e]")  # tone marks and their like: typed wrongly, or not at all
_NO_DIGITS: Final = re.compile(r"[\s().\-–/]")
_DIGITS: Final = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Somebody whom a call or a card can go to.

    ``key``: name of a department, user name of an officer, extension of an agent, number outside. ``dial``: what a
    telephone dials, None when there is no telephone. ``department``: whose cards these are. ``watched``: a member of
    queues, so that Asterisk tells what it does. ``known``: in our lists, not just a number that was typed.
    """

    kind: TargetKind
    key: str
    name_th: str
    name_en: str
    dial: str | None
    department: str | None = None
    staff_id: int | None = None
    office_th: str = ""
    office_en: str = ""
    watched: bool = False
    known: bool = True

    def name(self, language: str) -> str:
        """Its name on a screen of that language."""
        names = (self.name_th, self.name_en) if language == "th" else (self.name_en, self.name_th)
        return names[0] or names[1] or self.key

    def office(self, language: str) -> str:
        """Of whom it is a part, may be empty."""
        names = (self.office_th, self.office_en) if language == "th" else (self.office_en, self.office_th)
        return names[0] or names[1]

    @property
    def to(self) -> dict[str, str]:
        """What `POST /api/cards` takes as ``to``."""
        return {"kind": self.kind.value, "key": self.key}


@dataclass(frozen=True, slots=True)
class Found:
    """A target in the list. ``since``: of its state, as far as Asterisk tells."""

    target: Target
    availability: Availability
    state: AgentState | None = None
    since: datetime | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Uses:
    """How often targets were chosen: by one agent, and by all. Keys: kind and key."""

    own: Mapping[tuple[str, str], int] = field(default_factory=dict)
    all: Mapping[tuple[str, str], int] = field(default_factory=dict)


def folded(text: str) -> str:
    """Without what people leave out or mistype: capitals, tone marks, Thai digits."""
    return _MARKS.sub("", text.translate(_DIGITS)).casefold()


def dialled(text: str) -> str:
    """A number as it is dialled: without blanks and dashes, +66 as 0."""
    number = _NO_DIGITS.sub("", text.translate(_DIGITS))
    return "0" + number[3:] if number.startswith("+66") else number


def find(
    targets: Iterable[Target], query: str, agents: Mapping[str, AgentNow], uses: Uses | None = None, limit: int = 20
) -> list[Found]:
    """Those that have every word of ``query``; the best first: the very extension, names that begin so, most used by
    the one who asks, most used by all, free before busy."""
    uses = uses or Uses()
    words = folded(query).split()
    number = dialled(query)
    rows = []
    for target in targets:
        hay = _hay(target)
        if not all(word in hay for word in words) and not (len(number) > 1 and number in (target.dial or "")):
            continue
        found = _found(target, agents, uses)
        rows.append((_rank(found, words, number, uses), found))
    rows.sort(key=lambda row: row[0])
    return [found for _, found in rows[:limit]]


def _hay(target: Target) -> str:
    parts = (target.name_th, target.name_en, target.office_th, target.office_en, target.key, target.dial or "")
    return folded(" ".join(parts))


def _found(target: Target, agents: Mapping[str, AgentNow], uses: Uses) -> Found:
    now = agents.get(target.dial or "") if target.kind is not TargetKind.OUTSIDE else None
    count = uses.own.get((target.kind, target.key), 0)
    if now is None:
        away = Availability.OFFLINE if target.watched else Availability.UNKNOWN
        return Found(target, away, uses=count)
    return Found(target, _AVAILABILITY[now.state], now.state, now.since, count)


def _rank(found: Found, words: list[str], number: str, uses: Uses) -> tuple[Any, ...]:
    target = found.target
    key = (target.kind.value, target.key)
    names = [folded(target.name_th), folded(target.name_en), folded(target.key)]
    begins = bool(words) and any(name.startswith(words[0]) for name in names)
    order = _FREE_FIRST.index(found.availability) if found.availability in _FREE_FIRST else len(_FREE_FIRST)
    return (
        not (number and target.dial == number),
        not begins,
        -uses.own.get(key, 0),
        -uses.all.get(key, 0),
        order,
        _KINDS.index(target.kind),
        target.name_th or target.name_en,
        target.key,
    )
