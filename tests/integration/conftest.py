"""Databases for the integration tier: a SQLite file, and a real PostgreSQL that lives as long as the tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import PostgresServer
from records_rig import RecordsRig
from sqlalchemy import Engine

from crm.database import open_engine, upgrade
from hotline.settings import parse
from hotline.settings_file import first_settings


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests; each gets its own database."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server of one test's own, that it may stop and start."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hotline.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """Name of a database with all tables, to be used as template."""
    url = postgres.new_database()
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture
def sqlite_engine(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Engine]:
    """A SQLite database with all tables."""
    path = tmp_path / "hotline.sqlite3"
    shutil.copyfile(migrated_sqlite, path)
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def hasty_engine(sqlite_engine: Engine) -> Iterator[Engine]:
    """The same database, for tests that lock it: who finds it locked does not wait five seconds."""
    engine = open_engine(f"sqlite:///{sqlite_engine.url.database}", busy_timeout_seconds=0.2)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of each kind, with all tables."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_engine")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    engine = open_engine(server.new_database(request.getfixturevalue("migrated_postgres")))
    yield engine
    engine.dispose()


@pytest.fixture
def rig(engine: Engine, tmp_path: Path) -> Iterator[RecordsRig]:
    """People and contacts served, on a database of each kind."""
    file = tmp_path / "hotline.toml"
    running = RecordsRig(engine, parse(first_settings(), file))
    yield running
    running.close()
