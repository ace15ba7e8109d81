"""Score cards are designed in the page: sections with weights, items with points, fatal ones; published as versions."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from crm.database import reading, writing
from crm.quality import forms, service
from crm.quality.service import Refused, Unknown
from crm.quality.web import Around, QualityPages
from crm.staff.access import SUPERVISORS, Visitor


class CardBody(BaseModel):
    """What the designer sends."""

    name_th: str = Field(min_length=1, max_length=120)
    name_en: str = Field(min_length=1, max_length=120)
    active: bool = True
    form: forms.Form


class CardPages:
    """``router`` for the application."""

    def __init__(self, around: Around, quality: QualityPages) -> None:
        self._around = around
        self._pages = quality.pages
        self._supervisors = Depends(around.access.of(*SUPERVISORS))
        self.router = APIRouter()
        self._routes()

    def _routes(self) -> None:
        around, router = self._around, self.router

        @router.get("/quality/cards")
        def listed(request: Request, who: Annotated[Visitor, self._supervisors]) -> Response:
            """All cards."""
            with reading(around.engine) as connection:
                found = service.cards(connection)
            return self._pages.page(request, who, "quality_cards.html", cards=found)

        @router.post("/quality/cards")
        def made(
            who: Annotated[Visitor, self._supervisors],
            name_th: Annotated[str, Form(max_length=120)] = "",
            name_en: Annotated[str, Form(max_length=120)] = "",
        ) -> Response:
            """A new one, to be designed."""
            first, second = name_th.strip() or name_en.strip(), name_en.strip() or name_th.strip()
            if not first:
                return RedirectResponse("/quality/cards", 303)
            with writing(around.engine) as connection:
                card_id = service.make_card(connection, first, second, around.clock(), who)
            return RedirectResponse(f"/quality/cards/{card_id}", 303)

        @router.get("/quality/cards/{card_id}")
        def one(request: Request, card_id: int, who: Annotated[Visitor, self._supervisors], done: str = "") -> Response:
            """The designer."""
            with reading(around.engine) as connection:
                try:
                    found = service.card(connection, card_id)
                except Unknown:
                    raise HTTPException(404) from None
            data: dict[str, Any] = {
                "id": found.id, "name_th": found.name_th, "name_en": found.name_en, "active": found.active,
                "form": found.draft.model_dump(),
            }  # fmt: skip
            return self._pages.page(request, who, "quality_card.html", card=found, data=data, done=done)

        @router.put("/api/quality/cards/{card_id}")
        def designed(card_id: int, body: CardBody, who: Annotated[Visitor, self._supervisors]) -> Response:
            """Keeps the draft."""
            with writing(around.engine) as connection:
                try:
                    service.design(
                        connection, card_id, body.name_th, body.name_en, body.form, body.active, around.clock(), who
                    )
                except Unknown:
                    raise HTTPException(404) from None
            return JSONResponse({"kept": True})

        @router.post("/quality/cards/{card_id}/publish")
        def published(card_id: int, who: Annotated[Visitor, self._supervisors]) -> Response:
            """The draft is used from now on."""
            with writing(around.engine) as connection:
                try:
                    service.publish(connection, card_id, around.clock(), who)
                except Unknown:
                    raise HTTPException(404) from None
                except Refused as refused:
                    return RedirectResponse(f"/quality/cards/{card_id}?done={refused.code}", 303)
            return RedirectResponse(f"/quality/cards/{card_id}?done=published", 303)
