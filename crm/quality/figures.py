"""The QA score (L1, D20): what final reviews gave for talks answered in a period; no calibrations."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, and_, func, select

from crm.quality.models import ReviewState, qa_reviews

PERIOD: Final = timedelta(days=30)  # of the figure that stands beside those of today: too few talks are scored in a day


@dataclass(frozen=True, slots=True)
class QaFigures:
    """How many final reviews, and the sum of their scores (each 0–1)."""

    reviews: int = 0
    score_sum: float = 0.0

    @property
    def mean(self) -> float | None:
        """The QA score (L1, D20); None of none."""
        return self.score_sum / self.reviews if self.reviews else None


def together(figures: Iterable[QaFigures]) -> QaFigures:
    """Several figures as one."""
    told = list(figures)
    return QaFigures(sum(one.reviews for one in told), sum(one.score_sum for one in told))


def _counted(from_at: datetime, until_at: datetime) -> ColumnElement[bool]:
    columns = qa_reviews.c
    return and_(
        columns.state == ReviewState.FINAL,
        columns.round_id.is_(None),
        columns.answered_at >= from_at,
        columns.answered_at < until_at,
    )


def qa_figures(
    connection: Connection, from_at: datetime, until_at: datetime, *,
    agents: Collection[str] | None = None, queues: Collection[str] | None = None,
) -> QaFigures:  # fmt: skip
    """The QA score of talks answered from ``from_at`` until before ``until_at``; no calibrations."""
    columns = qa_reviews.c
    query = select(func.count(), func.coalesce(func.sum(columns.score), 0.0)).where(_counted(from_at, until_at))
    if agents is not None:
        query = query.where(columns.agent.in_(list(agents)))
    if queues is not None:
        query = query.where(columns.queue.in_(list(queues)))
    count, total = connection.execute(query).one()
    return QaFigures(int(count), float(total))


def qa_scores(
    connection: Connection, from_at: datetime, until_at: datetime
) -> list[tuple[datetime, str | None, str, float]]:
    """Each of them: when the talk was answered, its queue, its agent, its score (0–1)."""
    columns = qa_reviews.c
    query = select(columns.answered_at, columns.queue, columns.agent, columns.score).where(_counted(from_at, until_at))
    return [(at, queue, agent, float(score)) for at, queue, agent, score in connection.execute(query)]


def qa_by_queue(connection: Connection, from_at: datetime, until_at: datetime) -> dict[str | None, QaFigures]:
    """The same of each queue."""
    return _by(qa_reviews.c.queue, connection, from_at, until_at)


def qa_by_agent(connection: Connection, from_at: datetime, until_at: datetime) -> dict[str, QaFigures]:
    """The same of each agent."""
    return _by(qa_reviews.c.agent, connection, from_at, until_at)


def _by(column: Column[Any], connection: Connection, from_at: datetime, until_at: datetime) -> dict[Any, QaFigures]:
    query = (
        select(column, func.count(), func.coalesce(func.sum(qa_reviews.c.score), 0.0))
        .where(_counted(from_at, until_at))
        .group_by(column)
    )
    return {key: QaFigures(int(count), float(total)) for key, count, total in connection.execute(query)}
