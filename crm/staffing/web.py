"""The pages: what is needed tomorrow and in two weeks; the roster; files brought in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response, UploadFile
from fastapi.responses import RedirectResponse
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from crm.database import reading, writing
from crm.staff.access import SUPERVISORS, Access, Visitor
from crm.staffing import chart, files, roster, service
from crm.staffing.files import Fault, FaultyFile
from crm.staffing.models import Shift
from crm.staffing.plan_json import plan_json
from crm.staffing.roster_sheet import roster_csv
from crm.staffing.service import Planner
from crm.staffing.sheets import UnreadableSheet, rows_of
from crm.staffing.words import WORDS
from crm.web.dates import day_of
from crm.web.shell import House, Pages
from metrics.staffing import DayPlan

TEMPLATES: Final = Path(__file__).parent / "templates"
DAYS: Final = 14
MOST_DAYS: Final = 62
_DAY: Final = timedelta(days=1)
Queues = Callable[[], Sequence[Mapping[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A form that could not be taken, as it was typed."""

    values: Mapping[str, str]
    fault: str


class StaffingPages:
    """``router`` for the application. ``queues``: name, th and en of each queue there is."""

    def __init__(self, planner: Planner, access: Access, house: House, clock: Callable[[], datetime], queues: Queues):
        self._planner, self._clock, self._queues = planner, clock, queues
        self._engine: Engine = planner.engine
        self.pages = Pages(house, WORDS, TEMPLATES)
        self.router = APIRouter()
        self._door = Depends(access.of(*SUPERVISORS))
        self._plan_routes()
        self._roster_routes()
        self._file_routes()

    # --- what is needed

    def _plan_routes(self) -> None:
        Who = Annotated[Visitor, self._door]  # noqa: N806

        @self.router.get("/staffing")
        def plan(
            request: Request, who: Who, day: str = "", queue: str = "", done: str = "", number: int = 0
        ) -> Response:
            """A day by half hour, and the two weeks from tomorrow on."""
            return self._plan_page(request, who, day, queue, done=done, number=number)

        @self.router.get("/api/staffing")
        def plan_data(
            who: Who,
            first: Annotated[str, Query(alias="from")] = "",
            days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = DAYS,
            queue: str = "",
        ) -> dict[str, Any]:
            """The same as JSON."""
            name = self._queue(queue)
            plans = self._planner.plan(self._day(first), days, name)
            return plan_json(plans, self._planner.known(name))

        @self.router.post("/staffing/forecast/{day}/drop")
        def drop(who: Who, day: str, queue: Annotated[str, Form()] = "") -> Response:
            """The day is forecast from the history again."""
            with writing(self._engine) as connection:
                service.drop_forecast(connection, self._day(day), self._queue(queue), self._clock(), who)
            return RedirectResponse(f"/staffing?day={day}&queue={queue}&done=dropped", 303)

    def _plan_page(
        self,
        request: Request,
        who: Visitor,
        day_text: str,
        queue_text: str,
        *,
        done: str = "",
        number: int = 0,
        faults: Sequence[Fault] = (),
    ) -> Response:
        queue, tomorrow = self._queue(queue_text), self._planner.tomorrow()
        plans = self._planner.plan(tomorrow, DAYS, queue)
        shown = self._shown(plans, day_text, queue)
        top = chart.top_of(plans)
        values = {
            "plan": shown,
            "chart": chart.day_chart(shown),
            "plans": plans,
            "minis": [chart.mini_chart(plan, top) for plan in plans],
            "known": self._planner.known(queue),
            "queue": queue or "",
            "queues": self._queues(),
            "tomorrow": tomorrow,
            "before": shown.day - _DAY,
            "after": shown.day + _DAY,
            "minute_clock": roster.clock,
            "weeks": self._planner.weeks,
            "done": done if done in {"dropped", "imported_days"} else "",
            "count": number,
            "faults": faults,
            "is_imported": any(slot.imported for slot in shown.slots),
        }
        status = 422 if faults else 200
        return self.pages.page(request, who, "staffing.html", status=status, **values)

    # --- the roster

    def _roster_routes(self) -> None:
        Who = Annotated[Visitor, self._door]  # noqa: N806

        @self.router.get("/staffing/roster")
        def week(request: Request, who: Who, week: str = "", done: str = "", number: int = 0) -> Response:
            """Who works when in a week."""
            return self._roster_page(request, who, self._monday(week), done=done, number=number)

        @self.router.get("/staffing/roster.csv")
        def download(who: Who, week: str = "") -> Response:
            """The week as a file that can be brought in again."""
            monday = self._monday(week)
            with reading(self._engine) as connection:
                shifts = roster.shifts_between(connection, monday, monday + 6 * _DAY)
                text = roster_csv(shifts, roster.people(connection), roster.all_teams(connection))
            headers = {"Content-Disposition": f'attachment; filename="roster-{monday.isoformat()}.csv"'}
            return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

        @self.router.post("/staffing/roster")
        async def add(request: Request, who: Who) -> Response:
            """One shift more."""
            form = await request.form()
            typed = {name: value for name, value in form.items() if isinstance(value, str)}
            return await run_in_threadpool(lambda: self._add(request, who, typed))

        @self.router.post("/staffing/roster/copy")
        def copy(who: Who, week: Annotated[str, Form()] = "") -> Response:
            """The week before once more, without holidays."""
            monday = self._monday(week)
            closed = [monday + n * _DAY for n in range(7) if not self._is_open(monday + n * _DAY)]
            with writing(self._engine) as connection:
                added = roster.copy_week(connection, monday, self._clock(), who, closed)
            return _back(monday, "copied" if added else "nothing_to_copy", added)

        @self.router.post("/staffing/roster/{shift_id}/remove")
        def remove(who: Who, shift_id: int) -> Response:
            """One shift less."""
            try:
                with writing(self._engine) as connection:
                    day = roster.remove(connection, shift_id, self._clock(), who)
            except roster.UnknownShift:
                raise HTTPException(404) from None
            return _back(_monday_of(day), "removed")

    def _add(self, request: Request, who: Visitor, typed: Mapping[str, str]) -> Response:
        day = day_of(typed.get("day", ""))
        if day is None:
            raise HTTPException(422)
        try:
            shift = files.shift_of_form(day, typed)
            with writing(self._engine) as connection:
                roster.add(connection, shift, self._clock(), who)
        except roster.BadShift as bad:
            fault = Typed(values=typed, fault=str(bad.args[0]))
            return self._roster_page(request, who, _monday_of(day), typed=fault)
        return _back(_monday_of(day), "added")

    def _roster_page(
        self,
        request: Request,
        who: Visitor,
        monday: date,
        *,
        typed: Typed | None = None,
        faults: Sequence[Fault] = (),
        done: str = "",
        number: int = 0,
    ) -> Response:
        plans = self._planner.plan(monday, 7)
        with reading(self._engine) as connection:
            shifts = roster.shifts_between(connection, monday, monday + 6 * _DAY)
            people, teams = roster.people(connection), roster.all_teams(connection)
        top = chart.top_of(plans)
        values = {
            "monday": monday,
            "this_monday": _monday_of(self._planner.today()),
            "today": self._planner.today(),
            "before": monday - 7 * _DAY,
            "after": monday + 7 * _DAY,
            "days": [(plan, _of_day(shifts, plan), chart.mini_chart(plan, top)) for plan in plans],
            "people": people,
            "teams": teams,
            "names": _names(people, teams),
            "minute_clock": roster.clock,
            "typed": typed.values if typed else {},
            "fault": typed.fault if typed else "",
            "faults": faults,
            "done": done if done in {"copied", "nothing_to_copy", "removed", "added", "imported_shifts"} else "",
            "count": number,
        }
        status = 422 if typed or faults else 200
        return self.pages.page(request, who, "roster.html", status=status, **values)

    # --- files

    def _file_routes(self) -> None:
        Who = Annotated[Visitor, self._door]  # noqa: N806

        @self.router.post("/staffing/forecast")
        def forecast(request: Request, who: Who, file: UploadFile, queue: Annotated[str, Form()] = "") -> Response:
            """Calls as somebody else forecast them."""
            name = self._queue(queue)
            try:
                slots = files.forecast_of(rows_of(file.file.read()))
            except (FaultyFile, UnreadableSheet) as wrong:
                return self._plan_page(request, who, "", queue, faults=_faults(wrong))
            with writing(self._engine) as connection:
                days = service.import_forecast(connection, slots, name, self._clock(), who)
            first = days[0].isoformat()
            return RedirectResponse(f"/staffing?day={first}&queue={queue}&done=imported_days&number={len(days)}", 303)

        @self.router.post("/staffing/roster/import")
        def import_roster(request: Request, who: Who, file: UploadFile, week: Annotated[str, Form()] = "") -> Response:
            """Shifts of whole days."""
            with reading(self._engine) as connection:
                people, teams = roster.people(connection), roster.all_teams(connection)
            try:
                shifts = files.roster_of(rows_of(file.file.read()), roster.called(people), roster.called(teams))
            except (FaultyFile, UnreadableSheet) as wrong:
                return self._roster_page(request, who, self._monday(week), faults=_faults(wrong))
            with writing(self._engine) as connection:
                roster.replace_days(connection, shifts, self._clock(), who)
            return _back(_monday_of(min(shift.day for shift in shifts)), "imported_shifts", len(shifts))

    # --- what was asked for

    def _shown(self, plans: Sequence[DayPlan], day_text: str, queue: str | None) -> DayPlan:
        """The day asked for; without one the next day that is open (on a Friday nobody plans for a closed Saturday)."""
        if not day_text:
            return next((plan for plan in plans if plan.slots), plans[0])
        day = self._day(day_text)
        return next((plan for plan in plans if plan.day == day), None) or self._planner.plan(day, 1, queue)[0]

    def _day(self, text: str) -> date:
        """Of an address; tomorrow when there is none."""
        if not text:
            return self._planner.tomorrow()
        day = day_of(text)
        if day is None or not 1970 < day.year < 2400:
            raise HTTPException(404)
        return day

    def _monday(self, text: str) -> date:
        return _monday_of(self._day(text))

    def _queue(self, text: str) -> str | None:
        if text and text not in {queue["name"] for queue in self._queues()}:
            raise HTTPException(404)
        return text or None

    def _is_open(self, day: date) -> bool:
        return bool(self._planner.plan(day, 1)[0].slots)


def _faults(wrong: FaultyFile | UnreadableSheet) -> list[Fault]:
    return wrong.faults if isinstance(wrong, FaultyFile) else [Fault(0, str(wrong.args[0]))]


def _monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _of_day(shifts: Sequence[Shift], plan: DayPlan) -> list[Shift]:
    return [shift for shift in shifts if shift.day == plan.day]


def _names(people: Sequence[roster.Choice], teams: Sequence[roster.Choice]) -> dict[str, roster.Choice]:
    return {f"staff-{one.id}": one for one in people} | {f"team-{one.id}": one for one in teams}


def _back(monday: date, done: str, number: int = 0) -> Response:
    return RedirectResponse(f"/staffing/roster?week={monday.isoformat()}&done={done}&number={number}", 303)
