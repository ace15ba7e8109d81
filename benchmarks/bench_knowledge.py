"""The search of the knowledge base: whether the right text is found, and how quickly among 100,000 passages, on SQLite
and on PostgreSQL (`knowledge_set`)."""

import random
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, select, text

from benchmarks.knowledge_set import HALVES, TARGETS, Asked, Ranks, fill, judge, questions
from benchmarks.lookup import postgres_server
from benchmarks.report import Figure, Section
from crm.database import open_engine, reading, upgrade, writing
from crm.search.models import Entry, Kind, search_blocks, search_passages, search_postings
from crm.search.service import find, write_entries
from tests.programs import unpacked_folder

OTHERS = 1_500  # texts that answer nothing, where quality is judged
OWN_TEXTS = 456  # that answer questions
PASSAGES = 100_000
SEARCHES = 400


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Quality, then speed on both databases."""
    asked = list(questions())
    small = open_engine(f"sqlite:///{folder / 'small.sqlite3'}")
    upgrade(small)
    fill(small, OTHERS)
    with reading(small) as connection:
        judged = judge(lambda question: _refs(connection, question), asked)
    small.dispose()
    figures = [figure for half in HALVES for figure in _quality(half, judged["all", half])]
    passages = PASSAGES // 10 if quick else PASSAGES
    notes = [
        f"{len(asked):,} questions: {len({one.answer for one in asked})} texts sought among {OTHERS + OWN_TEXTS:,};"
        " every second question of the first set was not looked at while the method was chosen (held out).",
        f"Speed: {passages:,} passages, {SEARCHES} questions of all kinds in a mixed order, connection open. PostgreSQL"
        " gets a copy of the index that was written in SQLite. On a busy machine a search waits for a processor: its"
        " processor time says what it takes by itself.",
    ]
    large = open_engine(f"sqlite:///{folder / 'large.sqlite3'}")
    upgrade(large)
    begun = time.monotonic()
    written = fill(large, passages - OWN_TEXTS)
    seconds = time.monotonic() - begun
    say(f"{written:,} texts written in {seconds:.0f} s")
    with postgres_server(unpacked_folder() / "knowledge-postgresql", keep=False) as url:
        engine = open_engine(url)
        upgrade(engine)
        _copy(large, engine)
        for name, one in (("SQLite", large), ("PostgreSQL", engine)):
            figures += _speed(name, one, asked)
            say(f"{name} measured")
        engine.dispose()
    large.dispose()
    figures.append(Figure("SQLite: texts written a second", round(written / seconds), "", "", None))
    return Section("Search of the knowledge base", figures, notes, _table(judged))


def _refs(connection: object, question: str) -> list[int]:
    return [one.ref for one in find(connection, question, shelves=["article"])]  # type: ignore[arg-type]


def _quality(half: str, ranks: Ranks) -> list[Figure]:
    names = ("right text first", "among the first three", "mean reciprocal rank")
    values = (ranks.first, ranks.among_three, ranks.mean_reciprocal)
    return [
        Figure(f"{half}: {name}", round(value, 3), "", f"≥ {target}", value >= target)
        for name, value, target in zip(names, values, TARGETS, strict=True)
    ]


def _table(judged: dict[tuple[str, str], Ranks]) -> str:
    rows = [
        "| kind of question | half | questions | first | first three | mean reciprocal rank |",
        "|---|---|---|---|---|---|",
    ]
    for (kind, half), ranks in sorted(judged.items()):
        values = f"{ranks.first:.2f} | {ranks.among_three:.2f} | {ranks.mean_reciprocal:.3f}"
        rows.append(f"| {kind} | {half} | {len(ranks.ranks)} | {values} |")
    return "\n".join(rows)


def _copy(source: Engine, target: Engine) -> None:
    """The index as it is in SQLite into PostgreSQL."""
    with reading(source) as connection, closing(target.raw_connection()) as raw:
        for table in (search_blocks, search_passages, search_postings):
            rows = connection.execute(select(table))
            statement = f"COPY {table.name} ({', '.join(column.name for column in table.columns)}) FROM STDIN"
            with raw.cursor().copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        raw.commit()
    with target.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _speed(name: str, engine: Engine, asked: list[Asked]) -> list[Figure]:
    chosen = random.Random(7).sample(asked, SEARCHES)
    times, processor = [], []
    with reading(engine) as connection:
        for one in chosen[:5]:
            _refs(connection, one.question)
        for one in chosen:
            begin, busy = time.perf_counter(), time.process_time()
            _refs(connection, one.question)
            times.append((time.perf_counter() - begin) * 1000)
            processor.append((time.process_time() - busy) * 1000)
        ranks = judge(lambda question: _refs(connection, question), chosen)
    times.sort()
    processor.sort()
    p95, busy95 = times[int(len(times) * 0.95)], processor[int(len(times) * 0.95)]
    every = Ranks([rank for half in HALVES for rank in ranks["all", half].ranks])
    changed = _change(engine)
    return [
        Figure(f"{name}: p95 of a search", round(p95, 1), "ms", "≤ 30 ms", p95 <= 30),
        Figure(f"{name}: p50", round(times[len(times) // 2], 1), "ms", "", None),
        Figure(f"{name}: processor time of the program in a search, p95", round(busy95, 1), "ms", "", None),
        Figure(f"{name}: right text first", round(every.first, 3), "", "", None),
        Figure(f"{name}: one changed text written and found", round(changed, 1), "ms", "", None),
    ]


def _change(engine: Engine) -> float:
    """Milliseconds until a changed text is found."""
    begin = time.perf_counter()
    entry = Entry(kind=Kind.ARTICLE, ref=1, shelf="article", title="ใบอนุญาตเลี้ยงยีราฟ", body="ขอที่สวนสัตว์")
    with writing(engine) as connection:
        write_entries(connection, [entry])
    with reading(engine) as connection:
        found = _refs(connection, "อยากเลี้ยงยีราฟ")
    if found[:1] != [1]:
        raise RuntimeError("a changed text was not found at once")
    return (time.perf_counter() - begin) * 1000
