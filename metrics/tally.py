"""What is counted and summed for the figures: tallies of parts of a period add up to the tally of the whole.

Durations are `timedelta`, whole microseconds, so that neither the order of the calls nor the way a period
is split changes a digit.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Self, TypeVar

from metrics.facts import ABANDONED, CALLBACK, FAILED, MESSAGE, SATISFIED, TIMED_OUT, CallFact
from metrics.facts import IMPRESSED as IMPRESSED_MEANING
from metrics.facts import NOT_SATISFIED as NOT_SATISFIED_MEANING

ZERO = timedelta()
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of the figures, in seconds. An edge counts as inside.

    ``guard_tolerance_seconds``: the assistant acts *at* ``answer_within_seconds``, so its own doing is allowed this
    long before a pick-up counts as late. It never applies to pick-ups by people alone.
    """

    answer_within_seconds: float = 9.0
    short_abandon_seconds: float = 5.0
    guard_tolerance_seconds: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts and sums over any set of calls. Add two with ``+``."""

    limits: Limits = Limits()
    offered: int = 0
    waiting: int = 0  # offered and not yet answered, lost or gone elsewhere
    answered: int = 0
    answered_within: int = 0
    picked_up: int = 0
    picked_up_within: int = 0
    pick_up_pending: int = 0  # waiting and picked up by nobody yet
    abandoned: int = 0
    short_abandoned: int = 0
    abandoned_within: int = 0
    timed_out: int = 0
    messages: int = 0
    callbacks: int = 0
    failed: int = 0
    closed: int = 0
    callbacks_completed: int = 0
    answer_wait: timedelta = ZERO
    pick_up_wait: timedelta = ZERO
    longest_wait: timedelta | None = None
    handled: int = 0
    talk: timedelta = ZERO
    talk_known: int = 0
    hold: timedelta = ZERO
    hold_known: int = 0
    wrap_up: timedelta = ZERO
    wrap_up_known: int = 0
    surveys_asked: int = 0
    impressed: int = 0
    satisfied: int = 0
    not_satisfied: int = 0

    def __add__(self, other: Self) -> "Tally":
        if self.limits != other.limits:
            raise ValueError("tallies with different thresholds do not add up: count both with the same Limits")
        sums = {name: getattr(self, name) + getattr(other, name) for name in SUMMED}
        longest = [wait for wait in (self.longest_wait, other.longest_wait) if wait is not None]
        return Tally(limits=self.limits, longest_wait=max(longest, default=None), **sums)

    @property
    def decided(self) -> int:
        """Offered calls whose wait is over: the denominator of the rates."""
        return self.offered - self.waiting

    @property
    def surveys_answered(self) -> int:
        """Surveys with a valid answer."""
        return self.impressed + self.satisfied + self.not_satisfied


# All that is added up: counts (int) and sums of time (timedelta); ``longest_wait`` is a maximum.
SUMMED = tuple(field.name for field in fields(Tally) if field.name not in {"limits", "longest_wait"})


def tally(calls: Iterable[CallFact], limits: Limits = Limits()) -> Tally:
    """Count calls. Each call must be given once."""
    sums: dict[str, int | timedelta] = dict(_NOTHING)
    longest: timedelta | None = None
    for call in calls:
        counted, wait = _count(call, limits)
        for name, value in counted.items():
            sums[name] += value  # type: ignore[operator]
        if wait is not None and (longest is None or wait > longest):
            longest = wait
    return Tally(limits=limits, longest_wait=longest, **sums)  # type: ignore[arg-type]


def tally_by(
    calls: Iterable[CallFact],
    key: Callable[[CallFact], Key],
    limits: Limits = Limits(),
) -> dict[Key, Tally]:
    """One tally for each key, such as ``lambda call: call.queue``, in order of first appearance."""
    groups: dict[Key, list[CallFact]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return {name: tally(group, limits) for name, group in groups.items()}


def _count(call: CallFact, limits: Limits) -> tuple[dict[str, int | timedelta], timedelta | None]:
    """What one call adds, and how long it waited if that counts for the longest wait."""
    counted: dict[str, int | timedelta] = {}
    longest = None
    if call.offered:
        counted |= waits_of(call, limits)
        longest = call.wait
    elif call.callback_of is None:
        counted["closed"] = 1
    elif call.answered:
        counted["callbacks_completed"] = 1
    if call.answered:
        counted |= _handling(call)
    if call.survey_asked:
        counted["surveys_asked"] = 1
        if call.survey_meaning in _MEANING_FIELDS:
            counted[_MEANING_FIELDS[call.survey_meaning]] = 1
    return counted, longest


def waits_of(call: CallFact, limits: Limits) -> dict[str, int | timedelta]:
    """What one offered call adds to the fields of a tally that are about waiting; a field not named: nothing."""
    counted: dict[str, int | timedelta] = {"offered": 1}
    threshold = timedelta(seconds=limits.answer_within_seconds)
    tolerance = timedelta(seconds=limits.guard_tolerance_seconds)
    if call.agent_answered_at is not None:
        wait = call.agent_answered_at - call.arrived_at
        counted |= {"answered": 1, "answer_wait": wait, "answered_within": int(wait <= threshold)}
    elif not call.wait_over:
        counted["waiting"] = 1
    elif call.outcome in _OUTCOME_FIELDS:
        counted[_OUTCOME_FIELDS[call.outcome]] = 1
        if call.outcome == ABANDONED and call.wait is not None:
            counted["short_abandoned"] = int(call.wait <= timedelta(seconds=limits.short_abandon_seconds))
            counted["abandoned_within"] = int(call.wait <= threshold)
    else:
        counted["failed"] = 1  # ended, and nobody knows how: never a success
    after = call.picked_up_after
    if after is not None:
        counted |= {"picked_up": 1, "pick_up_wait": after, "picked_up_within": int(after <= threshold + tolerance)}
    elif not call.wait_over:
        counted["pick_up_pending"] = 1
    return counted


def _handling(call: CallFact) -> dict[str, int | timedelta]:
    counted: dict[str, int | timedelta] = {"handled": 1}
    parts = (("talk", call.talk_seconds), ("hold", call.hold_seconds), ("wrap_up", call.wrap_up_seconds))
    for name, seconds in parts:
        if seconds is not None:
            counted |= {name: timedelta(seconds=seconds), f"{name}_known": 1}
    return counted


_OUTCOME_FIELDS = {
    ABANDONED: "abandoned",
    TIMED_OUT: "timed_out",
    MESSAGE: "messages",
    CALLBACK: "callbacks",
    FAILED: "failed",
}
_MEANING_FIELDS = {
    IMPRESSED_MEANING: "impressed",
    SATISFIED: "satisfied",
    NOT_SATISFIED_MEANING: "not_satisfied",
}
_NOTHING: dict[str, int | timedelta] = {name: getattr(Tally(), name) for name in SUMMED}
