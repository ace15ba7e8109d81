"""Files that say which process runs, told apart from a later process with the same number."""

from __future__ import annotations

import json
import os
from pathlib import Path


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot (proc(5)); None when it is gone or a zombie.

    A killed process whose threads are still dying is not gone: it has its ports and sockets until the last of them is.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the program's name may have spaces and parentheses in it
    return None if fields[0] in {"Z", "X"} and len(threads) < 2 else int(fields[19])


def write(path: Path, pid: int) -> None:
    """Writes down a running process."""
    temporary = path.with_suffix(f".{os.getpid()}.new")
    temporary.write_text(json.dumps({"pid": pid, "start_ticks": start_ticks(pid)}))
    temporary.replace(path)


def running_pid(path: Path) -> int | None:
    """The process written down, if that very process still runs; None for none, a stale file, or a broken one."""
    try:
        document = json.loads(path.read_text())
        pid, ticks = document["pid"], document["start_ticks"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid if isinstance(pid, int) and ticks is not None and start_ticks(pid) == ticks else None
