"""Music on hold, composed and played by this script alone: soft chords and a marimba, for the telephone's band.

A loop: what still sounds at the end goes on at the beginning, so the seam is not heard.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dialplan.prompts.audio import RATE

BEATS_PER_MINUTE: Final = 66
BEATS_PER_BAR: Final = 4
LEVEL_RMS: Final = 0.1  # -20 dB of full scale: behind the voice that interrupts it
TOP_HERTZ: Final = 3300.0
# C, A minor, F, G and so on, two octaves above the bass a telephone would not carry.
CHORDS: Final = (
    ("C4", "E4", "G4", "B4"), ("A4", "C4", "E4", "G4"), ("F4", "A4", "C5", "E4"), ("G4", "B4", "D4", "E4"),
    ("E4", "G4", "B4", "D5"), ("A4", "C5", "E4", "G4"), ("D4", "F4", "A4", "C5"), ("G4", "B4", "D5", "F4"),
    ("C4", "E4", "G4", "D5"), ("F4", "A4", "C5", "G4"), ("E4", "G4", "B4", "D4"), ("A4", "C5", "E5", "B4"),
    ("D4", "F4", "A4", "E5"), ("G4", "C5", "D5", "F4"), ("C4", "E4", "G4", "B4"), ("F4", "A4", "C5", "D5"),
    ("D4", "F4", "A4", "C5"), ("G4", "B4", "D5", "A4"),
)  # fmt: skip
# One line a bar, eighth notes of the marimba; a dot is a rest.
MELODY: Final = (
    "E5 . G5 . C5 . . .", "A5 . G5 E5 . . C5 .", "A4 . C5 . F5 . E5 .", "D5 . . B4 . . . .",
    "G5 . E5 . B4 . D5 .", "C5 . E5 A5 . . G5 .", "F5 . E5 D5 . A4 . .", "B4 . D5 . G4 . . .",
    "C5 . E5 . G5 . D5 .", "C6 . A5 . G5 . F5 .", "E5 . . G5 . D5 . .", "C5 . B4 . E5 . . .",
    "D5 . F5 . A5 . E5 .", "G5 . F5 D5 . . C5 .", "E5 . . C5 . G4 . .", "A4 . C5 . D5 . F5 .",
    "E5 . D5 . A4 . C5 .", "D5 . . . . . G4 .",
)  # fmt: skip
_SEMITONES: Final = {"C": -9, "D": -7, "E": -5, "F": -4, "G": -2, "A": 0, "B": 2}


@dataclass(frozen=True)
class Partial:
    """One sine of an instrument: multiple of the note, loudness, and how fast it dies away."""

    multiple: float
    level: float
    decay_seconds: float


MARIMBA: Final = (
    Partial(1.0, 1.0, 0.55),
    Partial(2.0, 0.10, 0.35),
    Partial(3.93, 0.22, 0.12),
    Partial(9.2, 0.05, 0.04),
)
PAD: Final = (Partial(0.998, 0.5, 9.0), Partial(1.002, 0.5, 9.0), Partial(2.001, 0.16, 6.0), Partial(3.0, 0.05, 5.0))


def compose() -> list[float]:
    """The whole loop as samples in -1..1 at 8 kHz."""
    bar = round(BEATS_PER_BAR * 60 / BEATS_PER_MINUTE * RATE)
    loop = [0.0] * (bar * len(CHORDS))
    for index, chord in enumerate(CHORDS):
        for name in chord:
            _add(loop, index * bar, 0.16, _note(hertz(name), PAD, 1.25 * bar / RATE, attack=0.9, release=1.2))
    for index, line in enumerate(MELODY):
        notes = line.split()
        for step, name in enumerate(notes):
            if name != ".":
                accent = 0.62 if step % 4 == 0 else 0.48
                _add(
                    loop, index * bar + step * bar // len(notes), accent, _note(hertz(name), MARIMBA, 1.6, attack=0.004)
                )
    return _levelled(_echoed(loop))


def hertz(name: str) -> float:
    """``A4`` is 440."""
    return float(440.0 * 2 ** (_SEMITONES[name[0]] / 12 + int(name[1]) - 4))


def _note(
    frequency: float, partials: tuple[Partial, ...], seconds: float, *, attack: float, release: float = 0.3
) -> Iterator[float]:
    count = int(seconds * RATE)
    # One complex rotation a sample is a sine that dies away, cheaper than sin() and exp() each time.
    heard = [p for p in partials if p.multiple * frequency < TOP_HERTZ]
    phases = [complex(p.level, 0.0) for p in heard]
    turns = [_turn(p.multiple * frequency, p.decay_seconds) for p in heard]
    for n in range(count):
        envelope = min(1.0, n / (attack * RATE), (count - n) / (release * RATE))
        yield envelope * sum(phase.imag for phase in phases)
        phases = [phase * turn for phase, turn in zip(phases, turns, strict=True)]


def _turn(frequency: float, decay_seconds: float) -> complex:
    angle = 2 * math.pi * frequency / RATE
    return math.exp(-1 / (decay_seconds * RATE)) * complex(math.cos(angle), math.sin(angle))


def _add(loop: list[float], start: int, level: float, note: Iterator[float]) -> None:
    for n, sample in enumerate(note, start):
        loop[n % len(loop)] += level * sample


def _echoed(loop: list[float]) -> list[float]:
    """A little room: three echoes round the loop."""
    echoes = ((0.137, 0.22), (0.291, 0.15), (0.457, 0.09))
    delays = [(int(seconds * RATE), level) for seconds, level in echoes]
    return [sample + sum(level * loop[n - delay] for delay, level in delays) for n, sample in enumerate(loop)]


def _levelled(loop: list[float]) -> list[float]:
    rms = math.sqrt(sum(x * x for x in loop) / len(loop))
    return [x * LEVEL_RMS / rms for x in loop]
