"""Today's calls, counted as they change: what a wallboard asks twice a second must not count the whole day anew."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import add

from metrics.facts import CallFact
from metrics.tally import Limits, Tally, tally

QUARTER = timedelta(minutes=15)
_Key = tuple[str | None, datetime]


class DayBook:
    """Facts of one day by queue and quarter hour; only quarters that changed are counted again. Not for threads.

    ``starts_at`` gives the beginning of the day that a moment belongs to (local midnight). Calls of an earlier day are
    let go when the day changes.
    """

    def __init__(self, starts_at: Callable[[datetime], datetime], limits: Limits) -> None:
        self._starts_at = starts_at
        self._limits = limits
        self._day: datetime | None = None
        self._places: dict[str, _Key] = {}
        self._facts: dict[_Key, dict[str, CallFact]] = {}
        self._counted: dict[_Key, Tally] = {}

    def put(self, fact: CallFact) -> None:
        """What is known of a call now; replaces what was known before. A call of yesterday that ends today is not
        today's."""
        day = self._starts_at(fact.arrived_at)
        if self._day is not None and day < self._day:
            return
        since_midnight = fact.arrived_at - day
        quarter = fact.arrived_at - since_midnight % QUARTER
        key = (fact.queue, quarter)
        before = self._places.get(fact.call_id)
        if before is not None and before != key:
            self._facts[before].pop(fact.call_id, None)
            self._counted.pop(before, None)
        self._places[fact.call_id] = key
        self._facts.setdefault(key, {})[fact.call_id] = fact
        self._counted.pop(key, None)

    def put_all(self, facts: Iterable[CallFact]) -> None:
        """Many at once, as after a start."""
        for fact in facts:
            self.put(fact)

    def tallies(self, now: datetime) -> dict[str | None, Tally]:
        """Today so far, by queue. A call without a queue (closed, lost in the menu) is under None."""
        self._turn_page(self._starts_at(now))
        parts: dict[str | None, list[Tally]] = {}
        for key, facts in self._facts.items():
            if not facts or self._starts_at(key[1]) != self._day:
                continue
            if (counted := self._counted.get(key)) is None:
                counted = self._counted[key] = tally(facts.values(), self._limits)
            parts.setdefault(key[0], []).append(counted)
        return {queue: reduce(add, counted) for queue, counted in parts.items()}

    def _turn_page(self, day: datetime) -> None:
        if self._day == day:
            return
        self._day = day
        for key in [key for key in self._facts if key[1] < day]:
            for call_id in self._facts.pop(key):
                del self._places[call_id]
            self._counted.pop(key, None)
