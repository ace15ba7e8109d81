"""A whole report: the figures of a period, by its parts, by queue and by agent, beside those of the period before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from crm.reports.counting import Wanted, count, count_agents, total
from crm.reports.periods import Choice, rows_of
from crm.reports.quality import QualityScore, ReadScores, Scored, no_scores, score_of
from crm.reports.sealed import Frame, snapshot
from metrics.agent_figures import AgentTally
from metrics.intervals import Period, Step
from metrics.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report is of."""

    choice: Choice
    step: Step
    queue: str | None = None
    open_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``rows``: every part of the period in order, those without calls too. ``before``: of the period before."""

    asked: Asked
    period: Period
    total: Tally
    rows: list[tuple[Period, Tally]]
    by_queue: dict[str | None, Tally]
    agents: dict[str, AgentTally]
    before_period: Period
    before: Tally
    scored: Sequence[Scored] = ()
    scored_before: Sequence[Scored] = ()

    def quality(self, period: Period, *, queue: str | None = None, agent: str | None = None) -> QualityScore:
        """The QA score of a part of the period; of the report's own queue unless another is named."""
        return score_of(self.scored, period, queue=queue or self.asked.queue, agent=agent)

    def quality_before(self) -> QualityScore:
        """That of the period before."""
        return score_of(self.scored_before, self.before_period, queue=self.asked.queue)


def report(engine: Engine, asked: Asked, frame: Frame, now: datetime, read_scores: ReadScores = no_scores) -> Report:
    """Makes it, of one state of the database."""
    period, earlier = asked.choice.period(frame.zone), asked.choice.before(now, frame.zone)
    wanted = wanted_of(asked, period)
    with snapshot(engine) as connection:
        counted = count(connection, wanted, frame, asked.step)
        agents = count_agents(connection, wanted, frame)
        before = total(connection, wanted_of(asked, earlier), frame)
        scored, scored_before = read_scores(connection, period), read_scores(connection, earlier)
    nothing = Tally(limits=frame.limits)
    parts = {part.start_at: nothing for part in rows_of(period, asked.step, frame.zone)}
    for start_at, tally in counted.by_period.items():
        parts[max(start_at, period.start_at)] = tally
    return Report(
        asked=asked,
        period=period,
        total=counted.total,
        rows=[(part, parts[part.start_at]) for part in rows_of(period, asked.step, frame.zone)],
        by_queue=counted.by_queue,
        agents=agents,
        before_period=earlier,
        before=before,
        scored=scored,
        scored_before=scored_before,
    )


def wanted_of(asked: Asked, period: Period) -> Wanted:
    """The calls of a period of this report."""
    return Wanted(start_at=period.start_at, end_at=period.end_at, queue=asked.queue, open_only=asked.open_only)
