"""Two years of calls in a database: how they are made, and how long reports and the calls behind figures take."""

import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, insert, select, update

from crm.database import EPOCH, open_engine, upgrade
from crm.reports.behind import Side, agent_calls, calls_behind
from crm.reports.counting import Wanted
from crm.reports.models import figures_agent_day, figures_day, figures_half_hour, figures_state
from crm.reports.periods import Choice, Span
from crm.reports.sealed import Frame, snapshot
from crm.reports.sealing import Sealer
from crm.reports.service import Asked, report
from metrics.behind import BEHIND
from metrics.intervals import Step
from metrics.tally import Limits

DAYS = 730
ZONE = ZoneInfo("Asia/Bangkok")
FRAME = Frame(ZONE, Limits())
FIRST = datetime(2024, 11, 25, 17, 0, tzinfo=UTC)  # midnight in Bangkok
NOW = FIRST + timedelta(days=DAYS, hours=-4)  # 20:00 of the last day, which is not sealed
AGENTS = 40
COMPARED_DAYS = 20
TIMES = 15

# {series} gives n = 1…; every table in the order of its key. Two of three callers of a queue are answered in time.
_WAIT = "({n} * 7919 % 11000000 + 500000)"  # µs, up to 11.5 s
_TALK = "(40000000 + {n} * 104729 % 300000000)"
_AT = "({first} + ({n} - 1) / {a_day} * 86400000000 + 30600000000 + ({n} - 1) % {a_day} * (36000000000 / {a_day}))"
_ANSWERED = "{n} % 100 > 5"
_AGENT = "(1001 + {n} * 31 % {agents})"
_MAKE = (
    f"""INSERT INTO calls (call_id, arrived_at, caller_number, caller_e164, called_number, trunk, language, queue,
        closed_reason, agent_answered_at, agent, ended_at, ended_by, outcome, precision, survey_scale, survey_asked_at,
        survey_answered_at, survey_key, survey_meaning, updated_at)
    SELECT 'main-' || n, {_AT}, 'x', '+66' || (810000000 + n % 9000000), '1169', 'provider', 'th',
        CASE WHEN n % 100 = 5 THEN NULL WHEN n % 5 = 0 THEN 'english' WHEN n % 7 = 0 THEN 'import' ELSE 'general' END,
        CASE WHEN n % 100 = 5 THEN 'hours' END,
        CASE WHEN {_ANSWERED} THEN {_AT} + {_WAIT} END, CASE WHEN {_ANSWERED} THEN CAST({_AGENT} AS TEXT) END,
        {_AT} + {_WAIT} + CASE WHEN {_ANSWERED} THEN {_TALK} + 20000000 ELSE 0 END, 'caller',
        CASE WHEN n % 100 = 5 THEN 'closed' WHEN {_ANSWERED} THEN 'answered' WHEN n % 100 = 4 THEN 'callback'
            WHEN n % 10000 = 3 THEN 'failed' ELSE 'abandoned' END,
        'microsecond', CASE WHEN {_ANSWERED} THEN 'scale-123' END,
        CASE WHEN {_ANSWERED} THEN {_AT} + {_WAIT} + {_TALK} + 1000000 END,
        CASE WHEN {_ANSWERED} THEN {_AT} + {_WAIT} + {_TALK} + 9000000 END,
        CASE WHEN {_ANSWERED} AND n % 3 > 0 THEN CAST(n % 3 AS TEXT) END,
        CASE WHEN {_ANSWERED} AND n % 3 > 0 THEN CASE WHEN n % 11 = 0 THEN 'not_satisfied' ELSE 'satisfied' END END, 1
    FROM {{series}}""",
    f"""INSERT INTO rings (call_id, ordinal, queue, agent, rang_at, ended_at, answered, precision)
    SELECT 'main-' || n, 0, 'general', CAST({_AGENT} AS TEXT), {_AT} + 100000, {_AT} + {_WAIT}, {{true}}, 'microsecond'
    FROM {{series}} WHERE {_ANSWERED}""",
    f"""INSERT INTO conversations (call_id, ordinal, queue, agent, answered_at, ended_at, ended_by)
    SELECT 'main-' || n, 0, 'general', CAST({_AGENT} AS TEXT), {_AT} + {_WAIT}, {_AT} + {_WAIT} + {_TALK}, 'agent'
    FROM {{series}} WHERE {_ANSWERED}""",
    f"""INSERT INTO holds (call_id, ordinal, agent, held_at, resumed_at)
    SELECT 'main-' || n, 0, CAST({_AGENT} AS TEXT), {_AT} + {_WAIT} + 10000000, {_AT} + {_WAIT} + 25000000
    FROM {{series}} WHERE {_ANSWERED} AND n % 6 = 0""",
    f"""INSERT INTO transfers (call_id, ordinal, kind, agent, "to", transferred_at)
    SELECT 'main-' || n, 0, 'blind', CAST({_AGENT} AS TEXT), '700', {_AT} + {_WAIT} + {_TALK}
    FROM {{series}} WHERE {_ANSWERED} AND n % 13 = 0""",
    f"""INSERT INTO queue_passes (call_id, ordinal, queue, pass_number, joined_at, position, left_at, status)
    SELECT 'main-' || n, 0, 'general', 1, {_AT} + 20000, 1, {_AT} + {_WAIT}, 'answered'
    FROM {{series}} WHERE n % 100 <> 5""",
    f"""INSERT INTO callbacks (call_id, number, queue, requested_at, state, tries)
    SELECT 'main-' || n, '+66810000000', 'general', {_AT} + {_WAIT}, 'done', 1 FROM {{series}} WHERE n % 100 = 4""",
    f"""INSERT INTO agent_states (agent, since, until, state)
    SELECT CAST({_AGENT} AS TEXT), {_AT} + {_WAIT} + {_TALK}, {_AT} + {_WAIT} + {_TALK} + 30000000, 'wrap_up'
    FROM {{series}} WHERE {_ANSWERED} ON CONFLICT DO NOTHING""",
)


def statements(calls: int, series: str, true: str) -> list[str]:
    """What makes the calls."""
    first = (FIRST - EPOCH) // timedelta(microseconds=1)
    known = {"first": first, "a_day": calls // DAYS, "agents": AGENTS, "n": "n", "series": series, "true": true}
    return [one.format(**known) for one in _MAKE]


def fill_sqlite(path: Path, calls: int) -> Engine:
    """A file with the calls, not counted yet."""
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()  # nobody else may have the file open while it is filled without a journal
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -500000", "journal_mode = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    series = f"(WITH RECURSIVE s(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s WHERE n < {calls}) SELECT n FROM s)"
    connection.execute("BEGIN")
    for statement in statements(calls, series, "1"):
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("ANALYZE")
    connection.close()
    return engine


def fill_postgresql(url: str, calls: int) -> Engine:
    """The same in a server."""
    engine = open_engine(url)
    upgrade(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")  # no foreign key checks row by row
        for statement in statements(calls, f"generate_series(1::bigint, {calls}) AS s(n)", "true"):
            connection.exec_driver_sql(statement.replace("%", "%%"))
        connection.exec_driver_sql("VACUUM ANALYZE")
    return engine


def seal(engine: Engine, say: Callable[[str], None]) -> float:
    """Counts all days; days a second (0.0 when they were counted before)."""
    sealer = Sealer(engine, lambda: FRAME, lambda: NOW)
    begun, days = time.monotonic(), 0
    while sealer.step():
        days += 1
        if days % 100 == 0:
            say(f"{days} days counted in {time.monotonic() - begun:.0f} s")
    return days / (time.monotonic() - begun) if days else 0.0


def copy_figures(counted: Engine, engine: Engine, say: Callable[[str], None]) -> float:
    """Counts some days, and takes over what was counted of all of them from another database with the same calls,
    which must agree on these. Days a second (0.0 when all were there already)."""
    with engine.connect() as connection:
        if connection.scalar(select(func.count()).select_from(figures_day)):
            return 0.0
    sealer = Sealer(engine, lambda: FRAME, lambda: NOW)
    begun = time.monotonic()
    for _ in range(COMPARED_DAYS):
        sealer.step()
    speed = COMPARED_DAYS / (time.monotonic() - begun)
    until = FRAME.day(FIRST + timedelta(days=COMPARED_DAYS)).start_at
    begun = time.monotonic()
    for table in (figures_half_hour, figures_day, figures_agent_day):
        compared = select(table).where(table.c.day_at < until).order_by(*table.primary_key)
        with counted.connect() as there, engine.connect() as here:
            if [*map(tuple, there.execute(compared))] != [*map(tuple, here.execute(compared))]:
                raise RuntimeError(f"{table.name}: the two databases count the same calls differently")
            rows = there.execute(select(table).where(table.c.day_at >= until)).mappings()
            for some in rows.partitions(5000):
                here.execute(insert(table), [dict(row) for row in some])
            here.commit()
    with counted.connect() as there, engine.begin() as here:
        here.execute(update(figures_state).values(**there.execute(select(figures_state)).mappings().one()))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    say(f"what was counted of the other days was taken over in {time.monotonic() - begun:.0f} s")
    return speed


def measure(engine: Engine, say: Callable[[str], None]) -> dict[str, float]:
    """The slowest and the median of some reports, and of lists behind every figure, in milliseconds."""
    whole = Choice(Span.OWN, date(2024, 11, 26), date(2026, 11, 25))
    year = Choice(Span.YEAR, date(2026, 1, 1), date(2026, 1, 1))
    found: dict[str, float] = {}
    for name, asked in (
        ("two_years_by_day", Asked(choice=whole, step=Step.DAY)),
        ("two_years_by_month", Asked(choice=whole, step=Step.MONTH)),
        ("two_years_one_queue", Asked(choice=whole, step=Step.WEEK, queue="import")),
        ("a_year", Asked(choice=year, step=Step.MONTH)),
        ("a_month_by_hour", Asked(choice=Choice(Span.MONTH, NOW.date(), NOW.date()), step=Step.HOUR)),
        ("today_by_hour", Asked(choice=Choice(Span.DAY, NOW.date(), NOW.date()), step=Step.HOUR)),
    ):
        times = _times(partial(report, engine, asked, FRAME, NOW))
        found[name], found[f"{name}_max"] = statistics.median(times), max(times)
        say(f"{name}: median {found[name]:.0f} ms, slowest {max(times):.0f} ms")
    found |= _lists(engine, say)
    return found


def _lists(engine: Engine, say: Callable[[str], None]) -> dict[str, float]:
    """First and second page behind every figure, over all two years, and of an agent."""
    wanted = Wanted(start_at=FIRST, end_at=NOW)
    times: list[float] = []
    slowest = ("", 0.0)
    for figure, behind in BEHIND.items():
        for side in Side if behind.part is not None else (Side.ALL,):
            for _ in range(2):
                took = _times(partial(_two_pages, engine, wanted, figure, side), 1)[0] / 2
                times.append(took)
                slowest = max(slowest, (f"{figure} {side}", took), key=lambda one: one[1])
    for figure in ("talks", "handed_on", "satisfaction"):
        times += _times(partial(_agent, engine, wanted, figure), 3)
    times.sort()
    say(f"lists: median {statistics.median(times):.0f} ms, slowest {times[-1]:.0f} ms ({slowest[0]})")
    return {"list": statistics.median(times), "list_p95": times[int(len(times) * 0.95)], "list_max": times[-1]}


def _two_pages(engine: Engine, wanted: Wanted, figure: str, side: Side) -> None:
    with snapshot(engine) as connection:
        first = calls_behind(connection, wanted, FRAME, figure, side)
        if first.more is not None:
            calls_behind(connection, wanted, FRAME, figure, side, first.more)


def _agent(engine: Engine, wanted: Wanted, figure: str) -> None:
    with snapshot(engine) as connection:
        agent_calls(connection, wanted, FRAME, "1007", figure, None)


def _times(work: Callable[[], Any], times: int = TIMES) -> list[float]:
    work()  # once for the connection and the statements
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken
