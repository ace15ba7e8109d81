"""What each agent did: every agent's own part of a call, so that a transfer falsifies nobody's figures.

``docs/kpi.md`` is generated from here as well; lines of a docstring as in `metrics.kpi`. A part belongs to the period
in which the call arrived, like the call itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Final, Self

from metrics.tally import ZERO

Figure = int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTally:
    """Counts and sums of one agent's parts. Add two with ``+``."""

    rings: int = 0
    rings_answered: int = 0
    talks: int = 0
    by_transfer: int = 0
    handed_on: int = 0
    talk: timedelta = ZERO
    talk_known: int = 0
    hold: timedelta = ZERO
    wrap_up: timedelta = ZERO
    wrap_up_known: int = 0
    surveys_asked: int = 0
    impressed: int = 0
    satisfied: int = 0
    not_satisfied: int = 0

    def __add__(self, other: Self) -> "AgentTally":
        return AgentTally(**{name: getattr(self, name) + getattr(other, name) for name in AGENT_SUMMED})


AGENT_SUMMED: Final = tuple(field.name for field in fields(AgentTally))


def talks(tally: AgentTally) -> int:
    """Talks of this agent with callers.

    Formula: number of conversations of this agent.
    Denominator: none, a count.
    Counted: each agent's own part, also those that came by transfer and in callbacks. One call that three agents spoke
        in is one talk of each.
    Source: G (R8).
    """
    return tally.talks


def by_transfer(tally: AgentTally) -> int:
    """Talks that a colleague handed over.

    Formula: number of conversations of this agent that were not the first of their call.
    Denominator: none, a count.
    Counted: whether announced or not.
    Source: K3.
    """
    return tally.by_transfer


def handed_on(tally: AgentTally) -> int:
    """Calls that this agent handed on.

    Formula: number of transfers by this agent.
    Denominator: none, a count.
    Counted: to colleagues, offices and numbers outside, whatever became of them.
    Source: K3.
    """
    return tally.handed_on


def rings(tally: AgentTally) -> int:
    """How often this agent's telephone rang for a queue.

    Formula: number of rings.
    Denominator: none, a count.
    Counted: also those that ended because a colleague was faster or the caller hung up.
    Source: H1.
    """
    return tally.rings


def rings_answered(tally: AgentTally) -> int:
    """Rings that this agent answered.

    Formula: number of rings with an answer.
    Denominator: none, a count.
    Counted: a ring without answer is no fault by itself: several telephones ring at once.
    Source: H1.
    """
    return tally.rings_answered


def average_talk(tally: AgentTally) -> float | None:
    """Average talk of this agent, hold not included.

    Formula: (sum of this agent's talk - sum of this agent's hold) / talks that have ended.
    Denominator: this agent's conversations that have ended.
    Counted: from this agent's pick-up to the end of this agent's part; what others talked with the caller is theirs.
    Source: H2-H7; trade practice.
    """
    return _mean(tally.talk - tally.hold, tally.talk_known)


def average_hold(tally: AgentTally) -> float | None:
    """Average time on hold by this agent.

    Formula: sum of this agent's hold / talks that have ended.
    Denominator: this agent's conversations that have ended, those without hold too.
    Counted: a hold that nobody ended lasts until the end of the talk.
    Source: trade practice.
    """
    return _mean(tally.hold, tally.talk_known)


def average_wrap_up(tally: AgentTally) -> float | None:
    """Average work after the call of this agent.

    Formula: sum of this agent's wrap-up / talks whose wrap-up is known.
    Denominator: this agent's conversations that a wrap-up followed.
    Counted: from the end of this agent's talk until the agent could be rung again.
    Source: H9; trade practice.
    """
    return _mean(tally.wrap_up, tally.wrap_up_known)


def handling_time(tally: AgentTally) -> float | None:
    """Talk, hold and wrap-up of this agent for each talk.

    Formula: average talk + average hold + average wrap-up.
    Denominator: each part over the talks for which it is known.
    Counted: none while no talk has ended; an unknown wrap-up adds nothing.
    Source: G (R8); trade practice.
    """
    talk, hold = average_talk(tally), average_hold(tally)
    return None if talk is None else talk + (hold or 0.0) + (average_wrap_up(tally) or 0.0)


def satisfaction(tally: AgentTally) -> float | None:
    """Share of satisfied callers, of those who answered the survey.

    Formula: (impressed + satisfied) / (impressed + satisfied + not satisfied).
    Denominator: surveys with a valid key.
    Counted: a call's survey belongs to the person the caller spoke with last.
    Source: H8 (D17), target 85 %.
    """
    good = tally.impressed + tally.satisfied
    answers = good + tally.not_satisfied
    return good / answers if answers else None


def surveys_answered(tally: AgentTally) -> int:
    """Surveys with a valid answer.

    Formula: impressed + satisfied + not satisfied.
    Denominator: none, a count.
    Counted: a call's survey belongs to the person the caller spoke with last.
    Source: H8.
    """
    return tally.impressed + tally.satisfied + tally.not_satisfied


def _mean(total: timedelta, count: int) -> float | None:
    return total.total_seconds() / count if count > 0 else None


@dataclass(frozen=True, slots=True)
class AgentKpi:
    """One published figure of an agent; ``unit`` and ``target`` as in `metrics.kpi.Kpi`."""

    function: Callable[[AgentTally], Figure]
    unit: str
    target: float | None = None

    @property
    def name(self) -> str:
        """Its name in reports and exports."""
        return self.function.__name__


AGENT_KPIS: Final = (
    AgentKpi(talks, "count"),
    AgentKpi(by_transfer, "count"),
    AgentKpi(handed_on, "count"),
    AgentKpi(rings, "count"),
    AgentKpi(rings_answered, "count"),
    AgentKpi(handling_time, "seconds"),
    AgentKpi(average_talk, "seconds"),
    AgentKpi(average_hold, "seconds"),
    AgentKpi(average_wrap_up, "seconds"),
    AgentKpi(surveys_answered, "count"),
    AgentKpi(satisfaction, "ratio", 0.85),
)
