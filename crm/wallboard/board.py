"""What the board shows, as plain data; whoever wires it provides it anew each time it is asked."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ami_listener.events import AgentState
from metrics.kpi import ANSWERED_TARGET, QA_TARGET, SATISFACTION_TARGET
from metrics.tally import Limits, Tally

Scored = tuple[int, float]
"""How many talks were scored, and the sum of their scores (each 0–1)."""
NOTHING_SCORED: Final[Scored] = (0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNow:
    """One agent now. ``since`` None: not known since when."""

    agent: str
    name_th: str = ""
    name_en: str = ""
    state: AgentState = AgentState.OFFLINE
    since: datetime | None = None
    queues: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        """Name on a screen in this language; the extension when there is none."""
        wanted, other = (self.name_th, self.name_en) if language == "th" else (self.name_en, self.name_th)
        return wanted or other or self.agent


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNow:
    """One queue now and today. ``waiting_since``: arrival of the caller who has waited longest; ``quarters``: today by
    quarter hour of the arrival; ``qa``: the last 30 days' scores (L1, D20)."""

    queue: str
    label_th: str = ""
    label_en: str = ""
    waiting: int = 0
    waiting_since: datetime | None = None
    callbacks_waiting: int = 0
    messages_waiting: int = 0
    qa: Scored = NOTHING_SCORED
    today: Tally = field(default_factory=Tally)
    quarters: Mapping[datetime, Tally] = field(default_factory=dict)

    def label(self, language: str) -> str:
        """Name on a screen in this language."""
        wanted, other = (self.label_th, self.label_en) if language == "th" else (self.label_en, self.label_th)
        return wanted or other or self.queue


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardData:
    """Everything, true at ``at``.

    ``elsewhere``: today's calls that reached no queue, such as callers who hung up in the menu; they count on the board
    of all queues. ``heard``: we hear Asterisk; without it what is live here is old.
    """

    at: datetime
    queues: tuple[QueueNow, ...] = ()
    agents: tuple[AgentNow, ...] = ()
    elsewhere: Tally | None = None
    quarters_elsewhere: Mapping[datetime, Tally] = field(default_factory=dict)
    qa_elsewhere: Scored = NOTHING_SCORED
    heard: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSettings:
    """What of the board does not change while it runs."""

    title_th: str = "สายตรงการค้าระหว่างประเทศ 1169"
    title_en: str = "International Trade Hotline 1169"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Bangkok"))
    limits: Limits = field(default_factory=Limits)
    answered_target: float = ANSWERED_TARGET
    within_target: float = ANSWERED_TARGET
    satisfaction_target: float = SATISFACTION_TARGET
    qa_target: float = QA_TARGET
    default_language: str = "th"


Provider = Callable[[], BoardData | Awaitable[BoardData]]
