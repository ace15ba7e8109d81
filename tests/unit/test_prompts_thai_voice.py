"""Thai syllables: every sound of the catalogue is known, and length and tone come out as they should."""

import math
from itertools import pairwise

import pytest

from dialplan.prompts import thai_sounds, thai_voice
from dialplan.prompts.catalogue import load
from dialplan.prompts.errors import SynthesisError
from dialplan.prompts.espeak_library import Spoken

RATE = 22_050
NOTE = 140.0


def syllable(text: str) -> thai_sounds.Syllable:
    ((_, (one,)),) = thai_sounds.parse(text)
    return one


def pulses(seconds: float) -> list[float]:
    """A voice on one note: a decaying ring each period."""
    period = RATE / NOTE
    return [
        math.exp(-age / 60) * math.cos(age / 8)
        for age in (n - math.floor(n / period) * period for n in range(int(RATE * seconds)))
    ]


def pitch_at(samples: list[float], seconds: float) -> float:
    start = int(seconds * RATE)
    part = samples[start : start + RATE // 25]
    lags = range(RATE // 320, RATE // 110)
    best = max(lags, key=lambda lag: sum(a * b for a, b in zip(part, part[lag:], strict=False)) / (len(part) - lag))
    return RATE / best


def spoken_for(text: str) -> tuple[Spoken, tuple[thai_sounds.Syllable, ...]]:
    """What the library would return for one group: every phoneme 0.2 s of the same voice."""
    ((_, group),) = thai_sounds.parse(text)
    names = [p for s in group for p in (*s.onset_phonemes, *s.vowel_phonemes, *s.ending_phonemes)]
    each = RATE // 5
    events = [(index * each, name) for index, name in enumerate(names)]
    return Spoken(RATE, pulses(len(names) / 5), [*events, (len(names) * each, "_")]), group


def test_every_phoneme_of_the_catalogue_is_known() -> None:
    for prompt in load("th").prompts.values():
        if prompt.phonemes:
            groups = list(thai_sounds.parse(prompt.phonemes))
            assert groups
            assert groups[0][0] == ""


def test_phonemes_have_as_many_breath_groups_as_the_text_has_parts() -> None:
    for prompt in load("th").prompts.values():
        if prompt.phonemes:
            groups = prompt.phonemes.replace("/", "|").split("|")
            assert len(groups) == len(prompt.text.split(" ")), prompt.id


@pytest.mark.parametrize(
    ("text", "long", "dead", "phonemes"),
    [
        ("khaaw2", True, False, ("k_h", "a:u")),
        ("kha2", False, True, ("k_h", "a")),
        ("maj2", False, False, ("m", "ai")),
        ("khraN3", False, False, ("k_h", "r", "a", "N")),
        ("rUUaN2", True, False, ("r", "i.", "a", "N")),
        ("?et1", False, True, ("e", "t")),
        ("nuuaj1", True, False, ("n", "u", "ai")),
    ],
)
def test_syllables(text: str, long: bool, dead: bool, phonemes: tuple[str, ...]) -> None:
    s = syllable(text)
    assert (s.long, s.dead) == (long, dead)
    assert (*s.onset_phonemes, *s.vowel_phonemes, *s.ending_phonemes) == phonemes


@pytest.mark.parametrize("text", ["kha", "kha5", "qa1", "khaaq2", "a1"])
def test_what_is_no_syllable_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        list(thai_sounds.parse(f"maa0 {text}"))


def test_plain_espeak_text() -> None:
    assert thai_sounds.to_espeak("sa1 wat1 | kha2 / dii0") == "[[sa2 wa2t _:: k_ha5 _:: di3]]"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [("paa0", 0.0, -1.0), ("paa1", -2.0, -4.4), ("paa2", 3.4, -2.2), ("paa3", 0.8, 3.8), ("paa4", -2.6, 2.0)],
)
def test_the_five_tones_are_heard_as_pitch(text: str, start: float, end: float) -> None:
    spoken, group = spoken_for(text)
    plan = thai_voice.pieces(spoken, group)
    sound = thai_voice.overlap_add(spoken, plan)
    vowel = 0.02 + plan[0].seconds  # silence at the beginning, and the onset
    length = thai_voice.rhyme_seconds(group[0], last=True)[0]
    measured = [12 * math.log2(pitch_at(sound, vowel + share * length) / thai_voice.MIDDLE_HZ) for share in (0.08, 0.8)]
    assert measured == [pytest.approx(start, abs=1.2), pytest.approx(end, abs=1.6)]


def test_long_vowels_are_about_twice_as_long_as_short_ones() -> None:
    for long, short in (("kaan0", "kan0"), ("kaat1", "kat1"), ("kaa1", "ka1")):
        ratio = thai_voice.rhyme_seconds(syllable(long), False)[0] / thai_voice.rhyme_seconds(syllable(short), False)[0]
        assert 1.8 <= ratio <= 3


def test_aspirated_onsets_are_longer_than_plain_ones() -> None:
    for plain, aspirated in (("paa0", "phaa0"), ("taa0", "thaa0"), ("kaa0", "khaa0"), ("caa0", "chaa0")):
        onsets = []
        for text in (plain, aspirated):
            spoken, group = spoken_for(text)
            onsets.append(thai_voice.pieces(spoken, group)[0].seconds)
        assert onsets[1] >= 2 * onsets[0]


def test_a_stop_at_the_end_is_not_released() -> None:
    spoken, group = spoken_for("kot1 sip1")
    silent = [piece for piece in thai_voice.pieces(spoken, group) if piece.silent]
    assert [piece.seconds for piece in silent] == [0.055, 0.055]


def test_pitch_falls_a_little_from_syllable_to_syllable() -> None:
    spoken, group = spoken_for("maa0 maa0 maa0")
    starts = [piece.hz[0] for piece in thai_voice.pieces(spoken, group) if len(piece.hz) > 1]
    assert all(a > b for a, b in pairwise(starts))


def test_a_library_that_speaks_otherwise_is_refused() -> None:
    spoken, _ = spoken_for("maa0")
    with pytest.raises(SynthesisError, match="other phonemes"):
        thai_voice.pieces(spoken, (syllable("khii0"),))
