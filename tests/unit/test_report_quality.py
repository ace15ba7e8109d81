"""The QA score in reports and their exports, by the same parts as the calls (L1, D20)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.reports.export import agents_table, calls_table
from crm.reports.periods import Choice, Span
from crm.reports.quality import QualityScore, Scored, score_of
from crm.reports.service import Asked, Report
from metrics.agent_figures import AgentTally
from metrics.intervals import Period, Step
from metrics.tally import Tally

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Period(NOON - 12 * HOUR, NOON + 12 * HOUR)
BEFORE = Period(NOON - 36 * HOUR, NOON - 12 * HOUR)
SCORED = [
    Scored(NOON, "enquiries", "1001", 0.9),
    Scored(NOON + HOUR, "enquiries", "1002", 0.6),
    Scored(NOON + 2 * HOUR, "technical", "1001", 0.3),
]


@pytest.mark.parametrize(
    ("queue", "agent", "period", "expected"),
    [
        (None, None, DAY, QualityScore(0.6, 3)),
        ("enquiries", None, DAY, QualityScore(0.75, 2)),
        (None, "1001", DAY, QualityScore(0.6, 2)),
        ("technical", "1002", DAY, QualityScore()),
        (None, None, Period(NOON, NOON + HOUR), QualityScore(0.9, 1)),
        (None, None, BEFORE, QualityScore()),
    ],
)
def test_means(queue: str | None, agent: str | None, period: Period, expected: QualityScore) -> None:
    found = score_of(SCORED, period, queue=queue, agent=agent)
    assert (found.mean, found.reviews) == (expected.mean and pytest.approx(expected.mean), expected.reviews)


def made(queue: str | None = None) -> Report:
    nothing = Tally()
    asked = Asked(choice=Choice(Span.DAY, date(2026, 11, 20), date(2026, 11, 20)), step=Step.HOUR, queue=queue)
    return Report(
        asked=asked,
        period=DAY,
        total=nothing,
        rows=[(Period(NOON, NOON + HOUR), nothing)],
        by_queue={"enquiries": nothing, None: nothing},
        agents={"1001": AgentTally(), "1003": AgentTally()},
        before_period=BEFORE,
        before=nothing,
        scored=SCORED,
        scored_before=[Scored(NOON - 24 * HOUR, "enquiries", "1001", 0.5)],
    )


def test_every_row_of_the_exports_has_its_own() -> None:
    head, *rows = calls_table(made(), ZoneInfo("Asia/Bangkok"), lambda queue: queue or "")
    assert head[-2:] == ["qa_score", "qa_reviews"]
    assert [(row[0], row[1], *row[-2:]) for row in rows] == [
        ("total", "", pytest.approx(0.6), 3),
        ("before", "", 0.5, 1),
        ("hour", "", 0.9, 1),
        ("queue", "enquiries", pytest.approx(0.75), 2),
        ("queue", "", None, 0),
    ]
    _, *agents = agents_table(made(), {})
    assert [(row[0], *row[-2:]) for row in agents] == [("1001", pytest.approx(0.6), 2), ("1003", None, 0)]


def test_a_report_of_one_queue_has_that_queues() -> None:
    assert made("technical").quality(DAY) == QualityScore(0.3, 1)
