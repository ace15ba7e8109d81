"""All pages of the administration, put together."""

from collections.abc import Callable

from fastapi import APIRouter

from crm.admin import audit, home, letter, opening, pauses, queues, scripts, standards, teams, topics
from crm.admin.departments import DepartmentPages
from crm.admin.frame import Frame
from crm.admin.home import Key
from crm.admin.staff import StaffPages
from crm.calendar.service import CalendarService
from crm.closure.service import ClosureService
from crm.pbx_store import Send


def routers(
    frame: Frame,
    calendar: CalendarService,
    closures: ClosureService,
    send: Send,
    key: Key,
    address: Callable[[], str],
) -> list[APIRouter]:
    """For the application."""
    return [
        home.routes(frame, calendar, key, address),
        StaffPages(frame).router,
        queues.routes(frame),
        teams.routes(frame),
        DepartmentPages(frame).router,
        pauses.routes(frame),
        opening.closure_routes(frame, closures, calendar),
        opening.calendar_routes(frame, calendar, send),
        topics.routes(frame),
        scripts.routes(frame),
        letter.routes(frame),
        standards.routes(frame, calendar),
        audit.routes(frame),
    ]
