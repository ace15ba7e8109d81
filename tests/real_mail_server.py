"""A real mail server for tests: chasquid from Debian's packages."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any

from mail_peer import free_port, make_certificate
from programs import find


@dataclass
class RealServer:
    """One domain, example.test, with some mailboxes, whose letters are files in ``box``. ``broken``: takes letters and
    cannot keep them, so that they come back."""

    folder: Path
    mailboxes: tuple[str, ...]
    broken: str = ""
    box: Path | None = None
    port: int = field(default_factory=free_port)

    def prepare(self) -> None:
        """Its folder, once."""
        if self.box is None:
            self.box = self.folder / "box"
            self.box.mkdir()
        certs, domain = self.folder / "certs/mail.test", self.folder / "domains/example.test"
        certs.mkdir(parents=True)
        domain.mkdir(parents=True)
        both = make_certificate(self.folder)
        (certs / "fullchain.pem").write_bytes(both.read_bytes())
        (certs / "privkey.pem").write_bytes((self.folder / "mail.key").read_bytes())
        keep = self.folder / "keep"
        keep.write_text(
            f'#!/bin/sh\nnew=$(mktemp {self.folder}/new.XXXXXX)\ncat > "$new" && chmod 644 "$new"\n'
            f'mv "$new" {self.box}/\n'
        )
        keep.chmod(0o755)
        aliases = [f"{name}: | {keep}\n" for name in self.mailboxes]
        (domain / "aliases").write_text("".join([*aliases, f"{self.broken}: | /bin/false\n" if self.broken else ""]))
        (self.folder / "chasquid.conf").write_text(
            f'hostname: "mail.test"\nsmtp_address: "127.0.0.1:{self.port}"\n'
            f'submission_address: "127.0.0.1:{free_port()}"\nmax_data_size_mb: 1\n'
            f'data_dir: "{self.folder}/data"\nmail_log_path: "{self.folder}/mail.log"\n'
        )

    def start(self) -> None:
        """Goes on where it stopped."""
        with (self.folder / "log").open("ab") as log:
            command = [find("chasquid"), "-config_dir", str(self.folder)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)

    def wait(self) -> None:
        """Until it takes connections. Raises OSError."""
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """Keeps what it has."""
        self._process.terminate()
        self._process.wait(10)

    def delivered(self, count: int) -> list[Any]:
        """The letters in the mailbox, as soon as there are so many."""
        deadline = time.monotonic() + 20
        box = self.box or self.folder
        while len(files := sorted(box.iterdir())) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return [message_from_bytes(file.read_bytes(), policy=modern) for file in files]


@contextmanager
def running(folder: Path, *mailboxes: str, broken: str = "", box: Path | None = None) -> Iterator[RealServer]:
    """It runs in a folder of its own, which is made."""
    folder.mkdir()
    server = RealServer(folder, mailboxes, broken, box)
    server.prepare()
    server.start()
    try:
        yield server
    finally:
        server.stop()
