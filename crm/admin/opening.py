"""Pages of opening: the emergency switch, and the holidays."""

import asyncio
import logging
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ami_listener.actions import AmiError
from crm.admin.frame import Frame, back
from crm.audit.service import note
from crm.calendar.service import (
    BadHoliday,
    CalendarService,
    UnknownHoliday,
    add_holiday,
    list_holidays,
    remove_holiday,
)
from crm.closure.models import ALL_NUMBERS
from crm.closure.service import ClosureService, UnknownNumber, closure_history
from crm.database import explain, reading, writing
from crm.pbx_store import Send
from crm.staff.access import SUPERVISORS, Visitor
from crm.web.dates import day_of, weekday

log = logging.getLogger(__name__)
Text = Annotated[str, Form()]
CLOSURE, CALENDAR = "/admin/closure", "/admin/calendar"
LONGEST_REASON: Final = 300


def closure_routes(frame: Frame, closures: ClosureService, calendar: CalendarService) -> APIRouter:
    """The emergency switch."""
    router = APIRouter()
    door = Depends(frame.access.of(*SUPERVISORS))
    Who = Annotated[Visitor, door]  # noqa: N806

    def page(request: Request, who: Visitor) -> Response:
        with reading(frame.engine) as connection:
            history = closure_history(connection, 20)
        now = frame.clock()
        closed = {one.scope: one for one in history if one.reopened_at is None}
        values: dict[str, Any] = {
            "numbers": [number.number for number in frame.site().numbers],
            "closed": closed,
            "all_numbers": ALL_NUMBERS,
            "history": history,
            "reason": calendar.closed_reason(now),
            "next_opening": calendar.next_opening(now),
            "longest": LONGEST_REASON,
        }
        return frame.page(request, who, "closure.html", "closure", **values)

    def noted(who: Visitor, action: str, scope: str, **details: str) -> None:
        try:
            with writing(frame.engine) as connection:
                note(connection, frame.clock(), who, action, f"number/{scope}", **details)
        except SQLAlchemyError as error:  # an emergency does not wait for a database
            log.error("%s of %s is not in the audit: %s", action, scope, explain(error).advice)

    async def switch(who: Visitor, scope: str, *, close: bool, reason: str = "") -> str:
        done = "doors_closed" if close else "doors_opened"
        try:
            if close:
                await closures.close(scope, who.username, reason, frame.clock())
            else:
                await closures.reopen(scope, who.username, frame.clock())
        except UnknownNumber:
            raise HTTPException(404) from None
        except AmiError:
            done = "doors_later"
        await run_in_threadpool(noted, who, "closure.closed" if close else "closure.opened", scope, reason=reason)
        await asyncio.to_thread(calendar.refresh)
        return done

    @router.get(CLOSURE)
    def status(request: Request, who: Who) -> Response:
        """What is closed, and the switch."""
        return page(request, who)

    @router.post(CLOSURE + "/{scope}/close")
    async def close(who: Who, scope: str, reason: Text = "") -> Response:
        """Closes a number, or all, at once."""
        reason = " ".join(reason.split())[:LONGEST_REASON]
        return back(CLOSURE, await switch(who, scope, close=True, reason=reason))

    @router.post(CLOSURE + "/{scope}/open")
    async def reopen(who: Who, scope: str) -> Response:
        """Opens it again."""
        return back(CLOSURE, await switch(who, scope, close=False))

    return router


def calendar_routes(frame: Frame, calendar: CalendarService, send: Send) -> APIRouter:
    """The holidays."""
    router = APIRouter()
    door = Depends(frame.access.of(*SUPERVISORS))
    Who = Annotated[Visitor, door]  # noqa: N806

    def page(
        request: Request, who: Visitor, year: int | None, faults: dict[str, str] | None = None, **typed: str
    ) -> Response:
        today = calendar.today()
        shown = year if year and 1950 <= year <= 2200 else today.year
        with reading(frame.engine) as connection:
            found = list_holidays(connection, date(shown, 1, 1), date(shown, 12, 31), removed=True)
        values: dict[str, Any] = {
            "holidays": found,
            "today": today,
            "year": shown,
            "hours": frame.site().hours,
            "day_name": partial(weekday, language=frame.pages.language(request, who)),
            "typed": typed or {"day": "", "name_th": "", "name_en": ""},
        }
        status = 422 if faults else 200
        return frame.page(request, who, "calendar.html", "calendar", status=status, faults=faults, **values)

    def write(who: Visitor, action: str, day: date, names: tuple[str, str] | None) -> None:
        now = frame.clock()

        def work(connection: Connection) -> dict[str, str]:
            if names is None:
                remove_holiday(connection, day, now)
                return {}
            add_holiday(connection, day, *names, now)
            return {"name_th": names[0], "name_en": names[1]}

        with writing(frame.engine) as connection:
            details = work(connection)
            note(connection, now, who, action, f"holiday/{day.isoformat()}", **details)
        calendar.refresh()

    async def told(done: str, day: date) -> Response:
        try:
            await calendar.sync_to_asterisk(send)
        except AmiError:
            done = "doors_later"
        return back(f"{CALENDAR}?year={day.year}", done)

    @router.get(CALENDAR)
    def listed(request: Request, who: Who, year: int | None = None) -> Response:
        """The holidays of a year, also those that were taken away."""
        return page(request, who, year)

    @router.post(CALENDAR)
    async def add(request: Request, who: Who, day: Text = "", name_th: Text = "", name_en: Text = "") -> Response:
        """Closes on one day; or gives it another name."""
        parsed = day_of(day)
        typed = {"day": day, "name_th": name_th, "name_en": name_en}
        if parsed is None:
            return await run_in_threadpool(page, request, who, None, {"day": "date"}, **typed)
        names = (name_th or name_en, name_en or name_th)
        try:
            await run_in_threadpool(write, who, "calendar.added", parsed, names)
        except BadHoliday:
            return await run_in_threadpool(page, request, who, parsed.year, {"name_th": "holiday_name"}, **typed)
        return await told("saved", parsed)

    @router.post(CALENDAR + "/{day}/remove")
    async def remove(who: Who, day: date) -> Response:
        """Opens on one day, by the hours of its weekday."""
        try:
            await run_in_threadpool(write, who, "calendar.removed", day, None)
        except UnknownHoliday:
            raise HTTPException(404) from None
        return await told("day_opened", day)

    return router
