"""What the page of a card shows: the story in words, and which form is the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from crm.cards.records import Attempt, Card, HandoverLine, Step, attempts_of, handovers_of, steps_of
from crm.cards.states import Action, CardState, Handover, Part, is_with_office, possible
from crm.outbox.service import Letter, letters_about

LEVELS: Final = {
    CardState.OPEN: "info",
    CardState.ANSWERED: "info",
    CardState.NOT_SATISFIED: "near",
    CardState.SATISFIED: "good",
    CardState.REPORTED: "good",
    CardState.FOLLOWED_UP: "good",
    CardState.CLOSED: "",
}
HANDOVER_LEVELS: Final = {Handover.FAILED: "bad", Handover.CALLER_GONE: "near"}
LETTER_LEVELS: Final = {"sent": "good", "refused": "bad", "uncertain": "near"}
PATH: Final = ("handed_over", "answered", "satisfied", "reported", "followed_up", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """One card for one visitor. ``first``: the form that is the next step; ``more``: those that are possible too."""

    card: Card
    part: Part
    can: frozenset[Action]
    first: tuple[str, ...]
    more: tuple[str, ...]
    attempts: Sequence[Attempt]
    steps: Sequence[Step]
    handovers: Sequence[HandoverLine]
    letters: Sequence[Letter]
    overdue: bool
    progress: int  # milestones of PATH that lie behind

    @property
    def level(self) -> str:
        """Colour of the state."""
        return LEVELS[self.card.state]


def view_of(connection: Connection, card: Card, part: Part, now: datetime, *, addressed: bool = False) -> CardView:
    """Reads everything that belongs to a card. ``addressed``: it was sent to this very person."""
    can = possible(card.standing, part)
    first, more = forms_of(card, part, addressed=addressed)
    attempts = attempts_of(connection, card.id)
    return CardView(
        card=card,
        part=part,
        can=can,
        first=first,
        more=more,
        attempts=attempts,
        steps=[step for step in steps_of(connection, card.id) if step.what != "letter" or part is not Part.OFFICE],
        handovers=handovers_of(connection, card_id=card.id),
        letters=letters_about(connection, f"card/{card.id}") if part is not Part.OFFICE else [],
        overdue=card.is_overdue(now),
        progress=_progress(card),
    )


def forms_of(card: Card, part: Part, *, addressed: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the forms that are the next step, and of those that are possible besides."""
    can = possible(card.standing, part)
    offices = [name for action, name in _OFFICE if action in can]
    if part is Part.OFFICE:
        return tuple(offices), ()
    first: list[str] = ["complete"] if card.is_incomplete else []
    first += offices if addressed else []
    first += [name for action, name in _AGENT_FIRST if action in can]
    more = [name for action, name in _AGENT_MORE if action in can and name not in first]
    if not card.is_incomplete and card.state is not CardState.CLOSED:
        more.insert(0, "edit")
    return tuple(first), tuple(more)


_OFFICE: Final = ((Action.ATTEMPT, "attempt"), (Action.REPORT, "report"))
_AGENT_FIRST: Final = (
    (Action.HAND_OVER, "hand_over"),
    (Action.FOLLOW_UP, "follow"),
    (Action.CLOSE, "close"),
)
_AGENT_MORE: Final = (
    (Action.ATTEMPT, "attempt"),
    (Action.REPORT, "report"),
    (Action.OBJECT, "object"),
    (Action.WITHDRAW, "withdraw"),
    (Action.CLOSE_EARLY, "close_early"),
    (Action.REOPEN, "reopen"),
)


_REACHED: Final = {
    CardState.ANSWERED: 2,
    CardState.NOT_SATISFIED: 2,
    CardState.SATISFIED: 3,
    CardState.REPORTED: 4,
    CardState.FOLLOWED_UP: 5,
    CardState.CLOSED: 6,
}


def _progress(card: Card) -> int:
    """How many of the milestones of `PATH` lie behind."""
    return _REACHED.get(card.state, 1 if is_with_office(card.handover) else 0)


def details_of(step: Step, words: dict[str, str]) -> str:
    """What the story adds to a step, in words."""
    details: dict[str, Any] = dict(step.details)
    if step.what == "attempt":
        return words[f"result_{details['result']}"]
    if step.what == "transfer_failed" and details.get("reason"):
        return words[f"reason_{details['reason']}"]
    if step.what == "transferred":
        return " · ".join(filter(None, [words.get(f"mode_{details.get('kind')}"), details.get("to")]))
    if step.what == "letter":
        return words[f"letter_{details['kind']}"]
    return str(details.get("text", ""))
