"""The emergency switch on the console: the same as the administration's (`crm.closure`)."""

import asyncio
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.actions import AmiError
from crm.closure.models import ALL_NUMBERS
from crm.closure.service import UnknownNumber
from crm.console.frame import API, Frame
from crm.console.orders import Refused, Why
from crm.database import explain
from crm.staff.access import SUPERVISORS, Visitor

log = logging.getLogger(__name__)
LONGEST_REASON = 300


class Closing(BaseModel):
    """Which number, or ``all``; why."""

    scope: str = Field(ALL_NUMBERS, max_length=40)
    reason: str = Field("", max_length=LONGEST_REASON)


class Opening(BaseModel):
    """Which number, or ``all``."""

    scope: str = Field(max_length=40)


def closure_routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    around = frame.around
    Who = Annotated[Visitor, Depends(around.access.of(*SUPERVISORS))]  # noqa: N806  (a type)

    async def switch(who: Visitor, scope: str, *, close: bool, reason: str = "") -> dict[str, Any]:
        """``later``: Asterisk is away and learns it when it is back."""
        later = False
        try:
            if close:
                await around.closures.close(scope, who.username, reason, around.clock())
            else:
                await around.closures.reopen(scope, who.username, around.clock())
        except UnknownNumber:
            raise Refused(Why.UNKNOWN) from None
        except AmiError:
            later = True
        try:
            action = "closure.closed" if close else "closure.opened"
            await frame.note(who, action, f"number/{scope}", reason=reason)
        except SQLAlchemyError as error:  # an emergency does not wait for a database
            log.error("%s is not in the audit: %s", "a closure", explain(error).advice)
        await asyncio.to_thread(around.calendar.refresh)
        return {"later": later}

    @router.post(f"{API}/closure")
    async def close(request: Request, who: Who, wish: Closing) -> JSONResponse:
        """Closes at once."""
        reason = " ".join(wish.reason.split())
        return await frame.do(request, who, switch(who, wish.scope, close=True, reason=reason))

    @router.post(f"{API}/closure/open")
    async def reopen(request: Request, who: Who, wish: Opening) -> JSONResponse:
        """Opens again."""
        return await frame.do(request, who, switch(who, wish.scope, close=False))

    return router
