"""Resident memory: at rest, and for each hundred calls at a time."""

import threading
from collections.abc import Callable
from pathlib import Path

from benchmarks import sipp
from benchmarks.report import Figure, Section
from benchmarks.rig import resident_bytes, rig
from benchmarks.trial import trial

MIB = 2**20
RATE, TALK_SECONDS = 16.0, 12.0


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """A short load to warm up, then long calls, all at once on the line."""
    concurrent = 100 if quick else 190
    with rig(folder, root) as one:
        assert one.product.service is not None
        pids = {"service": one.product.service.pid, "Asterisk": one.product.asterisk_pid}
        base = {name: resident_bytes(pid) for name, pid in pids.items()}
        trial(one, one.product, sipp.Load(60, 12, 1))
        warm = {name: resident_bytes(pid) for name, pid in pids.items()}
        most = dict(warm)
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.25):
                for name, pid in pids.items():
                    most[name] = max(most[name], resident_bytes(pid))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            done = trial(one, one.product, sipp.Load(concurrent, RATE, TALK_SECONDS))
        finally:
            over.set()
            watching.join()
    say(f"{concurrent} calls at a time: {done.fault or 'clean'}")
    figures = []
    for name in pids:
        per_hundred = (most[name] - warm[name]) / concurrent * 100
        figures += [
            Figure(f"{name}: base", base[name] / MIB, "MiB", "", None),
            Figure(f"{name}: after 60 calls, none on the line", warm[name] / MIB, "MiB", "", None),
            Figure(f"{name}: per 100 calls at a time", per_hundred / MIB, "MiB", "", None),
        ]
    note = f"{concurrent} calls on the line together ({done.fault or 'clean'}), 400 agents; the service with SQLite."
    return Section("Resident memory", figures, [note, "Calls that are over stay in memory for ten minutes."])
