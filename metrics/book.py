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
    """Facts of one day by queue and quarter hour; only quarters that changed are counted again, and only queues of such
    summed again. Not for threads.

    ``starts_at`` gives the beginning of the day that a moment belongs to (local midnight). Calls of an earlier day are
    let go when the day changes.
    """

    def __init__(self, starts_at: Callable[[datetime], datetime], limits: Limits) -> None:
        self._starts_at = starts_at
        self._limits = limits
        self._day: datetime | None = None
        self._ends_at: datetime | None = None
        self._places: dict[str, _Key] = {}
        self._facts: dict[str | None, dict[datetime, dict[str, CallFact]]] = {}
        self._counted: dict[_Key, Tally] = {}
        self._quarters: dict[str | None, dict[datetime, Tally]] = {}  # of queues in which nothing changed since
        self._sums: dict[str | None, Tally] = {}

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
            self._facts[before[0]][before[1]].pop(fact.call_id, None)
            self._forget(before)
        self._places[fact.call_id] = key
        self._facts.setdefault(fact.queue, {}).setdefault(quarter, {})[fact.call_id] = fact
        self._forget(key)

    def put_all(self, facts: Iterable[CallFact]) -> None:
        """Many at once, as after a start."""
        for fact in facts:
            self.put(fact)

    def tallies(self, now: datetime) -> dict[str | None, Tally]:
        """Today so far, by queue. A call without a queue (closed, lost in the menu) is under None."""
        for queue, counted in self.quarters(now).items():
            if queue not in self._sums:
                self._sums[queue] = reduce(add, counted.values())
        return dict(self._sums)

    def quarters(self, now: datetime) -> dict[str | None, dict[datetime, Tally]]:
        """The same by quarter hour of the arrival, without those in which nobody called. Not to be changed."""
        self._turn_page(self._starts_at(now))
        for queue in self._facts.keys() - self._quarters.keys():
            if counted := self._count(queue):
                self._quarters[queue] = counted
        return dict(self._quarters)

    def _count(self, queue: str | None) -> dict[datetime, Tally]:
        found = {}
        for quarter, facts in self._facts[queue].items():
            if facts and (self._ends_at is None or quarter < self._ends_at):
                key = (queue, quarter)
                if key not in self._counted:
                    self._counted[key] = tally(facts.values(), self._limits)
                found[quarter] = self._counted[key]
        return found

    def _forget(self, key: _Key) -> None:
        self._counted.pop(key, None)
        self._quarters.pop(key[0], None)
        self._sums.pop(key[0], None)

    def _turn_page(self, day: datetime) -> None:
        if self._day == day:
            return
        self._day = day
        self._ends_at = self._starts_at(day + timedelta(hours=36))  # of a day of 23, 24 or 25 hours
        self._quarters.clear()
        self._sums.clear()
        for queue, quarters in self._facts.items():
            for quarter in [quarter for quarter in quarters if quarter < day]:
                for call_id in quarters.pop(quarter):
                    del self._places[call_id]
                self._counted.pop((queue, quarter), None)
