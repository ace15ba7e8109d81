"""Reports over two years and two million calls, and the calls behind their figures, in SQLite and PostgreSQL.

Making and counting the calls takes minutes, so the databases are kept below ``.state/benchmarks`` for the next time.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine

from benchmarks import lookup, reports
from benchmarks.report import Figure, Section
from crm.database import open_engine, upgrade
from tests.programs import unpacked_folder

CALLS = 2_000_000
LAYOUT = "1"  # another word when what is in the kept databases changes: they are made anew
KEPT = Path(__file__).parents[1] / ".state/benchmarks"


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Both databases."""
    calls = CALLS // 10 if quick else CALLS
    KEPT.mkdir(parents=True, exist_ok=True)
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
    counted = sqlite(calls, say)
    try:
        yield "SQLite", {"days_a_second": reports.seal(counted, say)} | reports.measure(counted, say)
        yield "PostgreSQL", postgresql(calls, counted, say)
    finally:
        counted.dispose()


def sqlite(calls: int, say: Callable[[str], None]) -> Engine:
    """Made once: a file without the name of a finished one is not trusted."""
    path = KEPT / f"calls-{calls}-{LAYOUT}.sqlite3"
    if not path.exists():
        begun = time.monotonic()
        unfinished = KEPT / "unfinished-calls.sqlite3"
        for old in KEPT.glob("unfinished-calls.sqlite3*"):
            old.unlink()
        reports.fill_sqlite(unfinished, calls).dispose()
        unfinished.rename(path)
        say(f"SQLite: {calls:,} calls made in {time.monotonic() - begun:.0f} s")
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)  # kept from an earlier version, perhaps
    return engine


def postgresql(calls: int, counted: Engine, say: Callable[[str], None]) -> dict[str, float]:
    """The same; a mark says that the server's folder is complete."""
    folder = unpacked_folder() / f"calls-{calls}-{LAYOUT}-postgresql"
    done = folder / "complete"
    with lookup.postgres_server(folder, keep=done.exists()) as url:
        if done.exists():
            engine = open_engine(url)
            upgrade(engine)
        else:
            begun = time.monotonic()
            engine = reports.fill_postgresql(url, calls)
            done.touch()
            say(f"PostgreSQL: {calls:,} calls made in {time.monotonic() - begun:.0f} s")
        try:
            return {"days_a_second": reports.copy_figures(counted, engine, say)} | reports.measure(engine, say)
        finally:
            engine.dispose()
