"""A woman's Thai voice out of espeak-ng's sounds: our own tones, lengths and pitch (pitch-synchronous overlap-add).

espeak-ng's Shan voice has the right sounds, but vowels of nearly one length and a man's flat melody; in Thai, length
and tone tell words apart. So each breath group is spoken on one note and then re-timed and re-pitched, period by
period: five tone contours of spoken Thai, short and long vowels, slower ends, unreleased endings, and formants
raised to a woman's. Run: ``python -m dialplan.prompts.thai_voice "sa1 wat1 dii0 kha2" out.wav``
"""

import argparse
import math
import sys
import wave
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from dialplan.prompts.errors import SynthesisError
from dialplan.prompts.espeak_library import Spoken, speak
from dialplan.prompts.thai_sounds import Syllable, parse

MIDDLE_HZ: Final = 208.0
FORMANT_RAISE: Final = 1.16  # a woman's vocal tract is about a seventh shorter
# Vowels whose Shan neighbour is too far forward or open: a lower raise brings both formants where Thai has them.
VOWEL_RAISE: Final = {"i.": 0.95, "@": 1.02, "@i": 1.05, "o": 1.08}
DECLINATION_SEMITONES: Final = 0.12  # each syllable of a breath group starts a little lower
PAUSE_SECONDS: Final = {"": 0.0, "/": 0.07, "|": 0.32}
FADE_SECONDS: Final = 0.045
ESPEAK_VOICE: Final = "shn"
ESPEAK_WORDS_PER_MINUTE: Final = 140
ESPEAK_PITCH: Final = 85
# Semitones from the middle at 0, 25, 50, 75 and 100 % of the rhyme; dead syllables are cut short by their ending.
TONES: Final = (
    (0.2, 0.0, -0.3, -0.6, -1.1),
    (-1.0, -2.4, -3.4, -4.1, -4.6),
    (3.0, 4.0, 3.2, 0.2, -3.4),
    (0.6, 0.9, 1.8, 3.2, 4.2),
    (-2.0, -3.7, -3.6, -0.6, 3.0),
)
DEAD_TONES: Final = {1: (-1.2, -1.8, -2.4, -2.8, -3.2), 3: (2.0, 2.4, 2.8, 3.2, 3.6), 2: (3.6, 3.6, 2.8, 1.4, -0.4)}
_CONTINUANTS: Final = frozenset("mnNlrwj")
_VOICED_STOPS: Final = frozenset("bd")
_UNASPIRATED_SECONDS: Final = {"p": 0.018, "t": 0.020, "k": 0.033}  # the burst alone: what follows is cut, not squeezed
_CONSONANT_SECONDS: Final = {
    "p_h": 0.08,
    "t_h": 0.08,
    "k_h": 0.09,
    "s": 0.105,
    "f": 0.095,
    "h": 0.065,
    "l": 0.065,
    "w": 0.07,
    "j": 0.07,
    "r": 0.055,
}
_AFFRICATE_SECONDS: Final = {"c": 0.060, "ch": 0.125}


@dataclass(frozen=True)
class Piece:
    """A stretch of source sound and how long it shall last; `hz` are pitch targets spread evenly over it."""

    first: int
    last: int
    seconds: float
    voiced: bool
    hz: tuple[float, ...] = ()
    silent: bool = False
    formants: float = FORMANT_RAISE


def say(phonemes: str) -> tuple[int, list[float]]:
    """Speak the catalogue's phonemes; returns the rate and samples in -1..1. Raises ValueError, SynthesisError."""
    rate, sound = 0, list[float]()
    for pause, group in parse(phonemes):
        sound += [0.0] * int(PAUSE_SECONDS[pause] * rate)
        text = " ".join(_on_one_note(syllable) for syllable in group)
        spoken = speak(text, voice=ESPEAK_VOICE, words_per_minute=ESPEAK_WORDS_PER_MINUTE, pitch=ESPEAK_PITCH)
        rate = spoken.rate
        sound += _faded(overlap_add(spoken, pieces(spoken, group)), rate)
    return rate, sound


def _faded(sound: list[float], rate: int) -> list[float]:
    """Without the empty end, and dying away instead of breaking off."""
    length = max((n for n, sample in enumerate(sound) if sample), default=0) + 1
    fade = min(length, int(FADE_SECONDS * rate))
    return [sample * min(1.0, (length - n) / fade) for n, sample in enumerate(sound[:length])]


def contour(syllable: Syllable) -> tuple[float, ...]:
    """Pitch of the rhyme in semitones from the middle."""
    if syllable.dead and syllable.tone in DEAD_TONES:
        return DEAD_TONES[syllable.tone]
    return TONES[syllable.tone]


def rhyme_seconds(syllable: Syllable, last: bool) -> tuple[float, float]:
    """Length of the vowel and of a nasal ending. The last syllable of a breath group is the longest."""
    ending = 0.0
    if syllable.ending in {"p", "t", "k"}:
        vowel = 0.185 if syllable.long else 0.095
        ending = 0.055
    elif syllable.ending in {"m", "n", "N"}:
        vowel, ending = (0.185, 0.075) if syllable.long else (0.095, 0.100)
    elif syllable.ending:
        vowel = 0.250 if syllable.long else 0.170
    else:
        vowel = 0.225 if syllable.long else 0.080
    if last:
        stretch = 1.35 if syllable.long or syllable.ending else 2.1
        return vowel * stretch, ending * (1.0 if syllable.ending in {"p", "t", "k"} else 1.3)
    return vowel, ending


def pieces(spoken: Spoken, group: Sequence[Syllable]) -> list[Piece]:
    """Match the phonemes that were spoken with the syllables asked for, and give each its length and pitch."""
    ends = [start for start, _ in spoken.phonemes[1:]] + [len(spoken.samples)]
    queue = [(start, end, name) for (start, name), end in zip(spoken.phonemes, ends, strict=True) if name[:1] != "_"]
    wanted = [p for s in group for p in (*s.onset_phonemes, *s.vowel_phonemes, *s.ending_phonemes)]
    if [name for _, _, name in queue] != wanted:
        raise SynthesisError("espeak-ng spoke other phonemes than it was given; version 1.51 is known to work")
    result: list[Piece] = []
    position = 0
    for index, syllable in enumerate(group):
        count = len(syllable.onset_phonemes) + len(syllable.vowel_phonemes) + len(syllable.ending_phonemes)
        drop = -DECLINATION_SEMITONES * index
        curve = tuple(_hertz(semitones + drop) for semitones in contour(syllable))
        spans = queue[position : position + count]
        result += _onset(syllable, spans, spoken.rate, curve)
        result += _rhyme(syllable, spans, index == len(group) - 1, curve)
        # espeak-ng counts the closure before the next consonant as part of the vowel: keep it, but as silence.
        closure = (spans[-1][1] - _sounding_end(spoken, *spans[-1][:2])) / spoken.rate
        if not syllable.ending_phonemes and closure > 0.01 and index < len(group) - 1:
            result.append(Piece(0, 0, min(closure, 0.05), False, silent=True))
        position += count
    return [_without_closure(spoken, piece) for piece in result]


def _without_closure(spoken: Spoken, piece: Piece) -> Piece:
    return replace(piece, last=_sounding_end(spoken, piece.first, piece.last)) if piece.voiced else piece


def _sounding_end(spoken: Spoken, first: int, last: int) -> int:
    """Where a voiced stretch falls silent: the last 8 ms with a twelfth of its loudness."""
    step = spoken.rate // 125
    starts = range(first, max(first + 1, last - step + 1), step)
    loud = [max((abs(x) for x in spoken.samples[start : start + step]), default=0.0) for start in starts]
    floor = max(loud) / 12
    heard = [start for start, peak in zip(starts, loud, strict=True) if peak > floor]
    return min(last, max(heard, default=last - step) + step)


def _onset(
    syllable: Syllable, spans: Sequence[tuple[int, int, str]], rate: int, curve: tuple[float, ...]
) -> list[Piece]:
    result = []
    for start, end, name in spans[: len(syllable.onset_phonemes)]:
        if burst := _UNASPIRATED_SECONDS.get(name):
            end = min(end, start + int(burst * rate))  # noqa: PLW2901
        natural = (end - start) / rate
        seconds = _AFFRICATE_SECONDS.get(syllable.onset) or _CONSONANT_SECONDS.get(name) or min(natural, 0.11)
        voiced = name in _CONTINUANTS or name in _VOICED_STOPS
        result.append(Piece(start, end, seconds, voiced, (curve[0],) if voiced else ()))
    return result


def _rhyme(
    syllable: Syllable, spans: Sequence[tuple[int, int, str]], last: bool, curve: tuple[float, ...]
) -> list[Piece]:
    vowel_seconds, ending_seconds = rhyme_seconds(syllable, last)
    skip = len(syllable.onset_phonemes)
    vowels = spans[skip : skip + len(syllable.vowel_phonemes)]
    stop = syllable.ending in {"p", "t", "k"}
    # The contour spans vowel and nasal; a stop is silent and only cuts it off.
    share = vowel_seconds / (vowel_seconds + (0.0 if stop else ending_seconds))
    result = []
    for index, (start, end, name) in enumerate(vowels):
        low, high = share * index / len(vowels), share * (index + 1) / len(vowels)
        formants = VOWEL_RAISE.get(name, FORMANT_RAISE)
        part = _part(curve, low, high)
        result.append(Piece(start, end, vowel_seconds / len(vowels), True, part, formants=formants))
    for start, end, _ in spans[skip + len(vowels) :]:
        if stop:
            result.append(Piece(start, end, ending_seconds, False, silent=True))
        else:
            result.append(Piece(start, end, ending_seconds, True, _part(curve, share, 1.0)))
    return result


def overlap_add(spoken: Spoken, plan: Sequence[Piece]) -> list[float]:
    """Pitch-synchronous overlap-add: grains of two periods, laid down at the new distances."""
    rate = spoken.rate
    out = [0.0] * (int(sum(piece.seconds for piece in plan) * rate) + rate // 10)
    marks = _pitch_marks(spoken.samples, _period(spoken))
    window = _hann(int(_period(spoken) / FORMANT_RAISE))
    noise_half = rate // 250
    noise_window = _hann(noise_half)
    at = rate / 50
    origin = at
    pitch, formants = MIDDLE_HZ, FORMANT_RAISE
    for piece in plan:
        end = origin + piece.seconds * rate
        while at < end:
            ratio = (at - origin) / (end - origin)
            source = piece.first + ratio * (piece.last - piece.first)
            if piece.voiced:
                target = _at(piece.hz, ratio)
                pitch += (target - pitch) * 0.35  # the voice glides, about three periods behind
                formants += (piece.formants - formants) * 0.35
                _lay(out, spoken.samples, round(at), _nearest(marks, source), window, formants)
                at += rate / pitch
            else:
                if not piece.silent:
                    _lay(out, spoken.samples, round(at), round(source), noise_window, 1.0)
                at += noise_half
        origin = end
    return out


def _lay(out: list[float], samples: list[float], at: int, centre: int, window: list[float], raise_by: float) -> None:
    half = len(window) // 2
    for k in range(-half, half + 1):
        position = centre + k * raise_by
        index = math.floor(position)
        if 0 <= index < len(samples) - 1 and 0 <= at + k < len(out):
            fraction = position - index
            sample = samples[index] + fraction * (samples[index + 1] - samples[index])
            out[at + k] += sample * window[k + half]


def _hann(half: int) -> list[float]:
    return [0.5 + 0.5 * math.cos(math.pi * k / half) for k in range(-half, half + 1)]


def _period(spoken: Spoken) -> float:
    """The one note's period in samples, from the autocorrelation of the loudest stretch."""
    samples, size = spoken.samples, spoken.rate // 12
    starts = range(0, max(1, len(samples) - 2 * size), size // 2)
    start = max(starts, key=lambda s: sum(x * x for x in samples[s : s + size]))
    stretch = samples[start : start + 2 * size]
    lags = range(spoken.rate // 250, spoken.rate // 90)
    return float(max(lags, key=lambda lag: sum(a * b for a, b in zip(stretch, stretch[lag:], strict=False))))


def _pitch_marks(samples: list[float], period: float) -> list[int]:
    """One mark a period, each on the loudest moment near where the last period says it should be."""
    marks = [_peak(samples, 0, int(period))]
    reach = int(period / 6)
    while (expected := marks[-1] + round(period)) < len(samples):
        marks.append(_peak(samples, expected - reach, expected + reach))
    return marks


def _peak(samples: list[float], first: int, last: int) -> int:
    first, last = max(0, first), min(len(samples), last)
    middle = (first + last) // 2
    best = max(range(first, last), key=lambda i: samples[i], default=middle)
    return best if samples[best] > 0.01 else middle


def _nearest(marks: list[int], position: float) -> int:
    return min(marks[max(0, _index(marks, position) - 1) :][:2], key=lambda mark: abs(mark - position))


def _index(marks: list[int], position: float) -> int:
    low, high = 0, len(marks) - 1
    while low < high:
        middle = (low + high) // 2
        if marks[middle] < position:
            low = middle + 1
        else:
            high = middle
    return low


def _part(curve: tuple[float, ...], low: float, high: float) -> tuple[float, ...]:
    return tuple(_at(curve, low + (high - low) * k / 4) for k in range(5))


def _at(curve: tuple[float, ...], ratio: float) -> float:
    place = min(max(ratio, 0.0), 1.0) * (len(curve) - 1)
    index = min(int(place), len(curve) - 2) if len(curve) > 1 else 0
    return curve[index] if len(curve) == 1 else curve[index] + (place - index) * (curve[index + 1] - curve[index])


def _hertz(semitones: float) -> float:
    return float(MIDDLE_HZ * 2 ** (semitones / 12))


def _on_one_note(syllable: Syllable) -> str:
    first, *others = syllable.vowel_phonemes
    return "".join((*syllable.onset_phonemes, first, "4", *others, *syllable.ending_phonemes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a wav file of phonemes."""
    parser = argparse.ArgumentParser(description="Speak Thai phonemes of the catalogue into a wav file.")
    parser.add_argument("phonemes")
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    try:
        rate, sound = say(options.phonemes)
    except (ValueError, SynthesisError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    loudest = max((abs(x) for x in sound), default=1.0) or 1.0
    with wave.open(str(options.out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array("h", (int(x / loudest * 29000) for x in sound)).tobytes())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
