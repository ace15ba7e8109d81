"""Who calls, among ten million people, and all that a pop shows of them, in SQLite and PostgreSQL
(``benchmarks/lookup.py``); and people found by name among a hundred thousand (``benchmarks/search.py``).

Making them takes minutes, so the databases are kept for the next time (``benchmarks/kept.py``).
"""

from collections.abc import Callable
from pathlib import Path

from benchmarks import lookup, search
from benchmarks.kept import KEPT, kept_postgresql, kept_sqlite
from benchmarks.report import Figure, Section

LOOKUPS = 20_000
POPS = 5_000
LAYOUT = "with-contacts"  # another word when what is in the kept databases changes: they are made anew


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Both databases."""
    people = 1_000_000 if quick else 10_000_000
    for old in KEPT.glob("people-*.sqlite3*"):
        if LAYOUT not in old.name:
            old.unlink()
    results = {"SQLite": sqlite(people, say), "PostgreSQL": postgresql(people, say)}
    figures = []
    for name, result in results.items():
        p99 = result["p99_ms"]
        figures += [
            Figure(f"{name}: p99 of one look-up", p99, "ms", "≤ 5 ms", p99 <= 5),
            Figure(f"{name}: p50", result["p50_ms"], "ms", "", None),
            Figure(f"{name}: slowest of {LOOKUPS:,}", result["max_ms"], "ms", "", None),
            Figure(f"{name}: p99 of a whole pop", result["pop_p99_ms"], "ms", "≤ 10 ms", result["pop_p99_ms"] <= 10),
            Figure(f"{name}: p50 of a whole pop", result["pop_p50_ms"], "ms", "", None),
        ]
    figures += search.figures(folder, say)
    notes = [
        f"{people:,} people; one caller in ten unknown; from the question to the objects, first look-ups included.",
        f"A pop: people of the number, their numbers, last contacts with ratings, counts, calls of before, unfinished"
        f" records; {people // 10:,} calls with records; {POPS:,} pops, half of callers with a past.",
        f"Search: {search.PEOPLE:,} people, {search.SEARCHES} searches of each kind, as a page asks.",
    ]
    return Section("Caller look-up", figures, notes)


def sqlite(people: int, say: Callable[[str], None]) -> dict[str, float]:
    """In a file."""
    with kept_sqlite(f"people-{people}-{LAYOUT}", lambda path: lookup.fill_sqlite(path, people), say) as engine:
        return lookup.measure(engine, people, LOOKUPS) | lookup.measure_pops(engine, people, POPS)


def postgresql(people: int, say: Callable[[str], None]) -> dict[str, float]:
    """In a server."""
    with kept_postgresql(f"people-{people}-{LAYOUT}", lambda url: lookup.fill_postgresql(url, people), say) as engine:
        return lookup.measure(engine, people, LOOKUPS) | lookup.measure_pops(engine, people, POPS)
