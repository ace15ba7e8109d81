"""The product's Asterisk as callers and agents meet it: rendered from a site, with short times, and no service."""

import asyncio
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self

from telephone_audio import noise, tone

from dialplan import render
from dialplan.asterisk.command import find_program
from dialplan.asterisk.control import cli
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
from dialplan.prompts.audio import linear
from dialplan.prompts.catalogue import load_all
from dialplan.prompts.install import MUSIC_FOLDER, RECORDED_MUSIC_FOLDER, install_prompts
from dialplan.secrets import Secrets
from dialplan.site import HotlineSite

TRUNK, DESKS = "127.0.0.2", "127.0.0.3"
OUR_FACTS = frozenset(
    {"ARRIVED", "LANGUAGE", "CLOSED", "ASSISTANT", "MENU", "QUEUED", "ANSWERED", "LEFT", "AGENTLEFT", "TRANSFERTO",
     "TRANSFEREND", "SURVEYASKED", "SURVEY", "CALLBACK", "CALLBACKTRY", "MESSAGE", "ENDED",
     "OUTDIALLED", "OUTANSWERED", "OUTENDED", "TAKENUP", "RECORDING"}
)  # fmt: skip
# What is whispered is mixed with music and known by its tone; everything else byte by byte.
TONES = {
    "greeting": 600,
    "assistant-apology": 700,
    "no-agents": 800,
    "queue-keys": 900,
    "still-waiting": 1000,
    "agent-recording-notice": 2500,
}
MUSIC_HERTZ = 440
LONG = {"survey-123": 3.0, "survey-321": 3.0, "menu-matter": 3.0, "menu-language": 1.5, "assistant-apology": 3.0}


@dataclass(frozen=True)
class Line:
    """One line of Asterisk's journal (queue_log). ``at`` has microseconds for facts of ours, whole seconds else."""

    at: float
    call: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Line":
        second, call, queue, agent, event, *data = text.split("|")
        if event in OUR_FACTS:
            return cls(float(data[0]), call, queue, agent, event, tuple(data[1:]))
        return cls(float(second), call, queue, agent, event, tuple(data))


def free_port(address: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def sound(prompt: str, language: str = "th") -> bytes:
    """What a test prompt sounds like."""
    if prompt in TONES:
        return tone(TONES[prompt], LONG.get(prompt, 1.0))
    return noise(f"{language}/{prompt}", LONG.get(prompt, 0.4))


def play_as_music(data: Path) -> None:
    """A tone in place of the music on hold, in both of its forms."""
    tune = tone(MUSIC_HERTZ, 5.0, 0.05)
    (data / MUSIC_FOLDER / "calm.ulaw").write_bytes(tune)
    (data / RECORDED_MUSIC_FOLDER / "calm.sln").write_bytes(linear(tune))


def write_studio(folder: Path) -> Path:
    """A recording of every prompt, short and unmistakable."""
    for language, catalogue in load_all().items():
        (folder / language).mkdir(parents=True, exist_ok=True)
        for prompt in catalogue.ids:
            (folder / language / f"{prompt}.ulaw").write_bytes(sound(prompt, language))
    return folder


@dataclass
class ProductAsterisk:
    """A rendered and running Asterisk of one site."""

    site: HotlineSite
    state: Path
    folders: AsteriskFolders
    secrets: Secrets
    process: AsteriskProcess
    _lines: list[Line] = field(default_factory=list)
    _read: int = 0
    free_slots: "count[int]" = field(default_factory=count)  # `exchange.play` gives each scenario its own

    @classmethod
    def make(cls, site: HotlineSite, state: Path, root: Path, instance: str = "product") -> Self:
        """Renders and installs the prompts; ``with`` starts it."""
        folders = AsteriskFolders.for_instance(state, instance, install_root=root)
        program = find_program(root)
        folders.prepare(program.share)
        messages = state / "messages"
        messages.mkdir(exist_ok=True)
        install_prompts(folders.data, site.site.languages, write_studio(state / "studio"))
        play_as_music(folders.data)
        product = cls(site, state, folders, Secrets.load(state, site), AsteriskProcess(folders))
        product.render()
        return product

    @property
    def messages(self) -> Path:
        return self.state / "messages"

    @property
    def sip(self) -> tuple[str, int]:
        return "127.0.0.1", self.site.ports.sip

    def render(self) -> None:
        program = find_program(self.folders.install_root)
        folders = render.RenderFolders.of(self.folders, program.modules, self.messages)
        render.write(render.render(self.site, folders, self.secrets), self.folders.etc)

    def __enter__(self) -> Self:
        self.process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()

    def cli(self, command: str) -> str:
        return cli(self.folders, command)

    # ---- the journal -----------------------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """The whole journal so far."""
        path = self.folders.log / "queue_log"
        if path.exists():
            with path.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._read += len(whole)
            self._lines += [Line.parse(line) for line in whole.decode().splitlines()]
        return self._lines

    def of(self, call: str, *events: str) -> list[Line]:
        """The lines of a call; only those events when some are named."""
        return [line for line in self.lines() if line.call == call and (not events or line.event in events)]

    def story(self, call: str) -> list[str]:
        """Our facts of a call in short: ``EVENT data|data``."""
        return [" ".join([x.event, "|".join(x.data)]).strip() for x in self.of(call) if x.event in OUR_FACTS]

    async def until(self, condition: Callable[[], Any], seconds: float = 5, what: str = "") -> Any:
        """Polls until something is so; fails after the time with what was meant."""
        deadline = time.monotonic() + seconds
        while not (result := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what or condition}")
            await asyncio.sleep(0.02)
        return result

    async def call_of(self, caller: str, seconds: float = 5) -> str:
        """Id of the newest call of this caller's number."""

        def find() -> str | None:
            return next((x.call for x in reversed(self.lines()) if x.event == "ARRIVED" and x.data[0] == caller), None)

        return str(await self.until(find, seconds, f"ARRIVED of {caller}"))

    async def fact(self, call: str, event: str, *data: str, seconds: float = 5) -> Line:
        """Waits for a fact of a call that begins with these data."""

        def find() -> Line | None:
            return next((x for x in self.of(call, event) if x.data[: len(data)] == data), None)

        try:
            line = await self.until(find, seconds)
        except AssertionError:
            raise AssertionError(f"no {event} {data} within {seconds} s, but {self.story(call)}") from None
        assert isinstance(line, Line)
        return line

    def channels(self) -> int:
        """Channels that exist."""
        found = re.search(r"(\d+) active channel", self.cli("core show channels count"))
        assert found is not None
        return int(found[1])

    async def gone(self, seconds: float = 10) -> None:
        """Waits until no channel exists; fails naming those that do."""
        try:
            await self.until(lambda: self.channels() == 0, seconds)
        except AssertionError:
            raise AssertionError(self.cli("core show channels concise")) from None


def base_site(**sections: Any) -> dict[str, Any]:
    """Settings of a test's site: free ports, one trunk, always open, short times; sections replace or are merged."""
    first = free_port()
    site: dict[str, Any] = {
        "trunks": [{"name": "carrier", "host": TRUNK, "port": free_port(TRUNK), "codecs": ["ulaw"]}],
        "hours": {"always_open": True},
        "answering": {"callback_ring_seconds": 10, "repeat_seconds": 10},
        "survey": {"timeout_seconds": 3},
        "ports": {
            "sip": first, "rtp_start": 30000, "rtp_end": 39999,
            **{name: free_port(kind=socket.SOCK_STREAM) for name in ("asterisk_http", "ami", "agi", "web")},
        },
    }  # fmt: skip
    for name, value in sections.items():
        site[name] = {**site[name], **value} if isinstance(site.get(name), dict) else value
    return site


@contextmanager
def silent_listener(port: int) -> Iterator[list[socket.socket]]:
    """A service that is frozen: takes connections and never says a word. Yields those taken."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", port), backlog=64) as server:
        # Not even accept() is called: the kernel completes connections, as it does for a stopped process.
        yield taken
        server.setblocking(False)
        while True:
            try:
                taken.append(server.accept()[0])
            except BlockingIOError:
                break
    for connection in taken:
        connection.close()
