"""Requests about letters that have left the basket: send it again, take it back, it did arrive, withdraw its links."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from crm.basket import leaving
from crm.basket.desk import Baskets
from crm.staff.access import AGENTS, Visitor


class LetterRequests:
    """``router`` for the application."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets
        self.router = APIRouter()
        agents = Depends(baskets.access.of(*AGENTS))

        @self.router.post("/api/basket/{contact_id}/letters/{letter_id}/again")
        def again(contact_id: int, letter_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """Another round of tries."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                one = baskets.round(connection, contact, lock=True)
                leaving.send_again(connection, one, letter_id, baskets.knowledge, who, baskets.clock())
            baskets.wake()
            return baskets.answer(request, who, contact_id)

        @self.router.post("/api/basket/{contact_id}/letters/{letter_id}/back")
        def back(contact_id: int, letter_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """What it brought lies in the basket again."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                one = baskets.round(connection, contact, lock=True)
                leaving.take_back(connection, one, letter_id, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

        @self.router.post("/api/basket/{contact_id}/letters/{letter_id}/arrived")
        def arrived(
            contact_id: int, letter_id: int, request: Request, who: Annotated[Visitor, agents]
        ) -> dict[str, Any]:
            """The reader has it, though nobody knew."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                leaving.has_arrived(connection, contact, letter_id, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

        @self.router.delete("/api/basket/{contact_id}/letters/{letter_id}/links")
        def withdraw(
            contact_id: int, letter_id: int, request: Request, who: Annotated[Visitor, agents]
        ) -> dict[str, Any]:
            """Its links give nothing any more."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                leaving.withdraw_links(connection, contact, letter_id, who, baskets.clock())
            return baskets.answer(request, who, contact_id)
