"""Which calls are behind a figure: those in its denominator, and of these the ones that count for it.

Said in counts of `Tally`, so that a call is behind a figure exactly when its own tally says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from metrics.facts import CallFact
from metrics.tally import Limits, Tally, tally

Counts = Mapping[str, int]
LONGEST: Final = "longest_wait"


@dataclass(frozen=True, slots=True)
class Behind:
    """``whole``: sum of counts that is 1 for a call in the denominator; ``part``: 1 for one that counts, None when the
    figure is a count or a mean, of which all calls are alike."""

    whole: Counts
    part: Counts | None = None


_DECIDED: Final = {"offered": 1, "waiting": -1}
_ANSWERED: Final = {"answered": 1}
_WITHIN: Final = {"answered_within": 1}
_SURVEYS: Final = {"impressed": 1, "satisfied": 1, "not_satisfied": 1}

BEHIND: Final[Mapping[str, Behind]] = {
    "offered": Behind({"offered": 1}),
    "waiting": Behind({"waiting": 1}),
    "answered": Behind(_ANSWERED),
    "answered_rate_strict": Behind(_DECIDED, _ANSWERED),
    "answered_rate_without_short_abandons": Behind(_DECIDED | {"short_abandoned": -1}, _ANSWERED),
    "answered_within": Behind(_DECIDED, _WITHIN),
    "picked_up_within": Behind({"offered": 1, "pick_up_pending": -1}, {"picked_up_within": 1}),
    "average_speed_of_answer": Behind(_ANSWERED),
    "average_speed_of_pick_up": Behind({"picked_up": 1}),
    "longest_wait": Behind(_DECIDED),
    "abandon_rate": Behind(_DECIDED, {"abandoned": 1}),
    "short_abandons": Behind({"short_abandoned": 1}),
    "service_level_of_answered": Behind(_ANSWERED, _WITHIN),
    "service_level_without_short_abandons": Behind(_DECIDED | {"short_abandoned": -1}, _WITHIN),
    "service_level_late_losses_only": Behind(_DECIDED | {"abandoned_within": -1}, _WITHIN),
    "timed_out": Behind({"timed_out": 1}),
    "messages": Behind({"messages": 1}),
    "callbacks": Behind({"callbacks": 1}),
    "callbacks_completed": Behind({"callbacks_completed": 1}),
    "failed": Behind({"failed": 1}),
    "closed": Behind({"closed": 1}),
    "average_handling_time": Behind({"talk_known": 1}),
    "average_talk": Behind({"talk_known": 1}),
    "average_hold": Behind({"hold_known": 1}),
    "average_wrap_up": Behind({"wrap_up_known": 1}),
    "satisfaction": Behind(_SURVEYS, {"impressed": 1, "satisfied": 1}),
    "survey_response_rate": Behind({"surveys_asked": 1}, _SURVEYS),
}


def number(counts: Counts, counted: Tally) -> int:
    """How many calls of a tally these counts mean."""
    return sum(times * int(getattr(counted, name)) for name, times in counts.items())


def means(counts: Counts, fact: CallFact, limits: Limits) -> bool:
    """Whether they mean this call."""
    return number(counts, tally((fact,), limits)) > 0


def others(behind: Behind) -> Counts:
    """Calls of the denominator that do not count for the figure."""
    missing = dict(behind.whole)
    for name, times in (behind.part or {}).items():
        missing[name] = missing.get(name, 0) - times
    return missing
