"""The edge to espeak-ng's library: sound and the moment each phoneme begins. Needed only where prompts are built."""

import ctypes
from array import array
from ctypes.util import find_library
from dataclasses import dataclass
from typing import Any, Final

from dialplan.prompts.errors import SynthesisError

_SYNCHRONOUS: Final = 2
_PHONEME_EVENTS: Final = 1
_PHONEME: Final = 7
_UTF8_AND_PHONEMES: Final = 0x101
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


@dataclass(frozen=True)
class Spoken:
    """Mono sound as floats in -1..1 and (first sample, phoneme) of each phoneme, pauses as ``_``."""

    rate: int
    samples: list[float]
    phonemes: list[tuple[int, str]]


def speak(phonemes: str, *, voice: str, words_per_minute: int, pitch: int) -> Spoken:
    """Speak espeak-ng phonemes on one note (pitch 0-99, no melody). Raises SynthesisError without espeak-ng."""
    library: Any = ctypes.CDLL(find_library("espeak-ng") or _absent())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
    sound = array("h")
    events: list[tuple[int, str]] = []

    def heard(wave: Any, count: int, event: Any) -> int:
        if wave and count:
            sound.extend(wave[:count])
        index = 0
        while event[index].type:
            if event[index].type == _PHONEME:
                events.append((event[index].sample, event[index].id.string.decode("utf-8", "replace")))
            index += 1
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))(
        heard
    )
    library.espeak_SetSynthCallback(callback)
    if rate <= 0 or library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise SynthesisError(f"espeak-ng has no voice {voice!r}; install espeak-ng 1.51 or newer with its data")
    for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, 0)):
        library.espeak_SetParameter(parameter, value, 0)
    text = f"[[{phonemes}]]".encode()
    if library.espeak_Synth(text, len(text) + 1, 0, 1, 0, _UTF8_AND_PHONEMES, None, None) != 0:
        raise SynthesisError("espeak-ng did not speak; try it by hand: espeak-ng -v shn '[[ka:3n]]'")
    library.espeak_Synchronize()
    return Spoken(rate, [sample / 32768 for sample in sound], events)


def _absent() -> str:
    raise SynthesisError("espeak-ng's library is not installed; as root: apt-get install espeak-ng sox flite")
