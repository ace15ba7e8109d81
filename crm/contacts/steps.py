"""The steps of a service and how long each took (H1 to H9). Pure: a function of what the telephone told and of the
keys that the agent pressed, in any order and told any number of times.

The talk is divided by the agent's marks; before the first mark it is the greeting. Ringing, survey and summary come by
themselves, and the survey runs beside the summary. Who never marks a step has not measured any: the talk's only step
then says so, and nobody is judged by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.standards.models import Plan


@dataclass(frozen=True, slots=True)
class Mark:
    """The agent pressed a key: from now on it is this step."""

    step: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known without the agent. ``rang_at``: when the telephone that was answered began to ring;
    ``talk_ended_at``: the agent's part is over; ``survey_ended_at``: answered, or the caller gone."""

    begun_at: datetime
    rang_at: datetime | None = None
    talk_ended_at: datetime | None = None
    survey_asked_at: datetime | None = None
    survey_ended_at: datetime | None = None
    finished_at: datetime | None = None
    has_call: bool = True


@dataclass(frozen=True, slots=True)
class StepTime:
    """One stay in one step; ``ended_at`` None: it goes on."""

    step: str
    started_at: datetime
    ended_at: datetime | None
    measured: bool = True

    def seconds(self, now: datetime) -> float:
        """How long, up to ``now`` while it goes on."""
        return max(0.0, ((self.ended_at or now) - self.started_at).total_seconds())


def steps_of(plan: Plan, facts: Facts, marks: Sequence[Mark]) -> list[StepTime]:
    """All stays in the order in which they began."""
    stays = []
    if plan.ring and facts.rang_at is not None and facts.rang_at <= facts.begun_at:
        stays.append(StepTime(plan.ring, facts.rang_at, facts.begun_at))
    stays += _talk(plan, facts, marks)
    if plan.survey and facts.survey_asked_at is not None:
        stays.append(StepTime(plan.survey, facts.survey_asked_at, facts.survey_ended_at))
    if plan.after and facts.talk_ended_at is not None and not _finished_before(facts, facts.talk_ended_at):
        stays.append(StepTime(plan.after, facts.talk_ended_at, facts.finished_at))
    return sorted(stays, key=lambda stay: (stay.started_at, stay.step))


def current_step(plan: Plan, stays: Sequence[StepTime]) -> str | None:
    """The step that the agent is in now; the survey is the caller's."""
    going_on = [stay.step for stay in stays if stay.ended_at is None and stay.step != plan.survey]
    return going_on[-1] if going_on else None


def _talk(plan: Plan, facts: Facts, marks: Sequence[Mark]) -> list[StepTime]:
    end = facts.talk_ended_at or facts.finished_at
    by_itself = {plan.ring, plan.survey, plan.after if facts.has_call else None}
    begun: list[tuple[str, datetime]] = [(plan.first, facts.begun_at)]
    measured = False
    for mark in sorted(marks, key=lambda mark: mark.at):
        at = max(mark.at, facts.begun_at)
        if mark.step in by_itself or mark.step == begun[-1][0] or (end is not None and at >= end):
            continue  # pressed twice: it goes on; pressed after the end: it never began
        measured = True
        if at == begun[-1][1]:
            begun.pop()  # never there
        if not begun or begun[-1][0] != mark.step:
            begun.append((mark.step, at))
    ends = [at for _step, at in begun[1:]]
    return [StepTime(step, at, until, measured) for (step, at), until in zip(begun, [*ends, end], strict=True)]


def _finished_before(facts: Facts, at: datetime) -> bool:
    return facts.finished_at is not None and facts.finished_at <= at


def next_step(order: Sequence[str], plan: Plan, current: str | None) -> str | None:
    """The step that one key leads to: the next one in the agent's hands; None at the end of the talk."""
    mine = [step for step in order if step not in (plan.ring, plan.survey, plan.after)]
    if current not in mine:
        return None
    place = mine.index(current) + 1
    return mine[place] if place < len(mine) else None
