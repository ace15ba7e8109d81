"""Geometry of the charts that the template draws as SVG: what is needed by half hour, and what the roster has. Pure."""

import math
from dataclasses import dataclass
from typing import Final

from crm.staffing.roster import clock
from metrics.staffing import DayPlan, Slot

WIDTH: Final = 960
HEIGHT: Final = 260
LEFT, RIGHT, TOP, BOTTOM = 34, 6, 12, 28
MINI_WIDTH: Final = 132
MINI_HEIGHT: Final = 30
_MOST_TICKS: Final = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One half hour. ``covered``, ``missing``: (y, height) of the part of the need that the roster has and has not."""

    slot: Slot
    x: float
    width: float
    covered: tuple[float, float]
    missing: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Chart:
    """``roster``: path of the roster's line, empty without a roster; ``ticks``: (y, number); ``hours``: (x, text)."""

    width: int
    height: int
    bars: list[Bar]
    roster: str
    ticks: list[tuple[float, int]]
    hours: list[tuple[float, str]]
    left: int
    right: int
    base: float


def day_chart(plan: DayPlan) -> Chart | None:
    """The chart of a day; None when the doors are shut."""
    if not plan.slots:
        return None
    top = _top(plan)
    step = (WIDTH - LEFT - RIGHT) / len(plan.slots)
    base = HEIGHT - BOTTOM
    unit = (base - TOP) / top
    bars = [_bar(slot, LEFT + number * step, step, base, unit) for number, slot in enumerate(plan.slots)]
    every = max(1, math.ceil(top / _MOST_TICKS))
    hours = [
        (round(LEFT + number * step, 1), clock(slot.minute))
        for number, slot in enumerate(plan.slots)
        if slot.minute % (60 if len(plan.slots) <= 26 else 120) == 0
    ]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        bars=bars,
        roster=_line(plan, LEFT, step, base, unit) if plan.has_roster else "",
        ticks=[(round(base - number * unit, 1), number) for number in range(0, top + 1, every)],
        hours=hours,
        left=LEFT,
        right=WIDTH - RIGHT,
        base=base,
    )


def mini_chart(plan: DayPlan, top: int) -> Chart | None:
    """The same without words, for a row of a table. ``top``: people at its upper edge, the same in all rows."""
    if not plan.slots:
        return None
    step, unit = MINI_WIDTH / len(plan.slots), (MINI_HEIGHT - 2) / max(1, top)
    bars = [_bar(slot, number * step, step, MINI_HEIGHT, unit, gap=0) for number, slot in enumerate(plan.slots)]
    line = _line(plan, 0, step, MINI_HEIGHT, unit) if plan.has_roster else ""
    return Chart(MINI_WIDTH, MINI_HEIGHT, bars, line, [], [], 0, MINI_WIDTH, MINI_HEIGHT)


def top_of(plans: list[DayPlan]) -> int:
    """People at the upper edge of charts that are to be compared."""
    return max((_top(plan) for plan in plans if plan.slots), default=1)


def _top(plan: DayPlan) -> int:
    return max(2, math.ceil(max(max(slot.to_roster or 0, slot.rostered) for slot in plan.slots)) + 1)


def _bar(slot: Slot, x: float, step: float, base: float, unit: float, gap: float = 2) -> Bar:
    need = slot.to_roster or 0
    there = min(float(need), slot.rostered)
    covered, missing = there * unit, (need - there) * unit
    return Bar(
        slot,
        round(x + gap / 2, 1),
        round(step - gap, 1),
        (round(base - covered, 1), round(covered, 1)),
        (round(base - covered - missing, 1), round(missing, 1)),
    )


def _line(plan: DayPlan, left: float, step: float, base: float, unit: float) -> str:
    parts: list[str] = []
    for number, slot in enumerate(plan.slots):
        y = round(base - slot.rostered * unit, 1)
        parts.append(f"{'L' if parts else 'M'}{left + number * step:.1f} {y}H{left + (number + 1) * step:.1f}")
    return "".join(parts)
