"""The day by quarter hour on the wallboard."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.wallboard.chart import chart_of
from metrics.tally import Tally

ZONE = ZoneInfo("Asia/Bangkok")
NOW = datetime(2026, 11, 26, 3, 40, tzinfo=UTC)  # 10:40 in Bangkok


def day(offered: int, within: int, answered: int) -> Tally:
    return Tally(offered=offered, answered=answered, answered_within=within, abandoned=offered - answered)


def test_bars_stand_at_their_time_and_add_up() -> None:
    chart = chart_of(
        [{NOW.replace(minute=15): day(10, 6, 8)}, {NOW.replace(hour=1, minute=30): day(4, 4, 4)}], NOW, ZONE
    )
    assert [hour.label for hour in chart.hours] == ["08", "09", "10", "11"]
    assert (chart.top, chart.width) == (10, 160.0)
    assert (chart.in_time, chart.later, chart.lost) == (10, 2, 2)
    early, late = chart.bars
    assert (early.x, late.x) == (21.0, 91.0)  # the third and the tenth quarter hour since eight
    assert early.parts == (("in-time", 60.0, 40.0),)
    assert chart.path("later") == "M91 20h8v20h-8z"
    assert late.parts == (("in-time", 40.0, 60.0), ("later", 20.0, 20.0), ("lost", 0.0, 20.0))


def test_without_calls_there_is_an_empty_day() -> None:
    chart = chart_of([], NOW, ZONE)
    assert chart.bars == ()
    assert [hour.label for hour in chart.hours] == ["10", "11", "12", "13"]


@pytest.mark.parametrize(("most", "top"), [(0, 4), (4, 4), (5, 10), (61, 80), (501, 600)])
def test_the_full_height_reads_well(most: int, top: int) -> None:
    chart = chart_of([{NOW.replace(minute=0): day(most, most, most)}], NOW, ZONE)
    assert chart.top == top
    for bar in chart.bars:
        assert all(0 <= y <= 100 and y + height <= 100.01 for _, y, height in bar.parts)


def test_a_whole_day_has_a_label_every_second_hour() -> None:
    first = NOW - timedelta(hours=10)
    chart = chart_of([{first: day(1, 1, 1)}], NOW + timedelta(hours=12), ZONE)
    assert len(chart.hours) == 12
    assert all(0 <= hour.percent < 100 for hour in chart.hours)
