"""Wiring of reports: report pages, the story of a call, and what counts days beforehand."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy import Connection

from crm.quality.figures import qa_scores
from crm.reports.quality import Scored
from crm.reports.sealed import Frame
from crm.reports.sealing import Sealer
from crm.reports.web import Around as ReportsAround
from crm.reports.web import ReportPages
from crm.staff.access import Access
from crm.stories.web import Around as StoriesAround
from crm.stories.web import Recordings, StoryPages, no_recordings
from crm.web.shell import House
from hotline.board import limits_of
from hotline.office.labels import Labels, agent_names, queue_names
from hotline.settings import Settings
from hotline.surroundings import Basics
from metrics.intervals import Period


@dataclass(frozen=True, slots=True)
class Reports:
    """``routers`` for the application, ``works`` that go on by themselves."""

    routers: list[APIRouter]
    works: list[Callable[[], Coroutine[Any, Any, None]]]


def frame_of(settings: Settings) -> Frame:
    """How calls are counted here."""
    return Frame(ZoneInfo(settings.site.timezone), limits_of(settings))


def _scores(connection: Connection, period: Period) -> list[Scored]:
    return [Scored(*one) for one in qa_scores(connection, period.start_at, period.end_at)]


def make_reports(around: Basics, access: Access, house: House, recordings: Recordings = no_recordings) -> Reports:
    """Puts them together. ``recordings``: where a call's recordings are played."""

    def queues() -> Mapping[str, Labels]:
        return queue_names(around.settings)

    def agents() -> Mapping[str, Labels]:
        return agent_names(around.settings)

    def frame() -> Frame:
        return frame_of(around.settings)

    reports = ReportPages(
        ReportsAround(
            engine=around.engine,
            access=access,
            house=house,
            zone=ZoneInfo(around.settings.site.timezone),
            clock=around.clock,
            frame=frame,
            queues=queues,
            agents=agents,
            scores=_scores,
        )
    )
    stories = StoryPages(
        StoriesAround(
            engine=around.engine, access=access, house=house, queues=queues, agents=agents, recordings=recordings
        )
    )
    sealer = Sealer(around.engine, frame, around.clock)
    return Reports([reports.router, stories.router], [sealer.run])
