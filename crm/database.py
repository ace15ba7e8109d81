"""The database: SQLite in one file, or PostgreSQL by URL. Nothing is opened on import.

Times are kept as **whole microseconds since 1970 in BIGINT** (`Instant`). Both databases sort and index them as
numbers, subtract them exactly and alike in SQL (SQLite has no time type, and PostgreSQL's would make every report two
reports), and they cost 8 bytes and no parsing. To read them by eye: ``datetime(arrived_at/1e6, 'unixepoch')`` in
SQLite, ``to_timestamp(arrived_at/1e6)`` in PostgreSQL.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    URL,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    ExceptionContext,
    Float,
    Integer,
    MetaData,
    NullPool,
    Table,
    create_engine,
    event,
    inspect,
    literal,
    make_url,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from alembic.config import Config  # Alembic is slow to load, and as a rule there is nothing to change

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MIGRATIONS: Final = Path(__file__).with_name("migrations")
UPGRADE_LOCK: Final = 1169  # PostgreSQL advisory lock: one upgrade at a time

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Identity: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows itself only in INTEGER


class DatabaseProblem(Exception):
    """The database cannot be used as it is; the message says what to do."""


def to_microseconds(at: datetime) -> int:
    """Whole microseconds since 1970. Raises ValueError for a time without zone."""
    if at.tzinfo is None:
        raise ValueError("a time without zone cannot be stored: give it a zone, UTC is best")
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """The aware UTC time of ``microseconds`` since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


class Instant(TypeDecorator[datetime]):
    """A moment: aware datetimes in Python, microseconds since 1970 in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


def seconds_between(start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[float]:
    """SQL for the seconds from one `Instant` column to another; NULL when either is."""
    micros = type_coerce(end, BigInteger) - type_coerce(start, BigInteger)
    return type_coerce(micros * literal(1e-6, Float), Float)


def insert_into(connection: Connection, table: Table) -> Any:
    """INSERT that knows ON CONFLICT: the same words in both databases, two classes in SQLAlchemy."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """CHECK that a text column holds one of ``values``, or NULL."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def open_engine(url: str, *, busy_timeout_seconds: float = 5.0, pool_size: int = 8) -> Engine:
    """An engine for ``sqlite:///file`` or ``postgresql://…``; connects at first use.

    Raises DatabaseProblem for a URL that is neither.
    """
    where = _known_url(url)
    if where.get_backend_name() == "sqlite":
        engine = create_engine(where, hide_parameters=True, connect_args={"timeout": busy_timeout_seconds})
        _prepare_sqlite(engine, foreign_keys=True)
        return engine
    # PostgreSQL's compiler takes half a second over queries that run for 30 ms
    options = f"{where.query.get('options', '')} -c jit=off".strip()
    engine = create_engine(
        where,
        hide_parameters=True,  # callers' numbers stay out of error messages
        pool_size=pool_size,
        pool_pre_ping=True,
        # a server that vanished without a word must be noticed in seconds, not in two hours
        connect_args={
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "tcp_user_timeout": 15000,
            "options": options,
        },
    )
    event.listen(engine, "handle_error", _hide_rows)
    return engine


def _hide_rows(context: ExceptionContext) -> None:
    """PostgreSQL quotes the row it refuses, and so a caller's number, from the second line of its message on."""
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    first_line = str(error).partition("\n")[0]
    error.args = (first_line,)
    if wrapped is not None:
        wrapped.args = (f"({type(error).__name__}) {first_line}",)


def _known_url(url: str) -> URL:
    try:
        where = make_url(url)
    except ArgumentError as error:
        raise DatabaseProblem("the database URL cannot be read; write it as postgresql://user@host/name") from error
    kind = where.drivername.partition("+")[0]
    if kind in {"postgresql", "postgres"}:
        return where.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise DatabaseProblem(f"{kind} is not supported: use sqlite:///file or postgresql://user@host/name")
    if where.database in {None, "", ":memory:"}:
        raise DatabaseProblem("a SQLite database needs a file: sqlite:///folder/hotline.sqlite3")
    if not str(where.database).startswith("file:"):
        Path(str(where.database)).absolute().parent.mkdir(parents=True, exist_ok=True)
    return where


def _prepare_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    """WAL: readers never wait for the writer. NORMAL: a power cut may cost the last moments, never the file."""

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself: see begun()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            "cache_size = -65536",
            "temp_store = MEMORY",
            "wal_autocheckpoint = 16000",  # pages, 64 MB: with nobody else to do it (`crm.checkpoints`), a writer must
        ):
            try:
                connection.execute(f"PRAGMA {pragma}").close()
            except sqlite3.OperationalError:
                if not pragma.startswith("journal_mode"):  # a read-only file keeps its mode
                    raise

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # a transaction that reads first and writes later would fail at once when another wrote meanwhile
        kind = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
        try:  # the driver itself, for every transaction of ours begins here
            connection.connection.cursor().execute(f"BEGIN {kind}").close()
        except sqlite3.Error as error:
            raise OperationalError(f"BEGIN {kind}", None, error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database; what it changes is not kept."""
    with engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in one transaction: all of it is kept, or nothing when an error is raised."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def _migrations() -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config(stdout=StringIO())  # Alembic reports to standard output, where our own output goes
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def revisions() -> list[str]:
    """Every revision that this program knows, oldest first: a migration's name begins with its own."""
    return sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def newest_revision() -> str:
    """The revision that this version of the program needs."""
    return revisions()[-1]


def current_revision(connection: Connection) -> str | None:
    """The revision that the database has; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextmanager
def _migrating(engine: Engine) -> "Iterator[Config]":
    """A connection for Alembic, alone. Without foreign keys on SQLite: there a changed table is a new table, and
    dropping the old one would take the rows that point to it along."""
    if engine.dialect.name == "sqlite":
        own = create_engine(engine.url, poolclass=NullPool, connect_args={"timeout": 60.0})
        _prepare_sqlite(own, foreign_keys=False)
    else:
        own = create_engine(engine.url, poolclass=NullPool)
    with own.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        config = _migrations()
        config.attributes["connection"] = connection
        yield config


def upgrade(engine: Engine) -> str:
    """Brings the tables to the newest revision, all or nothing, and returns it. Does nothing when they are."""
    newest = newest_revision()
    with engine.connect() as connection:
        current = current_revision(connection)
    if current != newest:
        from alembic import command  # noqa: PLC0415

        with _migrating(engine) as config:
            command.upgrade(config, "head")
    return newest


def differences(engine: Engine) -> list[str]:
    """What the models have and the migrated database has not, or the other way round; empty when they agree."""
    from alembic import command  # noqa: PLC0415
    from alembic.util.exc import AutogenerateDiffsDetected  # noqa: PLC0415

    with _migrating(engine) as config:
        try:
            command.check(config)
        except AutogenerateDiffsDetected as found:
            return [repr(difference) for difference in found.diffs]
    return []


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """What `check` found. ``problem`` None: all is well; else what is wrong and what to do."""

    kind: str
    version: str | None = None
    revision: str | None = None
    problem: str | None = None


def check(engine: Engine) -> DatabaseHealth:
    """Looks whether the database answers, has the newest tables and can be written to. Never raises for its state."""
    kind = engine.dialect.name
    try:
        with engine.connect() as connection:
            version_sql = "SELECT sqlite_version()" if kind == "sqlite" else "SHOW server_version"
            version = str(connection.exec_driver_sql(version_sql).scalar_one())
            revision = current_revision(connection)
        problem = _revision_problem(revision) or _write_problem(engine)
        return DatabaseHealth(kind, version, revision, problem)
    except SQLAlchemyError as error:
        return DatabaseHealth(kind, problem=explain(error).advice)


def _revision_problem(revision: str | None) -> str | None:
    if revision == newest_revision():
        return None
    if revision is None or revision in revisions():
        return "the tables are not there or old: run `hotline db upgrade`"
    return "the database was made by a newer version of this program: install that version"


def _write_problem(engine: Engine) -> str | None:
    try:
        with engine.connect().execution_options(writes=True) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            connection.rollback()
    except DBAPIError as error:
        return explain(error).advice
    return None


@dataclass(frozen=True, slots=True)
class Fault:
    """A database error in the operator's words, without any of the data. ``data``: these rows are to blame."""

    kind: str
    advice: str
    data: bool = False


_FAULTS: Final = (
    ("locked", ("SQLITE_BUSY", "SQLITE_LOCKED"), "another program holds the database locked: end it"),
    ("read_only", ("SQLITE_READONLY", "25006"), "the database is read-only: make file and folder writable"),
    ("full", ("SQLITE_FULL", "53100"), "the disk of the database is full: make room"),
    ("broken_file", ("SQLITE_CORRUPT", "SQLITE_NOTADB"), "the database file is damaged: restore the last backup"),
    ("unreachable", ("SQLITE_CANTOPEN", "57P0", "08", "53300"), "the database cannot be opened: is it running?"),
    ("no_access", ("28", "42501", "SQLITE_PERM", "SQLITE_AUTH"), "the database refuses us: check user and password"),
    ("no_tables", ("42P01", "42703"), "tables are missing: run `hotline db upgrade`"),
    ("disk", ("SQLITE_IOERR", "58030"), "the disk of the database fails or is full: look at the system's log"),
)


def explain(error: BaseException) -> Fault:
    """Names a database error and what to do about it; never quotes the rows."""
    original = error.orig if isinstance(error, StatementError) and error.orig else error
    code = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or ""
    for kind, starts, advice in _FAULTS:
        if any(code.startswith(start) for start in starts):
            return Fault(kind, advice)
    if code.startswith(("22", "23", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG")):
        return Fault("data", "the database refuses these rows: please report this as a fault", data=True)
    name = type(original).__name__
    if "no such table" in str(original) or "no such column" in str(original):
        return Fault("no_tables", "tables are missing: run `hotline db upgrade`")
    if name == "OperationalError" and code != "SQLITE_ERROR":
        return Fault("unreachable", "the database does not answer: is it running?")
    if isinstance(original, (ValueError, TypeError, OverflowError)) or name in {"DataError", "ProgrammingError"}:
        return Fault("data", f"these rows cannot be stored ({name} {code}): please report this as a fault", data=True)
    return Fault("other", f"the database reports {name} {code}".rstrip() + ": please report this as a fault")
