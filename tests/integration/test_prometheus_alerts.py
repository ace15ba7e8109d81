"""Every alert for real: Prometheus scrapes what is served to it, each alert fires, and ends when all is well again."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_server import RULES, Prometheus, quick

from metrics.exporter import Exporter
from metrics.snapshot import Snapshot

TIMES = {
    "5m": "2s", "10m": "2s", "3m": "2s", "30m": "3s", "1h": "3s", "6h": "4s", "3d": "5s", "1d": "3s",
    "1m": "500ms", "2m": "500ms", "15m": "500ms", "30s": "500ms",
}  # fmt: skip
ALERTS = set(re.findall(r"alert: (\w+)", RULES.read_text("utf-8")))


class Hotline:
    """What a hotline tells: the exporter's own text, with calls going well, or everything that can go wrong."""

    def __init__(self) -> None:
        self.bad = False
        self.away = False
        self.scrapes = 0
        self._steps: dict[str, float] = {}
        well = Snapshot(
            ami_connected=True, database_healthy=True, recorder_backlog=0, cards_overdue=0, trunks={"provider": True},
            journal_gaps=0, ami_reconnects=0, ami_dropped=0, agi_served=0, agi_refused=0, agi_failed=0,
        )  # fmt: skip
        self._template = Exporter(CollectorRegistry(), ["enquiries"], lambda: well).text().decode()

    def text(self) -> str:
        """A scrape; counters go on from where they were."""
        self.scrapes += 1
        return re.sub(r"^(\w+)(\{[^}]*\})? (\S+)$", self._told, self._template, flags=re.MULTILINE)

    def _told(self, found: re.Match[str]) -> str:
        series, labels, value = found[1], found[2] or "", found[3]
        if 'queue="none"' not in labels:
            if gauge := (_BAD_GAUGES if self.bad else {}).get(series):
                value = gauge
            for pattern, well, bad in _RATES:
                if re.fullmatch(pattern, series + labels):
                    step = self._steps.get(series + labels, 0.0) + (bad if self.bad else well)
                    self._steps[series + labels] = step
                    value = str(step)
        return f"{series}{labels} {value}"


_BAD_GAUGES = {
    "hotline_ami_connected": "0.0", "hotline_database_healthy": "0.0", "hotline_trunk_up": "0.0",
    "hotline_recorder_backlog": "900.0", "hotline_cards_overdue": "2.0", "hotline_longest_wait_seconds": "400.0",
    "hotline_callbacks_waiting": "30.0",
}  # fmt: skip
_RATES = [  # series, step a scrape when well, step when bad
    (r"hotline_calls_offered_total\{.*", 20, 20),
    (r"hotline_queue_wait_seconds_count\{outcome=\"answered\".*", 20, 0),
    (r"hotline_queue_wait_seconds_count\{outcome=\"abandoned\".*", 0, 20),
    (r"hotline_calls_answered_in_time_total\{.*", 20, 0),
    (r"hotline_surveys_total\{meaning=\"impressed\".*", 20, 0),
    (r"hotline_surveys_total\{meaning=\"not_satisfied\".*", 0, 20),
    (r"hotline_event_lag_seconds_bucket\{le=\"(2.5|5.0|10.0|\+Inf)\"\}", 20, 20),
    (r"hotline_event_lag_seconds_bucket\{le=\"(0.*|1.0)\"\}", 20, 0),
    (r"hotline_event_lag_seconds_count", 20, 20),
    (r"hotline_agi_calls_total\{result=\"refused\"\}", 0, 5),
    (r"hotline_(journal_gaps|ami_dropped_messages|snapshot_failures)_total", 0, 1),
]


@pytest.fixture
def hotline() -> Iterator[tuple[Hotline, str]]:
    told = Hotline()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if told.away:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(told.text().encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_every_alert_fires_and_ends(hotline: tuple[Hotline, str], tmp_path: Path) -> None:
    """Section 3 of the monitoring: windows of days are seconds here, everything else is as it is installed."""
    told, address = hotline
    rules = quick(RULES.read_text("utf-8"), TIMES)
    seen: set[str] = set()
    with Prometheus(tmp_path / "prometheus", address, rules, scrape="250ms") as prometheus:
        prometheus.until(lambda: told.scrapes > 24, 30, "scraped for a while")
        prometheus.until(lambda: prometheus.firing() == set(), 20, "nothing fires while all is well")

        def all_seen() -> bool:
            seen.update(prometheus.firing())
            return seen >= ALERTS - {"HotlineMetricsAbsent"}

        told.bad = True
        try:
            prometheus.until(all_seen, 40, "every alert fires")
        except AssertionError:
            pytest.fail(f"silent: {ALERTS - seen}")
        told.bad = False
        prometheus.until(lambda: prometheus.firing() == set(), 40, "every alert ends")
        told.away = True
        prometheus.until(lambda: "HotlineMetricsAbsent" in prometheus.firing(), 20, "the service is missed")
        told.away = False
        prometheus.until(lambda: prometheus.firing() == set(), 40, "the service is there again")
