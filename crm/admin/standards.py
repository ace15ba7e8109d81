"""The page of standard times: a whole set a channel, in force from a day on."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from crm.admin.frame import Frame, back
from crm.calendar.service import CalendarService
from crm.database import reading, writing
from crm.staff.access import SUPERVISORS, Visitor
from crm.standards.models import Standard, StepChannel
from crm.standards.service import StandardProblem, all_standards, set_standards, standards_on
from crm.web.dates import day_of

PATH: Final = "/admin/standards"


class _Refused(Exception):
    """The form cannot be taken; the fault's code."""


def filled_in(form: FormData, known: list[Standard]) -> list[Standard]:
    """The set that was filled in, for the steps of a known one. Raises _Refused."""

    def text(name: str) -> str:
        value = form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def seconds(name: str) -> int | None:
        if not text(name):
            return None
        if not text(name).isdecimal() or len(text(name)) > 7:
            raise _Refused("seconds")
        return int(text(name))

    def share(name: str) -> float | None:
        try:
            return float(text(name)) / 100 if text(name) else None
        except ValueError:
            raise _Refused("bad_share") from None

    return [
        replace(
            one,
            min_seconds=seconds(f"min-{one.step}"),
            max_seconds=seconds(f"max-{one.step}"),
            counted=text(f"counted-{one.step}") == "true",
            target_share=share(f"target-{one.step}"),
        )
        for one in known
    ]


def routes(frame: Frame, calendar: CalendarService) -> APIRouter:
    """The routes."""
    router = APIRouter()
    Who = Annotated[Visitor, Depends(frame.access.of(*SUPERVISORS))]  # noqa: N806

    def page(
        request: Request, who: Visitor, channel: str, day: date, fault: str = "", shown: list[Standard] | None = None
    ) -> Response:
        chosen = StepChannel(channel) if channel in set(StepChannel) else StepChannel.HOTLINE
        with reading(frame.engine) as connection:
            sets = all_standards(connection, chosen)
            current = standards_on(connection, chosen, day)
        values: dict[str, Any] = {
            "channel": chosen,
            "channels": list(StepChannel),
            "sets": sets,
            "current": current,
            "shown": shown or list(current.standards.values()),
            "day": day,
        }
        faults = {"set": fault} if fault else None
        return frame.page(
            request, who, "standards.html", "standards", status=422 if fault else 200, faults=faults, **values
        )

    @router.get(PATH)
    def table(request: Request, who: Who, channel: str = "hotline", day: str = "") -> Response:
        """The set in force on a day (today), to be changed."""
        return page(request, who, channel, day_of(day) or calendar.today())

    @router.post(PATH + "/{channel}")
    async def save(request: Request, who: Who, channel: StepChannel) -> Response:
        """A set in force from a day on."""
        form = await request.form()
        written = form.get("valid_from", "")
        day = day_of(written) if isinstance(written, str) else None

        def known() -> list[Standard]:
            with reading(frame.engine) as connection:
                return list(standards_on(connection, channel, day or calendar.today()).standards.values())

        def write(day: date, standards: list[Standard]) -> None:
            with writing(frame.engine) as connection:
                set_standards(connection, channel, day, standards, frame.clock(), who)

        shown = await run_in_threadpool(known)
        try:
            shown = filled_in(form, shown)
            if day is None:
                raise _Refused("date")
            await run_in_threadpool(write, day, shown)
        except (_Refused, StandardProblem) as refused:
            return await run_in_threadpool(
                page, request, who, channel, day or calendar.today(), str(refused.args[0]), shown
            )
        return back(f"{PATH}?channel={channel}&day={day.isoformat()}", "saved")

    return router
