"""Who listens is told once a listening: a player asks for many parts of one file."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

ONE_LISTENING: Final = timedelta(minutes=10)


class Listening:
    """Belongs to one process."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._heard: dict[tuple[int, str, bool], datetime] = {}

    def is_new(self, staff_id: int, call_id: str, *, save: bool = False) -> bool:
        """Whether this person has not asked for this sound lately."""
        now = self._clock()
        self._heard = {key: at for key, at in self._heard.items() if now - at < ONE_LISTENING}
        return (staff_id, call_id, save) not in self._heard

    def noted(self, staff_id: int, call_id: str, *, save: bool = False) -> None:
        """It is in the audit now."""
        self._heard[(staff_id, call_id, save)] = self._clock()
