"""Route `announce`: place in the queue and expected wait."""

import math
from dataclasses import dataclass

from dialplan.names import Variable
from ivr.ports import QueueView, Voice
from ivr.session import CallSession, playback


@dataclass(frozen=True)
class Announce:
    """Says the place and the expected wait to a caller whom the assistant has picked up (H1, "3. The call" no. 2).

    Runs on the leg that whispers, once a round (``?call=…&queue=…&round=0``). Sets `Variable.PROMPTS`, or nothing when
    neither is known: then the dialplan says what it says without us.
    """

    queues: QueueView
    voice: Voice
    again: tuple[str, ...] = ("still-waiting",)  # said first from the second round on
    longest_wait_seconds: float = 3600.0  # a longer one is a guess, and no comfort

    def __call__(self, session: CallSession) -> None:
        if session.queue is None:
            raise ValueError("the route needs ?queue=")
        position, wait_seconds = self.queues.place(session.call_id, session.queue)
        prompts: list[str] = []
        if position is not None and position >= 1:
            prompts += self.voice.position(session.language, position)
        if wait_seconds is not None and 0 <= wait_seconds <= self.longest_wait_seconds:
            prompts += self.voice.minutes(session.language, _minutes(wait_seconds))
        if not prompts:
            return
        if session.argument("round") not in (None, "0"):
            prompts = [*self.again, *prompts]
        session.set(Variable.PROMPTS, playback(prompts))


def _minutes(seconds: float) -> int:
    """Whole minutes, rounded up so that nobody waits longer than was said; 0 is "less than one minute"."""
    return 0 if seconds < 60 else math.ceil(seconds / 60)
