"""What can be done with cards: made, filled in, answered, followed up, closed (K4). Each change is one transaction with
its line in the story, its line in the audit and its letters; listeners are told when it is kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from crm.cards import ledger, records, steps
from crm.cards.drafts import (
    Actor,
    AttemptDraft,
    CardDraft,
    Faults,
    changes,
    clean,
    name_of,
    shown_name,
    target_values,
)
from crm.cards.handovers import told_before
from crm.cards.house import CardHouse
from crm.cards.ledger import Hand, Work, step
from crm.cards.models import transfer_cards
from crm.cards.parts import part_of
from crm.cards.records import Card, UnknownCard, the_one_at
from crm.cards.states import Action, CardState, Handover, Part, Refusal, Refused
from crm.contacts.service import contact_of_call
from crm.database import reading
from crm.directory import service as directory
from crm.directory.targets import Target
from crm.live import Hub
from crm.staff.access import Visitor


class Cards:
    """All cards of one installation. Any thread may call it."""

    def __init__(self, engine: Engine, hub: Hub, house: CardHouse, clock: Callable[[], datetime]) -> None:
        self.engine, self.house, self.clock = engine, house, clock
        self._hub = hub

    # --- making and filling in

    def create(self, draft: CardDraft, who: Visitor) -> Card:
        """Writes a card, or fills in the one that this transfer has already. Raises Faults."""
        texts = {name: clean(name, getattr(draft, name)) for name in ("why", "question")}
        if draft.without_call and not all(texts.values()):
            raise Faults(**{name: "missing" for name, text in texts.items() if not text})
        hand = Hand(shown_name(who), who)
        with self.working() as work:
            known = self._known(work, draft, who.extension or "")
            if known is not None:
                card = self._fill_in(work, known, draft, texts, hand)
            else:
                card = ledger.add(work, self.house.zone, self._new_values(work, draft, who) | texts)
                step(work, card, hand, "created", to=card.to_key, to_kind=card.to_kind.value)
                directory.chosen(work.connection, who.extension or "", draft.target, work.at)
            return steps.to_office(work, self.house, card, hand) if draft.without_call else card

    @staticmethod
    def _known(work: Work, draft: CardDraft, extension: str) -> Card | None:
        if draft.call_id is None:
            return None
        return told_before(of_call(work, draft.call_id), extension, draft.target.dial, work.at)

    def _fill_in(self, work: Work, card: Card, draft: CardDraft, texts: dict[str, str], hand: Hand) -> Card:
        again = card.handover is Handover.FAILED
        values: dict[str, Any] = {name: text for name, text in texts.items() if text}
        values |= target_values(draft.target)
        if again:
            values |= {"handover": Handover.PLANNED, "mode": draft.mode}
        changed = ledger.change(work, card, **values)
        step(work, changed, hand, "planned_again" if again else "changed", changes=changes(card, changed))
        return steps.tell_when_complete(work, self.house, changed)

    def _new_values(self, work: Work, draft: CardDraft, who: Visitor) -> dict[str, Any]:
        contact_id, number = draft.contact_id, draft.caller_number
        if contact_id is None and draft.call_id is not None:
            contact = contact_of_call(work.connection, draft.call_id, who.extension or "")
            contact_id = contact.id if contact else None
        return {
            "handover": Handover.PLANNED,
            "mode": draft.mode,
            "by_event": False,
            "agent": who.extension or "",
            "agent_name_th": who.name_th or who.name_en,
            "agent_name_en": who.name_en or who.name_th,
            "staff_id": who.staff_id,
            "call_id": draft.call_id,
            "contact_id": contact_id,
            "person_id": draft.person_id or the_one_at(work.connection, number),
            "caller_name": name_of(draft.caller_name),
            "caller_number": number,
            "due_at": self.house.agent_due(work.at),
            **target_values(draft.target),
        }

    def change(
        self,
        card_id: int,
        who: Visitor,
        *,
        why: str | None = None,
        question: str | None = None,
        outcome: str | None = None,
        caller_name: str | None = None,
        target: Target | None = None,
    ) -> Card:
        """Filled in, by agents and supervisors; what is None stays. To whom it goes can be changed until the office has
        the card, or when nobody told. Raises UnknownCard, Faults, Refused."""
        given = {"why": why, "question": question, "outcome": outcome}
        values: dict[str, Any] = {name: clean(name, text) for name, text in given.items() if text is not None}
        if caller_name is not None:
            values["caller_name"] = name_of(caller_name)
        with self.working() as work:
            card, actor = self._of(work, card_id, actor_of(who))
            if actor.part is Part.OFFICE:
                raise Refused(Refusal.PART)
            if card.state is CardState.CLOSED:
                raise Refused(Refusal.STATE)
            if target is not None:
                if card.to_key and card.handover not in {Handover.PLANNED, Handover.FAILED}:
                    raise Refused(Refusal.HANDED_OVER)
                values |= target_values(target)
            changed = ledger.change(work, card, **values)
            if told := changes(card, changed):
                step(work, changed, actor.hand, "changed", changes=told)
            if target is not None and changed.handed_over_at is not None:
                changed = steps.due_again(work, self.house, changed)
            return steps.tell_when_complete(work, self.house, changed)

    # --- steps

    def attempt(self, card_id: int, actor: Actor, draft: AttemptDraft) -> Card:
        """The office's attempt to answer the caller. Raises UnknownCard, Faults, Refused."""
        with self.working() as work:
            card, actor = self._of(work, card_id, actor)
            return steps.attempt(work, self.house, card, actor, draft)

    def act(self, card_id: int, actor: Actor, action: Action, text: str = "") -> Card:
        """Any other step; ``text``: the report, the outcome, the reason. Raises UnknownCard, Faults, Refused."""
        text = clean("outcome" if action is Action.FOLLOW_UP else "text", text)
        with self.working() as work:
            card, actor = self._of(work, card_id, actor)
            return steps.take(work, self.house, card, actor, action, text)

    def follow_up(self, card_id: int, actor: Actor, outcome: str, *, close: bool) -> Card:
        """The agent's last steps: the outcome, followed up, and closed when that is wanted. Raises UnknownCard, Faults,
        Refused."""
        outcome = clean("outcome", outcome)
        with self.working() as work:
            card, actor = self._of(work, card_id, actor)
            card = steps.take(work, self.house, card, actor, Action.FOLLOW_UP, outcome)
            return steps.take(work, self.house, card, actor, Action.CLOSE) if close else card

    # --- who may

    @staticmethod
    def _of(work: Work, card_id: int, actor: Actor) -> tuple[Card, Actor]:
        card = records.get(work.connection, card_id)
        if actor.visitor is None:
            return card, actor
        part = part_of(card, actor.visitor)
        if part is None:
            raise UnknownCard(f"there is no card {card_id}")
        return card, Actor(part, actor.name, actor.visitor)

    # --- telling

    @contextmanager
    def working(self) -> Iterator[Work]:
        """A transaction whose news are told when it is kept."""
        with ledger.at_work(self.engine, self.clock()) as work:
            yield work
        if not work.told:
            return
        with reading(self.engine) as connection:
            cards = {card_id: records.get(connection, card_id) for card_id, _ in work.told}
        for card_id, what in work.told:
            self._tell(cards[card_id], what)

    def _tell(self, card: Card, what: str) -> None:
        """Those who look at cards, the agent whose card it is, and the person it was sent to."""
        message = news_of(card, what, self.clock())
        self._hub.publish("cards", message)
        self._hub.publish(f"agent/{card.agent}" if card.agent else f"staff/{card.staff_id}", message)
        if card.to_staff_id is not None:
            self._hub.publish(f"staff/{card.to_staff_id}", message)


def actor_of(who: Visitor) -> Actor:
    """The visitor as an actor; as what is decided by the card."""
    return Actor(Part.OFFICE, shown_name(who), who)


def of_call(work: Work, call_id: str) -> list[Card]:
    """The cards of one call."""
    query = records.select_cards().where(transfer_cards.c.call_id == call_id)
    return [records.card_of(row) for row in work.connection.execute(query)]


def news_of(card: Card, what: str, now: datetime) -> dict[str, Any]:
    """What listeners are told: nothing of the caller."""
    return {
        "kind": "card",
        "what": what,
        "id": card.id,
        "number": card.number,
        "state": card.state.value,
        "handover": card.handover.value,
        "reason": card.reason.value if card.reason else None,
        "department": card.department,
        "agent": card.agent,
        "staff_id": card.staff_id,
        "to_staff_id": card.to_staff_id,
        "due_at": card.due_at.isoformat() if card.due_at else None,
        "overdue": card.is_overdue(now),
        "incomplete": card.is_incomplete,
        "url": f"/cards/{card.id}",
    }
