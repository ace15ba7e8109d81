"""Prometheus metrics of the hotline: what happened to calls, as they happen, and what is true at each scrape.

Every series is there from the start, so that the first call after a restart is seen by ``rate()``. Counters start at 0
with the process; gauges are read at each scrape. Labels are queues, outcomes, states and meanings: never a person.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry

from metrics.exposition import Exposition
from metrics.facts import CALLBACK, CLOSED, MEANINGS, MESSAGE, OUTCOMES, CallFact
from metrics.now import NO_QUEUE, NowCollector
from metrics.series import Counter, Family, Histogram
from metrics.snapshot import Snapshot
from metrics.tally import Limits, waits_of

WAIT_BUCKETS: Final = (1, 2, 3, 5, 7, 9, 12, 15, 20, 30, 45, 60, 120, 300, 600)  # an edge at exactly 9 s (H1)
PICK_UP_BUCKETS: Final = (1, 2, 3, 5, 7, 9, 12, 15, 20, 30)
TALK_BUCKETS: Final = (15, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600)
SHORT_BUCKETS: Final = (5, 10, 15, 30, 45, 60, 120, 300, 600)
LAG_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
WAIT_OUTCOMES: Final = tuple(outcome for outcome in OUTCOMES if outcome != CLOSED)
PICKED_UP_BY: Final = ("agent", "assistant")
ASKED: Final = "asked"
NO_ANSWER: Final = "no_answer"
SURVEY_LABELS: Final = (ASKED, *MEANINGS, NO_ANSWER)
CALLBACK_RESULTS: Final = ("requested", "connected", "no_answer", "busy", "failed")
TRANSFER_KINDS: Final = ("blind", "attended")
TRANSFER_RESULTS: Final = ("connected", "failed", "caller_gone")
IN_TIME: Final = {  # field of the tally: metric, and what it says
    "answered_within": ("answered_in_time", "Offered calls that a person answered within the promised seconds."),
    "picked_up_within": ("picked_up_in_time", "Offered calls that anyone picked up in time, the assistant too."),
    "abandoned_within": ("abandoned_early", "Callers who gave up while an answer would still have been in time."),
    "short_abandoned": ("abandoned_short", "Callers who hung up within the short-abandon limit."),
}
_LIMITS: Final = Limits()
_REMEMBERED_CALLS = 20_000  # ended calls that are recognised when they are told a second time


@dataclass(slots=True)
class _Seen:
    """What of a call has been counted already."""

    offered: bool = False
    picked_up: bool = False
    wait: bool = False
    ended: bool = False
    survey: bool = False


@dataclass(slots=True)
class _OfQueue:
    """The children of one queue, kept so that nothing is looked up by label while calls come in."""

    offered: Counter
    picked_up: dict[str, Histogram] = field(default_factory=dict)
    wait: dict[str, Histogram] = field(default_factory=dict)
    ended: dict[str, Counter] = field(default_factory=dict)
    surveys: dict[str, Counter] = field(default_factory=dict)
    callbacks: dict[str, Counter] = field(default_factory=dict)
    parts: tuple[tuple[str, Histogram], ...] = ()
    messages: Counter | None = None
    in_time: dict[str, Counter] = field(default_factory=dict)
    missed: Counter | None = None
    wrap_up: Histogram | None = None


class Exporter:
    """The metrics of one process, in the registry given.

    ``queues``: all that exist. ``limits``: thresholds of the figures, each an edge of its histogram. ``snapshot`` is
    called at each scrape and must be quick; when it raises, the gauges are absent and
    ``hotline_snapshot_failures_total`` counts, the counters go on. Not for several threads at once.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        queues: Iterable[str],
        snapshot: Callable[[], Snapshot] = Snapshot,
        *,
        limits: Limits = _LIMITS,
        version: str = "",
        asterisk_version: str = "",
    ) -> None:
        self._limits = limits
        self._queue_names = (*dict.fromkeys(queues), NO_QUEUE)
        self._families: list[Family] = []
        self._queues = self._children()
        self._lag = self._family(
            "hotline_event_lag_seconds", "Asterisk's time of an event until it was recorded.", (), LAG_BUCKETS
        ).histogram()
        transfers = self._family("hotline_transfers", "Calls transferred whose end is known.", ("kind", "result"))
        self._transfers = {
            (kind, result): transfers.counter(kind, result) for kind in TRANSFER_KINDS for result in TRANSFER_RESULTS
        }
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        promise = limits.answer_within_seconds
        now = NowCollector(snapshot, self._queue_names[:-1], promise, version, asterisk_version)
        parts = (*self._families, now)
        for part in parts:
            registry.register(part)
        self._exposition = Exposition(parts)

    def text(self) -> bytes:
        """The answer to a scrape."""
        return self._exposition.text()

    def observe_call(self, call: CallFact) -> None:
        """What is known of a call now. Tell it as often as it changes: each thing is counted once.

        Counted as soon as known: offered (with its queue), picked up, wait over; when it has ended, all the rest.
        """
        seen, queue = self._remember(call.call_id), self._of(call.queue)
        over = call.ended_at is not None and call.outcome is not None
        if call.offered and (call.queue is not None or call.wait_over):  # a menu picks up before the queue is known
            self._count_offered(seen, queue)
            self._count_waits(seen, queue, call, over)
        if over and not seen.ended:
            seen.ended = True
            _count_end(queue, call)
        # Of a callback the survey is asked on another leg, and may go on when the call is over.
        if over and call.survey_asked and not seen.survey and not (call.callback_of and call.survey_open):
            seen.survey = True
            queue.surveys[ASKED].inc()
            queue.surveys[call.survey_meaning or NO_ANSWER].inc()

    def observe_lag(self, seconds: float) -> None:
        """An event was recorded so long after Asterisk's time of it."""
        self._lag.observe(seconds)

    def observe_missed_ring(self, queue: str | None) -> None:
        """An agent refused, or let it ring to the end."""
        missed = self._of(queue).missed
        assert missed is not None  # noqa: S101 (set at the start)
        missed.inc()

    def observe_wrap_up(self, queue: str | None, seconds: float) -> None:
        """An agent's work after a call of this queue has ended; it lasts longer than the call."""
        wrap_up = self._of(queue).wrap_up
        assert wrap_up is not None  # noqa: S101 (set at the start)
        wrap_up.observe(seconds)

    def observe_transfer(self, kind: str, result: str) -> None:
        """What became of one transfer (K3): one of `TRANSFER_KINDS` and of `TRANSFER_RESULTS`."""
        counter = self._transfers.get((kind, result))
        if counter is not None:
            counter.inc()

    def observe_callback_try(self, queue: str | None, result: str) -> None:
        """One try of a callback ended with one of `CALLBACK_RESULTS`; other results (calling) are not counted."""
        counter = self._of(queue).callbacks.get(result)
        if counter is not None:
            counter.inc()

    def _family(self, name: str, text: str, labels: tuple[str, ...], edges: tuple[float, ...] = ()) -> Family:
        made = Family(name, text, labels, edges)
        self._families.append(made)
        return made

    def _children(self) -> dict[str, _OfQueue]:
        limits = self._limits

        def counter(name: str, text: str, *labels: str) -> Family:
            return self._family(name, text, ("queue", *labels))

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Family:
            return self._family(name, text, ("queue", *labels), buckets)

        offered = counter("hotline_calls_offered", "Calls offered: inbound, while open.")
        ended = counter("hotline_calls_ended", "Calls that have ended, closed ones and callbacks too.", "outcome")
        within, by_guard = limits.answer_within_seconds, limits.answer_within_seconds + limits.guard_tolerance_seconds
        wait_buckets = _with_edges(WAIT_BUCKETS, limits.short_abandon_seconds, within)
        wait = histogram("hotline_queue_wait_seconds", "Arrival until the wait was over.", wait_buckets, "outcome")
        pick_up_buckets = _with_edges(PICK_UP_BUCKETS, within, by_guard)
        pick_up = histogram("hotline_pick_up_seconds", "Arrival until anyone picked up.", pick_up_buckets, "by")
        in_time = {name: counter(f"hotline_calls_{word}", text) for name, (word, text) in IN_TIME.items()}
        talk = histogram("hotline_talk_seconds", "Talk with people, hold not included.", TALK_BUCKETS)
        hold = histogram("hotline_hold_seconds", "Time on hold of a call.", SHORT_BUCKETS)
        wrap_up = histogram("hotline_wrap_up_seconds", "Work after the call.", SHORT_BUCKETS)
        surveys = counter("hotline_surveys", "Surveys asked, and their answers.", "meaning")
        callbacks = counter("hotline_callbacks", "Callbacks requested, and how tries ended.", "result")
        messages = counter("hotline_messages", "Calls that ended with a message, while closed too.")
        missed = counter("hotline_missed_rings", "Rings that an agent refused or did not answer.")
        return {
            queue: _OfQueue(
                offered=offered.counter(queue),
                picked_up={by: pick_up.histogram(queue, by) for by in PICKED_UP_BY},
                wait={outcome: wait.histogram(queue, outcome) for outcome in WAIT_OUTCOMES},
                ended={outcome: ended.counter(queue, outcome) for outcome in OUTCOMES},
                surveys={meaning: surveys.counter(queue, meaning) for meaning in SURVEY_LABELS},
                callbacks={result: callbacks.counter(queue, result) for result in CALLBACK_RESULTS},
                parts=(
                    ("talk_seconds", talk.histogram(queue)),
                    ("hold_seconds", hold.histogram(queue)),
                    ("wrap_up_seconds", wrap_up.histogram(queue)),
                ),
                messages=messages.counter(queue),
                in_time={name: counters.counter(queue) for name, counters in in_time.items()},
                missed=missed.counter(queue),
                wrap_up=wrap_up.histogram(queue),
            )
            for queue in self._queue_names
        }

    def _of(self, queue: str | None) -> _OfQueue:
        return self._queues.get(queue or NO_QUEUE) or self._queues[NO_QUEUE]

    def _remember(self, call_id: str) -> _Seen:
        seen = self._seen.get(call_id)
        if seen is None:
            seen = self._seen[call_id] = _Seen()
            if len(self._seen) > _REMEMBERED_CALLS:
                self._forget()
        return seen

    def _forget(self) -> None:
        """Forget the oldest half of those that have ended; a live call is never forgotten."""
        ended = [call_id for call_id, seen in self._seen.items() if seen.ended]
        for call_id in ended[: max(1, len(ended) // 2)]:
            del self._seen[call_id]

    @staticmethod
    def _count_offered(seen: _Seen, queue: _OfQueue) -> None:
        if not seen.offered:
            seen.offered = True
            queue.offered.inc()

    def _count_waits(self, seen: _Seen, queue: _OfQueue, call: CallFact, over: bool) -> None:
        after = call.picked_up_after
        if after is not None and not seen.picked_up:
            seen.picked_up = True
            person_at, assistant_at = call.agent_answered_at, call.assistant_answered_at
            by_person = assistant_at is None or (person_at is not None and person_at <= assistant_at)
            queue.picked_up["agent" if by_person else "assistant"].observe(after.total_seconds())
            self._count_in_time(queue, call, ("picked_up_within",))
        if (call.answered or over) and not seen.wait and call.wait is not None:
            seen.wait = True
            outcome = "answered" if call.answered else str(call.outcome)
            queue.wait[outcome].observe(call.wait.total_seconds())
            self._count_in_time(queue, call, ("answered_within", "abandoned_within", "short_abandoned"))

    def _count_in_time(self, queue: _OfQueue, call: CallFact, names: tuple[str, ...]) -> None:
        """By the figures' own definition, so that rules and dashboards need to know no threshold."""
        counted = waits_of(call, self._limits)
        for name in names:
            if counted.get(name):
                queue.in_time[name].inc()


def _count_end(queue: _OfQueue, call: CallFact) -> None:
    queue.ended[str(call.outcome)].inc()
    if call.callback or call.outcome == CALLBACK:
        queue.callbacks["requested"].inc()
    if call.outcome == MESSAGE and queue.messages is not None:
        queue.messages.inc()
    if call.answered:
        for name, histogram in queue.parts:
            seconds = getattr(call, name)
            if seconds is not None:
                histogram.observe(seconds)


def _with_edges(buckets: tuple[float, ...], *edges: float) -> tuple[float, ...]:
    return tuple(sorted({*map(float, buckets), *edges}))
