"""Places and weights of passages as bytes. Pure."""

import sys
from array import array
from collections.abc import Iterable, Mapping
from typing import Final

BLOCK: Final = 16_384  # passages of a block; places are below it
SATURATION: Final = 1.2  # k1 of BM25
LENGTH_PART: Final = 0.6  # b of BM25
MEAN_LENGTH: Final = 320.0  # pieces of a passage; fixed, so that a weight holds whatever else is written
SCALE: Final = 100  # a weight of 1.0 in a byte


def weight(often: float, length: int) -> int:
    """What a piece counts that stands ``often`` times in a passage of ``length`` pieces, in a byte."""
    shortened = SATURATION * (1 - LENGTH_PART + LENGTH_PART * length / MEAN_LENGTH)
    return max(1, min(255, round(SCALE * often * (SATURATION + 1) / (often + shortened))))


def unpack(packed: bytes) -> "tuple[array[int], bytes]":
    """Places, weights."""
    count = len(packed) // 3
    places = array("H")
    places.frombytes(packed[: 2 * count])
    if sys.byteorder == "big":
        places.byteswap()
    return places, packed[2 * count :]


def pack(weights: Mapping[int, int]) -> bytes:
    """Place → weight, as bytes."""
    places = array("H", sorted(weights))
    marks = bytes(weights[place] for place in places)
    if sys.byteorder == "big":
        places.byteswap()
    return places.tobytes() + marks


def changed(packed: bytes | None, without: Iterable[int], more: Mapping[int, int]) -> bytes:
    """Packed bytes without these places and with those."""
    weights: dict[int, int] = {}
    if packed:
        places, marks = unpack(packed)
        weights = dict(zip(places, marks, strict=True))
        for place in without:
            weights.pop(place, None)
    weights.update(more)
    return pack(weights)
