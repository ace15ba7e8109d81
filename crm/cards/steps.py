"""The steps of a card as they are written down, one transaction around them: `crm.cards.service` opens it."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select

from crm.cards import ledger
from crm.cards.drafts import Actor, AttemptDraft, Faults
from crm.cards.house import CardHouse
from crm.cards.ledger import Hand, Work, new_link_key, step
from crm.cards.letters import LetterKind
from crm.cards.models import card_attempts
from crm.cards.records import Card
from crm.cards.states import NEEDS_REASON, Action, CardState, Handover, after

_NAME: Final = {
    Action.REPORT: "reported",
    Action.FOLLOW_UP: "followed_up",
    Action.CLOSE: "closed",
    Action.OBJECT: "objected",
    Action.HAND_OVER: "handed_over",
    Action.WITHDRAW: "withdrawn",
    Action.CLOSE_EARLY: "closed_early",
    Action.REOPEN: "reopened",
}


def attempt(work: Work, house: CardHouse, card: Card, actor: Actor, draft: AttemptDraft) -> Card:
    """The office's attempt to answer the caller. Raises Faults, Refused."""
    state = after(card.standing, Action.ATTEMPT, actor.part, draft.result)
    draft = draft.checked(actor.name, work.at)
    ordinal = _add_attempt(work, card, actor, draft)
    card = due_again(work, house, ledger.change(work, card, state=state), draft.next_due_at)
    name = actor.name if actor.visitor else draft.officer
    step(work, card, Hand(name, actor.visitor), "attempt", attempt=ordinal, result=draft.result.value)
    if draft.report:
        card = take(work, house, card, Actor(actor.part, name, actor.visitor), Action.REPORT)
    return card


def _add_attempt(work: Work, card: Card, actor: Actor, draft: AttemptDraft) -> int:
    last = select(func.max(card_attempts.c.ordinal)).where(card_attempts.c.card_id == card.id)
    ordinal = int(work.connection.scalar(last) or 0) + 1
    work.connection.execute(
        insert(card_attempts).values(
            card_id=card.id,
            ordinal=ordinal,
            made_at=work.at,
            officer=draft.officer,
            staff_id=actor.visitor.staff_id if actor.visitor else None,
            details=draft.details,
            answer=draft.answer,
            result=draft.result,
            next_due_at=draft.next_due_at,
        )
    )
    return ordinal


def take(work: Work, house: CardHouse, card: Card, actor: Actor, action: Action, text: str = "") -> Card:
    """Any other step; ``text``: the report, the outcome, the reason. Raises Faults, Refused."""
    state = after(card.standing, action, actor.part)
    if action in NEEDS_REASON and not text:
        raise Faults(text="missing")
    if action is Action.HAND_OVER:
        if missing := [name for name in ("why", "question") if not getattr(card, name)]:
            raise Faults(**dict.fromkeys(missing, "missing"))
        return to_office(work, house, card, actor.hand)
    card = ledger.change(work, card, **_values(work, card, action, state, text))
    card = due_again(work, house, card)
    step(work, card, actor.hand, _NAME[action], **({"text": text} if text else {}))
    if action in {Action.OBJECT, Action.REOPEN}:
        card = house.write_office(work, card, LetterKind.AGAIN)
    return card


def _values(work: Work, card: Card, action: Action, state: CardState, text: str) -> dict[str, Any]:
    if action is Action.FOLLOW_UP:
        outcome = text or card.outcome
        if not outcome:
            raise Faults(outcome="missing")
        return {"state": state, "outcome": outcome, "followed_up_at": work.at}
    if state is CardState.CLOSED:
        return {"state": state, "closed_at": work.at, "closed_because": text or None}
    if action is Action.REOPEN:
        fresh = {"link_key": new_link_key()}  # old letters open nothing any more
        return {"state": state, "closed_at": None, "closed_because": None, "followed_up_at": None, **fresh}
    return {"state": state}


def to_office(work: Work, house: CardHouse, card: Card, hand: Hand) -> Card:
    """The card goes to the office without the call: the office is to call back."""
    card = ledger.change(work, card, handover=Handover.WITHOUT_CALL, reason=None, handed_over_at=work.at)
    card = due_again(work, house, card)
    step(work, card, hand, "handed_over")
    return tell_when_complete(work, house, card)


def due_again(work: Work, house: CardHouse, card: Card, chosen: datetime | None = None) -> Card:
    """After a step there is another one to wait for."""
    return ledger.change(work, card, due_at=chosen or house.next_due(card, work.at))


def tell_when_complete(work: Work, house: CardHouse, card: Card) -> Card:
    """The first letter to the office, as soon as the card says why and what about and does not ring there any more."""
    has_it = card.handed_over_at is not None and card.handover is not Handover.RINGING
    if card.office_told_at is None and has_it and not card.is_incomplete:
        return house.write_office(work, card, LetterKind.NEW)
    return card
