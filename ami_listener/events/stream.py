"""Facts of the listening itself: gaps, and their ends."""

from dataclasses import dataclass
from datetime import datetime

from ami_listener.events.base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInterrupted(Event):
    """We stopped hearing Asterisk. What happened meanwhile comes from the journal."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamResumed(Event):
    """We hear Asterisk again. ``live_calls``: callers' legs that exist now; ``asterisk_started_at`` tells a restart."""

    live_calls: frozenset[str]
    asterisk_started_at: datetime | None = None
