"""From expected calls to agents, half hour by half hour, and to what a roster makes of them. Pure.

The promise counts from the moment a call arrives: what menu and announcement take, and what an agent needs to take up a
ringing telephone, is taken from the time that is left for waiting, and ringing occupies the agent as talking does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from metrics.erlang import Performance, Queue, agents_needed, performance
from metrics.forecast import SLOT_MINUTES

_ALMOST: Final = 1e-9
_SLOT_SECONDS: Final = SLOT_MINUTES * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is promised and what was measured. ``target``: share of all calls answered ``within_seconds``; ``away``:
    share of the rostered agents who are not at their telephone (breaks, training, illness)."""

    target: float = 0.95
    within_seconds: float = 9.0
    away: float = 0.0
    until_rings_seconds: float = 0.0
    ring_seconds: float = 0.0
    patience_seconds: float | None = None

    @property
    def waiting_seconds(self) -> float:
        """What the promise leaves for waiting until a telephone rings."""
        return max(0.0, self.within_seconds - self.until_rings_seconds - self.ring_seconds)

    @property
    def cannot_be_kept(self) -> bool:
        """Ringing alone takes longer than is promised: no number of agents is enough."""
        return self.until_rings_seconds + self.ring_seconds > self.within_seconds

    def rostered(self, at_telephones: int) -> int:
        """How many must be on the roster for so many to be at their telephones."""
        return math.ceil(at_telephones / (1 - self.away) - _ALMOST)

    def at_telephones(self, rostered: float) -> int:
        """How many of those on the roster are there."""
        return math.floor(rostered * (1 - self.away) + _ALMOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One half hour. ``erlang_c``, ``erlang_a``: how the fewest agents do that keep the promise, None when no number
    does or, for A, when patience is not known. ``rostered``: people on the roster, by the time they are there;
    ``with_roster``: how those at their telephones do."""

    minute: int
    calls: float
    handling_seconds: float
    erlang_c: Performance | None
    erlang_a: Performance | None
    to_roster: int | None
    rostered: float
    with_roster: Performance
    imported: bool = False

    @property
    def needed(self) -> Performance | None:
        """What is recommended: Erlang A, which knows that people hang up; without a measured patience Erlang C."""
        return self.erlang_a or self.erlang_c

    @property
    def short(self) -> int:
        """How many people the roster has too few."""
        if self.to_roster is None:
            return 1
        return max(0, self.to_roster - math.floor(self.rostered + _ALMOST))

    @property
    def spare(self) -> int:
        """How many people the roster has more than are needed."""
        return max(0, math.floor(self.rostered + _ALMOST) - (self.to_roster or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """A day. ``slots`` is empty when the doors are shut; ``holiday``: its names (Thai, English)."""

    day: date
    slots: Sequence[Slot]
    holiday: tuple[str, str] | None = None
    after_holiday: bool = False
    has_roster: bool = False

    @property
    def calls(self) -> float:
        """Calls expected."""
        return sum(slot.calls for slot in self.slots)

    @property
    def peak(self) -> Slot | None:
        """The half hour that needs most people."""
        return max(self.slots, key=lambda slot: (slot.to_roster or 0, slot.calls), default=None)

    @property
    def hours_needed(self) -> float:
        """Hours of work that the roster must have."""
        return sum(slot.to_roster or 0 for slot in self.slots) * SLOT_MINUTES / 60

    @property
    def hours_rostered(self) -> float:
        """Hours of work that it has."""
        return sum(slot.rostered for slot in self.slots) * SLOT_MINUTES / 60

    @property
    def short_slots(self) -> list[Slot]:
        """Half hours in which it falls short."""
        return [slot for slot in self.slots if slot.short]

    @property
    def abandons(self) -> float | None:
        """Callers expected to hang up when as many are there as are needed; None when patience is not known."""
        if any(slot.erlang_a is None for slot in self.slots):
            return None
        return sum(slot.calls * slot.erlang_a.abandoned for slot in self.slots if slot.erlang_a)

    @property
    def abandons_with_roster(self) -> float:
        """The same with the present roster."""
        return sum(slot.calls * slot.with_roster.abandoned for slot in self.slots)

    @property
    def within_with_roster(self) -> float | None:
        """Share answered within the promise with the present roster; None when nobody calls."""
        if not self.calls:
            return None
        return sum(slot.calls * slot.with_roster.answered_within for slot in self.slots) / self.calls


def slot_plan(
    minute: int, calls: float, handling_seconds: float, rostered: float, rules: Rules, *, imported: bool = False
) -> Slot:
    """What one half hour with so many ``calls`` needs, and how the roster does."""
    occupied = handling_seconds + rules.ring_seconds
    patience = rules.patience_seconds
    rate = round(calls, 2) / _SLOT_SECONDS  # so that like half hours are reckoned once
    endless = _needed(Queue(rate, occupied), rules)
    leaving = _needed(Queue(rate, occupied, patience), rules) if patience is not None else None
    best = leaving or endless
    return Slot(
        minute=minute,
        calls=calls,
        handling_seconds=handling_seconds,
        erlang_c=endless,
        erlang_a=leaving,
        to_roster=rules.rostered(best.agents) if best else None,
        rostered=rostered,
        with_roster=_performance(Queue(rate, occupied, patience), rules.at_telephones(rostered), rules.waiting_seconds),
        imported=imported,
    )


def team_of(slots: Mapping[int, Slot]) -> list[tuple[float, int]]:
    """The recommended team of a day for `metrics.queue_simulation`: from which second of the day on how many agents."""
    team = [(60.0 * minute, slot.needed.agents if slot.needed else 0) for minute, slot in sorted(slots.items())]
    return [*team, (86_400.0, 0)]


@lru_cache(maxsize=4096)
def _needed(queue: Queue, rules: Rules) -> Performance | None:
    if rules.cannot_be_kept:
        return None
    return agents_needed(queue, rules.target, rules.waiting_seconds)


@lru_cache(maxsize=4096)
def _performance(queue: Queue, agents: int, within_seconds: float) -> Performance:
    return performance(queue, agents, within_seconds)
