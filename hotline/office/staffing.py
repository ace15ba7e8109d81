"""The staffing pages, put together for the office."""

from collections.abc import Mapping

from fastapi import APIRouter

from crm.staff.access import Access
from crm.staffing.service import Planner
from crm.staffing.web import StaffingPages
from crm.web.shell import House
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

    def queues() -> list[Mapping[str, str]]:
        return [
            {"name": queue.name, "th": queue.label_th or queue.name, "en": queue.label_en or queue.name}
            for queue in around.settings.queues
        ]

    return StaffingPages(planner, access, house, around.clock, queues).router
