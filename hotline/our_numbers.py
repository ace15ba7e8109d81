"""Telephone numbers in their one form, with the country and the extensions of this installation."""

from collections.abc import Callable
from typing import Final

from crm.people.numbers import Number, normalise
from hotline.settings import Settings

MOST_REMEMBERED: Final = 20_000


class OurNumbers:
    """Call it with a number as it came. Remembers what it found: a call asks for its caller many times, and each look
    through the numbering plans of the world costs a tenth of a millisecond. May be called from any thread."""

    def __init__(self, current: Callable[[], Settings]) -> None:
        self._current = current
        self._known: tuple[Settings, frozenset[str], dict[str | None, Number]] | None = None

    def __call__(self, raw: str | None) -> Number:
        """The one form of ``raw``; never raises."""
        settings, extensions, known = self._of_today()
        found = known.get(raw)
        if found is None:
            found = normalise(raw, country=settings.site.country, extensions=extensions)
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            known[raw] = found
        return found

    def _of_today(self) -> tuple[Settings, frozenset[str], dict[str | None, Number]]:
        settings = self._current()
        if self._known is None or self._known[0] is not settings:  # people come and go: their extensions too
            self._known = settings, frozenset(agent.extension for agent in settings.agents), {}
        return self._known
