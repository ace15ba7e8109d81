"""Reports over two years and two million calls, and the calls behind their figures, in SQLite and PostgreSQL.

Making and counting the calls takes minutes, so the databases are kept for the next time (``benchmarks/kept.py``).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import reports
from benchmarks.kept import kept_postgresql, kept_sqlite
from benchmarks.report import Figure, Section

CALLS = 2_000_000
LAYOUT = "1"  # another word when what is in the kept databases changes: they are made anew


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Both databases."""
    calls = CALLS // 10 if quick else CALLS
    figures, notes = [], []
    for name, result in measured(calls, say):
        slowest = max(
            result["two_years_by_day_max"], result["two_years_by_month_max"], result["two_years_one_queue_max"]
        )
        figures += [
            Figure(f"{name}: a report over two years, slowest", slowest, "ms", "≤ 1,000 ms", slowest <= 1000),
            Figure(f"{name}: by day, median", result["two_years_by_day"], "ms", "", None),
            Figure(f"{name}: a month by hour, median", result["a_month_by_hour"], "ms", "", None),
            Figure(f"{name}: today by hour (from the calls), median", result["today_by_hour"], "ms", "", None),
            Figure(
                f"{name}: calls behind a figure of two years, p95", result["list_p95"], "ms", "≤ 200 ms",
                result["list_p95"] <= 200,
            ),
            Figure(f"{name}: the slowest of them", result["list_max"], "ms", "", None),
        ]  # fmt: skip
        if result["days_a_second"]:
            notes.append(
                f"{name}: days of {calls // reports.DAYS:,} calls counted: {result['days_a_second']:.1f} a second."
            )
    notes += [
        f"{calls:,} calls on {reports.DAYS} days, {reports.AGENTS} agents; the last day is not counted yet.",
        "A report: total, the period before, every part of the period, every queue, every agent. Behind a figure: each"
        " figure and side, first and second page of fifty.",
    ]
    return Section("Reports over two years", figures, notes)


def measured(calls: int, say: Callable[[str], None]) -> Iterator[tuple[str, dict[str, float]]]:
    """One database after the other. PostgreSQL counts some days of its own and takes over the others."""
    name = f"calls-{calls}-{LAYOUT}"
    with kept_sqlite(name, lambda path: reports.fill_sqlite(path, calls), say) as counted:
        yield "SQLite", {"days_a_second": reports.seal(counted, say)} | reports.measure(counted, say)
        with kept_postgresql(name, lambda url: reports.fill_postgresql(url, calls), say) as engine:
            days = {"days_a_second": reports.copy_figures(counted, engine, say)}
            yield "PostgreSQL", days | reports.measure(engine, say)
