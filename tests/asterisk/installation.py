"""A whole installation to break: Asterisk supervised in the background, the service as a process of its own, and the
telephone network that calls it and afterwards says what should be on record."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.records import CallRecord
from crm.calls.service import export_calls
from crm.calls.stored import load_calls
from crm.database import open_engine, reading
from dialplan.asterisk.control import cli
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.pidfile import running_pid
from dialplan.asterisk.supervise import SuperviseSettings, start_daemon, stop_daemon
from hotline import pbx
from hotline.demonstration import TRUNK_IP, demo_settings, free_tcp_ports, free_udp_port, target_of
from hotline.settings import Settings, load
from hotline.simulation.check import Difference, compare
from hotline.simulation.configuration import NetworkPorts
from hotline.simulation.observed import ObservedCall
from hotline.simulation.plan import Behaviour, line_name
from hotline.simulation.progress import Progress
from hotline.simulation.run import Simulation, Summary

T = TypeVar("T")
PROGRAM = "from hotline.cli import main; main()"
QUICK = Behaviour(
    anonymous_share=0,
    returning_share=0,
    hang_up_early_share=0.12,
    early_patience_seconds=(0.5, 1.5),
    patience_median_seconds=25,
    shortest_patience_seconds=18,
    key_after_assistant_seconds=(1.0, 2.0),
    message_share=0.1,
    message_seconds=12,
    survey_weights={"1": 0.5, "2": 0.25, "3": 0.15, "wrong": 0.1},
    talk_median_seconds=1.5,
    talk_limits_seconds=(1.0, 3.0),
    pick_up_median_seconds=0.8,
    pick_up_limits_seconds=(0.2, 2.0),
    miss_share=0.0,
    second_key_delay_seconds=2.0,
    key_delay_seconds=(0.5, 1.0),
    callback_share=0.0,
)
"""Short talks, every kind of ending. Each caller has a number of his own, so that records are found by it."""


class TooLong(AssertionError):
    """Something that must happen did not, in the time it had."""


def wait_for(condition: Callable[[], T], what: str, seconds: float = 10.0) -> T:
    """The first true answer of ``condition``."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TooLong(f"{what}: not within {seconds:g} s")
        time.sleep(0.03)
    return found


@dataclass
class Play:
    """A simulation under way, for whoever makes the fault."""

    simulation: Simulation
    begun: datetime
    progress: Progress | None = None
    marks: dict[str, datetime] = field(default_factory=dict)

    @property
    def calls(self) -> Sequence[ObservedCall]:
        """What the network has seen so far."""
        return tuple(self.simulation._observer.calls.values())

    async def until(self, condition: Callable[[Progress], bool], what: str, seconds: float = 30.0) -> Progress:
        """Returns when the progress is as wanted."""
        deadline = time.monotonic() + seconds
        while self.progress is None or not condition(self.progress):
            if time.monotonic() > deadline:
                raise TooLong(f"{what}: not within {seconds:g} s; {self.progress}")
            await asyncio.sleep(0.02)
        return self.progress

    async def offered(self, calls: int) -> Progress:
        """Returns when so many calls have been made."""
        return await self.until(lambda progress: progress.offered >= calls, f"{calls} calls made")

    def mark(self, name: str) -> datetime:
        """Notes the time of a fault."""
        self.marks[name] = datetime.now(UTC)
        return self.marks[name]


Fault = Callable[[Play], Awaitable[None]]


@dataclass
class Installation:
    """One hotline with all its parts; made by `installation`."""

    settings: Settings
    network_port: int
    asterisk_root: Path
    network_state: Path
    service: subprocess.Popen[bytes] | None = None
    seed: int = 0

    @property
    def file(self) -> Path:
        """Its hotline.toml."""
        return self.settings.state / "hotline.toml"

    @property
    def folders(self) -> AsteriskFolders:
        """Of the product's Asterisk."""
        return self.settings.asterisk_folders()

    @property
    def log_file(self) -> Path:
        """Standard output and error of the service, all starts after one another."""
        return self.settings.state / "service.log"

    # ---- Asterisk

    def start_asterisk(self) -> None:
        """Installs configuration and prompts and starts it in the background, as `hotline asterisk start` does."""
        pbx.prepare(self.settings, lambda _line: None)
        start_daemon(SuperviseSettings(self.folders))

    def stop_asterisk(self) -> None:
        stop_daemon(self.folders)

    @property
    def asterisk_pid(self) -> int | None:
        return running_pid(self.folders.pid_file)

    def kill_asterisk(self) -> None:
        """As a crash would; the supervisor starts it again."""
        pid = self.asterisk_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.asterisk_pid != pid, "Asterisk gone")

    def asterisk(self, command: str) -> str:
        """A command on Asterisk's console."""
        return cli(self.folders, command)

    # ---- the service

    def start_service(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        program: str = PROGRAM,
        before: Sequence[str] = (),
        ready: bool = True,
    ) -> None:
        """Starts ``hotline run`` beside Asterisk. ``before``: words in front of the command.

        Call it in the main thread: the kernel ends a child of `pdeathsig` with the thread that made it.
        """
        assert self.service is None
        command = [sys.executable, "-c", program, "-f", str(self.file), "run", "--no-asterisk"]
        with self.log_file.open("ab") as log:
            self.service = subprocess.Popen(
                # pdeathsig: nothing stays behind when the tests are killed
                ["setpriv", "--pdeathsig=KILL", *before, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                cwd=Path(__file__).parents[2],
            )
        if ready:
            self.wait_ready()

    async def start_service_meanwhile(
        self, environment: Mapping[str, str] | None = None, program: str = PROGRAM
    ) -> None:
        """The same while a simulation runs."""
        self.start_service(environment, program=program, ready=False)
        await asyncio.to_thread(self.wait_ready)

    def wait_ready(self, seconds: float = 30.0) -> None:
        """Until every part of the service works."""
        service = self.service
        assert service is not None
        wait_for(lambda: service.poll() is not None or self.get("/ready")[0] == 200, "service ready", seconds)
        assert service.poll() is None, self.log_file.read_text()[-4000:]

    def kill_service(self) -> None:
        """SIGKILL: not a single instruction more."""
        self._end_service(signal.SIGKILL)

    def stop_service(self) -> int:
        """SIGTERM; its exit status."""
        return self._end_service(signal.SIGTERM)

    def signal_service(self, number: int) -> None:
        assert self.service is not None
        self.service.send_signal(number)

    def _end_service(self, number: int) -> int:
        service, self.service = self.service, None
        assert service is not None
        service.send_signal(number)
        try:
            return service.wait(15)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()
            raise

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page of the service; (0, "") when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.settings.ports.web}{path}", timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self) -> dict[str, float]:
        """Every series of /metrics."""
        status, text = self.get("/metrics")
        assert status == 200
        lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    def service_log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    # ---- records

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        engine = open_engine(self.settings.database_url)
        try:
            yield engine
        finally:
            engine.dispose()

    def exported(self, since: datetime) -> list[dict[str, Any]]:
        """`hotline calls export --from since`."""
        with self.engine() as engine, reading(engine) as connection:
            return list(export_calls(connection, since, None))

    def records(self, since: datetime) -> list[CallRecord]:
        """The whole records, in the same order."""
        with self.engine() as engine:
            return load_calls(engine, [str(line["call_id"]) for line in self.exported(since)])

    # ---- calls

    def play(
        self,
        calls: int,
        rate_per_second: float,
        fault: Fault | None = None,
        behaviour: Behaviour = QUICK,
    ) -> tuple[Play, Summary]:
        """Makes the calls, the fault meanwhile, and returns when every caller has hung up and the fault is over."""
        return asyncio.run(self._play(calls, rate_per_second, fault, behaviour))

    async def _play(
        self, calls: int, rate_per_second: float, fault: Fault | None, behaviour: Behaviour
    ) -> tuple[Play, Summary]:
        self.seed += 1
        (ami,) = free_tcp_ports(1)
        simulation = Simulation(
            target_of(self.settings, seed=self.seed),
            AsteriskFolders.for_instance(self.network_state, "network", install_root=self.asterisk_root),
            behaviour,
            ports=NetworkPorts(sip=self.network_port, ami=ami),
        )
        play = Play(simulation, datetime.now(UTC))

        def progressed(progress: Progress) -> None:
            play.progress = progress

        running = asyncio.create_task(simulation.run(calls, rate_per_second, progressed))
        try:
            if fault is not None:
                await fault(play)
            summary = await running
        except BaseException:
            running.cancel()
            await asyncio.wait([running])
            raise
        assert summary.unfinished == 0
        return play, summary

    def play_until(self, calls: int, rate_per_second: float, fault: Fault, behaviour: Behaviour = QUICK) -> Play:
        """The same, but all hang up when the fault is over."""
        plays = []

        async def end(play: Play) -> None:
            plays.append(play)
            await fault(play)
            raise asyncio.CancelledError

        with suppress(asyncio.CancelledError):
            self.play(calls, rate_per_second, end, behaviour)
        return plays[0]

    def differences(
        self, calls: Sequence[ObservedCall], since: datetime, seconds: float = 10.0, but: Sequence[str] = ()
    ) -> list[str]:
        """What is wrong on record, as soon as nothing is, or when time is up. ``but``: names left out."""
        deadline = time.monotonic() + seconds
        meanings = dict(self.settings.survey.chosen().keys)
        while True:
            try:
                lines = [line for line in self.exported(since) if line_name(line["caller_number"]) not in but]
                found: list[Difference] = compare(calls, lines, meanings=meanings)
                texts = [str(one) for one in found] or doubles(calls, self.records(since))
            except SQLAlchemyError as error:
                texts = [str(error)]
            if not texts or time.monotonic() > deadline:
                return texts
            time.sleep(0.1)

    def assert_right(self, play: Play, summary: Summary) -> list[CallRecord]:
        """Every call in exactly one correct record, nothing double; all ended. Returns the records."""
        wrong = self.differences(summary.calls, play.begun)
        assert not wrong, "\n".join(wrong)
        records = self.records(play.begun)
        assert [record.call_id for record in records if record.ended_at is None] == []
        return records


def doubles(calls: Sequence[ObservedCall], records: Sequence[CallRecord]) -> list[str]:
    """Conversations and rings that are on record more often than the telephones saw them."""
    by_name = {line_name(record.caller_number): record for record in records}
    found = []
    for call in calls:
        record = by_name.get(call.plan.name)
        if record is None:
            continue
        seen, kept = Counter(leg.agent for leg in call.legs), Counter(ring.agent for ring in record.rings)
        if more := kept - seen:
            found.append(f"call {call.plan.index}: rings on record that no telephone had: {dict(more)}")
        talks = sum(leg.answered_at is not None for leg in call.legs)
        if len(record.conversations) > max(1, talks):
            found.append(f"call {call.plan.index}: {len(record.conversations)} conversations, {talks} were had")
        numbers = [one.pass_number for one in record.passes]
        if len(set(numbers)) != len(numbers):
            found.append(f"call {call.plan.index}: passes {numbers}")
    return found


@contextmanager
def installation(
    folder: Path,
    asterisk_root: Path,
    *,
    agents: int = 10,
    database_url: str = "",
    network_state: Path | None = None,
    answer_within_seconds: int = 4,
    recorded: bool = False,
) -> Iterator[Installation]:
    """An installation whose Asterisk runs; the service is not started yet. All is ended afterwards. ``recorded``: every
    talk, however little room the disk has."""
    port = free_udp_port(TRUNK_IP)
    settings = demo_settings(folder, asterisk_root, agents, port)
    file = folder / "hotline.toml"
    text = file.read_text("utf-8")
    for section, line in (
        ("answering", f"answer_within_seconds = {answer_within_seconds}"),
        ("database", f'url = "{database_url}"'),
    ):
        text = text.replace(f"\n[{section}]\n", f"\n[{section}]\n{line}\n", 1)
    # one telephone at a time rings: with all of them, callers would be served one after the other
    text = text.replace("wrap_up_seconds = 3", 'wrap_up_seconds = 1\nstrategy = "rrmemory"')
    if recorded:
        text = text.replace("wrap_up_seconds = 1\n", "wrap_up_seconds = 1\nrecord = true\n")
        text = text.replace("\n[recording]\n", "\n[recording]\nannounce = false\nfree_megabytes = 0\n", 1)
    (web,) = free_tcp_ports(1)
    text = re.sub(r"(?m)^web = \d+$", f"web = {web}", text)
    file.write_text(text, "utf-8")
    settings = load(file)
    made = Installation(settings, port, asterisk_root, network_state or folder)
    try:
        made.start_asterisk()
        yield made
    finally:
        if made.service is not None:
            made.signal_service(signal.SIGCONT)
            made.kill_service()
        made.stop_asterisk()
