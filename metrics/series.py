"""Counters and histograms of one thread, whose text for Prometheus is kept until they change.

The library's own lock at every step and make every line anew at every scrape, which with fifty queues takes longer than
everything else that the service does in that second.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

INFINITE: Final = "+Inf"


def number(value: float) -> str:
    """As Prometheus writes it."""
    return "0.0" if value == 0 else str(floatToGoString(value))  # type: ignore[no-untyped-call]


def series(name: str, labels: dict[str, str]) -> str:
    """Name and labels, as they stand before a value."""
    if not labels:
        return name
    pairs = ",".join(f'{label}="{_escape(value)}"' for label, value in sorted(labels.items()))
    return f"{name}{{{pairs}}}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


class Counter:
    """One series that only grows."""

    __slots__ = ("_series", "_text", "labels", "value")

    def __init__(self, name: str, labels: dict[str, str]) -> None:
        self.labels = labels
        self.value = 0
        self._series = series(f"{name}_total", labels)
        self._text: str | None = None

    def inc(self) -> None:
        """One more."""
        self.value += 1
        self._text = None

    def text(self) -> str:
        """Its line."""
        if self._text is None:
            self._text = f"{self._series} {number(self.value)}\n"
        return self._text


class Histogram:
    """The series of one histogram. ``edges``: upper ends of the buckets, themselves inside, ascending."""

    __slots__ = ("_counts", "_edges", "_lines", "_text", "labels", "sum")

    def __init__(self, name: str, labels: dict[str, str], edges: Sequence[float]) -> None:
        self.labels = labels
        self.sum = 0.0
        self._edges = edges
        self._counts = [0] * (len(edges) + 1)
        ends = [*map(number, edges), INFINITE]
        self._lines = [series(f"{name}_bucket", labels | {"le": end}) for end in ends]
        self._lines += [series(f"{name}_count", labels), series(f"{name}_sum", labels)]
        self._text: str | None = None

    def observe(self, value: float) -> None:
        """One more."""
        self._counts[bisect_left(self._edges, value)] += 1
        self.sum += value
        self._text = None

    def cumulated(self) -> list[int]:
        """How many up to each edge, and altogether."""
        total, all_of_them = 0, []
        for count in self._counts:
            total += count
            all_of_them.append(total)
        return all_of_them

    def text(self) -> str:
        """Its lines."""
        if self._text is None:
            counts = self.cumulated()
            values = [*map(number, counts), number(counts[-1]), number(self.sum)]
            self._text = "".join(f"{line} {value}\n" for line, value in zip(self._lines, values, strict=True))
        return self._text


class Family(Collector):
    """All series of one name; `collect` gives them to the library's registry as well."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], edges: Iterable[float] = ()) -> None:
        self.name = name
        self._documentation = documentation
        self._labels = tuple(labels)
        self._edges = tuple(map(float, edges))
        self._counters: dict[tuple[str, ...], Counter] = {}
        self._histograms: dict[tuple[str, ...], Histogram] = {}

    def counter(self, *values: str) -> Counter:
        """The series with these values of the labels, made when it is asked for first."""
        if values not in self._counters:
            self._counters[values] = Counter(self.name, dict(zip(self._labels, values, strict=True)))
        return self._counters[values]

    def histogram(self, *values: str) -> Histogram:
        """The same of a family with edges."""
        if values not in self._histograms:
            labels = dict(zip(self._labels, values, strict=True))
            self._histograms[values] = Histogram(self.name, labels, self._edges)
        return self._histograms[values]

    def text(self) -> str:
        """Everything, with what it means."""
        kind, end = ("histogram", "") if self._edges else ("counter", "_total")
        head = f"# HELP {self.name}{end} {self._documentation}\n# TYPE {self.name}{end} {kind}\n"
        return head + "".join([made.text() for made in (self._histograms or self._counters).values()])

    def collect(self) -> Iterator[Metric]:
        if self._edges:
            yield self._as_histogram()
        else:
            family = CounterMetricFamily(self.name, self._documentation, labels=self._labels)
            for made in self._counters.values():
                family.add_metric(list(made.labels.values()), made.value)
            yield family

    def _as_histogram(self) -> Metric:
        family = HistogramMetricFamily(self.name, self._documentation, labels=self._labels)
        ends = [*map(number, self._edges), INFINITE]
        for made in self._histograms.values():
            buckets = list(zip(ends, made.cumulated(), strict=True))
            family.add_metric(list(made.labels.values()), buckets, made.sum)
        return family
