"""Who calls when and does what, drawn from a seed; and what the record of such a call must then say.

Pure: no clock, no network. Times are seconds after the start of the run unless a name says otherwise.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

ANONYMOUS = "anonymous"
NAME_DIGITS = 8  # enough to tell running callers apart, and equal in 0812345678 and +66812345678
CALLBACK_KEY = "1"
MESSAGE_KEY = "2"


@dataclass(frozen=True)
class Behaviour:
    """How people on the telephone behave. Shares are 0-1; times in seconds; medians are of log-normal draws."""

    anonymous_share: float = 0.05
    landline_share: float = 0.3
    returning_share: float = 0.15
    return_after_seconds: float = 25.0
    hang_up_early_share: float = 0.12
    early_patience_seconds: tuple[float, float] = (0.8, 4.0)
    patience_median_seconds: float = 60.0
    shortest_patience_seconds: float = 20.0
    callback_share: float = 0.2  # of those who hear the assistant
    message_share: float = 0.15
    key_after_assistant_seconds: tuple[float, float] = (3.0, 6.0)
    message_seconds: float = 12.0  # from the key to hanging up: prompt, tone and what is said
    caller_ends_share: float = 0.2
    talk_median_seconds: float = 4.0
    talk_spread: float = 0.4  # sigma of the logarithm
    talk_limits_seconds: tuple[float, float] = (1.5, 15.0)
    survey_weights: Mapping[str, float] = field(
        default_factory=lambda: {"1": 0.45, "2": 0.25, "3": 0.12, "": 0.1, "wrong": 0.08}
    )
    wrong_keys: str = "79"
    key_delay_seconds: tuple[float, float] = (1.0, 2.0)
    second_key_delay_seconds: float = 4.0
    pick_up_median_seconds: float = 3.0
    pick_up_spread: float = 0.5
    pick_up_limits_seconds: tuple[float, float] = (0.4, 12.0)
    miss_share: float = 0.04
    reject_share: float = 0.03

    @classmethod
    def steady(cls, talk_seconds: float = 3.0, pick_up_seconds: float = 0.0) -> Behaviour:
        """For measuring: every call alike, every caller waits, the agent ends it, one key is pressed."""
        return cls(
            anonymous_share=0,
            returning_share=0,
            hang_up_early_share=0,
            callback_share=0,
            message_share=0,
            patience_median_seconds=300,
            shortest_patience_seconds=300,
            caller_ends_share=0,
            talk_median_seconds=talk_seconds,
            talk_spread=0,
            talk_limits_seconds=(talk_seconds, talk_seconds),
            survey_weights={"1": 0.4, "2": 0.4, "3": 0.2},
            key_delay_seconds=(1.0, 1.0),
            pick_up_median_seconds=max(pick_up_seconds, 0.001),
            pick_up_spread=0,
            pick_up_limits_seconds=(pick_up_seconds, pick_up_seconds),
            miss_share=0,
            reject_share=0,
        )


@dataclass(frozen=True)
class CallPlan:
    """One call to be made. ``caller_number`` None: withheld. ``survey_keys``: pressed one after the other, may be none.

    ``wait_key``: pressed ``wait_key_seconds`` after the assistant picked up, None if the caller just waits.
    """

    index: int
    arrives_seconds: float
    caller_number: str | None
    patience_seconds: float
    talk_seconds: float
    caller_ends: bool
    survey_keys: tuple[str, ...]
    key_delay_seconds: float
    second_key_delay_seconds: float
    wait_key: str | None
    wait_key_seconds: float
    message_seconds: float

    @property
    def name(self) -> str:
        """What caller and agent leg of one call have in common; unique among the calls running at a time."""
        return line_name(self.caller_number)


@dataclass(frozen=True)
class RingPlan:
    """What an agent does with one ringing of the telephone: ``answer``, ``reject`` or ``miss`` after the delay."""

    action: str
    delay_seconds: float


def line_name(number: str | None) -> str:
    """``+66812345678``, ``0812345678`` → ``12345678``; withheld or too short → ``anonymous``."""
    digits = "".join(c for c in number or "" if c.isdigit())
    return digits[-NAME_DIGITS:] if len(digits) >= NAME_DIGITS else ANONYMOUS


def plan_calls(behaviour: Behaviour, rate_per_second: float, seed: int) -> Iterator[CallPlan]:
    """Calls without end, Poisson arrivals at the rate; the first arrives at once. Equal seeds give equal calls.

    Raises ValueError when the rate is not above 0.
    """
    if rate_per_second <= 0:
        raise ValueError(f"The rate must be above 0 calls a second, not {rate_per_second:g}.")
    draw = random.Random(seed)  # noqa: S311 - a play, not a secret
    numbers = _Numbers(behaviour, draw)
    arrives = 0.0
    for index in count(1):
        yield _plan_call(behaviour, draw, numbers, index, arrives)
        arrives += draw.expovariate(rate_per_second)


def plan_rings(behaviour: Behaviour, rows: int, seed: int) -> tuple[RingPlan, ...]:
    """What agents do with their rings, one after the other."""
    draw = random.Random(seed)  # noqa: S311 - a play, not a secret
    return tuple(_plan_ring(behaviour, draw) for _ in range(rows))


def _plan_ring(behaviour: Behaviour, draw: random.Random) -> RingPlan:
    delay = _log_normal(draw, behaviour.pick_up_median_seconds, behaviour.pick_up_spread)
    low, high = behaviour.pick_up_limits_seconds
    chance = draw.random()
    if chance < behaviour.miss_share:
        return RingPlan("miss", 0.0)
    action = "reject" if chance < behaviour.miss_share + behaviour.reject_share else "answer"
    return RingPlan(action, round(min(max(delay, low), high), 3))


def _plan_call(
    behaviour: Behaviour, draw: random.Random, numbers: _Numbers, index: int, arrives_seconds: float
) -> CallPlan:
    early = draw.random() < behaviour.hang_up_early_share
    if early:
        patience = draw.uniform(*behaviour.early_patience_seconds)
    else:
        patience = max(behaviour.shortest_patience_seconds, _log_normal(draw, behaviour.patience_median_seconds, 0.4))
    low, high = behaviour.talk_limits_seconds
    talk = min(max(_log_normal(draw, behaviour.talk_median_seconds, behaviour.talk_spread), low), high)
    chance = draw.random()
    wait_key = None
    if chance < behaviour.callback_share:
        wait_key = CALLBACK_KEY
    elif chance < behaviour.callback_share + behaviour.message_share:
        wait_key = MESSAGE_KEY
    number = numbers.draw(arrives_seconds, callback=wait_key == CALLBACK_KEY)
    if number is None and wait_key == CALLBACK_KEY:
        wait_key = None  # nobody can call a withheld number back
    return CallPlan(
        index=index,
        arrives_seconds=round(arrives_seconds, 3),
        caller_number=number,
        patience_seconds=round(patience, 3),
        talk_seconds=round(talk, 3),
        caller_ends=draw.random() < behaviour.caller_ends_share,
        survey_keys=_survey_keys(behaviour, draw),
        key_delay_seconds=round(draw.uniform(*behaviour.key_delay_seconds), 3),
        second_key_delay_seconds=behaviour.second_key_delay_seconds,
        wait_key=wait_key,
        wait_key_seconds=round(draw.uniform(*behaviour.key_after_assistant_seconds), 3),
        message_seconds=behaviour.message_seconds,
    )


def _survey_keys(behaviour: Behaviour, draw: random.Random) -> tuple[str, ...]:
    weights = behaviour.survey_weights
    choice = draw.choices(list(weights), list(weights.values()))[0]
    if choice != "wrong":
        return (choice,) if choice else ()
    right = {key: weight for key, weight in weights.items() if key.isdigit()} or {"1": 1.0}
    return draw.choice(behaviour.wrong_keys), draw.choices(list(right), list(right.values()))[0]


def _log_normal(draw: random.Random, median: float, spread: float) -> float:
    return draw.lognormvariate(math.log(median), spread)


class _Numbers:
    """Thai numbers, some of them for the second time. Whoever asked to be called back does not call again."""

    def __init__(self, behaviour: Behaviour, draw: random.Random) -> None:
        self._behaviour = behaviour
        self._draw = draw
        self._names: set[str] = set()
        self._known: dict[str, float] = {}  # number → last arrival

    def draw(self, arrives_seconds: float, *, callback: bool) -> str | None:
        if self._draw.random() < self._behaviour.anonymous_share:
            return None
        number = self._returning(arrives_seconds) or self._fresh()
        if callback:
            self._known.pop(number, None)
        else:
            self._known[number] = arrives_seconds
        return number

    def _returning(self, arrives_seconds: float) -> str | None:
        if self._draw.random() >= self._behaviour.returning_share:
            return None
        until = arrives_seconds - self._behaviour.return_after_seconds
        candidates = [number for number, last in list(self._known.items())[-200:] if last <= until]
        return self._draw.choice(candidates) if candidates else None

    def _fresh(self) -> str:
        while True:
            if self._draw.random() < self._behaviour.landline_share:
                number = f"02{self._draw.randrange(2_000_000, 9_999_999):07d}"
            else:
                number = f"0{self._draw.choice('689')}{self._draw.randrange(10_000_000, 99_999_999):08d}"
            name = line_name(number)
            if name not in self._names:
                self._names.add(name)
                return number
