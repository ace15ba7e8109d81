"""What every fact carries."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Precision(StrEnum):
    """How exact ``occurred_at`` is. ``queue_log`` has whole seconds for what app_queue itself writes."""

    MICROSECOND = "microsecond"
    SECOND = "second"
    ESTIMATED = "estimated"  # nobody saw it: the end of a call that died with Asterisk


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all facts."""

    event_id: str
    occurred_at: datetime
    call_id: str | None = None
    precision: Precision = Precision.MICROSECOND
