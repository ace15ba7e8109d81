"""Briefs before and after the day, put together for the office."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from crm.briefs.keeper import BriefHouse, BriefKeeper
from crm.briefs.web import BriefPages
from crm.reports.sealed import Frame
from crm.staff.access import Access
from crm.web.shell import House
from hotline.board import limits_of
from hotline.office.labels import agent_names
from hotline.surroundings import Surroundings


def make_briefs(
    around: Surroundings, access: Access, house: House
) -> tuple[APIRouter, Callable[[], Coroutine[Any, Any, None]]]:
    """The pages, and what writes the letters when it is time."""
    settings = around.settings
    frame = Frame(ZoneInfo(settings.site.timezone), limits_of(settings))

    def queues(language: str) -> Mapping[str, str]:
        labels = {queue.name: (queue.label_th, queue.label_en) for queue in around.settings.queues}
        return {name: (th if language == "th" else en) or th or en or name for name, (th, en) in labels.items()}

    briefs = BriefHouse(
        engine=around.engine,
        settings=settings.briefs,
        frame=lambda: frame,
        hours=lambda: around.settings.hours,
        queues=queues,
        agents=lambda: agent_names(around.settings),
        name=house.name,
        address=lambda: around.settings.address,
        clock=around.clock,
        mail=bool(settings.mail.server),
    )
    return BriefPages(briefs, access, house).router, BriefKeeper(briefs).run
