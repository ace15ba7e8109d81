"""Figures as people read them, and the little chart. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from crm.web import dates
from crm.web.figures import percent
from metrics.intervals import Period, Step
from metrics.kpi import Figure
from metrics.tally import Tally

NOTHING: Final = "–"
LONG_SECONDS: Final = 60


def shown(value: Figure, unit: str, seconds_word: str = "s") -> str:
    """``1,234``, ``95.2 %``, ``8.2 s`` or ``3:05``; a dash for nothing."""
    if value is None:
        return NOTHING
    if unit == "ratio":
        return f"{percent(value)} %"
    if unit == "seconds":
        return dates.length(value) if value >= LONG_SECONDS else f"{value:.1f} {seconds_word}"
    return f"{value:,}"


def change(now: Figure, before: Figure, unit: str, words: dict[str, str]) -> str:
    """``+2.1 points``, ``-12``, ``+0.4 s``; empty when one of them is nothing."""
    if now is None or before is None:
        return ""
    difference = now - before
    if unit == "ratio":
        return f"{difference * 100:+.1f} {words['points']}"
    if unit == "seconds":
        return f"{difference:+.1f} {words['seconds']}"
    return f"{difference:+,}"


def period_name(period: Period, step: Step, zone: ZoneInfo, language: str) -> str:
    """``08:30``, ``20 พ.ย. 2569``, ``16 – 22 พ.ย. 2569``, ``พฤศจิกายน 2569``."""
    start, last = (at.astimezone(zone) for at in (period.start_at, period.end_at - timedelta(microseconds=1)))
    if step in {Step.QUARTER, Step.HALF_HOUR, Step.HOUR}:
        return f"{start:%H:%M}"
    if step is Step.MONTH:
        return f"{month_name(start.month, language)} {dates.year(start.date(), language)}"
    return span_name(start, last, language)


def span_name(start: datetime, last: datetime, language: str) -> str:
    """From one day to another."""
    if start.date() == last.date():
        return dates.short_date(start.date(), language)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day} – {dates.short_date(last.date(), language)}"
    return f"{dates.short_date(start.date(), language)} – {dates.short_date(last.date(), language)}"


def month_name(month: int, language: str) -> str:
    """``พฤศจิกายน`` or ``November``."""
    words = dates.long_date(date(2026, month, 1), language).split()
    return words[-2]


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of the period in the chart, in units of its view box."""

    x: float
    width: float
    answered_y: float
    answered_height: float
    lost_y: float
    lost_height: float
    title: str
    label: str


WIDTH: Final = 960
HEIGHT: Final = 120
_GAP: Final = 0.2  # of a bar
_MOST_LABELS: Final = 12


def bars(rows: list[tuple[Period, Tally]], names: list[str], words: dict[str, str]) -> list[Bar]:
    """Stacked: answered, and above it those that were not."""
    most = max((tally.offered for _, tally in rows), default=0)
    if not most:
        return []
    step = WIDTH / len(rows)
    every = -(-len(rows) // _MOST_LABELS)
    made = []
    for place, ((_, tally), name) in enumerate(zip(rows, names, strict=True)):
        answered = HEIGHT * tally.answered / most
        missed = tally.offered - tally.answered
        lost = HEIGHT * missed / most
        title = f"{name}: {words['chart_answered']} {tally.answered}, {words['chart_lost']} {missed}"
        made.append(
            Bar(
                x=round(place * step + step * _GAP / 2, 2),
                width=round(step * (1 - _GAP), 2),
                answered_y=round(HEIGHT - answered, 2),
                answered_height=round(answered, 2),
                lost_y=round(HEIGHT - answered - lost, 2),
                lost_height=round(lost, 2),
                title=title,
                label=name if place % every == 0 else "",
            )
        )
    return made
