"""What is true at each scrape: gauges read from a snapshot, and counters that others keep."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from metrics.snapshot import Snapshot

log = logging.getLogger(__name__)
NO_QUEUE: Final = "none"  # the caller hung up in the menu, or met closed doors
AGENT_STATES: Final = ("offline", "available", "ringing", "in_call", "on_hold", "wrap_up", "paused")


class NowCollector(Collector):
    """Gauges, read at each scrape; what is not known is absent, never 0."""

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        queues: tuple[str, ...],
        answer_within_seconds: float,
        version: str,
        asterisk_version: str,
    ) -> None:
        self._answer_within = answer_within_seconds
        self._snapshot = snapshot
        self._queues = queues
        self._failures = 0
        self._build = {"version": version, "asterisk": asterisk_version}

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not take a snapshot."""
        return ()

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("hotline_build_info", "What runs; always 1.", labels=list(self._build))
        build.add_metric(list(self._build.values()), 1)
        yield build
        yield GaugeMetricFamily(
            "hotline_answer_within_seconds", "The promise: how soon a person shall answer.", value=self._answer_within
        )
        try:
            now = self._snapshot()
        except Exception:  # a scrape must never fail as a whole
            if not self._failures:
                log.exception("the gauges of /metrics cannot be read; this is told once")
            self._failures += 1
        else:
            yield from self._of_queues(now)
            yield from _of_service(now)
        failures = CounterMetricFamily("hotline_snapshot_failures", "Scrapes whose gauges could not be read.")
        failures.add_metric([], self._failures)
        yield failures

    def _of_queues(self, now: Snapshot) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("hotline_calls_waiting", "Callers waiting now.", labels=["queue"])
        longest = GaugeMetricFamily(
            "hotline_longest_wait_seconds", "Longest wait of those waiting now; 0: nobody waits.", labels=["queue"]
        )
        due = GaugeMetricFamily("hotline_callbacks_waiting", "Callbacks still owed.", labels=["queue"])
        messages = GaugeMetricFamily("hotline_messages_waiting", "Messages nobody has heard yet.", labels=["queue"])
        agents = GaugeMetricFamily("hotline_agents", "Agents of a queue by state.", labels=["queue", "state"])
        points = GaugeMetricFamily(
            "hotline_qa_score_points", "Sum of the QA scores (0-1) of talks of the last 30 days.", labels=["queue"]
        )
        reviews = GaugeMetricFamily(
            "hotline_qa_score_reviews", "How many talks of the last 30 days have a QA score.", labels=["queue"]
        )
        for queue, (scored, total) in self._qa_scores(now).items():
            points.add_metric([queue], total)
            reviews.add_metric([queue], scored)
        for queue in self._queues:
            waiting.add_metric([queue], now.waiting.get(queue, 0))
            longest.add_metric([queue], now.longest_wait_seconds.get(queue, 0.0))
            due.add_metric([queue], now.callbacks_waiting.get(queue, 0))
            messages.add_metric([queue], now.messages_waiting.get(queue, 0))
            for state in AGENT_STATES:
                agents.add_metric([queue, state], now.agents.get((queue, state), 0))
        messages.add_metric([NO_QUEUE], now.messages_waiting.get("", 0))
        staff = GaugeMetricFamily("hotline_staff", "All agents by state, each of them once.", labels=["state"])
        for state in AGENT_STATES:
            staff.add_metric([state], now.staff.get(state, 0))
        trunks = GaugeMetricFamily("hotline_trunk_up", "1 while the provider answers us.", labels=["trunk"])
        for trunk, up in now.trunks.items():
            trunks.add_metric([trunk], float(up))
        yield from (waiting, longest, due, messages, agents, staff, trunks, points, reviews)

    def _qa_scores(self, now: Snapshot) -> dict[str, tuple[int, float]]:
        """Of every queue; talks of queues that are no more, or of none, are together."""
        scores = {queue: now.qa_scores.get(queue, (0, 0.0)) for queue in self._queues}
        others = [scored for queue, scored in now.qa_scores.items() if queue not in scores]
        return scores | {NO_QUEUE: (sum(count for count, _ in others), sum((total for _, total in others), 0.0))}


def _of_service(now: Snapshot) -> Iterator[Metric]:
    gauges: tuple[tuple[str, str, float | None], ...] = (
        ("hotline_ami_connected", "1 while we hear Asterisk.", now.ami_connected),
        ("hotline_database_healthy", "1 while the database can be written.", now.database_healthy),
        ("hotline_recorder_backlog", "Events heard and not yet written.", now.recorder_backlog),
        ("hotline_cards_open", "Transfer cards that are not closed.", now.cards_open),
        ("hotline_cards_overdue", "Transfer cards whose next step is late.", now.cards_overdue),
    )
    for name, text, value in gauges:
        if value is not None:
            yield GaugeMetricFamily(name, text, value=float(value))
    counters: tuple[tuple[str, str, int | None], ...] = (
        ("hotline_journal_gaps", "Stretches that neither AMI nor journal filled.", now.journal_gaps),
        ("hotline_ami_reconnects", "Times that Asterisk was heard again.", now.ami_reconnects),
        ("hotline_ami_dropped_messages", "Messages of Asterisk that came faster than they were read.", now.ami_dropped),
    )
    for name, text, count in counters:
        if count is not None:
            yield CounterMetricFamily(name, text, value=count)
    agi = CounterMetricFamily("hotline_agi_calls", "Calls of the call flows by result.", labels=["result"])
    for result, count in (("served", now.agi_served), ("refused", now.agi_refused), ("failed", now.agi_failed)):
        if count is not None:
            agi.add_metric([result], count)
    yield agi
