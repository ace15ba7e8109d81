"""Prometheus' text format, quick enough for many queues.

The library's own writer spends most of a scrape on escaping the same names and labels again. Here the text before each
value is kept; names and labels of a sample never change, so it never goes stale.
"""

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import CollectorRegistry
from prometheus_client.utils import floatToGoString

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SUFFIX = {"counter": "_total", "info": "_info"}
_TYPE = {"info": "gauge", "stateset": "gauge", "gaugehistogram": "histogram", "unknown": "untyped"}


class Exposition:
    """Writes one registry. Keep it: the second scrape is the quick one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._prefixes: dict[tuple[str, ...], str] = {}

    def text(self) -> bytes:
        """All metrics now. Creation times (``_created``) are left out: they would double the series."""
        lines: list[str] = []
        for metric in self._registry.collect():
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
                prefix = prefixes[key] = _prefix(sample.name, sample.labels)
            value = sample.value
            lines.append(f"{prefix} {_number(value)}\n")


def _prefix(name: str, labels: dict[str, str]) -> str:
    if not labels:
        return name
    pairs = ",".join(f'{label}="{_escape(value)}"' for label, value in sorted(labels.items()))
    return f"{name}{{{pairs}}}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    return "0.0" if value == 0 else str(floatToGoString(value))  # type: ignore[no-untyped-call]
