"""The pages of the cards: lists, and one card with its whole story and the forms of what may be done next."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from crm.cards import lists, records
from crm.cards.drafts import Faults
from crm.cards.forms import (
    NOTHING,
    AttemptForm,
    CompleteForm,
    Typed,
    attempt_form,
    complete_form,
    due_choices,
)
from crm.cards.lists import PAGE, View, Wanted
from crm.cards.parts import part_of
from crm.cards.records import UnknownCard
from crm.cards.service import Cards, actor_of
from crm.cards.states import Action, CardState, Refused
from crm.cards.view import HANDOVER_LEVELS, LETTER_LEVELS, LEVELS, PATH, details_of, view_of
from crm.cards.words import WORDS
from crm.database import reading, writing
from crm.directory.service import UnknownTarget, resolve, targets
from crm.directory.targets import Target
from crm.outbox import service as outbox
from crm.people.showing import national
from crm.staff.access import AGENTS, OFFICE, Access, Visitor
from crm.staff.models import Role
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
STEPS: Final = {
    "report": Action.REPORT,
    "object": Action.OBJECT,
    "hand_over": Action.HAND_OVER,
    "withdraw": Action.WITHDRAW,
    "close": Action.CLOSE,
    "close_early": Action.CLOSE_EARLY,
    "reopen": Action.REOPEN,
}
Step = Literal["report", "object", "hand_over", "withdraw", "close", "close_early", "reopen"]


class CardPages:
    """``router`` for the application. ``mail``: whether letters are sent at all."""

    def __init__(self, cards: Cards, access: Access, house: House, *, mail: bool) -> None:
        self._cards, self._access, self._mail = cards, access, mail
        self.pages = Pages(house, WORDS, TEMPLATES)
        self.router = APIRouter()
        self._list_routes()
        self._card_routes()
        self._letter_routes()
        self._step_routes()
        self._other_steps()  # last: its path would take the others' in

    # --- lists

    def _list_routes(self) -> None:
        door, cards = self._access.of(*OFFICE), self._cards

        @self.router.get("/cards")
        def listed(
            request: Request,
            who: Annotated[Visitor, Depends(door)],
            view: View | None = None,
            q: Annotated[str, Query(max_length=100)] = "",
            state: str = "",
            department: str = "",
            page: Annotated[int, Query(ge=1, le=1000)] = 1,
        ) -> Response:
            """The lists, with how many cards each has."""
            views, now = lists.views_of(who), cards.clock()
            wanted = Wanted(
                view=view if view in views else views[0],
                text=q,
                state=CardState(state) if state in set(CardState) else None,
                department=department or None,
                page=page,
            )
            with reading(cards.engine) as connection:
                found, count = lists.cards(connection, wanted, who, now, cards.house.zone)
                counts = lists.counts(connection, who, now, cards.house.zone)
            values: dict[str, Any] = {
                "wanted": wanted,
                "views": views,
                "cards": found,
                "count": count,
                "counts": counts,
                "now": now,
                "offices": [] if who.role is Role.OFFICER else list(cards.house.site().departments),
                "levels": LEVELS,
                "handover_levels": HANDOVER_LEVELS,
                "states": list(CardState),
                "last_page": max(1, -(-count // PAGE)),
                "dialled": national,
            }
            return self.pages.page(request, who, "cards.html", **values)

    # --- one card

    def _card_routes(self) -> None:
        office, desk = self._access.of(*OFFICE), self._access.of(*AGENTS)

        @self.router.get("/cards/{card_id}")
        def one(request: Request, card_id: int, who: Annotated[Visitor, Depends(office)], done: str = "") -> Response:
            """The whole story, and what may be done next."""
            return self._page(request, who, card_id, done=bool(done))

        @self.router.post("/cards/{card_id}/complete")
        def complete(
            request: Request,
            card_id: int,
            who: Annotated[Visitor, Depends(desk)],
            form: Annotated[CompleteForm, Depends(complete_form)],
        ) -> Response:
            """Why, question, name, and to whom as long as that is open."""

            def work() -> None:
                target = self._target(form)
                self._cards.change(
                    card_id,
                    who,
                    why=form.why,
                    question=form.question,
                    caller_name=form.caller_name,
                    target=target,
                )

            return self._do(request, who, card_id, "complete", form.values, work)

    def _letter_routes(self) -> None:
        @self.router.post("/cards/{card_id}/letters/{letter_id}/again")
        def letter_again(
            card_id: int, letter_id: int, who: Annotated[Visitor, Depends(self._access.of(*AGENTS))]
        ) -> Response:
            """Another round of tries for a letter that was refused, or whose fate is uncertain."""
            with writing(self._cards.engine) as connection:
                try:
                    card = records.get(connection, card_id)
                    letters = {one.id for one in outbox.letters_about(connection, f"card/{card.id}")}
                    if part_of(card, who) is None or letter_id not in letters:
                        raise HTTPException(404)
                    outbox.send_again(connection, letter_id, self._cards.clock())
                except UnknownCard:
                    raise HTTPException(404) from None
                except outbox.NotPossible:
                    raise HTTPException(409) from None
            return RedirectResponse(f"/cards/{card_id}?done=1", 303)

    def _target(self, form: CompleteForm) -> Target | None:
        if form.to is None:
            return None
        try:
            with reading(self._cards.engine) as connection:
                return resolve(connection, self._cards.house.site(), *form.to)
        except UnknownTarget:
            raise Faults(target="target") from None

    # --- steps

    def _step_routes(self) -> None:
        office, desk, cards = self._access.of(*OFFICE), self._access.of(*AGENTS), self._cards

        @self.router.post("/cards/{card_id}/attempt")
        def attempt(
            request: Request,
            card_id: int,
            who: Annotated[Visitor, Depends(office)],
            form: Annotated[AttemptForm, Depends(attempt_form)],
        ) -> Response:
            """What the office did."""

            def work() -> None:
                cards.attempt(card_id, actor_of(who), form.draft(cards.house, cards.clock()))

            return self._do(request, who, card_id, "attempt", form.values, work)

        @self.router.post("/cards/{card_id}/follow")
        def follow(
            request: Request,
            card_id: int,
            who: Annotated[Visitor, Depends(desk)],
            outcome: Annotated[str, Form()] = "",
            close: Annotated[str, Form()] = "",
        ) -> Response:
            """Followed up, and closed."""

            def work() -> None:
                cards.follow_up(card_id, actor_of(who), outcome, close=bool(close))

            return self._do(request, who, card_id, "follow", {"outcome": outcome}, work)

    def _other_steps(self) -> None:
        @self.router.post("/cards/{card_id}/{step}")
        def act(
            request: Request,
            card_id: int,
            step: Step,
            who: Annotated[Visitor, Depends(self._access.of(*OFFICE))],
            text: Annotated[str, Form()] = "",
        ) -> Response:
            """The other steps."""

            def work() -> None:
                self._cards.act(card_id, actor_of(who), STEPS[step], text)

            return self._do(request, who, card_id, step, {"text": text}, work)

    def _do(
        self,
        request: Request,
        who: Visitor,
        card_id: int,
        form: str,
        values: Mapping[str, Any],
        work: Callable[[], None],
    ) -> Response:
        """Takes a form, or shows it again as it was typed, with what is wrong."""
        try:
            work()
        except UnknownCard:
            raise HTTPException(404) from None
        except Faults as faults:
            return self._page(request, who, card_id, Typed(form, values, faults.faults), status=422)
        except Refused as refused:
            return self._page(request, who, card_id, Typed(form, values, {}, refused.refusal.value), status=409)
        return RedirectResponse(f"/cards/{card_id}?done=1", 303)

    def _page(
        self,
        request: Request,
        who: Visitor,
        card_id: int,
        typed: Typed = NOTHING,
        *,
        done: bool = False,
        status: int = 200,
    ) -> Response:
        cards, language = self._cards, self.pages.language(request, who)
        with reading(cards.engine) as connection:
            try:
                card = records.get(connection, card_id)
            except UnknownCard:
                raise HTTPException(404) from None
            part = part_of(card, who)
            if part is None:
                raise HTTPException(404)
            view = view_of(connection, card, part, cards.clock(), addressed=card.to_staff_id == who.staff_id)
            choices = targets(connection, cards.house.site()) if "complete" in view.first else []
            addresses = cards.house.office_addresses(connection, card)
        values: dict[str, Any] = {
            "view": view,
            "card": card,
            "typed": typed,
            "done": done,
            "choices": [target for target in choices if target.dial],
            "mail": self._mail,
            "has_address": bool(addresses),
            "path_states": PATH,
            "levels": LEVELS,
            "handover_levels": HANDOVER_LEVELS,
            "letter_levels": LETTER_LEVELS,
            "told": {step.id: details_of(step, WORDS[language]) for step in view.steps},
            "officer": who.name(language),
            "due_choices": due_choices(cards.house, cards.clock()),
            "dialled": national,
        }
        return self.pages.page(request, who, "card.html", status=status, **values)
