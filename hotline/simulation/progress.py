"""Where a running simulation stands, counted from what the network saw. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.simulation.observed import ObservedCall

NO_ANSWER = "none"


class Stage(StrEnum):
    """Where one call stands."""

    DIALLING = "dialling"
    RINGING = "ringing"
    WAITING = "waiting"  # the assistant has picked up
    TALKING = "talking"
    SURVEY = "survey"  # the agent has left, the caller is still on
    ENDED = "ended"


@dataclass(frozen=True)
class Progress:
    """Counters of a run. ``surveys``: meaning → count, among them ``none`` for asked but not answered."""

    planned: int | None
    seconds: float
    offered: int
    stages: Mapping[Stage, int]
    answered: int
    answered_within: int  # by a person or the assistant, within the promise (H1)
    answered_by_agent_within: int
    abandoned: int
    failed: int
    surveys: Mapping[str, int]
    last: tuple[ObservedCall, ...]  # newest first
    answer_within_seconds: float

    @property
    def ended(self) -> int:
        """Calls that are over."""
        return self.stages[Stage.ENDED]


def stage(call: ObservedCall) -> Stage:
    """Where the call stands."""
    talk = call.conversation
    if call.ended_at:
        return Stage.ENDED
    if talk and talk.ended_at:
        return Stage.SURVEY
    if talk:
        return Stage.TALKING
    if call.picked_up_at:
        return Stage.WAITING
    return Stage.RINGING if call.ringing_at else Stage.DIALLING


def survey_meaning(call: ObservedCall, meanings: Mapping[str, str]) -> str | None:
    """Meaning of what the caller pressed after the agent had hung up; ``none`` without a key; None when not asked."""
    talk = call.conversation
    if talk is None or talk.ended_by != "agent":
        return None
    given = [meanings[key] for key in call.survey_keys if key in meanings]
    return given[0] if given else NO_ANSWER if call.ended_at else None


def measure(
    calls: Sequence[ObservedCall],
    *,
    planned: int | None,
    seconds: float,
    now: datetime,
    answer_within_seconds: float,
    meanings: Mapping[str, str],
) -> Progress:
    """Counts the calls. ``seconds``: since the start."""
    stages = dict.fromkeys(Stage, 0)
    surveys = dict.fromkeys([*meanings.values(), NO_ANSWER], 0)
    answered = within = agent_within = abandoned = failed = 0
    for call in calls:
        stages[stage(call)] += 1
        if meaning := survey_meaning(call, meanings):
            surveys[meaning] += 1
        failed += call.refused is not None
        # Half a second on top: the assistant picks up exactly when the promise ends, and the 200 OK takes its way.
        within += _within(call, call.picked_up_at, answer_within_seconds + 0.5)
        if talk := call.conversation:
            answered += 1
            agent_within += _within(call, talk.answered_at, answer_within_seconds)
        else:
            abandoned += call.ended_by == "caller" and call.wait_key is None
    ended = sorted((call for call in calls if call.ended_at), key=lambda call: call.ended_at or now, reverse=True)
    return Progress(
        planned=planned,
        seconds=seconds,
        offered=len(calls),
        stages=stages,
        answered=answered,
        answered_within=within,
        answered_by_agent_within=agent_within,
        abandoned=abandoned,
        failed=failed,
        surveys=surveys,
        last=tuple(ended[:8]),
        answer_within_seconds=answer_within_seconds,
    )


def _within(call: ObservedCall, at: datetime | None, seconds: float) -> bool:
    return bool(at and call.invited_at and (at - call.invited_at).total_seconds() <= seconds)
