"""What the console's routes share: what they are given, and how an order is answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fastapi import HTTPException, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ami_listener.actions import AmiError
from ami_listener.floor import AgentNow
from crm.audit.service import note
from crm.calendar.service import CalendarService
from crm.closure.service import ClosureService
from crm.console.live import Floor
from crm.console.orders import Orders, Refused
from crm.console.words import REFUSED, WORDS
from crm.database import writing
from crm.live import Hub
from crm.staff.access import Access, Visitor
from crm.staff.models import Role
from crm.telephone.control import Refused as TelephoneRefused
from crm.telephone.control import TelephoneControl
from crm.telephone.words import REFUSED as TELEPHONE_REFUSED
from crm.web.shell import House, Pages
from dialplan.site import HotlineSite

TEMPLATES: Final = Path(__file__).parent / "templates"
API: Final = "/api/console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``reasons``: why somebody of a role may be paused, ``name``, ``th``, ``en``; ``people_changed``: Asterisk is to
    know what the database says of people now."""

    engine: Engine
    access: Access
    house: House
    hub: Hub
    clock: Callable[[], datetime]
    site: Callable[[], HotlineSite]
    agent: Callable[[str], AgentNow | None]
    orders: Orders
    floor: Floor
    control: TelephoneControl
    closures: ClosureService
    calendar: CalendarService
    reasons: Callable[[Role], Sequence[Mapping[str, str]]]
    people_changed: Callable[[], Awaitable[object]]


class Frame:
    """Given to every group of routes."""

    def __init__(self, around: Around) -> None:
        self.around = around
        self.pages = Pages(around.house, WORDS, TEMPLATES)

    async def do(self, request: Request, who: Visitor, order: Awaitable[Any]) -> JSONResponse:
        """Carries out an order. 409 with a sentence when it is refused; 503 with Asterisk, or the audit, away."""
        language = self.pages.language(request, who)
        try:
            return JSONResponse(await order or {})
        except Refused as refused:
            advice = REFUSED[language][refused.why]
            return JSONResponse({"detail": refused.why, "advice": advice}, status_code=409)
        except TelephoneRefused as refused:
            advice = TELEPHONE_REFUSED[language][refused.why]
            return JSONResponse({"detail": refused.why, "advice": advice}, status_code=409)
        except (AmiError, SQLAlchemyError):
            raise HTTPException(503) from None

    async def note(self, who: Visitor, action: str, subject: str, **details: Any) -> None:
        """A line of the audit. Raises SQLAlchemyError: then nothing is done."""
        await run_in_threadpool(self._note, who, action, subject, details)

    def _note(self, who: Visitor, action: str, subject: str, details: Mapping[str, Any]) -> None:
        with writing(self.around.engine) as connection:
            note(connection, self.around.clock(), who, action, subject, **details)
