"""Sound of our own making that has the rhythm of speech, so that audio paths carry something to listen for."""

from __future__ import annotations

import math
import random
from pathlib import Path

RATE_HERTZ = 8000
_BIAS = 0x84
_CLIP = 32635


def mu_law(sample: int) -> int:
    """One 16-bit sample as a byte of G.711 µ-law."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | (exponent << 4) | mantissa) & 0xFF


def speech_like(pitch_hertz: float, seconds: float, seed: int) -> bytes:
    """Voiced syllables with pauses between, µ-law at 8 kHz. Equal arguments give equal bytes."""
    draw = random.Random(seed)  # noqa: S311 - noise, not a secret
    total = int(seconds * RATE_HERTZ)
    sound = bytearray()
    while len(sound) < total:
        if draw.random() < 0.2:
            sound += bytes([mu_law(0)]) * int(draw.uniform(0.15, 0.45) * RATE_HERTZ)
        sound += _syllable(pitch_hertz * draw.uniform(0.9, 1.15), draw.uniform(0.12, 0.25), draw)
    return bytes(sound[:total])


def _syllable(pitch_hertz: float, seconds: float, draw: random.Random) -> bytes:
    # Harmonics of the vocal cords, the ones near two formants louder: a vowel.
    formants = (draw.uniform(350, 750), draw.uniform(1000, 2200))
    harmonics = [
        (number, sum(math.exp(-(((number * pitch_hertz - formant) / 180) ** 2)) for formant in formants) + 0.05)
        for number in range(1, int(3000 / pitch_hertz))
    ]
    loudest = sum(weight for _, weight in harmonics)
    length = int(seconds * RATE_HERTZ)
    step = 2 * math.pi * pitch_hertz / RATE_HERTZ
    samples = []
    for index in range(length):
        envelope = math.sin(math.pi * index / length)
        value = sum(weight * math.sin(number * step * index) for number, weight in harmonics)
        samples.append(mu_law(int(14000 * envelope * value / loudest)))
    return bytes(samples)


def write_voice(path: Path, pitch_hertz: float, seed: int, seconds: float = 4.0) -> None:
    """Writes the sound unless it is there already."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(speech_like(pitch_hertz, seconds, seed))
