"""Sounds that are not speech: the tone before a message, and silences."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from dialplan.prompts.audio import RATE

BEEP_HERTZ: Final = 1000
BEEP_SECONDS: Final = 0.4
BEEP_LEVEL: Final = 0.35
_FADE_SECONDS: Final = 0.01


def beep() -> list[float]:
    """The tone after which a message is recorded; its edges are soft, so it does not click."""
    count = int(BEEP_SECONDS * RATE)
    fade = int(_FADE_SECONDS * RATE)
    return [
        BEEP_LEVEL * min(1.0, n / fade, (count - 1 - n) / fade) * math.sin(2 * math.pi * BEEP_HERTZ * n / RATE)
        for n in range(count)
    ]


def silence(seconds: float) -> list[float]:
    """Nothing, for so long."""
    return [0.0] * int(seconds * RATE)


SIGNALS: Final[Mapping[str, Callable[[], list[float]]]] = {
    "beep": beep,
    "silence-half": lambda: silence(0.5),
    "silence-short": lambda: silence(0.25),
}
