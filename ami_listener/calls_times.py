"""Whole seconds and microseconds side by side: which time is the same moment as which."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

T = TypeVar("T")
NEAR: Final = timedelta(seconds=1.5)


def is_exact(at: datetime) -> bool:
    """A time without microseconds is a cut one; one exact time in a million is taken for it."""
    return at.microsecond != 0


def is_near(cut: datetime, marks: Iterable[datetime]) -> bool:
    """One of the exact marks is what this whole second was cut from."""
    return any(cut <= mark <= cut + NEAR and is_exact(mark) for mark in marks)


def nearest(at: datetime, items: Sequence[T], when: Callable[[T], datetime]) -> T | None:
    """The item nearest in time, if one is within `NEAR`."""
    best = min(items, key=lambda item: abs(when(item) - at), default=None)
    return best if best is not None and abs(when(best) - at) <= NEAR else None
