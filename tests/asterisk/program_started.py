"""The program in a process group of its own, as in a terminal: started, and ended as there."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installation import PROGRAM


def processes_of(folder: Path) -> list[int]:
    """All processes that were started with something below the folder."""
    wanted = os.fsencode(folder)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if wanted in command:
                found.append(int(entry.name))
    return found


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The program in a group of its own, as in a terminal, and where it writes."""
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", sys.executable, "-c", PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
    try:
        yield process, output
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def end(process: subprocess.Popen[bytes], number: int) -> tuple[int, float]:
    """As from a terminal: to the whole group. Exit status, and how long it took."""
    began = time.monotonic()
    os.killpg(process.pid, number)
    return process.wait(30), time.monotonic() - began
