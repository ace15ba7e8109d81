"""Callers and agents for measuring: SIPp from Debian's packages, which costs far less processor time than a second
Asterisk would, and whose clock is nobody else's. Real PCMU both ways, keys as RFC 4733 events. Needs no root."""

import resource
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline.simulation.voice import write_voice

CALLERS_IP, AGENTS_IP = "127.0.0.2", "127.0.0.3"
KEY = "1"
KEY_AFTER_HANGUP_SECONDS = 1.0
_SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True)
class Load:
    """``calls`` at a steady rate; every conversation lasts ``talk_seconds``."""

    calls: int
    rate_per_second: float
    talk_seconds: float = 3.0

    @property
    def seconds(self) -> float:
        """How long it takes at least, from the first call to the end of the last."""
        return self.calls / self.rate_per_second + self.talk_seconds + 4


@dataclass(frozen=True)
class Made:
    """What the callers saw. ``numbers``: all callers'. ``answer_seconds``: from INVITE to 200 OK, sorted. ``moments``:
    caller's number → what → epoch seconds on SIPp's clock, of callers (called, connected, ended) and agents (answered)
    together."""

    numbers: tuple[str, ...]
    completed: int
    answer_seconds: tuple[float, ...]
    moments: dict[str, dict[str, float]]
    callers_cpu_seconds: float


@dataclass(frozen=True)
class Phones:
    """The agents' telephones as they run; ``log``: what they did and when."""

    process_id: int
    log: Path


def prepare(folder: Path) -> Path:
    """A folder to run SIPp in."""
    folder.mkdir(parents=True, exist_ok=True)
    for scenario in _SCENARIOS.glob("*.xml"):
        shutil.copy(scenario, folder)
    write_voice(folder / "voice.ulaw", 160.0, seed=1, seconds=4.0)
    # Told that a file is iLBC, SIPp sends it in packets of 50 bytes. A packet whose first four bytes are the end of a
    # telephone-event (RFC 4733, 2.3: event, end bit and volume, duration) is a key; what follows is not looked at.
    # Three of them, because one may be lost, and telephones repeat theirs too.
    (folder / "key.event").write_bytes(3 * struct.pack("!BBH", int(KEY), 0x8A, 960).ljust(50, b"\0"))
    return folder


@contextmanager
def agents(command: Sequence[str], folder: Path, port: int, talk_seconds: float) -> Iterator[Phones]:
    """All desk phones, on one port."""
    log = folder / "agents.log"
    log.unlink(missing_ok=True)
    process = subprocess.Popen(
        [*command, "-sf", "agents.xml", "-i", AGENTS_IP, "-mi", AGENTS_IP, "-p", str(port),
         "-d", str(int(talk_seconds * 1000)), "-min_rtp_port", "42000", "-max_rtp_port", "51999",
         "-trace_logs", "-log_file", log.name, "-trace_err", "-error_file", "agents.errors",
         "-nostdin", "-aa", "-rtp_threadtasks", "500"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Phones(process.pid, log)
    finally:
        process.send_signal(signal.SIGUSR1)  # SIPp's own way to end: logs are written out
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def call(
    command: Sequence[str], folder: Path, product: tuple[str, int], port: int, called: str, load: Load, first: int
) -> Made:
    """Makes the calls, from numbers of their own (``first`` and on), and waits for their end."""
    numbers = [f"08{10_000_000 + first + index}" for index in range(load.calls)]
    (folder / "callers.csv").write_text("SEQUENTIAL\n" + "".join(f"{number};{called}\n" for number in numbers))
    for old in (*folder.glob("callers_*_rtt.csv"), folder / "callers.log", folder / "callers.errors"):
        old.unlink(missing_ok=True)
    key_after = int((load.talk_seconds + KEY_AFTER_HANGUP_SECONDS) * 1000)
    most = int(load.rate_per_second * (load.talk_seconds + 12)) + 20
    agents_before = _lines(folder / "agents.log")
    cpu_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        [*command, "-sf", "callers.xml", "-inf", "callers.csv", "-i", CALLERS_IP, "-mi", CALLERS_IP, "-p", str(port),
         "-m", str(load.calls), "-r", str(round(load.rate_per_second * 10)), "-rp", "10000", "-l", str(most),
         "-d", str(key_after), "-min_rtp_port", "52000", "-max_rtp_port", "61999", "-trace_rtt", "-rtt_freq", "1000",
         "-trace_logs", "-log_file", "callers.log", "-trace_err", "-error_file", "callers.errors", "-nostdin",
         "-rtp_threadtasks", "500", f"{product[0]}:{product[1]}"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.wait(load.seconds + 6)  # who is not through by then has not been served cleanly
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    moments: dict[str, dict[str, float]] = {}
    for line in [*_lines(folder / "callers.log"), *_lines(folder / "agents.log")[len(agents_before) :]]:
        caller, what, _day, _time, epoch, *_ = line.split()
        moments.setdefault(caller, {})[what] = float(epoch)
    waits = sorted(at["connected"] - at["called"] for at in moments.values() if {"connected", "called"} <= at.keys())
    completed = sum({"called", "connected", "ended"} <= at.keys() for at in moments.values())
    cpu_after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(getattr(cpu_after, kind) - getattr(cpu_before, kind) for kind in ("ru_utime", "ru_stime"))
    return Made(tuple(numbers), completed, tuple(waits), moments, cpu)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
