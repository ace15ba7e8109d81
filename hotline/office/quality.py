"""The wiring of quality: score cards, samples, scores, coaching."""

import random
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from crm.calls.service import UnknownCallError, get_call
from crm.quality.card_web import CardPages
from crm.quality.coaching_web import CoachingPages
from crm.quality.web import Around as QualityAround
from crm.quality.web import QualityPages
from crm.recordings import service as recordings
from crm.recordings.models import RecordingState
from crm.recordings.web import RecordingPages
from crm.staff.access import Access, Visitor
from crm.web.shell import House
from hotline.office.labels import agent_names, queue_names
from hotline.surroundings import Basics


def make_quality(around: Basics, access: Access, house: House, player_of: RecordingPages) -> list[APIRouter]:
    """The routers, in an order in which no path takes another's in."""

    def player(connection: Connection, call_id: str, who: Visitor, language: str) -> dict[str, Any] | None:
        try:
            recording = recordings.get(connection, call_id)
            story = get_call(connection, call_id)
        except (recordings.UnknownRecording, UnknownCallError):
            return None
        if recording.state is not RecordingState.KEPT or not player_of.may_hear(connection, call_id, who):
            return None
        return player_of.player(connection, recording, story, language)

    made = QualityAround(
        engine=around.engine,
        access=access,
        house=house,
        clock=around.clock,
        agents=lambda: agent_names(around.settings),
        queues=lambda: queue_names(around.settings),
        player=player,
        chance=random.SystemRandom(),
    )
    pages = QualityPages(made)
    return [CardPages(made, pages).router, CoachingPages(made, pages).router, pages.router]
