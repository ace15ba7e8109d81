"""Today's tallies kept up to date call by call, so that nobody counts a whole day again twice a second."""

from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from zoneinfo import ZoneInfo

from metrics.facts import CallFact
from metrics.intervals import Period, Step, period_of
from metrics.tally import Limits, Tally, tally, tally_by


class LiveDay:
    """The local day's calls. `tell` it what is known of a call as often as that changes; ask `tallies` at any time.

    Equal to counting the day's calls from the database, which a test proves. May be told and asked from different
    threads. ``limits``: thresholds of the figures.
    """

    def __init__(self, zone: ZoneInfo, limits: Limits | None = None) -> None:
        self._zone = zone
        self._limits = limits or Limits()
        self._lock = Lock()
        self._period: Period | None = None
        self._calls: dict[str, CallFact] = {}
        self._open: dict[str, CallFact] = {}
        self._ended: dict[str | None, Tally] = {}
        self._stale = True

    def tell(self, call: CallFact) -> None:
        """What is known of a call now. A call of a day before is not today's, whenever it ends."""
        with self._lock:
            self._tell(call)

    def tell_all(self, calls: Iterable[CallFact]) -> None:
        """Many calls, such as those stored before a restart."""
        with self._lock:
            for call in calls:
                self._tell(call)

    def tallies(self, now: datetime) -> dict[str | None, Tally]:
        """By queue, for the local day that ``now`` lies in; calls that reached no queue are under None."""
        with self._lock:
            self._turn_to(period_of(now, Step.DAY, self._zone))
            if self._stale:
                self._count_again()
            result = dict(self._ended)
            for queue, part in tally_by(self._today(self._open), _queue, self._limits).items():
                result[queue] = result[queue] + part if queue in result else part
            return result

    def _tell(self, call: CallFact) -> None:
        if self._period is not None and call.arrived_at < self._period.start_at:
            return
        before = self._calls.get(call.call_id)
        if before == call:
            return
        self._calls[call.call_id] = call
        if before is not None and _over(before):
            self._stale = True  # corrected after its end, by the journal for one
        if not _over(call):
            self._open[call.call_id] = call
            return
        self._open.pop(call.call_id, None)
        if self._stale or self._period is None or call.arrived_at not in self._period:
            self._stale = True
            return
        part = tally([call], self._limits)
        self._ended[call.queue] = self._ended[call.queue] + part if call.queue in self._ended else part

    def _turn_to(self, period: Period) -> None:
        if period != self._period:
            self._period = period
            self._calls = {name: call for name, call in self._calls.items() if call.arrived_at >= period.start_at}
            self._open = {name: call for name, call in self._calls.items() if not _over(call)}
            self._stale = True

    def _count_again(self) -> None:
        ended = (call for call in self._today(self._calls) if _over(call))
        self._ended = tally_by(ended, _queue, self._limits)
        self._stale = False

    def _today(self, calls: dict[str, CallFact]) -> list[CallFact]:
        period = self._period
        return [call for call in calls.values() if period is not None and call.arrived_at in period]


def _over(call: CallFact) -> bool:
    return call.ended_at is not None and call.outcome is not None


def _queue(call: CallFact) -> str | None:
    return call.queue
