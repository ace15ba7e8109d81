"""A step's time against its standard. Pure."""

from enum import StrEnum

from crm.standards.models import Standard


class Verdict(StrEnum):
    """How a step went. ``quicker`` and ``within`` are both in time: a range such as 5–10 minutes says how long the step
    usually takes, and nobody is blamed for a quick answer."""

    WITHIN = "within"
    QUICKER = "quicker"
    OVER = "over"
    OPEN = "open"  # it goes on, still in time
    NOT_COUNTED = "not_counted"  # outside the agent's control, or no time is set
    UNMEASURED = "unmeasured"  # nobody said when it ended
    NONE = "none"  # it was not needed


IN_TIME = frozenset({Verdict.WITHIN, Verdict.QUICKER})


def judge(standard: Standard | None, seconds: float | None, *, ended: bool = True, measured: bool = True) -> Verdict:
    """The verdict on ``seconds`` spent in a step (None: never in it). Exactly the standard time is in time."""
    if seconds is None:
        return Verdict.NONE
    if standard is None or not standard.counted or standard.max_seconds is None:
        return Verdict.NOT_COUNTED
    if not measured:
        return Verdict.UNMEASURED
    if seconds > standard.max_seconds:
        return Verdict.OVER
    if not ended:
        return Verdict.OPEN
    return Verdict.QUICKER if seconds < (standard.min_seconds or 0) else Verdict.WITHIN
