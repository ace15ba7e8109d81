"""One Asterisk as a child process that cannot outlive us and cannot be started twice."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from dialplan.asterisk import pidfile
from dialplan.asterisk.command import AsteriskProgram, find_program
from dialplan.asterisk.control import cli, is_running, wait_until_booted
from dialplan.asterisk.errors import AsteriskError, AsteriskStartError
from dialplan.asterisk.layout import AsteriskFolders

_ATTACHED = Path(__file__).with_name("attached.py")
_LARGEST_CONSOLE_LOG_BYTES = 10_000_000
_DYING_SECONDS = 1.0


class AsteriskProcess:
    """Starts and stops the Asterisk of one instance, whose ``asterisk.conf`` must be there already.

    The kernel kills Asterisk when this process is gone, however it went (SIGKILL: a hanging Asterisk would survive
    anything milder and keep the ports). ``stop`` or leaving the ``with`` block ends it in an orderly way.
    """

    def __init__(self, folders: AsteriskFolders, *, program: AsteriskProgram | None = None) -> None:
        self.folders = folders
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        self._spawned = threading.Event()
        self._ended = threading.Event()

    @property
    def pid(self) -> int | None:
        """Process id, None before the start."""
        return self._process.pid if self._process else None

    def start(self, boot_timeout_seconds: float = 30.0) -> None:
        """Starts Asterisk and returns when every module is loaded.

        Raises AsteriskStartError when it runs already (naming the process), dies, or is not ready in time (it is
        stopped then); AsteriskInstallError when there is none to start.
        """
        program = self._program or find_program(self.folders.install_root)
        if not self.folders.asterisk_conf.is_file():
            raise AsteriskStartError(f"{self.folders.asterisk_conf} is missing: render the configuration first.")
        self.folders.prepare(program.share)
        with self._start_lock():
            self._refuse_second()
            self._clear_up_after_last()
            self._let_the_second_pass()
            # The kernel's parent-death signal follows the thread that forked, so that thread must live as long as
            # Asterisk does: it forks, then waits.
            keeper = threading.Thread(
                target=self._keep, args=(program.foreground(self.folders),), name="asterisk-keeper", daemon=True
            )
            keeper.start()
            self._spawned.wait()
            if self._process is None:
                raise AsteriskStartError(f"Asterisk could not be started: {self._failure}")
            pidfile.write(self.folders.pid_file, self._process.pid)
        try:
            wait_until_booted(
                self.folders, boot_timeout_seconds, still_alive=lambda: not self._ended.is_set(), program=program
            )
        except BaseException:  # Ctrl-C while it boots as well
            self.stop(grace_seconds=0)
            raise

    def _let_the_second_pass(self) -> None:
        """A call's uniqueid is the second and a counter that begins anew: two lives of one Asterisk in the same second
        would give two calls the same name. Every call writes to queue_log as it begins."""
        try:
            last_sign_of_life = (self.folders.log / "queue_log").stat().st_mtime
        except FileNotFoundError:
            return
        if time.time() - last_sign_of_life < 2:
            time.sleep(1 - time.time() % 1)

    def poll(self) -> int | None:
        """Exit status as subprocess gives it (negative: signal), None while it runs or before the start."""
        return self._process.returncode if self._process and self._ended.is_set() else None

    def wait(self, timeout_seconds: float | None = None) -> int | None:
        """Waits for the end; exit status, or None when it still runs after the time."""
        self._ended.wait(timeout_seconds)
        return self.poll()

    def stop(
        self, grace_seconds: float = 5.0, *, terminate_seconds: float = 5.0, kill_seconds: float = 5.0
    ) -> int | None:
        """Ends Asterisk and returns its exit status; None when it was never started.

        For ``grace_seconds`` it refuses new calls and waits for those there are to end (none: it ends at once);
        then it hangs them up (SIGTERM); then it is killed. Harmless when it is over already.
        """
        if self._process is None:
            return None
        if grace_seconds > 0 and not self._ended.is_set():
            with contextlib.suppress(AsteriskError):  # it may be gone before the answer is, or hang
                cli(self.folders, "core stop gracefully", min(grace_seconds, 5.0), program=self._program)
            self._ended.wait(grace_seconds)
        for number, seconds in ((signal.SIGTERM, terminate_seconds), (signal.SIGKILL, kill_seconds)):
            if self._ended.is_set():
                break
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
            self._ended.wait(seconds)
        return self.poll()

    def kill(self) -> None:
        """Kills Asterisk at once, as a fault would."""
        if self._process is not None and not self._ended.is_set():
            self._process.kill()
            self._ended.wait(5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(grace_seconds=0)

    def _keep(self, command: list[str]) -> None:
        wrapper = [sys.executable, "-I", "-S", str(_ATTACHED), str(os.getpid()), str(int(signal.SIGKILL))]
        try:
            with self.folders.console_log.open("ab") as log:
                self._process = subprocess.Popen(
                    [*wrapper, *command],
                    cwd=self.folders.run,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # bytes are bytes to it, and its manager's filters are several times as fast without UTF-8
                    env={**os.environ, "LC_ALL": "C"},
                    start_new_session=True,  # Ctrl-C is for us alone: we stop Asterisk in our own order
                )
        except OSError as error:
            self._failure = error
            self._ended.set()
            return
        finally:
            self._spawned.set()
        self._process.wait()
        self._ended.set()

    @contextlib.contextmanager
    def _start_lock(self) -> Iterator[None]:
        with self.folders.lock_file.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _refuse_second(self) -> None:
        deadline = time.monotonic() + _DYING_SECONDS
        while self._there() and time.monotonic() < deadline:
            time.sleep(0.02)  # the one that died with its owner a moment ago
        pid = pidfile.running_pid(self.folders.pid_file)
        name = f"Asterisk (instance {self.folders.instance})"
        if self._process is not None:
            raise AsteriskStartError(f"{name} was started here before: make a new AsteriskProcess for each start.")
        if pid is not None:
            raise AsteriskStartError(f"{name} runs already: process {pid}. Stop it first: 'hotline asterisk stop'.")
        if is_running(self.folders):
            raise AsteriskStartError(
                f"{name} runs already: another one answers on {self.folders.control_socket}. Stop it first."
            )

    def _there(self) -> bool:
        return pidfile.running_pid(self.folders.pid_file) is not None or is_running(self.folders)

    def _clear_up_after_last(self) -> None:
        for path in (self.folders.control_socket, self.folders.sockets / "asterisk.pid", self.folders.pid_file):
            path.unlink(missing_ok=True)
        log = self.folders.console_log
        if log.exists() and log.stat().st_size > _LARGEST_CONSOLE_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))


class PatientProcess:
    """An AsteriskProcess that knows how much time calls get to end, for a `dialplan.asterisk.supervisor.Supervisor`.

    ``grace_seconds``, ``terminate_seconds``: as of `AsteriskProcess.stop`.
    """

    def __init__(self, process: AsteriskProcess, grace_seconds: float, terminate_seconds: float = 5.0) -> None:
        self._process = process
        self._grace_seconds = grace_seconds
        self._terminate_seconds = terminate_seconds

    def wait(self) -> int | None:
        """Exit status, once it is over."""
        return self._process.wait()

    def stop(self) -> int | None:
        """Ends it, calls first."""
        return self._process.stop(self._grace_seconds, terminate_seconds=self._terminate_seconds)
