"""The life of a card. Pure: which step may be taken by whom, and where it leads; everything else is refused (K4).

open → answered → (not satisfied → next attempt)… → satisfied → reported back → followed up → closed
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class CardState(StrEnum):
    """Where a card stands."""

    OPEN = "open"  # nobody has answered the caller yet
    ANSWERED = "answered"  # the office has; whether the caller is satisfied is not known
    NOT_SATISFIED = "not_satisfied"  # the office tries again
    SATISFIED = "satisfied"
    REPORTED = "reported"  # the office has reported back to the agent
    FOLLOWED_UP = "followed_up"  # the agent has recorded the outcome
    CLOSED = "closed"


class Handover(StrEnum):
    """What became of the call itself."""

    PLANNED = "planned"  # the card is written, the call not transferred yet
    RINGING = "ringing"
    CONNECTED = "connected"
    FAILED = "failed"  # nobody picked up: it is the agent's again
    CALLER_GONE = "caller_gone"  # hung up before anybody there picked up
    WITHOUT_CALL = "without_call"  # the office is to call back


class Result(StrEnum):
    """How an attempt of the office ended."""

    ANSWERED = "answered"
    SATISFIED = "satisfied"
    NOT_SATISFIED = "not_satisfied"
    NOT_REACHED = "not_reached"


class Action(StrEnum):
    """What can be done with a card."""

    ATTEMPT = "attempt"  # speak to the caller, or try to
    REPORT = "report"  # back to the agent
    FOLLOW_UP = "follow_up"  # the agent records the outcome
    CLOSE = "close"
    OBJECT = "object"  # the caller is not satisfied after all
    HAND_OVER = "hand_over"  # to the office, without the call
    WITHDRAW = "withdraw"  # nothing was transferred, nothing is to be followed up
    CLOSE_EARLY = "close_early"  # a supervisor, with a reason
    REOPEN = "reopen"


class Part(StrEnum):
    """As what somebody acts."""

    OFFICE = "office"  # an officer of the department, or whoever has its letter
    AGENT = "agent"
    SUPERVISOR = "supervisor"


class Refusal(StrEnum):
    """Why something cannot be done."""

    STATE = "state"  # not in this state of the card
    PART = "part"  # not by this person
    HANDED_OVER = "handed_over"  # it is the office's already
    NOT_HANDED_OVER = "not_handed_over"  # it is not the office's yet
    ATTEMPTED = "attempted"  # the office has worked on it: it cannot be withdrawn


class Refused(Exception):
    """This cannot be done with the card as it stands."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


_ATTEMPTED: Final = {
    Result.ANSWERED: CardState.ANSWERED,
    Result.SATISFIED: CardState.SATISFIED,
    Result.NOT_SATISFIED: CardState.NOT_SATISFIED,
}
_WITH_AGENT: Final = frozenset({Handover.PLANNED, Handover.FAILED})
_ALL: Final = frozenset(CardState)
_WORKED_ON: Final = frozenset({CardState.OPEN, CardState.ANSWERED, CardState.NOT_SATISFIED})
_DESK: Final = frozenset({Part.AGENT, Part.SUPERVISOR})

# Action → states it is possible in, where it leads (None: it depends), who may.
_TABLE: Final[Mapping[Action, tuple[frozenset[CardState], CardState | None, frozenset[Part]]]] = {
    # an agent may write down for an office what it says on the telephone
    Action.ATTEMPT: (_WORKED_ON, None, frozenset(Part)),
    Action.REPORT: (frozenset({CardState.SATISFIED}), CardState.REPORTED, frozenset(Part)),
    Action.FOLLOW_UP: (frozenset({CardState.REPORTED}), CardState.FOLLOWED_UP, _DESK),
    Action.CLOSE: (frozenset({CardState.FOLLOWED_UP}), CardState.CLOSED, _DESK),
    Action.OBJECT: (
        frozenset({CardState.SATISFIED, CardState.REPORTED, CardState.FOLLOWED_UP}),
        CardState.NOT_SATISFIED,
        _DESK,
    ),
    Action.HAND_OVER: (frozenset({CardState.OPEN}), CardState.OPEN, _DESK),
    Action.WITHDRAW: (frozenset({CardState.OPEN}), CardState.CLOSED, _DESK),
    Action.CLOSE_EARLY: (_ALL - {CardState.CLOSED}, CardState.CLOSED, frozenset({Part.SUPERVISOR})),
    Action.REOPEN: (frozenset({CardState.CLOSED}), CardState.OPEN, frozenset({Part.SUPERVISOR})),
}
NEEDS_REASON: Final = frozenset({Action.OBJECT, Action.WITHDRAW, Action.CLOSE_EARLY, Action.REOPEN})


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a card decides. ``attempts``: how many the office has made."""

    state: CardState
    handover: Handover
    attempts: int = 0


def after(card: Standing, action: Action, part: Part, result: Result | None = None) -> CardState:
    """The state that a step leads to. ``result``: of an attempt. Raises Refused."""
    states, leads_to, parts = _TABLE[action]
    if part not in parts:
        raise Refused(Refusal.PART)
    if card.state not in states:
        raise Refused(Refusal.STATE)
    with_agent = card.handover in _WITH_AGENT
    if action is Action.ATTEMPT and with_agent:
        raise Refused(Refusal.NOT_HANDED_OVER)
    if action in {Action.HAND_OVER, Action.WITHDRAW} and not with_agent:
        raise Refused(Refusal.HANDED_OVER)
    if action is Action.WITHDRAW and card.attempts:
        raise Refused(Refusal.ATTEMPTED)
    if leads_to is not None:
        return leads_to
    if result is None:
        raise ValueError("an attempt has a result")
    return _ATTEMPTED.get(result, card.state)


def possible(card: Standing, part: Part) -> frozenset[Action]:
    """What this person may do now."""
    return frozenset(action for action in Action if _is_possible(card, action, part))


def _is_possible(card: Standing, action: Action, part: Part) -> bool:
    try:
        after(card, action, part, Result.ANSWERED)
    except Refused:
        return False
    return True


def turn(card: Standing) -> Part | None:
    """Who has to do the next step; None when nobody has."""
    if card.state is CardState.CLOSED:
        return None
    if card.state in {CardState.REPORTED, CardState.FOLLOWED_UP} or card.handover in _WITH_AGENT:
        return Part.AGENT
    return Part.OFFICE


def is_with_office(handover: Handover) -> bool:
    """Whether the office may see the card: it has got the call, or is to call back."""
    return handover not in _WITH_AGENT
