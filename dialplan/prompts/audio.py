"""Sound in pure Python: G.711 µ-law, wav reading, resampling to telephone rate, levels.

Callers speak PCMU, so prompts are raw µ-law at 8 kHz and are played without transcoding. Python's own audioop is gone
from 3.13 on. Samples are floats in -1..1.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from pathlib import Path
from typing import Final

from dialplan.prompts.errors import AudioError

RATE: Final = 8000
SHORTEST_SECONDS: Final = 0.15
QUIETEST_RMS: Final = 0.01
_BIAS: Final = 132
_CLIP: Final = 32635
_PCM, _EXTENSIBLE = 1, 0xFFFE
_CUTOFF: Final = 0.9  # of the lower Nyquist frequency: 3600 Hz for 8 kHz
_CROSSINGS: Final = 16


@dataclass(frozen=True)
class Levels:
    """How long and how loud; `rms` and `peak` as ratios of full scale."""

    seconds: float
    rms: float
    peak: float


def _decoded(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << ((code & 0x70) >> 4)) - _BIAS
    return -magnitude if code & 0x80 else magnitude


DECODED: Final = tuple(_decoded(code) / 32768 for code in range(256))


def encode_ulaw(samples: Sequence[float]) -> bytes:
    """Samples → µ-law (ITU-T G.711). What is beyond full scale is clipped."""
    return bytes(map(_encoded, samples))


def decode_ulaw(data: bytes) -> list[float]:
    """µ-law → samples."""
    return [DECODED[code] for code in data]


_LOW: Final = bytes(_decoded(code) & 0xFF for code in range(256))
_HIGH: Final = bytes(_decoded(code) >> 8 & 0xFF for code in range(256))


def linear(data: bytes) -> bytes:
    """µ-law → 16 bits a sample, low byte first: Asterisk's ``.sln``."""
    out = bytearray(2 * len(data))
    out[0::2], out[1::2] = data.translate(_LOW), data.translate(_HIGH)
    return bytes(out)


def measure(data: bytes) -> Levels:
    """Length and loudness of µ-law sound."""
    if not data:
        return Levels(0.0, 0.0, 0.0)
    samples = decode_ulaw(data)
    power = sum(map(mul, samples, samples)) / len(samples)
    return Levels(len(data) / RATE, math.sqrt(power), max(map(abs, samples)))


def check(data: bytes) -> Levels:
    """Levels of µ-law speech; raises AudioError when it is too short or too quiet to be a prompt."""
    levels = measure(data)
    if levels.seconds < SHORTEST_SECONDS:
        raise AudioError(f"only {levels.seconds:.2f} s long")
    if levels.rms < QUIETEST_RMS:
        raise AudioError(f"almost silent (RMS {levels.rms:.4f})")
    return levels


def load_recording(path: Path) -> bytes:
    """A studio recording as µ-law: raw ``.ulaw`` or any PCM ``.wav``. Raises AudioError saying what to do."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AudioError(f"cannot be read: {error.strerror}") from error
    if path.suffix == ".wav":
        rate, samples = parse_wav(data)
        data = encode_ulaw(resample(samples, rate))
    check(data)
    return data


def parse_wav(data: bytes) -> tuple[int, list[float]]:
    """Rate and samples of a PCM wav of 8, 16, 24 or 32 bits; channels are mixed."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise AudioError("not a wav file; save it as PCM wav, 16 bit, mono")
    chunks: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        chunks.setdefault(name, data[place + 8 : place + 8 + size])
        place += 8 + size + size % 2
    head = chunks.get(b"fmt ", b"")
    if len(head) < 16 or b"data" not in chunks:
        raise AudioError("an incomplete wav file; save it again as PCM wav, 16 bit, mono")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head)
    if tag == _EXTENSIBLE and len(head) >= 26:
        tag = struct.unpack_from("<H", head, 24)[0]
    if tag != _PCM or bits not in {8, 16, 24, 32} or not channels or not RATE <= rate <= 192_000:
        raise AudioError(
            f"not PCM of 8-192 kHz (format {tag}, {bits} bit, {rate} Hz); save it as PCM wav, 16 bit, mono"
        )
    return rate, _mixed(_unpacked(chunks[b"data"], bits // 8), channels)


def resample(samples: Sequence[float], rate: int, to: int = RATE) -> list[float]:
    """Change the rate, with a low-pass below the new Nyquist frequency (windowed sinc, polyphase)."""
    if rate == to:
        return list(samples)
    common = math.gcd(rate, to)
    up, down = to // common, rate // common
    cutoff = _CUTOFF * min(1.0, to / rate)  # of the source's Nyquist frequency
    half = math.ceil(_CROSSINGS / cutoff)
    phases = [_taps(phase / up, half, cutoff) for phase in range(up)]
    padded = [0.0] * half + list(samples) + [0.0] * (half + 1)
    result = []
    for n in range(len(samples) * up // down):
        whole, phase = divmod(n * down, up)
        result.append(sum(map(mul, phases[phase], padded[whole : whole + 2 * half + 1])))
    return result


def _taps(offset: float, half: int, cutoff: float) -> list[float]:
    taps = []
    for k in range(-half, half + 1):
        distance = k - offset
        x = math.pi * distance * cutoff
        window = 0.5 + 0.5 * math.cos(math.pi * min(1.0, abs(distance) / (half + 1)))
        taps.append((math.sin(x) / x if x else 1.0) * window)
    total = sum(taps)
    return [tap / total for tap in taps]


def _encoded(sample: float) -> int:
    value = max(-_CLIP, min(_CLIP, round(sample * 32768)))
    sign = 0x80 if value < 0 else 0
    value = abs(value) + _BIAS
    exponent = value.bit_length() - 8
    return ~(sign | exponent << 4 | value >> exponent + 3 & 0x0F) & 0xFF


def _unpacked(data: bytes, width: int) -> list[float]:
    count = len(data) // width
    if width == 1:  # the only unsigned width of wav
        return [(byte - 128) / 128 for byte in data]
    full = float(1 << (8 * width - 1))
    if width == 3:
        return [int.from_bytes(data[i : i + 3], "little", signed=True) / full for i in range(0, count * 3, 3)]
    letter = {2: "h", 4: "i"}[width]
    return [value / full for value in struct.unpack_from(f"<{count}{letter}", data)]


def _mixed(samples: list[float], channels: int) -> list[float]:
    if channels == 1:
        return samples
    columns = [samples[channel::channels] for channel in range(channels)]
    return [sum(values) / channels for values in zip(*columns, strict=False)]
