"""Large databases that take minutes to make, kept for the next time: SQLite's below ``.state/benchmarks``, PostgreSQL's
beside the unpacked programs, where also nobody can read, as whom root runs it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from benchmarks.lookup import postgres_server
from crm.database import open_engine, upgrade
from tests.programs import unpacked_folder

KEPT = Path(__file__).parents[1] / ".state/benchmarks"


@contextmanager
def kept_sqlite(name: str, fill: Callable[[Path], Engine], say: Callable[[str], None]) -> Iterator[Engine]:
    """The file of that name, filled when it is not there; one without the name of a finished one is not trusted."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{name}.sqlite3"
    if not path.exists():
        begun = time.monotonic()
        unfinished = KEPT / f"unfinished-{name}.sqlite3"
        for old in KEPT.glob(f"{unfinished.name}*"):
            old.unlink()
        fill(unfinished).dispose()
        unfinished.rename(path)
        say(f"SQLite: {name} made in {time.monotonic() - begun:.0f} s")
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)  # kept from an earlier version, perhaps
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def kept_postgresql(name: str, fill: Callable[[str], Engine], say: Callable[[str], None]) -> Iterator[Engine]:
    """The same in a server of its own; a mark says that its folder is complete."""
    folder = unpacked_folder() / f"{name}-postgresql"
    done = folder / "complete"
    with postgres_server(folder, keep=done.exists()) as url:
        if done.exists():
            engine = open_engine(url)
            upgrade(engine)
        else:
            begun = time.monotonic()
            engine = fill(url)
            done.touch()
            say(f"PostgreSQL: {name} made in {time.monotonic() - begun:.0f} s")
        try:
            yield engine
        finally:
            engine.dispose()
