"""What changes while somebody looks: small messages to whoever listens, by topic. Nothing is kept; who was away reads
the state anew. Topics: ``agent/<extension>``, ``person/<id>``, ``contact/<id>``, ``cards``, ``staff/<id>``, ``floor``.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final

MOST_WAITING: Final = 500  # messages for one listener; who is slower is told to read everything anew

Message = Mapping[str, Any]
LOST: Final[Message] = {"kind": "lost"}


class Listener:
    """One who listens. Iterate over it; `LOST` means that messages were dropped."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message] = asyncio.Queue()
        self._lost = False

    def put(self, message: Message) -> None:
        """Never waits."""
        if self._queue.qsize() >= MOST_WAITING:
            self._lost = True
            return
        self._queue.put_nowait(message)

    async def get(self) -> Message:
        """The next message."""
        if self._lost and self._queue.empty():
            self._lost = False
            return LOST
        return await self._queue.get()

    async def __aiter__(self) -> AsyncIterator[Message]:
        while True:
            yield await self.get()


class Hub:
    """Belongs to one event loop; `publish` may be called from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[str, set[Listener]] = defaultdict(set)

    def publish(self, topic: str, message: Message) -> None:
        """Tells everyone who listens to ``topic``, in the order of the calls of one thread."""
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here:
            self._tell(topic, message)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, topic, message)

    def listen(self, topics: Iterable[str]) -> Listener:
        """Begins to listen; give it to `leave` afterwards."""
        listener = Listener()
        for topic in topics:
            self._listeners[topic].add(listener)
        return listener

    def also(self, listener: Listener, topic: str) -> None:
        """One topic more."""
        self._listeners[topic].add(listener)

    def not_any_more(self, listener: Listener, topic: str) -> None:
        """One topic less."""
        self._listeners[topic].discard(listener)
        if not self._listeners[topic]:
            del self._listeners[topic]

    def leave_all(self, listener: Listener, beginnings: tuple[str, ...]) -> None:
        """Ends the listening to every topic that begins so."""
        for topic in [topic for topic, listeners in self._listeners.items() if listener in listeners]:
            if topic.startswith(beginnings):
                self.not_any_more(listener, topic)

    def leave(self, listener: Listener) -> None:
        """Ends the listening to everything."""
        for topic in [topic for topic, listeners in self._listeners.items() if listener in listeners]:
            self.not_any_more(listener, topic)

    def listening(self, topic: str) -> int:
        """How many listen to ``topic``."""
        return len(self._listeners.get(topic, ()))

    def anyone(self, prefix: str) -> bool:
        """Whether anybody listens to a topic that begins so."""
        return any(topic.startswith(prefix) for topic in self._listeners)

    def _tell(self, topic: str, message: Message) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            listener.put(message)
