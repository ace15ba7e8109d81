"""The forecast on made-up histories whose truth is known: what it must find, and what must not disturb it."""

import math
import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from metrics.forecast import Forecaster, History, held_out, poisson_deviation

START = date(2026, 6, 1)  # a Monday
SLOTS = range(510, 1110, 30)  # 08:30 to 18:30
SHAPE = [0.4, 0.9, 1.3, 1.5, 1.4, 1.2, 0.9, 0.7, 0.9, 1.1, 1.2, 1.2, 1.1, 1.0, 0.9, 0.8, 0.6, 0.5, 0.3, 0.2]
WEEKDAYS = [1.3, 1.1, 1.0, 0.9, 0.8]
USUAL = 20 * 12.0  # calls of a day


def made(days: int = 140, *, seed: int = 1, factor: Callable[[date], float] = lambda day: 1.0,
         holidays: frozenset[date] = frozenset()) -> History:  # fmt: skip
    """A history with the shape and weekdays above, by chance."""
    chance = random.Random(seed)
    history = {}
    for number in range(days):
        day = START + timedelta(days=number)
        if day.weekday() < 5 and day not in holidays:
            mean = USUAL * WEEKDAYS[day.weekday()] * factor(day)
            history[day] = {
                slot: float(_poisson(chance, mean * share / sum(SHAPE)))
                for slot, share in zip(SLOTS, SHAPE, strict=True)
            }
    return History(history, holidays)


def _poisson(chance: random.Random, mean: float) -> int:
    count, at = 0, chance.expovariate(1)
    while at < mean:
        count, at = count + 1, at + chance.expovariate(1)
    return count


def total(history: History, day: date) -> float:
    return sum(Forecaster(history).day(day, SLOTS).values())


MONDAY = START + timedelta(days=140)


def test_weekday_and_half_hour() -> None:
    """Each half hour of each weekday is told within its chance."""
    forecaster = Forecaster(made())
    for weekday, share in enumerate(WEEKDAYS):
        found = forecaster.day(MONDAY + timedelta(days=weekday), SLOTS)
        assert sum(found.values()) == pytest.approx(USUAL * share, rel=0.06)
        for slot, part in zip(SLOTS, SHAPE, strict=True):
            assert found[slot] == pytest.approx(USUAL * share * part / sum(SHAPE), rel=0.3, abs=1.5)


def test_wild_days_disturb_nothing() -> None:
    """Three days with five times the calls, and one half hour with a hundred more."""
    history = made()
    days = dict(history.days)
    for number in (100, 113, 121):
        day = START + timedelta(days=number)
        days[day] = {slot: 5 * calls for slot, calls in days.get(day, {}).items()}
    last_monday = MONDAY - timedelta(days=7)
    days[last_monday] = {**days[last_monday], 600: days[last_monday][600] + 100}
    wild = History(days)
    assert total(wild, MONDAY) == pytest.approx(total(history, MONDAY), rel=0.06)
    calm, stirred = Forecaster(history).day(MONDAY, SLOTS), Forecaster(wild).day(MONDAY, SLOTS)
    assert stirred[600] == pytest.approx(calm[600], rel=0.25)


def test_growth_goes_on_but_half_and_bounded() -> None:
    """1 % more each week is followed; a level never leaves a fifth around the last weeks' median."""
    growing = made(factor=lambda day: 1 + 0.02 * (day - START).days / 7)
    truth = USUAL * 1.3 * (1 + 0.02 * 20)
    assert total(growing, MONDAY) == pytest.approx(truth, rel=0.07)
    exploding = made(factor=lambda day: 1 + 0.5 * (day - START).days / 7)
    assert Forecaster(exploding).day(MONDAY + timedelta(weeks=20), SLOTS)[600] > 0
    level = Forecaster(exploding).level
    assert total(exploding, MONDAY + timedelta(weeks=50)) <= 1.2 * level * 1.5


def test_the_day_after_a_holiday() -> None:
    """Six holidays brought half as many again the day after: so will the next one; weekends between count not."""
    holidays = frozenset(START + timedelta(days=offset) for offset in (11, 25, 44, 60, 81, 102, 140))
    after = {day + timedelta(days=3 if day.weekday() == 4 else 1) for day in holidays}
    history = made(factor=lambda day: 1.5 if day in after else 1.0, holidays=holidays)
    forecaster = Forecaster(history)
    assert 1.25 < forecaster.after_holiday < 1.55
    tuesday = MONDAY + timedelta(days=1)
    usual = USUAL * WEEKDAYS[1]
    assert sum(forecaster.day(tuesday, SLOTS).values()) == pytest.approx(usual * forecaster.after_holiday, rel=0.06)
    assert total(history, MONDAY + timedelta(days=8)) == pytest.approx(usual, rel=0.06)


def test_one_holiday_is_not_much_of_a_rule() -> None:
    """A single double day after a holiday is believed by a third."""
    holiday = START + timedelta(days=100)  # a Wednesday
    history = made(factor=lambda day: 2.0 if day == holiday + timedelta(days=1) else 1.0, holidays=frozenset({holiday}))
    assert Forecaster(history).after_holiday == pytest.approx(1 + 1 / 3, abs=0.06)


def test_measured_on_days_it_did_not_know() -> None:
    """Close to what chance allows, far better than last week's figures, and hardly biased."""
    found = held_out(made(seed=5))
    assert found is not None
    assert (found.to_day - found.from_day).days >= 11
    assert found.chance <= found.half_hours * 1.1
    assert found.half_hours < 1.2 * found.chance
    assert found.week_before is not None
    assert found.half_hours < 0.85 * found.week_before
    assert abs(found.bias) < 0.05
    assert found.days < 0.08


def test_too_little_to_know() -> None:
    """An empty history says so, and a short one is not measured."""
    empty = Forecaster(History({}))
    assert empty.day(MONDAY, SLOTS) == dict.fromkeys(SLOTS, 0.0)
    assert held_out(History({})) is None
    assert held_out(made(days=10)) is None
    quiet = History({START: {510: 0.0}})
    assert Forecaster(quiet).day(MONDAY, [510]) == {510: 0.0}
    one_day = History({START: {510: 4.0, 540: 6.0}})
    assert Forecaster(one_day).day(MONDAY, [510, 540, 570]) == {510: 4.0, 540: 6.0, 570: 0.0}


@pytest.mark.parametrize("mean", [0.3, 1.0, 4.5, 12.0, 80.0, 900.0])
def test_what_chance_does(mean: float) -> None:
    """By the sum over all counts."""
    terms = (abs(k - mean) * math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(3000))
    assert poisson_deviation(mean) == pytest.approx(sum(terms), rel=1e-9)
    assert poisson_deviation(0) == 0
