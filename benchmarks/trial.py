"""One stretch of load on one installation, and everything that is measured of it."""

import os
import signal
import sqlite3
import time
from array import array
from dataclasses import dataclass, replace
from typing import Any

from benchmarks import lost, sipp
from benchmarks.rig import Dialplan, Installation, Rig, busy_seconds, cpu_seconds

ANSWER_P99_SECONDS = 0.25  # agents pick up at once, so all of it is delay


def percentile(values: "tuple[float, ...] | list[float] | array[float]", share: float) -> float:
    """Of sorted values; not a number when there are none."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else float("nan")


@dataclass(frozen=True)
class Trial:
    """What came of a load. Processor times are seconds over the whole stretch; ``foreign_cores``: what others used;
    ``lost``: where calls were lost, in words."""

    load: sipp.Load
    made: sipp.Made
    keys_read: int
    recorded: int | None
    ended: bool
    seconds: float
    asterisk_cpu_seconds: float
    service_cpu_seconds: float | None
    foreign_cores: float
    lost: tuple[str, ...] = ()

    @property
    def answer_p99_seconds(self) -> float:
        """From INVITE to 200 OK."""
        return percentile(self.made.answer_seconds, 0.99)

    @property
    def fault(self) -> str | None:
        """Why this was not clean, None when it was."""
        calls = self.load.calls
        if self.made.completed < calls:
            return f"{calls - self.made.completed} calls lost"
        if self.keys_read < calls:
            return f"{calls - self.keys_read} keys not read"
        if self.recorded is not None and self.recorded < calls:
            return f"{calls - self.recorded} calls not recorded"
        if self.answer_p99_seconds > ANSWER_P99_SECONDS:
            return f"answered late: p99 {self.answer_p99_seconds * 1000:.0f} ms"
        return None if self.ended else "calls left behind"


def trial(rig: Rig, installation: Installation, load: sipp.Load) -> Trial:
    """Makes the calls and waits until all is over and written down."""
    service = installation.service
    journal, log, begun_at = installation.log_bytes("queue_log"), installation.log_bytes("full"), time.time()
    begun, busy = time.monotonic(), busy_seconds()
    asterisk_cpu = cpu_seconds(installation.asterisk_pid)
    service_cpu = cpu_seconds(service.pid) if service else 0.0
    with rig.agents(load.talk_seconds) as phones:
        made = rig.call(installation, load)
        ended = installation.quiet(3.0 if made.completed == load.calls else 0.5)
        agents_cpu = cpu_seconds(phones.process_id)
    seconds = time.monotonic() - begun
    asterisk_cpu = cpu_seconds(installation.asterisk_pid) - asterisk_cpu
    service_cpu = cpu_seconds(service.pid) - service_cpu if service else 0.0
    own = asterisk_cpu + service_cpu + agents_cpu + made.callers_cpu_seconds
    done = Trial(
        load=load,
        made=made,
        keys_read=_keys_read(installation, made, journal),
        recorded=_recorded(installation, begun_at, load.calls) if service else None,
        ended=ended,
        seconds=seconds,
        asterisk_cpu_seconds=asterisk_cpu,
        service_cpu_seconds=service_cpu if service else None,
        foreign_cores=max(0.0, (busy_seconds() - busy - own) / seconds),
    )
    if done.fault is None:
        return done
    return replace(done, lost=tuple(lost.explain(installation, made, journal, log, rig.folder / "sipp")))


def _keys_read(installation: Installation, made: sipp.Made, journal: int) -> int:
    """The bare dialplan tells of keys that it did not get, ours of those that it did."""
    if installation.dialplan is Dialplan.BARE:
        return made.completed - installation.lines_of("|NOKEY", journal)
    return installation.lines_of(f"|{sipp.KEY}|impressed|answered", journal)


def _recorded(installation: Installation, since: float, wanted: int) -> int:
    """Calls in the database that say what happened; waits a moment for the last of them."""
    deadline = time.monotonic() + 3
    while (count := len(records(installation, since))) < wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return count


def records(installation: Installation, since: float) -> list[tuple[Any, ...]]:
    """caller's number, arrived, agent answered, ended (microseconds since 1970) of every right record since then."""
    with sqlite3.connect(f"file:{installation.database}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT caller_number, arrived_at, agent_answered_at, ended_at FROM calls WHERE arrived_at >= ?"
            " AND outcome = 'answered' AND survey_key = ? AND ended_at IS NOT NULL AND ended_by = 'agent'",
            (int(since * 1e6), sipp.KEY),
        ).fetchall()
    connection.close()
    return rows


def lags(installation: Installation) -> "array[float]":
    """Event lags since the last time this was asked, seconds, sorted."""
    assert installation.service is not None
    installation.lags.unlink(missing_ok=True)
    os.kill(installation.service.pid, signal.SIGUSR1)
    deadline = time.monotonic() + 5
    while not installation.lags.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    found: array[float] = array("d")
    found.frombytes(installation.lags.read_bytes())
    return array("d", sorted(found))
