"""Databases for the integration tier: a SQLite file, and a real PostgreSQL that lives as long as the tests."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from programs import find
from records_rig import RecordsRig
from sqlalchemy import Engine

from crm.database import open_engine, upgrade
from hotline.settings import parse
from hotline.settings_file import first_settings

_NOBODY = "nobody"


class PostgresServer:
    """A throw-away server on a socket in its own folder; no network port. PostgreSQL refuses to run as root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._user = ["setpriv"]
        if os.geteuid() == 0:
            shutil.chown(self.folder, _NOBODY)
            self._user = ["setpriv", f"--reuid={_NOBODY}", "--regid=nogroup", "--clear-groups"]
        options = ["-D", str(self._data), "-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        subprocess.run([*self._user, find("initdb"), *options], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def start(self) -> None:
        """Starts, and returns when it takes connections."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "max_connections": "60",
            "shared_buffers": "64MB",
            "log_min_messages": "fatal",
            "log_min_error_statement": "panic",
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                # pdeathsig: no server stays behind when the tests are killed
                [*self._user, "--pdeathsig=QUIT", find("postgres"), "-D", str(self._data), *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self._conninfo("postgres")).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text("utf-8", "replace")) from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Stops at once, as a crash would (-m immediate); the data stay."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        """Stops and deletes everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, template: str = "template0") -> str:
        """A new database; returns its URL."""
        self._count += 1
        name = f"test_{self._count}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def url(self, name: str) -> str:
        """URL of a database of this server."""
        return f"postgresql://hotline@/{name}?host={self.folder}"

    def _conninfo(self, name: str) -> str:
        return f"host={self.folder} user=hotline dbname={name} connect_timeout=5"


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
    engine = open_engine(f"sqlite:///{path}", busy_timeout_seconds=0.2)
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
