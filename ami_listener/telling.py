"""Who is told of which facts: a call makes dozens of them, and most concern few."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from ami_listener.events import Event

Listener = Callable[[Event], None]
HeardBy = TypeVar("HeardBy", bound=Callable[[Any, Event], None])

_KINDS: Final = "hears_kinds"


def hears(*kinds: type[Event]) -> Callable[[HeardBy], HeardBy]:
    """For a method that takes in facts: it is told of these kinds only. Without it, of all."""

    def marked(method: HeardBy) -> HeardBy:
        setattr(method, _KINDS, kinds)
        return method

    return marked


class Telling:
    """Tells facts to those who hear their kind, in the order in which they were added."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._of_kind: dict[type[Event], tuple[Listener, ...]] = {}

    def add(self, *listeners: Listener) -> None:
        """These are told from now on."""
        self._listeners += listeners
        self._of_kind.clear()

    def __call__(self, event: Event) -> None:
        """Tells one fact. Raises what a listener raises."""
        listeners = self._of_kind.get(type(event))
        if listeners is None:
            listeners = self._of_kind[type(event)] = self._who_hears(type(event))
        for listener in listeners:
            listener(event)

    def _who_hears(self, kind: type[Event]) -> tuple[Listener, ...]:
        return tuple(one for one in self._listeners if issubclass(kind, getattr(one, _KINDS, (Event,))))
