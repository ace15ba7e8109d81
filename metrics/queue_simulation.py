"""The same queue as `metrics.erlang`, call by call: to check the formulas, and to replay real calls. Pure.

Calls come in the order of arrival to a team whose size changes with time; nobody is taken from a call when the team
gets smaller. Whoever waits longer than their patience is gone.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Caller:
    """One call. All in seconds; ``arrives`` from any zero, ``patience`` may be `math.inf`."""

    arrives: float
    handling: float
    patience: float = math.inf


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a call: answered after ``wait`` seconds, or hung up after that."""

    wait: float
    answered: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares of all calls (0–1), None without calls; ``mean_wait_seconds`` of all callers."""

    calls: int
    answered_within: float | None
    abandoned: float | None
    mean_wait_seconds: float | None


def simulate(callers: Sequence[Caller], team: Sequence[tuple[float, int]]) -> list[Fate]:
    """The fate of each caller, in the order given, which must be that of arrival.

    ``team``: from which second on there are how many agents, in order; nobody before the first. Callers who still wait
    when all is over and no agent ever comes hang up at the end of their patience.
    """
    if any(later.arrives < earlier.arrives for earlier, later in pairwise(callers)):
        raise ValueError("callers must come in the order of their arrival")
    fates: list[Fate | None] = [None] * len(callers)
    waiting: deque[int] = deque()
    busy: list[float] = []  # heap of the moments at which calls end
    agents = 0
    for at, number, size in _happenings(callers, team, busy):
        if size is not None:
            agents = size
        elif number is not None:
            waiting.append(number)
        while busy and busy[0] <= at:
            heapq.heappop(busy)
        while waiting and len(busy) < agents:
            caller = callers[waiting[0]]
            wait = at - caller.arrives
            if wait >= caller.patience:
                fates[waiting.popleft()] = Fate(caller.patience, answered=False)
                continue
            fates[waiting.popleft()] = Fate(wait, answered=True)
            heapq.heappush(busy, at + caller.handling)
    return [fate or Fate(caller.patience, answered=False) for caller, fate in zip(callers, fates, strict=True)]


def _happenings(
    callers: Sequence[Caller], team: Sequence[tuple[float, int]], busy: list[float]
) -> Iterator[tuple[float, int | None, int | None]]:
    """Every moment at which somebody may be answered, in order: a call ends, the team changes, a caller comes."""
    next_caller = next_team = 0
    while next_caller < len(callers) or next_team < len(team) or busy:
        comes = callers[next_caller].arrives if next_caller < len(callers) else math.inf
        changes = team[next_team][0] if next_team < len(team) else math.inf
        ends = busy[0] if busy else math.inf
        at = min(ends, changes, comes)
        if at == ends:
            yield at, None, None  # simulate() takes it off the heap
        elif at == changes:
            next_team += 1
            yield at, None, team[next_team - 1][1]
        else:
            next_caller += 1
            yield at, next_caller - 1, None


def outcome(fates: Iterable[Fate], within_seconds: float) -> Outcome:
    """How it went. An edge counts as inside."""
    listed = list(fates)
    if not listed:
        return Outcome(0, None, None, None)
    count = len(listed)
    in_time = sum(fate.answered and fate.wait <= within_seconds for fate in listed)
    gone = sum(not fate.answered for fate in listed)
    return Outcome(count, in_time / count, gone / count, sum(fate.wait for fate in listed) / count)


def poisson_callers(
    calls_per_second: float, handling_seconds: float, patience_seconds: float | None, calls: int, seed: int
) -> list[Caller]:
    """Made-up callers, as Erlang's models assume them; the same seed gives the same callers."""
    chance = random.Random(seed)  # noqa: S311  (a simulation, not a secret)
    at, callers = 0.0, []
    for _ in range(calls):
        at += chance.expovariate(calls_per_second)
        patience = math.inf if patience_seconds is None else chance.expovariate(1 / patience_seconds)
        callers.append(Caller(at, chance.expovariate(1 / handling_seconds), patience))
    return callers
