"""How long a busy connection rests between two reads, so that events which come one by one are read together."""

from typing import Final

# Whoever comes first does not wait; who comes next waits no longer than this.
REST_SECONDS: Final = 0.004
# A desk shows who calls some events after the first: on a quiet line the longer rest would be seen there. From here on
# (14 events a call, 25 calls a second) waking up so often costs more than it brings. What is read after it has gathered
# already, and is handed on without a further wait.
BUSY_EVENTS_A_SECOND: Final = 350
BUSY_REST_SECONDS: Final = 0.015


class Pace:
    """Counts events second by second. Times are those of any steady clock, in seconds."""

    def __init__(self) -> None:
        self._second = 0
        self._events = 0
        self.busy = False

    def rest_after(self, events: int, now: float) -> float:
        """``events`` were read at ``now``; how long to rest, in seconds."""
        second = int(now)
        if second != self._second:
            self.busy = second == self._second + 1 and self._events >= BUSY_EVENTS_A_SECOND
            self._second, self._events = second, 0
        self._events += events
        return BUSY_REST_SECONDS if self.busy else REST_SECONDS
