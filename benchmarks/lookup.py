"""How long it takes to find who calls, with millions of people, in SQLite and PostgreSQL.

Makes N people with one number each (every tenth has a second one, every hundredth number belongs to two people), then
looks up random callers, of whom one in ten is unknown. Prints one JSON line a database: p50 and p99 of one lookup in
milliseconds as the service does it (SQL, rows, objects), each on a connection that is already open.

    python benchmarks/lookup.py [--people 10000000] [--lookups 20000] [--only sqlite|postgresql] [--folder DIR] [--keep]
"""

import argparse
import json
import os
import platform
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from crm.contacts.service import profile_for_pop
from crm.database import open_engine, reading, upgrade
from crm.people.service import find_by_number
from tests.programs import find

FIRST_NUMBER = 66_600_000_000  # +666… to +669…: mobile numbers
SPREAD = 7_919  # neighbours in time are not neighbours in number


def number_of(person: int, people: int) -> str:
    """The number of person 1…people: all different, in no order."""
    return f"+{FIRST_NUMBER + person * SPREAD % (people * 3 + 1)}"


# The same statements make the people in both databases; {series} gives n = 1…:people.
_MAKE = (
    """INSERT INTO people (id, first_name, last_name, display_name, language, occupation, sex, birth_year, province,
        email, created_at, updated_at)
    SELECT n, 'สมชาย', 'ใจดี ' || n, 'คุณสมชาย ใจดี ' || n, 'th', 'ผู้ส่งออก', 'female', 1940 + n % 70, 'ระยอง',
        'person' || n || '@example.com', 1700000000000000 + n, 1700000000000000 + n FROM {series}""",
    """INSERT INTO phone_numbers (id, number, kind)
    SELECT n, '+' || (66600000000 + n * 7919 % (:people * 3 + 1)), 'e164' FROM {series}""",
    """INSERT INTO person_numbers (number_id, person_id, is_primary, last_used_at)
    SELECT n, n, {true}, 1700000000000000 + n FROM {series}""",
    """INSERT INTO person_numbers (number_id, person_id, is_primary, last_used_at)
    SELECT n, n % :people + 1, {false}, NULL FROM {series} WHERE n % 10 = 0""",
    # one person in ten has called: a call, and the record of it
    """INSERT INTO calls (call_id, arrived_at, caller_number, caller_e164, called_number, trunk, language, queue, agent,
        agent_answered_at, ended_at, outcome, precision, survey_meaning, person_id, updated_at)
    SELECT 'main-' || n, 1700000000000000 + n * 1000, 'x', '+' || (66600000000 + n * 7919 % (:people * 3 + 1)), '1169',
        'provider', 'th', 'enquiries', '1001', 1700000005000000 + n * 1000, 1700000300000000 + n * 1000, 'answered',
        'microsecond', 'impressed', n, 1700000300000000 FROM {series} WHERE n % 10 = 0""",
    """INSERT INTO contacts (id, call_id, agent, channel, direction, state, number, person_id, attached_number,
        topic_id, kind, question, answer, outcome, language, begun_at, talk_ended_at, finished_at, version,
        field_versions, updated_at)
    SELECT n, 'main-' || n, '1001', 'telephone', 'inbound', 'finished',
        '+' || (66600000000 + n * 7919 % (:people * 3 + 1)), n, {false}, 1 + n % 20, 'general', 'ขอ Form D อย่างไร',
        'แจ้งขั้นตอนและส่งเอกสารทางอีเมลแล้ว', 'answered', 'th', 1700000005000000 + n * 1000,
        1700000300000000 + n * 1000, 1700000320000000 + n * 1000, 1, '{{}}', 1700000320000000
    FROM {series} WHERE n % 10 = 0""",
)


def fill_sqlite(path: Path, people: int) -> Engine:
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()  # nobody else may have the file open while it is filled without a journal
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -1000000", "journal_mode = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("DROP INDEX uq_phone_numbers_number")  # sorting once is quicker than ten million insertions
    series = "(WITH RECURSIVE s(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s WHERE n < :people) SELECT n FROM s)"
    connection.execute("BEGIN")
    for statement in _MAKE:
        connection.execute(statement.format(series=series, true="1", false="0"), {"people": people})
    connection.execute("CREATE UNIQUE INDEX uq_phone_numbers_number ON phone_numbers (number)")
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("ANALYZE")
    connection.close()
    return engine


def fill_postgresql(url: str, people: int) -> Engine:
    engine = open_engine(url)
    upgrade(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP INDEX uq_phone_numbers_number")
        connection.exec_driver_sql("SET session_replication_role = replica")  # no foreign key checks row by row
        for statement in _MAKE:
            series = f"generate_series(1, {people}) AS s(n)"
            sql = statement.format(series=series, true="true", false="false").replace(":people", f"{people}::bigint")
            connection.exec_driver_sql(sql.replace("n * ", "n::bigint * ").replace("%", "%%"))
        connection.exec_driver_sql("CREATE UNIQUE INDEX uq_phone_numbers_number ON phone_numbers (number)")
        connection.exec_driver_sql("VACUUM ANALYZE")
    return engine


@contextmanager
def postgres_server(folder: Path, keep: bool = False) -> Iterator[str]:
    """A server with the settings Debian ships except where its data are; yields a database's URL. ``keep``: with what
    an earlier server left in the folder."""
    user: list[str] = []
    if os.geteuid() == 0:
        user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    data = folder / "data"
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if user:
            shutil.chown(folder, "nobody")
        options = ["-D", str(data), "-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        subprocess.run([*user, find("initdb"), *options], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    with tempfile.TemporaryDirectory(prefix="lookup-") as sockets:  # the way to a socket must be short (unix(7))
        if user:
            shutil.chown(sockets, "nobody")
        settings = ["listen_addresses=", f"unix_socket_directories={sockets}", "max_wal_size=1GB", "fsync=off"]
        arguments = [part for setting in settings for part in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [*user, find("postgres"), "-D", str(data), *arguments], stdout=log, stderr=log, cwd=folder
            )
        url = f"postgresql://hotline@/postgres?host={sockets}"
        try:
            _wait_for(url)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # does not wait for connections
            server.wait(60)


def _wait_for(url: str) -> None:
    engine = open_engine(url)
    deadline = time.monotonic() + 60
    while True:
        try:
            with engine.connect():
                break
        except DBAPIError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    engine.dispose()


def measure(engine: Engine, people: int, lookups: int) -> dict[str, float]:
    """Times ``lookups`` lookups of random callers; the first ones too: a call does not wait for warm caches."""
    chance = random.Random(1169)
    times = []
    found = 0
    with reading(engine) as connection:
        find_by_number(connection, "+66000000000")  # the statement is put into words once a process
        for turn in range(lookups):
            known = turn % 10 != 0
            number = number_of(chance.randint(1, people), people) if known else f"+6620{chance.randint(0, 9_999_999)}"
            begin = time.perf_counter()
            who = find_by_number(connection, number)
            times.append(time.perf_counter() - begin)
            found += bool(who)
            if bool(who) != known:
                raise SystemExit(f"lookup {turn} found {len(who)} people")
    times.sort()
    return {
        "p50_ms": round(times[lookups // 2] * 1000, 3),
        "p99_ms": round(times[int(lookups * 0.99)] * 1000, 3),
        "p999_ms": round(times[int(lookups * 0.999)] * 1000, 3),
        "max_ms": round(times[-1] * 1000, 3),
        "found": found,
    }


def measure_pops(engine: Engine, people: int, pops: int) -> dict[str, float]:
    """Times ``pops`` profiles as a desk gets them, ready for JSON: half of returning callers with a past, the others
    new callers and people who never called."""
    chance = random.Random(1169)
    times = []
    contacts = 0
    with reading(engine) as connection:
        profile_for_pop(connection, "+66000000000").as_json(2026)
        for turn in range(pops):
            person = chance.randint(1, people // 10) * 10 if turn % 2 else chance.randint(1, people)
            number = number_of(person, people) if turn % 10 else f"+6620{chance.randint(0, 9_999_999)}"
            begin = time.perf_counter()
            pop = profile_for_pop(connection, number, "main-now").as_json(2026)
            times.append(time.perf_counter() - begin)
            contacts += sum(len(one["contacts"]) for one in pop["people"])
    times.sort()
    if contacts < pops // 3:
        raise SystemExit(f"only {contacts} contacts were found in {pops} pops")
    return {
        "pop_p50_ms": round(times[pops // 2] * 1000, 3),
        "pop_p99_ms": round(times[int(pops * 0.99)] * 1000, 3),
        "pop_max_ms": round(times[-1] * 1000, 3),
    }


def run(kind: str, fill: Callable[[], Engine], people: int, lookups: int) -> None:
    begin = time.monotonic()
    engine = fill()
    fill_seconds = round(time.monotonic() - begin, 1)
    result = measure(engine, people, lookups) | measure_pops(engine, people, lookups // 4)
    engine.dispose()
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(json.dumps({"database": kind, "people": people, "fill_seconds": fill_seconds, **result, "machine": machine}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--lookups", type=int, default=20_000)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path, help="where to put the databases: about 4 GB for 10 million people")
    parser.add_argument("--keep", action="store_true", help="leave the databases there")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lookup-", dir=options.folder))
    folder.chmod(0o755)
    try:
        if options.only != "postgresql":
            run("sqlite", lambda: fill_sqlite(folder / "l.sqlite3", options.people), options.people, options.lookups)
        if options.only != "sqlite":
            with postgres_server(folder / "pg") as url:
                run("postgresql", lambda: fill_postgresql(url, options.people), options.people, options.lookups)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
