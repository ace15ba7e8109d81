"""What Asterisk tells at the highest rate, recorded from a second connection, and how fast the listener alone takes it
in: decoding, translating, applying, building the records."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ami_listener.journal import Position
from ami_listener.protocol import Decoder
from ami_listener.records import CallRecord
from benchmarks.rig import Installation
from dialplan.render import WANTED_EVENTS
from dialplan.secrets import Secrets
from hotline.listening import Listener, Sinks

GATHER_SECONDS = 0.01  # as the service does


@dataclass
class Recording:
    """Chunks as they came, and when (monotonic seconds)."""

    chunks: list[tuple[float, bytes]] = field(default_factory=list)

    def events(self) -> int:
        """How many events there are in it."""
        return sum(_events_in(chunk) for _, chunk in self.chunks)

    def busiest_second(self) -> int:
        """Most events within one second."""
        seconds: dict[int, int] = {}
        for at, chunk in self.chunks:
            seconds[int(at)] = seconds.get(int(at), 0) + _events_in(chunk)
        return max(seconds.values(), default=0)


def _events_in(chunk: bytes) -> int:
    return chunk.count(b"Event: ") - chunk.count(b"UserEvent: ")  # a line of those that the dialplan makes


@contextmanager
def tap(installation: Installation) -> Iterator[Recording]:
    """Listens along with the service's own rights and filters."""
    secret = Secrets.load(installation.folder, installation.settings).ami
    recording = Recording()
    with socket.create_connection(("127.0.0.1", installation.settings.ports.ami), 5) as connection:
        login = f"Action: Login\r\nUsername: hotline\r\nSecret: {secret}\r\n\r\n"
        connection.sendall(login.encode())

        def read() -> None:
            while data := connection.recv(1 << 16):
                recording.chunks.append((time.monotonic(), data))

        reader = threading.Thread(target=read, daemon=True)
        connection.settimeout(None)
        reader.start()
        yield recording
        connection.shutdown(socket.SHUT_RDWR)
        reader.join(5)


async def _nothing(_: object) -> None:
    return


async def _none_known(_: set[str]) -> Iterable[CallRecord]:
    return ()


async def _take_in(recording: Recording) -> tuple[float, int]:
    sinks = Sinks(
        lambda event: None, lambda record, at: None, _ignore_position, _nothing, _none_known, lambda call_id: None
    )
    listener, decoder = Listener(Path("/nonexistent"), sinks), Decoder(WANTED_EVENTS)
    flush_at: float | None = None
    begun = time.process_time()
    for at, chunk in recording.chunks:
        if flush_at is not None and at >= flush_at:  # as often as it would be done in the time it took
            listener.flush()
            flush_at = None
        for message in decoder.feed(chunk):
            listener.heard(message)
        flush_at = flush_at if flush_at is not None else at + GATHER_SECONDS
    listener.flush()
    return time.process_time() - begun, decoder.counters.messages


def _ignore_position(_: Position) -> None:
    return


def events_per_second(recording: Recording) -> float:
    """Events the listener takes in in one second of processor time; the better of three."""
    results = [asyncio.run(_take_in(recording)) for _ in range(3)]
    return max(messages / seconds for seconds, messages in results)
