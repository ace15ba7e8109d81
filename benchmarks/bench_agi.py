"""FastAGI against bare threads without a library (``benchmarks/fastagi.py``)."""

from collections.abc import Callable
from pathlib import Path

from benchmarks import fastagi
from benchmarks.report import Figure, Section


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Interleaved rounds; medians."""
    result = fastagi.measure(6.0 if quick else 14.0)
    figures = [
        Figure(
            f"commands a second, {calls}: ours ÷ bare threads", result[f"ratio_{n}_commands_per_second"], "", "", None
        )
        for n, calls in ((1, "1 call"), (200, "200 calls"))
    ]
    figures += [
        Figure(f"p99 of one command, {calls}: ours ÷ bare threads", result[f"ratio_{n}_p99_us"], "", "", None)
        for n, calls in ((1, "1 call"), (200, "200 calls"))
    ]
    rows = [
        f"| {calls} | {result[f'ours_{n}_commands_per_second']:,.0f} | {result[f'bare_{n}_commands_per_second']:,.0f} |"
        f" {result[f'ours_{n}_p99_us']:,.0f} | {result[f'bare_{n}_p99_us']:,.0f} |"
        for n, calls in ((1, "1 call"), (200, "200 calls"))
    ]
    table = "\n".join(
        ["| at full speed | commands/s, ours | bare | p99 µs, ours | bare |", "|---|---|---|---|---|", *rows]
    )
    note = (
        f"One `identify` call costs {result['ours_identify_cpu_us']:.0f} µs of processor time; bare threads without a"
        f" library {result['bare_identify_cpu_us']:.0f} µs. At 200 calls full speed, p99 is queueing for the same core."
    )
    return Section("FastAGI against bare threads without a library", figures, [note], table)
