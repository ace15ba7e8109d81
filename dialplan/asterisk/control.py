"""Asks and tells a running Asterisk through its control socket (``asterisk -rx``)."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dialplan.asterisk import pidfile
from dialplan.asterisk.command import AsteriskProgram, find_program
from dialplan.asterisk.errors import AsteriskControlError, AsteriskError, AsteriskStartError
from dialplan.asterisk.layout import AsteriskFolders

STATUS_COMMANDS = ("core show version", "core show uptime seconds", "core show channels count")
LOGS = ("full", "queue_log", "console", "supervisor")
_UPTIME = re.compile(r"System uptime:\s*(\d+)")
_ACTIVE = re.compile(r"(\d+) active calls?\b")
_PROCESSED = re.compile(r"(\d+) calls? processed")


@dataclass(frozen=True)
class Status:
    """State of one instance. What could not be learnt is None; ``responding`` is False when it hangs."""

    running: bool
    responding: bool
    pid: int | None
    supervisor_pid: int | None
    version: str | None
    uptime_seconds: int | None
    active_calls: int | None
    processed_calls: int | None


def is_running(folders: AsteriskFolders) -> bool:
    """Whether an Asterisk of this instance listens on its control socket; a socket left behind does not count."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(os.fspath(folders.control_socket))
        except OSError:
            return False
        return True


def cli(
    folders: AsteriskFolders, command: str, timeout_seconds: float = 10.0, *, program: AsteriskProgram | None = None
) -> str:
    """Answer of a console command.

    Raises AsteriskControlError when Asterisk does not run, does not answer in time, or knows no such command.
    """
    program = program or find_program(folders.install_root)
    try:
        result = subprocess.run(
            program.remote(folders, command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout_seconds,
            start_new_session=True,  # Ctrl-C is for us alone
        )
    except subprocess.TimeoutExpired:
        raise AsteriskControlError(
            f"Asterisk (instance {folders.instance}) did not answer '{command}' within {timeout_seconds:g} s. "
            f"If it hangs, stop it with 'hotline asterisk stop'; its log is {folders.log / 'full'}."
        ) from None
    if "Unable to connect to remote asterisk" in result.stdout + result.stderr:
        raise AsteriskControlError(
            f"Asterisk (instance {folders.instance}) does not run. Start it with 'hotline asterisk start'."
        )
    if result.returncode != 0 or result.stdout.startswith("No such command"):
        complaint = (result.stdout + result.stderr).strip()
        raise AsteriskControlError(f"Asterisk (instance {folders.instance}) refused '{command}': {complaint}")
    return result.stdout


def wait_until_booted(
    folders: AsteriskFolders,
    timeout_seconds: float = 30.0,
    *,
    still_alive: Callable[[], bool] = lambda: True,
    program: AsteriskProgram | None = None,
) -> None:
    """Returns when every module is loaded. ``still_alive`` says whether the process is still there.

    Raises AsteriskStartError, with the last lines Asterisk wrote, when it died or is not ready in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while still_alive():
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            raise AsteriskStartError(f"Asterisk was not ready within {timeout_seconds:g} s.\n{_last_words(folders)}")
        try:
            if "fully booted" in cli(folders, "core waitfullybooted", left_seconds, program=program):
                return
        except AsteriskControlError:
            pass  # no socket yet, or gone again: the loop decides
        time.sleep(0.05)
    raise AsteriskStartError(f"Asterisk died while starting.\n{_last_words(folders)}")


def status(folders: AsteriskFolders, timeout_seconds: float = 5.0) -> Status:
    """State of the instance; never raises because Asterisk is down, hangs, or is not installed."""
    pid = pidfile.running_pid(folders.pid_file)
    running = is_running(folders)
    answers: list[str] = []
    if running:
        with contextlib.suppress(AsteriskError):  # what was answered before it hung still counts
            answers.extend(cli(folders, command, timeout_seconds) for command in STATUS_COMMANDS)
    text = "\n".join(answers)
    version = re.search(r"Asterisk (?:certified/)?(\d+(?:\.\d+)*)", text)
    return Status(
        running=running or pid is not None,
        responding=len(answers) == len(STATUS_COMMANDS),
        pid=pid,
        supervisor_pid=pidfile.running_pid(folders.supervisor_file),
        version=version[1] if version else None,
        uptime_seconds=_number(_UPTIME, text),
        active_calls=_number(_ACTIVE, text),
        processed_calls=_number(_PROCESSED, text),
    )


def log_path(folders: AsteriskFolders, which: str = "full") -> Path:
    """File of one of ``LOGS``. Raises AsteriskError on another name."""
    if which not in LOGS:
        raise AsteriskError(f"There is no log {which!r}; there are {', '.join(LOGS)}.")
    names = {"console": folders.console_log, "supervisor": folders.supervisor_log}
    return names.get(which, folders.log / which)


def tail_log(folders: AsteriskFolders, lines: int = 50, which: str = "full") -> list[str]:
    """The last lines of a log, oldest first; empty when nothing was written yet."""
    try:
        with log_path(folders, which).open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
    except FileNotFoundError:
        return []


def follow_log(folders: AsteriskFolders, which: str = "full", wait: Callable[[], bool] | None = None) -> Iterator[str]:
    """Lines as they are written from now on, also over a rotation, until ``wait`` (default: 0.3 s) returns False."""
    path = log_path(folders, which)
    wait = wait or _short_pause
    position = path.stat().st_size if path.exists() else 0
    inode = path.stat().st_ino if path.exists() else None
    rest = b""
    while wait():
        if not path.exists():
            continue
        found = path.stat()
        if found.st_ino != inode or found.st_size < position:
            position, inode, rest = 0, found.st_ino, b""
        with path.open("rb") as file:
            file.seek(position)
            new = file.read()
        position += len(new)
        *complete, rest = (rest + new).split(b"\n")
        yield from (line.decode(errors="replace") for line in complete)


def _short_pause() -> bool:
    time.sleep(0.3)
    return True


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1]) if match else None


def _last_words(folders: AsteriskFolders) -> str:
    lines = tail_log(folders, 15, "console")
    return f"Last lines of {folders.console_log}:\n" + "\n".join(lines) if lines else "It wrote nothing."
