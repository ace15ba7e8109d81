"""Prometheus' text format, quick enough for many queues.

What is counted keeps its own text (`metrics.series`). Of gauges the text before each value is kept; names and labels of
a sample never change, so it never goes stale.
"""

from collections.abc import Sequence

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from metrics.series import Family, number, series

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SUFFIX = {"counter": "_total", "info": "_info"}
_TYPE = {"info": "gauge", "stateset": "gauge", "gaugehistogram": "histogram", "unknown": "untyped"}


class Exposition:
    """Writes families and collectors, in this order. Keep it: the second scrape is the quick one."""

    def __init__(self, parts: Sequence[Family | Collector]) -> None:
        self._parts = parts
        self._prefixes: dict[tuple[str, ...], str] = {}

    def text(self) -> bytes:
        """All metrics now. Creation times (``_created``) are left out: they would double the series."""
        lines: list[str] = []
        for part in self._parts:
            if isinstance(part, Family):
                lines.append(part.text())
                continue
            for metric in part.collect():
                self._write(metric, lines)
        return "".join(lines).encode()

    def _write(self, metric: Metric, lines: list[str]) -> None:
        name = metric.name + _SUFFIX.get(metric.type, "")
        documentation = metric.documentation.replace("\\", r"\\").replace("\n", r"\n")
        lines.append(f"# HELP {name} {documentation}\n# TYPE {name} {_TYPE.get(metric.type, metric.type)}\n")
        prefixes = self._prefixes
        created = metric.name + "_created"
        for sample in metric.samples:
            if sample.name == created:
                continue
            key = (sample.name, *sample.labels.values())
            prefix = prefixes.get(key)
            if prefix is None:
                prefix = prefixes[key] = series(sample.name, sample.labels)
            lines.append(f"{prefix} {number(sample.value)}\n")
