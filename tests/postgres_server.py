"""A real PostgreSQL for tests, alone with its data."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from programs import find

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
