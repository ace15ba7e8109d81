"""Lets a simulated caller notice that a person, in a browser, has picked up: simulated telephones tell each other, a
person's does not. Such a caller talks for as long as the person likes, then rates as planned."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ami_listener.events import CallAnswered, CallEnded, Event, SurveyAsked
from ami_listener.records import CallRecord
from hotline.simulation.plan import line_name

log = logging.getLogger(__name__)
TALKS, LEFT = "person", "left"  # the caller's states, as the network's dialplan knows them
Tell = Callable[[str, str], Awaitable[None]]


class DemoPerson:
    """Give it every event. ``extension``: of the person; ``tell``: a caller's name and new state, to the network."""

    def __init__(self, extension: str, find_call: Callable[[str], CallRecord | None], tell: Tell) -> None:
        self._extension = extension
        self._find_call = find_call
        self._tell = tell
        self._talks: dict[str, str] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def happened(self, event: Event) -> None:
        """One fact."""
        if event.call_id is None:
            return
        if isinstance(event, CallAnswered) and event.agent == self._extension:
            record = self._find_call(event.call_id)
            self._talks[event.call_id] = line_name(record.caller_number if record else None)
            self._say(self._talks[event.call_id], TALKS)
        elif isinstance(event, SurveyAsked) and event.call_id in self._talks:
            self._say(self._talks[event.call_id], LEFT)
        elif isinstance(event, CallEnded):
            self._talks.pop(event.call_id, None)

    def _say(self, name: str, state: str) -> None:
        async def telling() -> None:
            try:
                await self._tell(name, state)
            except Exception:  # the demo goes on without
                log.exception("the telephone network was not told of a person's call")

        task = asyncio.create_task(telling(), name="demo person")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
