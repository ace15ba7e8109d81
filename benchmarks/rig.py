"""Installations side by side to be measured: the product, and the same call in dialplan alone, without the service."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from benchmarks import sipp
from dialplan import render
from dialplan.asterisk.command import find_program, sipp_command
from dialplan.asterisk.control import cli
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
from dialplan.prompts.install import install_prompts
from dialplan.secrets import Secrets
from hotline.demonstration import free_tcp_ports, free_udp_port
from hotline.settings import Settings, load

NUMBER, QUEUE = "1169", "enquiries"
AGENTS = 400
REPOSITORY = Path(__file__).parents[1]


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def busy_seconds() -> float:
    """Processor time that the whole machine has spent on anything."""
    ticks = [int(x) for x in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def settings_text(agents_port: int, trunk_port: int, root: Path, strategy: str) -> str:
    """A big room of desk phones on one queue. Not rung all at once: no room of 400 does that."""
    sip = free_udp_port("127.0.0.1")
    ami, agi, http, web = free_tcp_ports(4)
    agents = "".join(
        f'[[agents]]\nextension = "{2000 + i}"\nqueues = ["{QUEUE}"]\n'
        f'contact = "sip:{2000 + i}@{sipp.AGENTS_IP}:{agents_port}"\n'
        for i in range(AGENTS)
    )
    return f"""[site]
state_folder = "."
[hours]
always_open = true
[asterisk]
root = "{root}"
[ports]
sip = {sip}
ami = {ami}
agi = {agi}
asterisk_http = {http}
web = {web}
rtp_start = 12000
rtp_end = 27999
[[numbers]]
number = "{NUMBER}"
queue = "{QUEUE}"
[[trunks]]
name = "network"
host = "{sipp.CALLERS_IP}"
port = {trunk_port}
codecs = ["ulaw"]
[[queues]]
name = "{QUEUE}"
strategy = "{strategy}"
wrap_up_seconds = 0
max_callers = 2000
{agents}"""


class Dialplan(Enum):
    """What answers. ``SAME_FLOW``: our own without what is there for the service alone: it asks nobody, tells only the
    journal, and has no manager user. ``BARE``: a queue and a key, and nothing is written down."""

    PRODUCT = "product"
    SAME_FLOW = "same-flow"
    BARE = "bare"


_FOR_THE_SERVICE = re.compile(r"^ same => n,(?:UserEvent\(|AGI\(|MSet\(HOTLINE_NEXT=).*\n", re.MULTILINE)
_NO_MANAGER = "[general]\nenabled = no\n"


def same_flow(extensions: str) -> str:
    """Our dialplan without the steps that speak to the service."""
    plain = _FOR_THE_SERVICE.sub("", extensions)
    for step in ("UserEvent(", "AGI("):
        assert step not in plain, f"a {step} that speaks to the service is still there"
    return plain


BARE = f"""[general]
static = yes
[from-trunk]
exten => {NUMBER},1,Ringing()
 same => n,Queue({QUEUE},rciC,,,9)
 same => n,GotoIf($["${{QUEUESTATUS}}" = "CONTINUE"]?talked)
 same => n,Answer(,i)
 same => n,Queue({QUEUE},ciC,,,900)
 same => n(talked),Read(KEY,hotline/survey-123,1,,1,8)
 same => n,GotoIf($["${{KEY}}" != "{sipp.KEY}"]?none)
 same => n,Playback(hotline/survey-thanks)
 same => n,Hangup()
 same => n(none),QueueLog({QUEUE},${{UNIQUEID}},NONE,NOKEY)
 same => n,Hangup()
[hotline-queue-keys]
"""


@dataclass
class Installation:
    """An Asterisk of the bench, with or without the service beside it."""

    folder: Path
    root: Path
    agents_port: int
    trunk_port: int
    dialplan: Dialplan = Dialplan.PRODUCT
    strategy: str = "rrmemory"
    service: subprocess.Popen[bytes] | None = None
    asterisk: AsteriskProcess = field(init=False)
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        path = self.folder / "hotline.toml"
        path.write_text(settings_text(self.agents_port, self.trunk_port, self.root, self.strategy))
        self.settings = load(path)
        self.folders: AsteriskFolders = self.settings.asterisk_folders()
        program = find_program(self.folders.install_root)
        self.folders.prepare(program.share)
        self.settings.messages_folder.mkdir(exist_ok=True)
        install_prompts(self.folders.data, self.settings.site.languages, None)
        names = render.RenderFolders.of(self.folders, program.modules, self.settings.messages_folder)
        files = render.render(self.settings, names, Secrets.load(self.folder, self.settings))
        if self.dialplan is Dialplan.BARE:
            files |= {"extensions.conf": BARE, "manager.conf": _NO_MANAGER}
        elif self.dialplan is Dialplan.SAME_FLOW:
            files |= {"extensions.conf": same_flow(files["extensions.conf"]), "manager.conf": _NO_MANAGER}
        render.write(files, self.folders.etc)
        self.asterisk = AsteriskProcess(self.folders, program=program)

    @property
    def asterisk_pid(self) -> int:
        """Process id of Asterisk."""
        pid = self.asterisk.pid
        assert pid is not None
        return pid

    @property
    def sip(self) -> tuple[str, int]:
        """Where calls go."""
        return self.settings.ports.bind, self.settings.ports.sip

    @property
    def database(self) -> Path:
        """What the service has recorded."""
        return self.folder / "hotline.sqlite3"

    @property
    def lags(self) -> Path:
        """Where the service of the bench writes every lag."""
        return self.folder / "lags"

    def start_service(self) -> None:
        """Returns when it listens to Asterisk."""
        command = [sys.executable, "-m", "benchmarks.serve", str(self.folder / "hotline.toml")]
        log = (self.folder / "service.log").open("ab")
        with log:
            self.service = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=log)
        assert self.service.stdout is not None
        if self.service.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the service did not start; see {self.folder / 'service.log'}")
        time.sleep(1.0)  # what the journal tells of earlier calls is no measure of anything

    def stop_service(self) -> None:
        """Ends it in good order: everything is written then."""
        if self.service is not None:
            self.service.send_signal(signal.SIGTERM)
            try:
                self.service.wait(20)
            except subprocess.TimeoutExpired:
                self.service.kill()
                self.service.wait()
            self.service = None

    def restart(self) -> None:
        """After being overloaded: nothing of it may last into the next measurement."""
        had_service = self.service is not None
        self.stop_service()
        self.asterisk.stop(0)
        self.asterisk = AsteriskProcess(self.folders)
        self.asterisk.start()
        if had_service:
            self.start_service()

    def quiet(self, seconds: float = 15.0) -> bool:
        """Waits until no call is left."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if cli(self.folders, "core show channels count").startswith("0 active channels"):
                return True
            time.sleep(0.2)
        return False

    def lines_of(self, words: str, since: int = 0) -> int:
        """How often these words stand in the journal after byte ``since``."""
        path = self.folders.log / "queue_log"
        if not path.exists():
            return 0
        with path.open("rb") as file:
            file.seek(since)
            return file.read().count(words.encode())

    def log_bytes(self, name: str) -> int:
        """Where a log of Asterisk's ends."""
        path = self.folders.log / name
        return path.stat().st_size if path.exists() else 0


@dataclass
class Rig:
    """The product, its twins in dialplan alone (None when not asked for), and telephones for all."""

    folder: Path
    command: list[str]
    product: Installation
    same_flow: Installation | None
    bare: Installation | None
    agents_port: int
    trunk_port: int
    _made: int = 0

    @contextmanager
    def agents(self, talk_seconds: float) -> Iterator[sipp.Phones]:
        """The desk phones."""
        with sipp.agents(self.command, self.folder / "sipp", self.agents_port, talk_seconds) as phones:
            time.sleep(0.3)
            yield phones

    def call(self, installation: Installation, load: sipp.Load) -> sipp.Made:
        """Makes calls; the agents must be there."""
        first, self._made = self._made, self._made + load.calls
        port = self.trunk_port
        return sipp.call(self.command, self.folder / "sipp", installation.sip, port, NUMBER, load, first)


@contextmanager
def rig(folder: Path, root: Path, *, twins: bool = False, service: bool = True) -> Iterator[Rig]:
    """Everything running; ended when the block is left."""
    agents_port, trunk_port = free_udp_port(sipp.AGENTS_IP), free_udp_port(sipp.CALLERS_IP)
    sipp.prepare(folder / "sipp")
    product = Installation(folder / "product", root, agents_port, trunk_port)
    same_flow, bare = (
        Installation(folder / kind.value, root, agents_port, trunk_port, kind) if twins else None
        for kind in (Dialplan.SAME_FLOW, Dialplan.BARE)
    )
    with ExitStack() as stack:
        for one in filter(None, (product, same_flow, bare)):
            one.asterisk.start()
            stack.callback(lambda one=one: one.asterisk.stop(0))  # type: ignore[misc]
        if service:
            stack.callback(product.stop_service)
            product.start_service()
        yield Rig(folder, sipp_command(root), product, same_flow, bare, agents_port, trunk_port)
