"""The QA score among the figures (L1, D20): what graders gave for talks of the period, by the parts of the calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from metrics.intervals import Period

NAMES: Final = ("qa_score", "qa_reviews")


@dataclass(frozen=True, slots=True)
class Scored:
    """One final review: when its talk was answered, in which queue, by whom; ``score`` 0–1."""

    answered_at: datetime
    queue: str | None
    agent: str
    score: float


ReadScores = Callable[[Connection, Period], Sequence[Scored]]


def no_scores(_connection: Connection, _period: Period) -> Sequence[Scored]:
    """Where nobody grades."""
    return ()


@dataclass(frozen=True, slots=True)
class QualityScore:
    """``mean`` 0–1 of ``reviews``; None of none."""

    mean: float | None = None
    reviews: int = 0


def score_of(
    scored: Sequence[Scored], period: Period, *, queue: str | None = None, agent: str | None = None
) -> QualityScore:
    """Of the talks answered in the period; of one queue or agent when named."""
    scores = [
        one.score
        for one in scored
        if period.start_at <= one.answered_at < period.end_at
        and (queue is None or one.queue == queue)
        and (agent is None or one.agent == agent)
    ]
    return QualityScore(sum(scores) / len(scores), len(scores)) if scores else QualityScore()
