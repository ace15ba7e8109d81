"""A supervised Asterisk in the background, for ``hotline asterisk start``.

``python -m dialplan.asterisk.supervise [--detach] SETTINGS`` where SETTINGS is a JSON file that ``start_daemon``
writes. SIGTERM (or SIGINT) stops Asterisk and ends it; when it is killed with -9, the kernel kills Asterisk as well.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dialplan
from dialplan.asterisk import pidfile
from dialplan.asterisk.control import is_running, tail_log
from dialplan.asterisk.errors import AsteriskError, AsteriskStartError
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess, PatientProcess
from dialplan.asterisk.supervisor import Supervisor

_LOG = logging.getLogger("dialplan.asterisk.supervise")
_READY = "Asterisk is ready"


@dataclass(frozen=True)
class SuperviseSettings:
    """What the background process needs to know. Times in seconds, as AsteriskProcess takes them."""

    folders: AsteriskFolders
    boot_timeout_seconds: float = 60.0
    grace_seconds: float = 5.0

    def to_json(self) -> str:
        """As written to the settings file."""
        folders = self.folders
        return json.dumps(
            {
                "instance": folders.instance,
                "install_root": None if folders.install_root is None else str(folders.install_root),
                "run": str(folders.run),
                "sockets": str(folders.sockets),
                "boot_timeout_seconds": self.boot_timeout_seconds,
                "grace_seconds": self.grace_seconds,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> SuperviseSettings:
        """Reads what ``to_json`` wrote."""
        document = json.loads(text)
        root = document["install_root"]
        folders = AsteriskFolders(
            document["instance"],
            None if root is None else Path(root),
            Path(document["run"]),
            Path(document["sockets"]),
        )
        return cls(folders, float(document["boot_timeout_seconds"]), float(document["grace_seconds"]))


def start_daemon(settings: SuperviseSettings) -> int:
    """Starts the supervisor in the background and returns its process id when Asterisk is ready for calls.

    Raises AsteriskStartError when one runs already or Asterisk does not come up (nothing is left running then).
    """
    folders = settings.folders
    folders.prepare()
    file = folders.run / "supervise-settings.json"
    file.write_text(settings.to_json())
    package_parent = str(Path(dialplan.__file__).parents[1])
    search_path = os.pathsep.join(filter(None, [package_parent, os.environ.get("PYTHONPATH")]))
    with folders.supervisor_log.open("ab") as log:
        offset = log.tell()
        started = subprocess.run(
            [sys.executable, "-m", "dialplan.asterisk.supervise", "--detach", str(file)],
            cwd=folders.run,
            env={**os.environ, "PYTHONPATH": search_path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
            timeout=60,
        )
    pid = pidfile.running_pid(folders.supervisor_file) if started.returncode == 0 else None
    deadline = time.monotonic() + settings.boot_timeout_seconds + 10
    while pid is not None and time.monotonic() < deadline:
        with folders.supervisor_log.open(encoding="utf-8", errors="replace") as text:
            text.seek(offset)
            if _READY in text.read():
                return pid
        pid = pidfile.running_pid(folders.supervisor_file)
        time.sleep(0.05)
    if pid is not None:
        stop_daemon(folders)
    last = "\n".join(tail_log(folders, 12, "supervisor"))
    raise AsteriskStartError(f"Asterisk (instance {folders.instance}) was not started:\n{last}")


def stop_daemon(folders: AsteriskFolders, timeout_seconds: float = 30.0) -> bool:
    """Stops the background supervisor and its Asterisk; False when nothing ran.

    What does not end within the time is killed. Raises AsteriskError when an Asterisk that we did not start remains.
    """
    found = False
    for file in (folders.supervisor_file, folders.pid_file):
        for number, seconds in ((signal.SIGTERM, timeout_seconds), (signal.SIGKILL, 5.0)):
            pid = pidfile.running_pid(file)
            if pid is None:
                break
            found = True
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                break
            _wait_for_end(file, seconds)
    if is_running(folders):
        raise AsteriskError(f"Somebody else's Asterisk still answers on {folders.control_socket}.")
    return found


def _wait_for_end(file: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while pidfile.running_pid(file) is not None and time.monotonic() < deadline:
        time.sleep(0.05)


def run(settings: SuperviseSettings) -> int:
    """Supervises in the foreground until SIGTERM or SIGINT; exit status."""
    folders = settings.folders
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())

    def start() -> PatientProcess:
        process = AsteriskProcess(folders)
        process.start(settings.boot_timeout_seconds)
        return PatientProcess(process, settings.grace_seconds)

    supervisor = Supervisor(
        start,
        on_died=lambda status: _LOG.error("Asterisk died (exit status %s), starting it again", status),
        on_restarted=lambda: _LOG.info("Asterisk runs again"),
        on_failed=lambda error: _LOG.error("Asterisk could not be started: %s", error),
    )
    try:
        supervisor.start()
    except AsteriskError as error:
        _LOG.error("%s", error)
        return 1
    _LOG.info(_READY)
    stop.wait()
    _LOG.info("Stopping Asterisk")
    supervisor.stop()
    _LOG.info("Stopped")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of ``python -m dialplan.asterisk.supervise``."""
    parser = argparse.ArgumentParser(prog="python -m dialplan.asterisk.supervise", description=__doc__)
    parser.add_argument("--detach", action="store_true", help="go on in the background")
    parser.add_argument("settings", type=Path)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = SuperviseSettings.from_json(options.settings.read_text())
    folders = settings.folders
    with (folders.run / "supervisor.lock").open("w") as lock:  # held, also over the fork, for as long as this runs
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = pidfile.running_pid(folders.supervisor_file)
            _LOG.error("Asterisk (instance %s) is supervised already: process %s", folders.instance, pid)
            return 1
        if options.detach:
            pid = os.fork()  # no thread was started yet
            if pid:
                pidfile.write(folders.supervisor_file, pid)
                return 0
            os.setsid()
        else:
            pidfile.write(folders.supervisor_file, os.getpid())
        return run(settings)


if __name__ == "__main__":
    raise SystemExit(main())
