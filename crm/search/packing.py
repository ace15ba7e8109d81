"""Places and weights of passages as bytes. Pure."""

import sys
from array import array
from collections.abc import Set
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


class Postings:
    """Places with their weights, in ascending order of the places."""

    __slots__ = ("marks", "places")

    def __init__(self) -> None:
        self.places = array("H")
        self.marks = bytearray()

    def add(self, place: int, mark: int) -> None:
        """One more; its place is above all others."""
        self.places.append(place)
        self.marks.append(mark)


_NONE: Final = Postings()


def changed(packed: bytes | None, without: Set[int] = frozenset(), more: Postings = _NONE) -> bytes:
    """Packed bytes without these places and with those, which are above all that are there: numbers only grow."""
    if not packed:
        return _bytes(more.places) + more.marks
    if not without:
        count = len(packed) // 3
        return packed[: 2 * count] + _bytes(more.places) + packed[2 * count :] + more.marks
    there, marks = unpack(packed)
    stay = [number for number, place in enumerate(there) if place not in without]
    places = array("H", (there[number] for number in stay)) + more.places
    return _bytes(places) + bytes(marks[number] for number in stay) + more.marks


def _bytes(places: "array[int]") -> bytes:
    if sys.byteorder == "big":
        places = places[:]
        places.byteswap()
    return places.tobytes()
