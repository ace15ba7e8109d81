"""How long callers wait before they hang up, measured although most are answered first. Pure.

Whoever is answered would have waited at least that long: their patience is *censored*. Dropping them would make callers
look far less patient than they are.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_NINETY_FIVE: Final = 1.96


@dataclass(frozen=True, slots=True)
class Wait:
    """One caller's wait; ``hung_up``: that ended it. Otherwise it was answered, or ended in another way."""

    seconds: float
    hung_up: bool


@dataclass(frozen=True, slots=True)
class Patience:
    """Mean patience and its 95 % limits. ``waits``: from how many callers; ``hung_up``: how many of them did."""

    mean_seconds: float
    low_seconds: float
    high_seconds: float
    waits: int
    hung_up: int


def measured_patience(waits: Iterable[Wait]) -> Patience | None:
    """Mean of an exponential patience: all time waited, by everybody, for each who hung up; None when nobody did.

    The maximum-likelihood estimate from censored waits (Mandelbaum, Zeltyn 2005, section 5); its logarithm has the
    standard error 1/√(number who hung up), hence the limits.
    """
    waited, count, gone = 0.0, 0, 0
    for wait in waits:
        waited += max(0.0, wait.seconds)
        count += 1
        gone += wait.hung_up
    if not gone or waited <= 0:
        return None
    mean, factor = waited / gone, math.exp(_NINETY_FIVE / math.sqrt(gone))
    return Patience(mean, mean / factor, mean * factor, count, gone)


def still_waiting(waits: Iterable[Wait]) -> list[tuple[float, float]]:
    """Kaplan–Meier: share of callers who would still wait after so many seconds; a point for each time somebody hung
    up. Assumes nothing about the shape of patience, so it shows how well the exponential one fits."""
    ordered: Sequence[Wait] = sorted(waits, key=lambda wait: (wait.seconds, not wait.hung_up))
    share, left, curve = 1.0, len(ordered), [(0.0, 1.0)]
    for wait in ordered:
        if wait.hung_up:
            share *= 1 - 1 / left
            if curve[-1][0] == wait.seconds:
                curve.pop()
            curve.append((wait.seconds, share))
        left -= 1
    return curve
