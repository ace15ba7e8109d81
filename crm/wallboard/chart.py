"""The day by quarter hour, as bars: answered in time, answered later, not answered, one above the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from metrics.book import QUARTER
from metrics.tally import Tally

LEAST_HOURS: Final = 4  # one call in the morning is not a bar as wide as the wall
STEP: Final = 10.0  # units from one bar to the next
BAR: Final = 8.0
FEW_LABELS: Final = 12  # hours that have room for a label each


@dataclass(frozen=True, slots=True)
class Bar:
    """One quarter hour. ``parts``: class, y and height, in a picture of height 100."""

    x: float
    parts: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class Hour:
    """A label below, centred at ``percent`` of the width."""

    percent: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """``top``: how many calls the full height is; the counts are those of the whole day."""

    width: float
    bar: float
    top: int
    bars: tuple[Bar, ...]
    hours: tuple[Hour, ...]
    in_time: int
    later: int
    lost: int

    def path(self, name: str) -> str:
        """All parts of one class, as one shape: less to write, to send and to draw."""
        return "".join(
            f"M{bar.x:g} {y:g}h{self.bar:g}v{height:g}h-{self.bar:g}z"
            for bar in self.bars
            for part, y, height in bar.parts
            if part == name
        )


def chart_of(parts: Iterable[Mapping[datetime, Tally]], now: datetime, zone: tzinfo) -> Chart:
    """From the hour of the first call to now, four hours at least. ``parts``: each queue's quarter hours. Calls that
    go on are in no bar yet."""
    counted: dict[datetime, tuple[int, int, int]] = {}
    for quarters in parts:
        for at, tally in quarters.items():
            one, two, three = counted.get(at, (0, 0, 0))
            within, answered = tally.answered_within, tally.answered
            counted[at] = (one + within, two + answered - within, three + tally.decided - answered)
    first = min([*counted, now])
    begins_at = first.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    hours = max(LEAST_HOURS, int((now - begins_at) / timedelta(hours=1)) + 1)
    top = _round(max((sum(counts) for counts in counted.values()), default=0))
    bars = []
    for at, counts in sorted(counted.items()):
        place = (at - begins_at) / QUARTER
        if 0 <= place < hours * 4:
            bars.append(Bar(round(place * STEP + (STEP - BAR) / 2, 1), _parts(counts, top)))
    each = 1 if hours <= FEW_LABELS else 2
    labels = [
        Hour(round(100 * number / hours, 2), f"{(begins_at + timedelta(hours=number)).astimezone(zone):%H}")
        for number in range(0, hours, each)
    ]
    in_time, later, lost = (sum(counts[part] for counts in counted.values()) for part in range(3))
    return Chart(hours * 4 * STEP, BAR, top, tuple(bars), tuple(labels), in_time, later, lost)


def _parts(counts: tuple[int, int, int], top: int) -> tuple[tuple[str, float, float], ...]:
    parts, below = [], 0
    for name, count in zip(("in-time", "later", "lost"), counts, strict=True):
        if count > 0:
            height = round(100 * count / top, 2)
            parts.append((name, round(100 - 100 * below / top - height, 2), height))
            below += count
    return tuple(parts)


def _round(most: int) -> int:
    """A full height that reads well: 4, 10, 20, 50, 100 …"""
    steps = (4, 10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 500)
    return next((step for step in steps if step >= most), -(-most // 100) * 100)
