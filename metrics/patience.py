"""How long callers wait before they hang up, measured although most are answered first. Pure.

Whoever is answered would have waited at least that long: their patience is *censored*. Dropping them would make callers
look far less patient than they are.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_NINETY_FIVE: Final = 1.96


@dataclass(frozen=True, slots=True)
class Wait:
    """The wait of ``callers``; ``hung_up``: that ended it. Otherwise it was answered, or ended in another way."""

    seconds: float
    hung_up: bool
    callers: int = 1


@dataclass(frozen=True, slots=True)
class Patience:
    """Mean patience and its 95 % limits. ``waits``: from how many callers; ``hung_up``: how many of them did."""

    mean_seconds: float
    low_seconds: float
    high_seconds: float
    waits: int
    hung_up: int


def measured_patience(waits: Iterable[Wait], after_seconds: float = 0.0) -> Patience | None:
    """Mean of an exponential patience: all time waited, by everybody, for each who hung up; None when nobody did.

    The maximum-likelihood estimate from censored waits (Mandelbaum, Zeltyn 2005, section 5); its logarithm has the
    standard error 1/√(number who hung up), hence the limits. ``after_seconds``: what happens sooner is left out, both
    waiting and hanging up: menu and ringing come before any agent could be free or not, and who hangs up within them
    has dialled wrongly more often than lost patience.
    """
    waited, count, gone = 0.0, 0, 0
    for wait in waits:
        longer = wait.seconds - after_seconds
        waited += max(0.0, longer) * wait.callers
        count += wait.callers if longer >= 0 else 0
        gone += wait.callers if wait.hung_up and longer > 0 else 0
    if not gone or waited <= 0:
        return None
    mean, factor = waited / gone, math.exp(_NINETY_FIVE / math.sqrt(gone))
    return Patience(mean, mean / factor, mean * factor, count, gone)
