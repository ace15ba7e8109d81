"""The staffing pages, put together for the office."""

from fastapi import APIRouter

from crm.staff.access import Access
from crm.staffing.service import Planner
from crm.staffing.web import StaffingPages
from crm.web.shell import House
from hotline.office.labels import queue_list
from hotline.surroundings import Surroundings


def make_staffing(around: Surroundings, access: Access, house: House) -> APIRouter:
    """Their router. Nothing is reckoned before somebody looks."""
    settings = around.settings
    planner = Planner(
        around.engine,
        lambda: around.calendar.opening,
        around.clock,
        settings.staffing,
        settings.answering.answer_within_seconds,
    )

    return StaffingPages(planner, access, house, around.clock, lambda: queue_list(around.settings)).router
