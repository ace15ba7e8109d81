"""How many agents a queue needs: Erlang C (nobody hangs up) and Erlang A (people do). Pure, and stable for any size.

Both models: calls arrive as a Poisson stream, are answered in the order of arrival by ``agents`` alike, and take a
handling time of which only the mean counts much. **Erlang C** (M/M/n) lets callers wait for ever, so it asks for too
many agents when people in truth hang up, and knows no answer at all when the load exceeds the agents. **Erlang A**
(M/M/n+M, Palm) lets each caller hang up after an exponential patience.

Sources: Erlang C: A. K. Erlang 1917. Erlang A: C. Palm 1946; Garnett, Mandelbaum, Reiman, "Designing a call center with
impatient customers", M&SOM 4 (2002); Mandelbaum, Zeltyn, "The Palm/Erlang-A queue" (2005). Tests compare with their
published figures and with a simulation (`metrics.queue_simulation`).

Nothing here computes a power or a factorial: states are counted relative to the states in which nobody waits, in
recursions whose terms are positive, so no digits are lost and nothing overflows.
"""

import math
from dataclasses import dataclass
from typing import Final

MOST_AGENTS: Final = 5000
_SMALL: Final = 1e-16  # a term this much smaller than the sum changes no digit
_LARGE: Final = 1e200


@dataclass(frozen=True, slots=True)
class Queue:
    """What a queue is offered. ``calls_per_second``; ``handling_seconds``: talk, hold and wrap-up of a call;
    ``patience_seconds``: how long a caller waits on average before hanging up, None: for ever."""

    calls_per_second: float
    handling_seconds: float
    patience_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.calls_per_second < 0 or self.handling_seconds <= 0 or (self.patience_seconds or 1) <= 0:
            raise ValueError(f"calls cannot be fewer than none, times must be longer than 0: {self}")

    @property
    def load(self) -> float:
        """Offered load in erlangs: how many agents would talk at once if nobody ever waited or hung up."""
        return self.calls_per_second * self.handling_seconds


@dataclass(frozen=True, slots=True)
class Performance:
    """How a queue does in the long run. Shares are of all calls, 0–1.

    ``answered_within``: answered by an agent within the time asked for; ``abandoned``: hung up while waiting;
    ``mean_wait_seconds``: of all callers, None when waits grow without end; ``occupancy``: share of the agents' time.
    """

    agents: int
    waits: float
    answered_within: float
    abandoned: float
    mean_wait_seconds: float | None
    mean_waiting: float | None
    occupancy: float


def erlang_b(load: float, agents: int) -> float:
    """Share of calls lost when nobody can wait (M/M/n/n). ``load`` in erlangs."""
    blocked = 1.0
    for busy in range(1, agents + 1):
        blocked = load * blocked / (busy + load * blocked)
    return blocked


def erlang_c(load: float, agents: int) -> float:
    """Share of calls that must wait when nobody hangs up (M/M/n); 1 when the load is too much for the agents."""
    if load >= agents:
        return 1.0
    blocked = erlang_b(load, agents)
    return blocked / (1.0 - (load / agents) * (1.0 - blocked))


def performance(queue: Queue, agents: int, within_seconds: float) -> Performance:
    """How ``agents`` do with this queue; ``within_seconds``: the promise. Erlang A with a patience, else Erlang C."""
    if queue.calls_per_second == 0:
        return Performance(agents, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    if agents == 0:
        return _nobody_there(queue)
    if queue.patience_seconds is None:
        return _without_patience_limit(queue, agents, within_seconds)
    return _with_patience(queue, queue.patience_seconds, agents, within_seconds)


def agents_needed(queue: Queue, target: float, within_seconds: float, most: int = MOST_AGENTS) -> Performance | None:
    """The fewest agents that answer at least ``target`` (0–1) of all calls within the time; None: ``most`` cannot."""
    if not 0 < target < 1:
        raise ValueError(f"a target is a share between 0 and 1, not {target}")
    few, many = -1, max(1, math.ceil(queue.load))
    while performance(queue, many, within_seconds).answered_within < target:
        if many >= most:
            return None
        few, many = many, min(2 * many, most)
    while many - few > 1:
        middle = (few + many) // 2
        if performance(queue, middle, within_seconds).answered_within < target:
            few = middle
        else:
            many = middle
    return performance(queue, many, within_seconds)


def _nobody_there(queue: Queue) -> Performance:
    patience = queue.patience_seconds
    waiting = queue.calls_per_second * patience if patience is not None else None
    return Performance(0, 1.0, 0.0, 0.0 if patience is None else 1.0, patience, waiting, 1.0)


def _without_patience_limit(queue: Queue, agents: int, within_seconds: float) -> Performance:
    spare = agents - queue.load
    if spare <= 0:
        return Performance(agents, 1.0, 0.0, 0.0, None, None, 1.0)
    waits = erlang_c(queue.load, agents)
    late = waits * math.exp(-spare * within_seconds / queue.handling_seconds)
    mean_wait = waits * queue.handling_seconds / spare
    return Performance(
        agents, waits, 1.0 - late, 0.0, mean_wait, mean_wait * queue.calls_per_second, queue.load / agents
    )


def _with_patience(queue: Queue, patience: float, agents: int, within_seconds: float) -> Performance:
    """Sums over the number of callers who wait already when one more comes.

    With k ahead, the agents free one of the k+1 after a time V whose e^(-V/patience) has the distribution
    Beta(m, k+1), m = patience x agents / handling. So P(still there, V <= t) is the mean of that variable where it is
    at least e^(-t/patience): m/(m+k+1) x P(Beta(m+1, k+1) >= e^(-t/patience)), and the latter loses one positive term
    with every k.
    """
    free_rate, hang_up_rate = agents / queue.handling_seconds, 1.0 / patience
    m = free_rate * patience
    gone = math.exp(-within_seconds * hang_up_rate)
    term = math.exp(-within_seconds * hang_up_rate * (m + 1))  # of the Beta's distribution function
    in_time = 1.0 - term
    state = states = erlang_b(queue.load, agents)  # all busy, nobody waits; relative to nobody waiting at all
    not_all_busy = 1.0 - state
    answered_in_time = state * in_time * m / (m + 1)
    waiting, k = 0.0, 0
    while True:
        k += 1
        drain = free_rate + k * hang_up_rate
        state *= queue.calls_per_second / drain
        term *= (1.0 - gone) * (m + k) / k
        in_time = max(0.0, in_time - term)
        states += state
        waiting += k * state
        answered_in_time += state * in_time * m / (m + k + 1)
        if state > _LARGE:
            state, states, waiting = state / _LARGE, states / _LARGE, waiting / _LARGE
            answered_in_time, not_all_busy = answered_in_time / _LARGE, not_all_busy / _LARGE
        if drain > queue.calls_per_second and k * state < _SMALL * (states + not_all_busy):
            break
    total = states + not_all_busy
    mean_waiting = waiting / total
    abandoned = min(1.0, mean_waiting * hang_up_rate / queue.calls_per_second)
    return Performance(
        agents,
        states / total,
        (not_all_busy + answered_in_time) / total,
        abandoned,
        mean_waiting / queue.calls_per_second,
        mean_waiting,
        min(1.0, queue.load * (1.0 - abandoned) / agents),
    )
