"""The sound of a recording: from Asterisk's raw µ-law (8 kHz) to a wav file, and what is drawn of it. Pure.

G.711 as it came from the line, not coded anew: nothing is lost, and every browser plays it. 8,000 bytes a second and
side: 58 MB an hour with both sides apart, 29 MB mixed.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import BinaryIO, Final

from dialplan.prompts.audio import DECODED, RATE, encode_ulaw

SILENCE: Final = b"\xff"
HEADER_BYTES: Final = 58
PEAKS: Final = 600  # bars of the wave form
_PIECE: Final = 1 << 18  # bytes at once: short turns for the other threads
_ULAW: Final = 7  # format tag of wav
_LOUDNESS: Final = bytes(min(255, round(abs(level) ** 0.5 * 255)) for level in DECODED)  # soft voices show, too


@dataclass(frozen=True, slots=True)
class Peaks:
    """Loudness 0–255 of `PEAKS` equal parts; ``second`` is empty when both voices are in the first."""

    first: bytes
    second: bytes

    def text(self) -> str:
        """As it is kept."""
        return f"{self.first.hex()}|{self.second.hex()}"

    @classmethod
    def of_text(cls, text: str) -> "Peaks":
        """Back again."""
        first, _, second = text.partition("|")
        return cls(bytes.fromhex(first), bytes.fromhex(second))


def wav_header(size: int, sides: int) -> bytes:
    """Of a µ-law wav with ``size`` bytes of sound."""
    form = struct.pack("<HHIIHHH", _ULAW, sides, RATE, RATE * sides, sides, 8, 0)
    body = b"fmt " + struct.pack("<I", len(form)) + form + b"fact" + struct.pack("<II", 4, size // sides)
    return b"RIFF" + struct.pack("<I", 4 + len(body) + 8 + size) + b"WAVE" + body + b"data" + struct.pack("<I", size)


def interleaved(left: bytes, right: bytes) -> bytes:
    """Two sides as one, in turn; the shorter one is silent to the end."""
    length = max(len(left), len(right))
    both = bytearray(2 * length)
    both[0::2] = left.ljust(length, SILENCE)
    both[1::2] = right.ljust(length, SILENCE)
    return bytes(both)


def pieces(left: BinaryIO, right: BinaryIO | None) -> Iterator[bytes]:
    """The sound of a wav file, from one raw file or from two."""
    if right is None:
        while piece := left.read(_PIECE):
            yield piece
        return
    for one, other in zip_longest(iter(lambda: left.read(_PIECE), b""), iter(lambda: right.read(_PIECE), b"")):
        yield interleaved(one or b"", other or b"")


@cache
def _sums() -> bytes:
    """What both sides sound like together, by (right << 8 | left)."""
    return encode_ulaw([max(-1.0, min(1.0, left + right)) for right in DECODED for left in DECODED])


def mixed(both: bytes) -> bytes:
    """Two sides in turn → one sound with both."""
    pairs = array("H")
    pairs.frombytes(both)
    if struct.pack("=H", 1) != struct.pack("<H", 1):
        pairs.byteswap()
    return bytes(map(_sums().__getitem__, pairs))


def peaks_of(raw: BinaryIO, size: int) -> bytes:
    """The loudest moment of each of `PEAKS` parts of a raw file."""
    found, done = bytearray(), 0
    for part in range(1, PEAKS + 1):
        until = size * part // PEAKS
        piece = raw.read(until - done).translate(_LOUDNESS)
        found.append(max(piece, default=0))
        done = until
    return bytes(found)
