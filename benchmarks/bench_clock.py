"""Recorded times against the telephones' own clock: SIPp's, in microseconds, beside every message it sends or gets."""

from collections.abc import Callable
from pathlib import Path

from benchmarks import sipp
from benchmarks.report import Figure, Section
from benchmarks.rig import rig
from benchmarks.trial import percentile, records, trial

# What is on record → what SIPp saw of it. 8 digits tell callers apart however the number is written.
MOMENTS = {"arrived_at": "called", "agent_answered_at": "answered", "ended_at": "ended"}
DIGITS = 8


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """500 calls, every time of every one."""
    load = sipp.Load(100 if quick else 500, 10)
    with rig(folder, root) as one:
        done = trial(one, one.product, load)
        say(f"{load.calls} calls: {done.fault or 'clean'}")
        rows = records(one.product, 0)
    seen = {number[-DIGITS:]: at for number, at in done.made.moments.items()}
    errors: dict[str, list[float]] = {name: [] for name in MOMENTS}
    for number, *times in rows:
        for (name, what), recorded in zip(MOMENTS.items(), times, strict=True):
            errors[name].append(abs(recorded / 1e6 - seen[number[-DIGITS:]][what]) * 1000)
    if len(rows) != load.calls:
        raise RuntimeError(f"{len(rows)} right records of {load.calls} calls: {done.fault}")
    worst = max(max(values) for values in errors.values())
    figures = [Figure(f"largest error of any time of {len(rows)} calls", worst, "ms", "≤ 50 ms", worst <= 50)]
    for name, values in errors.items():
        values.sort()
        figures.append(Figure(f"{name}: p99", percentile(values, 0.99), "ms", "", None))
        figures.append(Figure(f"{name}: largest", values[-1], "ms", "", None))
    notes = [
        "The independent clock is SIPp's: caller's INVITE about to be sent → arrived; agent's 200 OK about to be sent →"
        f" agent answered; BYE received by the caller → ended. {load.rate_per_second:g} calls a second, 3 s of talk."
    ]
    return Section("Recorded times against the telephone's own clock", figures, notes)
