"""What is true now, as the exporter's gauges show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Taken at each scrape. A queue that is not named has nobody waiting; None is not known and is left out.

    ``longest_wait_seconds``: by queue, of those waiting now. ``agents``: (queue, state) → how many agents;
    ``staff``: state → how many, each once however many queues they answer. ``messages_waiting``: by queue, those left
    without one under "". ``trunks``: those whose state is known, and whether the provider answers.
    ``qa_scores``: by queue ("": none), final reviews of talks of the last 30 days and the sum of their scores (L1).
    ``journal_gaps``: stretches since the start that neither AMI nor the journal could fill.
    ``cards_open``: transfer cards that are not closed (K4), ``cards_overdue``: those whose next step is late.
    ``recorder_backlog``: events heard and not yet written. ``agi_*``: calls of the call flows since the start.
    """

    waiting: Mapping[str, int] = field(default_factory=dict)
    longest_wait_seconds: Mapping[str, float] = field(default_factory=dict)
    agents: Mapping[tuple[str, str], int] = field(default_factory=dict)
    staff: Mapping[str, int] = field(default_factory=dict)
    callbacks_waiting: Mapping[str, int] = field(default_factory=dict)
    messages_waiting: Mapping[str, int] = field(default_factory=dict)
    trunks: Mapping[str, bool] = field(default_factory=dict)
    qa_scores: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    cards_open: int | None = None
    cards_overdue: int | None = None
    ami_connected: bool | None = None
    database_healthy: bool | None = None
    recorder_backlog: int | None = None
    journal_gaps: int | None = None
    ami_reconnects: int | None = None
    ami_dropped: int | None = None
    agi_served: int | None = None
    agi_refused: int | None = None
    agi_failed: int | None = None
