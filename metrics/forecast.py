"""How many calls will come in each half hour, from those that came before. Pure; no model that needs fitting by hand.

The method, in the order in which it is done (`Forecaster`):

1. **Level of weekdays**: the median of each weekday's daily calls over the last weeks, as a share of the median day.
   Medians, so that one wild day (a rumour in the news, a cut line) moves nothing.
2. **Trend**: the median of the slopes between all pairs of days (Theil–Sen) once the weekday is taken out; halved, for
   a trend seldom goes on as it is, and bounded: the level never leaves ±20 % of the last weeks' median.
3. **After a holiday**: how much more the first open day after a holiday brought than its weekday, median over the whole
   history, drawn towards "no more than usual" as long as there are few such days.
4. **Shape of the day**: share of each half hour in its weekday's calls; counts far above their half hour's median are
   cut down to what chance explains; drawn towards the shape of all days, for a single weekday knows little.
5. Holidays on which the doors are shut bring no calls; where they are open, the holidays before tell how many.

How wrong it is, is measured and shown (`held_out`): the last two weeks are forecast from what was known before them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from statistics import median
from typing import Final

SLOT_MINUTES: Final = 30
WEEKS: Final = 8
TREND_SHARE: Final = 0.5
LEVEL_BOUND: Final = 0.2
FEW_HOLIDAYS: Final = 2.0  # as many "as usual" days are added to those seen after holidays
FEW_DAYS: Final = 2.0  # days' worth of the common shape in a weekday's own
OUTLIER: Final = 3.0  # standard deviations of a Poisson count above the median
HOLIDAY: Final = 7  # after the weekdays 0–6

Day = Mapping[int, float]
"""Calls of a day by minute of the local day at which the half hour begins. Half hours without calls may be left out."""


@dataclass(frozen=True, slots=True)
class History:
    """Days that are over. ``days``: open days, each half hour with its calls; leave out days on which the doors were
    shut in an emergency or nothing was recorded. ``holidays``: of past and future, in local dates."""

    days: Mapping[date, Day]
    holidays: frozenset[date] = frozenset()

    def before(self, day: date) -> "History":
        """What was known on the morning of ``day``."""
        return History({one: calls for one, calls in self.days.items() if one < day}, self.holidays)


class Forecaster:
    """Learns once from a history; `day` then tells of any day. ``weeks``: how far back the usual is learnt.

    ``level``: calls of a median day at the end of the history; ``trend``: how many more each day brings;
    ``weekdays``: each one's calls as a share of the median day's, `HOLIDAY` for open holidays; ``after_holiday``:
    factor for the first working day after one.
    """

    def __init__(self, history: History, weeks: int = WEEKS) -> None:
        self.history = history
        self.last = max(history.days, default=None)
        since = self.last - timedelta(weeks=weeks) if self.last is not None else None
        recent = sorted(day for day in history.days if since is not None and day > since)
        totals = {day: sum(history.days[day].values()) for day in recent}
        self.weekdays = _weekday_factors(totals, history)
        plain = {day: total / _factor(self.weekdays, self._kind(day)) for day, total in totals.items() if total}
        usual = {day: total for day, total in plain.items() if not self.follows_holiday(day)} or plain
        self.level, self.trend = _level_and_trend(usual)
        self.after_holiday = self._after_holiday()
        self._shapes = self._learn_shapes(recent)

    def day(self, day: date, slots: Iterable[int]) -> dict[int, float]:
        """Calls expected in each half hour of ``slots`` (minutes of the local day) on ``day``, which must be open."""
        if not self.level:
            return dict.fromkeys(slots, 0.0)
        kind = self._kind(day)
        total = self._level_on(day) * _factor(self.weekdays, kind)
        if self.follows_holiday(day):
            total *= self.after_holiday
        shape = self._shape(kind)
        return {slot: total * shape.get(slot, 0.0) for slot in slots}

    def _kind(self, day: date) -> int:
        return HOLIDAY if day in self.history.holidays else day.weekday()

    def follows_holiday(self, day: date) -> bool:
        """Whether the day is the first working day after a holiday; weekends between them do not count."""
        if self._kind(day) == HOLIDAY:
            return False
        before = day - timedelta(days=1)
        while before not in self.history.holidays and before.weekday() >= 5 and day.weekday() < 5:
            before -= timedelta(days=1)
        return before in self.history.holidays

    def _level_on(self, day: date) -> float:
        ahead = (day - self.last).days if self.last is not None else 0
        wanted = self.level + TREND_SHARE * self.trend * ahead
        return min(max(wanted, self.level * (1 - LEVEL_BOUND)), self.level * (1 + LEVEL_BOUND))

    def _after_holiday(self) -> float:
        """Compared with the same weekday in the four weeks around, so that a year's growth does not count."""
        ratios = []
        for day, calls in self.history.days.items():
            if self.follows_holiday(day):
                around = (day + timedelta(weeks=week) for week in (-4, -3, -2, -1, 1, 2, 3, 4))
                usual = [sum(self.history.days[one].values()) for one in around if self._is_plain(one)]
                if usual and median(usual):
                    ratios.append(sum(calls.values()) / median(usual))
        if not ratios:
            return 1.0
        return (len(ratios) * median(ratios) + FEW_HOLIDAYS) / (len(ratios) + FEW_HOLIDAYS)

    def _is_plain(self, day: date) -> bool:
        return day in self.history.days and self._kind(day) != HOLIDAY and not self.follows_holiday(day)

    def _learn_shapes(self, recent: list[date]) -> dict[int | None, dict[int, float]]:
        """By kind of day, None: of all days, mean calls of each half hour, outliers cut."""
        by_kind: dict[int | None, list[Day]] = {None: [self.history.days[day] for day in recent]}
        for day in recent:
            by_kind.setdefault(self._kind(day), []).append(self.history.days[day])
        shapes = {kind: _shape_of(days) for kind, days in by_kind.items()}
        for kind, days in by_kind.items():
            if kind is not None:
                weight = len(days) / (len(days) + FEW_DAYS)
                shapes[kind] = _mixed(shapes[kind], shapes[None], weight)
        return shapes

    def _shape(self, kind: int) -> dict[int, float]:
        return self._shapes.get(kind) or self._shapes[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How wrong a forecast was. Errors are shares of all calls that came, 0–1 and more.

    ``half_hours``: sum of what each half hour was wrong by; ``days``: the same for whole days; ``bias``: forecast too
    high (+) or too low; ``chance``: the ``half_hours`` that a perfect forecast would have had, since callers come by
    chance; ``week_before``: the ``half_hours`` of who takes the same half hour of the week before.
    """

    from_day: date
    to_day: date
    calls: int
    half_hours: float
    days: float
    bias: float
    chance: float
    week_before: float | None


def held_out(history: History, days: int = 14, weeks: int = WEEKS) -> Accuracy | None:
    """The last ``days`` days, forecast from what was known before the first of them. None: too little history."""
    last = max(history.days, default=None)
    if last is None:
        return None
    first = last - timedelta(days=days - 1)
    before = history.before(first)
    held = sorted(day for day in history.days if day >= first)
    calls = sum(sum(history.days[day].values()) for day in held)
    if len({day.weekday() for day in before.days}) < len({day.weekday() for day in held}) or not calls:
        return None
    forecaster = Forecaster(before, weeks)
    slots = sorted({slot for calls_of in history.days.values() for slot in calls_of})
    expected = {day: forecaster.day(day, slots) for day in held}
    return _accuracy(history, held, expected, calls)


def _accuracy(history: History, held: list[date], expected: Mapping[date, Day], calls: float) -> Accuracy:
    wrong = days_wrong = more = chance = 0.0
    naive: list[float] | None = []
    for day in held:
        came, week_before = history.days[day], history.days.get(day - timedelta(days=7))
        for slot in expected[day].keys() | came.keys():
            hoped = expected[day].get(slot, 0.0)
            wrong += abs(hoped - came.get(slot, 0.0))
            chance += poisson_deviation(hoped)
            if naive is not None and week_before is not None:
                naive.append(abs(week_before.get(slot, 0.0) - came.get(slot, 0.0)))
        difference = sum(expected[day].values()) - sum(came.values())
        days_wrong += abs(difference)
        more += difference
        naive = None if week_before is None else naive
    return Accuracy(
        from_day=held[0],
        to_day=held[-1],
        calls=round(calls),
        half_hours=wrong / calls,
        days=days_wrong / calls,
        bias=more / calls,
        chance=chance / calls,
        week_before=sum(naive) / calls if naive else None,
    )


def poisson_deviation(mean: float) -> float:
    """How far a Poisson count lies from its mean on average, which no forecast can know: 2 m^(k+1) e^(-m) / k!, k being
    the whole part of m (De Moivre)."""
    if mean <= 0:
        return 0.0
    whole = int(mean)
    return 2 * math.exp((whole + 1) * math.log(mean) - mean - math.lgamma(whole + 1))


def _weekday_factors(totals: Mapping[date, float], history: History) -> dict[int, float]:
    groups: dict[int, list[float]] = {}
    for day, total in totals.items():
        groups.setdefault(HOLIDAY if day in history.holidays else day.weekday(), []).append(total)
    usual = median(totals.values()) if totals else 0.0
    return {kind: median(found) / usual for kind, found in groups.items() if usual and median(found)}


def _factor(weekdays: Mapping[int, float], kind: int) -> float:
    """Of a kind of day never seen: as the least of those seen, which is a day of rest where there is one."""
    return weekdays.get(kind) or (min(weekdays.values()) if kind >= 5 and weekdays else 1.0)


def _level_and_trend(plain: Mapping[date, float]) -> tuple[float, float]:
    """Calls of a median day at the end of the history, and how many more each day brings."""
    if not plain:
        return 0.0, 0.0
    pairs = combinations(sorted(plain), 2)
    slopes = [(plain[later] - plain[earlier]) / (later - earlier).days for earlier, later in pairs]
    slope = median(slopes) if len(plain) >= 10 else 0.0
    last = max(plain)
    middle = median(plain.values())
    level = median(total + TREND_SHARE * slope * (last - day).days for day, total in plain.items())
    return min(max(level, middle * (1 - LEVEL_BOUND)), middle * (1 + LEVEL_BOUND)), slope


def _shape_of(days: list[Day]) -> dict[int, float]:
    """Shares of each half hour; a count beyond what chance explains is cut down to that."""
    slots = sorted({slot for day in days for slot in day})
    means = {}
    for slot in slots:
        counts = [day.get(slot, 0.0) for day in days]
        usual = median(counts)
        most = usual + OUTLIER * max(usual, 1.0) ** 0.5
        means[slot] = sum(min(count, most) for count in counts) / len(counts)
    total = sum(means.values())
    return {slot: mean / total for slot, mean in means.items()} if total else {}


def _mixed(own: Mapping[int, float], common: Mapping[int, float], weight: float) -> dict[int, float]:
    """``weight`` of the own shape, the rest of the common one as far as the own day has those half hours."""
    if not own:
        return dict(common)
    shared = sum(common.get(slot, 0.0) for slot in own)
    if not shared:
        return dict(own)
    return {slot: weight * share + (1 - weight) * common.get(slot, 0.0) / shared for slot, share in own.items()}
