"""Who calls, among ten million people, and all that a pop shows of them, in SQLite and PostgreSQL
(``benchmarks/lookup.py``); and people found by name among a hundred thousand (``benchmarks/search.py``).

Making them takes minutes, so the databases are kept below ``.state/benchmarks`` for the next time.
"""

import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import lookup, search
from benchmarks.report import Figure, Section
from crm.database import open_engine, upgrade
from tests.programs import unpacked_folder

LOOKUPS = 20_000
POPS = 5_000
LAYOUT = "with-contacts"  # another word when what is in the kept databases changes: they are made anew
KEPT = Path(__file__).parents[1] / ".state/benchmarks"


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Both databases."""
    people = 1_000_000 if quick else 10_000_000
    KEPT.mkdir(parents=True, exist_ok=True)
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
    """Made once: a file without the name of a finished one is not trusted."""
    path = KEPT / f"people-{people}-{LAYOUT}.sqlite3"
    if not path.exists():
        begun = time.monotonic()
        unfinished = KEPT / "unfinished.sqlite3"
        for old in KEPT.glob("unfinished.sqlite3*"):
            old.unlink()
        lookup.fill_sqlite(unfinished, people).dispose()
        unfinished.rename(path)
        say(f"SQLite: {people:,} people made in {time.monotonic() - begun:.0f} s")
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)  # kept from an earlier version, perhaps
    try:
        return lookup.measure(engine, people, LOOKUPS) | lookup.measure_pops(engine, people, POPS)
    finally:
        engine.dispose()


def postgresql(people: int, say: Callable[[str], None]) -> dict[str, float]:
    """The same; a mark says that the server's folder is complete."""
    folder = (
        unpacked_folder() / f"people-{people}-{LAYOUT}-postgresql"
    )  # where also nobody can read, as whom root runs it
    done = folder / "complete"
    with lookup.postgres_server(folder, keep=done.exists()) as url:
        if done.exists():
            engine = open_engine(url)
            upgrade(engine)
        else:
            begun = time.monotonic()
            engine = lookup.fill_postgresql(url, people)
            done.touch()
            say(f"PostgreSQL: {people:,} people made in {time.monotonic() - begun:.0f} s")
        try:
            return lookup.measure(engine, people, LOOKUPS) | lookup.measure_pops(engine, people, POPS)
        finally:
            engine.dispose()
