"""Thai syllables as the catalogue writes them, and the espeak-ng phonemes that sound like them.

A syllable is onset + vowel + ending + tone, as in ``khaaw2`` (ข้าว): aspirated onsets end in h, N is ง, ? is อ,
x is แ, O is อ (as in ขอ), U is อึ, @ is เออ; a doubled vowel is long; iia, UUa, uua are เอีย, เอือ, อัว.
Tones: 0 mid, 1 low, 2 falling, 3 high, 4 rising. The phonemes are those of espeak-ng's Shan voice, the nearest relative
of Thai it speaks: its own Thai voice is unusable (it drops vowels and knows no tones).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ONSETS: Final = {
    "p": "p", "ph": "p_h", "t": "t", "th": "t_h", "k": "k", "kh": "k_h", "c": "tS", "ch": "tS", "b": "b", "d": "d",
    "f": "f", "s": "s", "h": "h", "m": "m", "n": "n", "N": "N", "l": "l", "r": "r", "w": "w", "j": "j", "?": "",
}  # fmt: skip
VOWELS: Final = {"a": "a", "i": "i", "U": "i.", "u": "u", "e": "e", "x": "E", "o": "o", "O": "O", "@": "@"}
_LONG_A: Final = "a:"
GLIDES: Final = {
    "aj": "ai", "aaj": "a:i", "aw": "au", "aaw": "a:u", "uj": "ui", "ooj": "oi", "oj": "oi", "OOj": "Oi", "Oj": "Oi",
    "@@j": "@i", "iw": "iu", "ew": "eu", "eew": "eu", "xw": "Eu", "xxw": "Eu",
}  # fmt: skip
CENTRING: Final = {"iia": "i", "UUa": "i.", "uua": "u"}
_SYLLABLE: Final = re.compile(
    r"^(?P<onset>(?:kh|k|ph|p|th|t)[rlw]|ch|kh|ph|th|[pbtdkcfshmnNlrwj?])"
    r"(?P<vowel>iia|UUa|uua|aa|ii|UU|uu|ee|xx|oo|OO|@@|[aiUuexoO@])(?P<ending>[ptkmnNjw]?)(?P<tone>[0-4])$"
)


@dataclass(frozen=True)
class Syllable:
    """One Thai syllable; `tone` is 0 mid, 1 low, 2 falling, 3 high, 4 rising."""

    onset: str
    vowel: str
    ending: str
    tone: int

    @property
    def long(self) -> bool:
        """Long vowels are twice as long as short ones, and that tells words apart."""
        return len(self.vowel) > 1

    @property
    def dead(self) -> bool:
        """Ends in a stop, or short without an ending."""
        return self.ending in {"p", "t", "k"} or not (self.long or self.ending)

    @property
    def onset_phonemes(self) -> tuple[str, ...]:
        """espeak-ng phonemes of the onset."""
        if len(self.onset) > 1 and self.onset[-1] in "rlw":
            return (ONSETS[self.onset[:-1]], ONSETS[self.onset[-1]])
        return (ONSETS[self.onset],) if ONSETS[self.onset] else ()

    @property
    def vowel_phonemes(self) -> tuple[str, ...]:
        """espeak-ng phonemes of the vowel, with a gliding ending (-j, -w) in them."""
        if self.vowel in CENTRING:
            return (CENTRING[self.vowel], {"j": "ai", "w": "au"}.get(self.ending, "a"))
        if glide := GLIDES.get(self.vowel + self.ending):
            return (glide,)
        return (_LONG_A if self.vowel == "aa" else VOWELS[self.vowel[0]],)

    @property
    def ending_phonemes(self) -> tuple[str, ...]:
        """espeak-ng phonemes of an ending that is a consonant of its own."""
        return (self.ending,) if self.ending in {"p", "t", "k", "m", "n", "N"} else ()


def parse(phonemes: str) -> Iterator[tuple[str, tuple[Syllable, ...]]]:
    """Groups of syllables, each with the break before it: "", "/" or "|". Raises ValueError naming what is none."""
    pause = ""
    for part in re.split(r"([|/])", phonemes):
        if part in {"|", "/"}:
            pause = part
        elif part.split():
            yield pause, tuple(_syllable(word) for word in part.split())


def to_espeak(phonemes: str) -> str:
    """The text in double brackets for plain ``espeak-ng -v shn``, for those who use it without thai_voice.py."""
    # espeak-ng's Shan tones: 3 mid-falling, 2 low, 5 falling, 4 high, 1 rising.
    groups = (
        " ".join(
            "".join(s.onset_phonemes)
            + "".join(s.vowel_phonemes[:1])
            + "32541"[s.tone]
            + "".join((*s.vowel_phonemes[1:], *s.ending_phonemes))
            for s in group
        )
        for _, group in parse(phonemes)
    )
    return "[[" + " _:: ".join(groups) + "]]"


def _syllable(word: str) -> Syllable:
    match = _SYLLABLE.fullmatch(word)
    if not match:
        raise ValueError(f"{word!r} is not a Thai syllable (onset, vowel, ending, tone 0-4, as in khaaw2)")
    return Syllable(match["onset"], match["vowel"], match["ending"], int(match["tone"]))
