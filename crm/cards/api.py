"""``/api/cards``: what the desk asks, as JSON."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, select

from ami_listener.floor import FloorSnapshot
from crm.calls.models import calls, conversations
from crm.cards import lists, records
from crm.cards.drafts import AttemptDraft, CardDraft, Faults
from crm.cards.lists import View, Wanted
from crm.cards.parts import part_of
from crm.cards.records import Attempt, Card, UnknownCard
from crm.cards.service import Cards, actor_of
from crm.cards.states import Action, CardState, Refused, Result, possible
from crm.cards.words import WORDS
from crm.contacts.service import UnknownContactError, get_contact, may_change
from crm.database import reading
from crm.directory.service import UnknownTarget, resolve
from crm.directory.targets import Target, TargetKind
from crm.staff.access import AGENTS, OFFICE, Access, Visitor
from crm.web.shell import Pages


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class To(_Body):
    """Where a call goes: as the directory gave it, or by any of its names."""

    kind: TargetKind
    key: str = Field("", max_length=120)
    name: str = Field("", max_length=120)
    extension: str = Field("", max_length=120)
    number: str = Field("", max_length=120)

    @property
    def which(self) -> str:
        """What names this kind."""
        if self.kind is TargetKind.DEPARTMENT:
            return self.key or self.name or self.extension
        return self.key or self.extension or self.number or self.name


class NewCard(_Body):
    """A card from the transfer dialog. Without ``call_id`` it is of the call that the agent's telephone is in."""

    to: To
    why: str = ""
    question: str = ""
    mode: Literal["blind", "attended"] | None = None
    without_call: bool = False
    call_id: str | None = Field(None, max_length=100)
    contact_id: int | None = None
    person_id: int | None = None
    caller_name: str = ""


class CardChange(_Body):
    """What is null or left out stays."""

    why: str | None = None
    question: str | None = None
    outcome: str | None = None
    caller_name: str | None = None
    to: To | None = None


class FollowUp(_Body):
    """The agent's last steps; ``outcome`` empty: as it was saved before."""

    outcome: str = ""
    close: bool = False


class Reason(_Body):
    """Why, or what is reported."""

    reason: str = ""


class NewAttempt(_Body):
    """What the office did."""

    result: Result
    answer: str = ""
    details: str = ""
    officer: str = ""
    report: bool = True


ACTIONS: Final = {
    "report": Action.REPORT,
    "object": Action.OBJECT,
    "hand-over": Action.HAND_OVER,
    "withdraw": Action.WITHDRAW,
    "reopen": Action.REOPEN,
}


class CardRequests:
    """``router`` for the application. ``floor``: whose telephone is in which call."""

    def __init__(self, cards: Cards, access: Access, pages: Pages, floor: Callable[[], FloorSnapshot]) -> None:
        self._cards, self._access, self._pages, self._floor = cards, access, pages, floor
        self.router = APIRouter(prefix="/api/cards")
        self._reading()
        self._making()
        self._changing()
        self._steps()
        self._other_steps()

    def _reading(self) -> None:
        door, cards = self._access.of(*OFFICE), self._cards

        @self.router.get("")
        def listed(
            request: Request,
            who: Annotated[Visitor, Depends(door)],
            mine: bool = False,
            person: int | None = None,
            due: Literal["today", "overdue"] | None = None,
            q: Annotated[str, Query(max_length=100)] = "",
            state: CardState | None = None,
        ) -> dict[str, Any]:
            """Cards that the visitor may see, at most fifty: mine, of a person, due; without closed ones, unless
            asked for by ``q``, ``person`` or ``state``."""
            view = View.DUE if due == "today" else View.OVERDUE if due else View.MINE if mine else View.ALL
            wanted = Wanted(view=view, person_id=person, text=q, state=state)
            with reading(cards.engine) as connection:
                found, count = lists.cards(connection, wanted, who, cards.clock(), cards.house.zone)
            return {"cards": [self.as_json(card, who, request) for card in found], "count": count}

        @self.router.get("/count")
        def count(who: Annotated[Visitor, Depends(door)]) -> dict[str, int]:
            """How many cards wait for the visitor."""
            with reading(cards.engine) as connection:
                return {"cards": lists.waiting_for(connection, who, cards.clock())}

        @self.router.get("/{card_id}")
        def one(request: Request, card_id: int, who: Annotated[Visitor, Depends(door)]) -> dict[str, Any]:
            """One card with the office's attempts."""
            with reading(cards.engine) as connection:
                card = _seen(connection, card_id, who)
                attempts = records.attempts_of(connection, card_id)
            made = [attempt_json(attempt) for attempt in attempts]
            return {**self.as_json(card, who, request), "made_attempts": made}

    def _making(self) -> None:
        door, cards = self._access.of(*AGENTS), self._cards

        async def call_now(who: Annotated[Visitor, Depends(door)]) -> str | None:
            talking = self._floor().talking
            return next((call.call_id for call in talking if call.agent == who.extension), None)

        @self.router.post("", status_code=201)
        def create(
            request: Request,
            body: NewCard,
            who: Annotated[Visitor, Depends(door)],
            now: Annotated[str | None, Depends(call_now)],
        ) -> dict[str, Any]:
            """A card before or while the call is transferred, or instead (``without_call``)."""
            with reading(cards.engine) as connection:
                own = _own_call(connection, body.contact_id, who)
                call_id = body.call_id or own or now
                if call_id not in {None, own, now} and not _spoke(connection, str(call_id), who):
                    raise HTTPException(403, "call")
                target = self._target(connection, body.to, who, request)
                number, person_id = _caller(connection, call_id)
            draft = CardDraft(
                target=target,
                why=body.why,
                question=body.question,
                mode=body.mode,
                without_call=body.without_call,
                call_id=call_id,
                contact_id=body.contact_id,
                person_id=body.person_id or person_id,
                caller_name=body.caller_name,
                caller_number=number,
            )
            with self._answering(who, request):
                return self.as_json(cards.create(draft, who), who, request)

    def _changing(self) -> None:
        cards = self._cards

        @self.router.patch("/{card_id}")
        def change(
            request: Request,
            card_id: int,
            body: CardChange,
            who: Annotated[Visitor, Depends(self._access.of(*AGENTS))],
        ) -> dict[str, Any]:
            """Why, question, outcome, name, and to whom as long as that is open."""
            target = None
            if body.to is not None:
                with reading(cards.engine) as connection:
                    target = self._target(connection, body.to, who, request)
            with self._answering(who, request):
                given = body.model_dump(exclude={"to"})
                return self.as_json(cards.change(card_id, who, target=target, **given), who, request)

    def _steps(self) -> None:
        desk, cards = self._access.of(*AGENTS), self._cards

        @self.router.post("/{card_id}/follow-up")
        def follow_up(
            request: Request, card_id: int, body: FollowUp, who: Annotated[Visitor, Depends(desk)]
        ) -> dict[str, Any]:
            """Followed up (ติดตามแล้ว), and closed when that is wanted."""
            with self._answering(who, request):
                card = cards.follow_up(card_id, actor_of(who), body.outcome, close=body.close)
                return self.as_json(card, who, request)

        @self.router.post("/{card_id}/close")
        def close(
            request: Request, card_id: int, body: Reason, who: Annotated[Visitor, Depends(desk)]
        ) -> dict[str, Any]:
            """Closed (ปิดงาน) after the follow-up; early only by a supervisor, with a reason."""
            action = Action.CLOSE_EARLY if body.reason else Action.CLOSE
            with self._answering(who, request):
                return self.as_json(cards.act(card_id, actor_of(who), action, body.reason), who, request)

    def _other_steps(self) -> None:
        office, cards = self._access.of(*OFFICE), self._cards

        @self.router.post("/{card_id}/attempts")
        def attempt(
            request: Request, card_id: int, body: NewAttempt, who: Annotated[Visitor, Depends(office)]
        ) -> dict[str, Any]:
            """What the office did; an agent may write it down for the office."""
            with self._answering(who, request):
                card = cards.attempt(card_id, actor_of(who), AttemptDraft(**body.model_dump()))
                return self.as_json(card, who, request)

        @self.router.post("/{card_id}/{step}")
        def act(
            request: Request,
            card_id: int,
            step: Literal["report", "object", "hand-over", "withdraw", "reopen"],
            body: Reason,
            who: Annotated[Visitor, Depends(office)],
        ) -> dict[str, Any]:
            """The other steps."""
            with self._answering(who, request):
                card = cards.act(card_id, actor_of(who), ACTIONS[step], body.reason)
                return self.as_json(card, who, request)

    # --- what all need

    def _answering(self, who: Visitor, request: Request) -> "_Answering":
        return _Answering(WORDS[self._pages.language(request, who)])

    def _target(self, connection: Connection, to: To, who: Visitor, request: Request) -> Target:
        try:
            return resolve(connection, self._cards.house.site(), to.kind.value, to.which)
        except UnknownTarget:
            words = WORDS[self._pages.language(request, who)]
            raise _faulty({"to": words["fault_target"]}) from None

    def as_json(self, card: Card, who: Visitor, request: Request) -> dict[str, Any]:
        """A card as the desk shows it. ``can``: the steps that the visitor may take now."""
        return card_json(card, who, self._pages.language(request, who), self._cards)


def card_json(card: Card, who: Visitor, language: str, cards: Cards) -> dict[str, Any]:
    """A card as JSON in the visitor's language."""
    words, part = WORDS[language], part_of(card, who)
    times = ("created_at", "transferred_at", "picked_up_at", "due_at", "followed_up_at", "closed_at")
    plain = ("id", "number", "mode", "by_event", "agent", "call_id", "contact_id", "person_id", "caller_name",
             "caller_number", "department", "why", "question", "outcome", "closed_because", "attempts")  # fmt: skip
    return {
        **{name: getattr(card, name) for name in plain},
        **{name: at.isoformat() if (at := getattr(card, name)) else None for name in times},
        "state": card.state.value,
        "state_label": words[f"state_{card.state.value}"],
        "handover": card.handover.value,
        "handover_label": words[f"handover_{card.handover.value}"],
        "reason": card.reason.value if card.reason else None,
        "incomplete": card.is_incomplete,
        "overdue": card.is_overdue(cards.clock()),
        "turn": card.turn.value if card.turn else None,
        "agent_name": card.agent_name(language),
        "to": {"kind": card.to_kind.value, "key": card.to_key, "name": card.to_name(language), "dial": card.to_dial},
        "to_label": card.to_name(language),
        "number_to_dial": card.to_dial,
        "can": sorted(action.value for action in possible(card.standing, part)) if part else [],
        "url": f"/cards/{card.id}",
    }


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """What the office did, as JSON."""
    return {
        "ordinal": attempt.ordinal,
        "made_at": attempt.made_at.isoformat(),
        "officer": attempt.officer,
        "result": attempt.result.value,
        "answer": attempt.answer,
        "details": attempt.details,
        "next_due_at": attempt.next_due_at.isoformat() if attempt.next_due_at else None,
    }


class _Answering:
    """Turns what cards refuse into answers that say what to do."""

    def __init__(self, words: dict[str, str]) -> None:
        self._words = words

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, UnknownCard):
            raise HTTPException(404) from None
        if isinstance(error, Refused):
            code = error.refusal.value
            raise HTTPException(409, {"detail": code, "advice": self._words[f"refused_{code}"]}) from None
        if isinstance(error, Faults):
            faults = {name: self._words[f"fault_{fault}"] for name, fault in error.faults.items()}
            raise _faulty(faults) from None


def _faulty(faults: dict[str, str]) -> HTTPException:
    advice = "; ".join(dict.fromkeys(faults.values()))
    return HTTPException(422, {"faults": faults, "advice": advice})


def _seen(connection: Connection, card_id: int, who: Visitor) -> Card:
    try:
        card = records.get(connection, card_id)
    except UnknownCard:
        raise HTTPException(404) from None
    if part_of(card, who) is None:
        raise HTTPException(404)
    return card


def _own_call(connection: Connection, contact_id: int | None, who: Visitor) -> str | None:
    """The call of the visitor's own record of service."""
    if contact_id is None:
        return None
    try:
        contact = get_contact(connection, contact_id)
    except UnknownContactError:
        raise HTTPException(404) from None
    if not may_change(contact, who):
        raise HTTPException(403, "contact")
    return contact.call_id


def _spoke(connection: Connection, call_id: str, who: Visitor) -> bool:
    """Whether the visitor spoke in this call."""
    query = select(conversations.c.call_id).where(
        conversations.c.call_id == call_id, conversations.c.agent == (who.extension or "")
    )
    return connection.execute(query.limit(1)).first() is not None


def _caller(connection: Connection, call_id: str | None) -> tuple[str | None, int | None]:
    """Number and person of a call, as far as they are on record."""
    row = connection.execute(
        select(calls.c.caller_e164, calls.c.caller_number, calls.c.person_id).where(calls.c.call_id == call_id)
    ).one_or_none()
    return (row.caller_e164 or row.caller_number, row.person_id) if row else (None, None)
