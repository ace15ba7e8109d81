"""Audio of a telephone: PCMU and keys (RFC 4733) over RTP, and what can be recognised in what was heard."""

import asyncio
import math
import random
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from dialplan.prompts.audio import decode_ulaw, encode_ulaw, measure

FRAME_SECONDS = 0.02
FRAME = 160
SILENCE = b"\xff" * FRAME
KEYS = "0123456789*#ABCD"
KEY_FRAMES, GAP_FRAMES, END_FRAMES = 6, 4, 3  # 120 ms pressed, 80 ms released
KEY_PAYLOAD = 101


@cache
def tone(hertz: float, seconds: float = 1.0, level: float = 0.4) -> bytes:
    """A sine as µ-law."""
    return encode_ulaw([level * math.sin(2 * math.pi * hertz * n / 8000) for n in range(int(8000 * seconds))])


@cache
def noise(seed: str, seconds: float) -> bytes:
    """Noise that cannot be taken for any other: the sound of a test prompt."""
    source = random.Random(seed)
    return encode_ulaw([source.uniform(-0.3, 0.3) for _ in range(int(8000 * seconds))])


def goertzel(samples: list[float], hertz: float) -> float:
    """Share (0-1) of the energy of the samples that one frequency has (Goertzel's algorithm)."""
    energy = sum(sample * sample for sample in samples)
    if energy < 1e-4 * len(samples):
        return 0.0
    factor = 2 * math.cos(2 * math.pi * hertz / 8000)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = last * last + before * before - factor * last * before
    return min(1.0, 2 * power / (len(samples) * energy))


def _plain(sound: bytes) -> bytes:
    return sound.replace(b"\x7f", b"\xff")  # both are zero; a leg inside Asterisk that is not µ-law changes them


class Audio(asyncio.DatagramProtocol):
    """One RTP stream both ways. Times are those of ``clock``."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.frames: list[tuple[float, bytes]] = []  # PCMU that was heard
        self.keys: list[tuple[float, str]] = []  # keys that were heard, at their first packet
        self.sound: bytes = SILENCE  # said over and over
        self._said = 0
        self._presses: deque[tuple[str, asyncio.Future[float]]] = deque()
        self._far: tuple[str, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._sending: asyncio.Task[None] | None = None
        self._sequence, self._timestamp, self._source = (random.getrandbits(n) for n in (15, 31, 32))
        self._last_key = -1

    async def open(self, address: str) -> int:
        """Listens; returns the port."""
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, 0))
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
        return int(sock.getsockname()[1])

    def send_to(self, far: tuple[str, int] | None) -> None:
        self._far = far
        if far and self._sending is None:
            self._sending = asyncio.get_running_loop().create_task(self._send())

    def close(self) -> None:
        if self._sending:
            self._sending.cancel()
        if self._transport:
            self._transport.close()
        for _, pressed in self._presses:
            pressed.cancel()

    async def press(self, keys: str) -> float:
        """Presses keys one after the other; returns the time of the first packet."""
        futures: list[asyncio.Future[float]] = [asyncio.get_running_loop().create_future() for _ in keys]
        self._presses.extend(zip(keys, futures, strict=True))
        return (await asyncio.gather(*futures))[0]

    def datagram_received(self, data: bytes, addr: object) -> None:
        payload = data[1] & 0x7F
        if payload == 0:
            self.frames.append((self._clock(), data[12:]))
        elif payload == KEY_PAYLOAD:
            stamp = int.from_bytes(data[4:8], "big")
            if stamp != self._last_key:
                self._last_key = stamp
                self.keys.append((self._clock(), KEYS[data[12]]))

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for payload, marker, stamp, data, done in self._packets():
            header = struct.pack("!BBHII", 0x80, payload | marker << 7, self._sequence, stamp, self._source)
            self._sequence = self._sequence + 1 & 0xFFFF
            if self._transport and self._far:
                self._transport.sendto(header + data, self._far)
            if done is not None and not done.done():
                done.set_result(self._clock())
            if not (payload == KEY_PAYLOAD and marker == 0 and data[1] & 0x80):  # three end packets go at once
                due = max(due + FRAME_SECONDS, loop.time() - 0.1)
                await asyncio.sleep(due - loop.time())

    def _packets(self) -> Iterator[tuple[int, int, int, bytes, "asyncio.Future[float] | None"]]:
        while True:
            if self._presses:
                yield from self._key(*self._presses.popleft())
                for _ in range(GAP_FRAMES):
                    yield 0, 0, self._step(), SILENCE, None
            else:
                sound = self.sound
                part = sound[self._said : self._said + FRAME]
                self._said = (self._said + FRAME) % max(len(sound) // FRAME * FRAME, FRAME)
                yield 0, 0, self._step(), part.ljust(FRAME, b"\xff"), None

    def _key(
        self, key: str, pressed: "asyncio.Future[float]"
    ) -> Iterator[tuple[int, int, int, bytes, "asyncio.Future[float] | None"]]:
        stamp, event = self._step(), KEYS.index(key)
        for n in range(1, KEY_FRAMES + 1):
            yield (
                KEY_PAYLOAD,
                int(n == 1),
                stamp,
                struct.pack("!BBH", event, 10, n * FRAME),
                pressed if n == 1 else None,
            )
            self._step()
        for _ in range(END_FRAMES):
            yield KEY_PAYLOAD, 0, stamp, struct.pack("!BBH", event, 0x8A, KEY_FRAMES * FRAME), None

    @property
    def sequence(self) -> int:
        """Number of the next packet; may be set before the first."""
        return self._sequence

    @sequence.setter
    def sequence(self, number: int) -> None:
        self._sequence = number & 0xFFFF

    def _step(self) -> int:
        self._timestamp = self._timestamp + FRAME & 0xFFFFFFFF
        return self._timestamp

    # ---- what was heard ------------------------------------------------------------------------------------------

    def heard(self, sound: bytes, since: float = 0.0) -> float | None:
        """When a sound began that was played to us unmixed (part of its second frame); None: not heard."""
        return self._moment(sound[FRAME : 2 * FRAME], since)

    def heard_last(self, sound: bytes) -> bool:
        """Whether the sound was played to its end."""
        end = len(sound) // FRAME * FRAME
        return self._moment(sound[end - FRAME : end], 0.0) is not None

    def _moment(self, mark: bytes, since: float) -> float | None:
        frames = [(at, frame) for at, frame in self.frames if at >= since]
        place = _plain(b"".join(frame for _, frame in frames)).find(_plain(mark))
        return frames[place // FRAME][0] if place >= 0 else None

    def tone_times(self, hertz: float, share: float = 0.5, since: float = 0.0) -> list[float]:
        """Times of the frames in which one frequency has at least this share of the energy (mixed sound too)."""
        return [at for at, frame in self.frames if at >= since and goertzel(decode_ulaw(frame), hertz) >= share]

    def over(self, voice: float, words: Iterable[float]) -> int:
        """How many frames with one of these tones came after the first frame with ``voice``: in the order in which they
        were sent, so that a machine that is slow to hear them changes nothing."""
        frames = [decode_ulaw(frame) for _, frame in self.frames]
        began = next((n for n, frame in enumerate(frames) if goertzel(frame, voice) >= 0.4), len(frames))
        return sum(any(goertzel(frame, word) >= 0.15 for word in words) for frame in frames[began:])

    def loud_times(self, since: float = 0.0) -> list[float]:
        """Times of the frames in which somebody speaks (RMS over 0.05 of full scale)."""
        return [at for at, frame in self.frames if at >= since and measure(frame).rms > 0.05]
