"""The recordings' wiring: what is told of them, what goes on by itself, and their pages."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import APIRouter
from sqlalchemy import Connection

from ami_listener.events import Event
from ami_listener.records import CallRecord
from crm.live import Hub
from crm.pbx_store import Send
from crm.people.numbers import normalise
from crm.recordings import service
from crm.recordings.keeper import RecordingKeeper
from crm.recordings.live import LiveRecordings
from crm.recordings.models import RecordingState
from crm.recordings.web import Around as PagesAround
from crm.recordings.web import RecordingPages
from crm.staff.access import Access
from crm.stories.web import RecordingLink
from crm.web.shell import House
from hotline.office.labels import agent_names, queue_names
from hotline.surroundings import Basics

MEGABYTE = 1_000_000


class Around(Basics, Protocol):
    """What recordings need of `hotline.surroundings.Surroundings`."""

    @property
    def send(self) -> Send: ...
    @property
    def find_call(self) -> Callable[[str], CallRecord | None]: ...


@dataclass(frozen=True, slots=True)
class RecordingOffice:
    """What the office starts and tells."""

    router: APIRouter
    pages: RecordingPages
    happened: Callable[[Event], None]
    run: Callable[[], Coroutine[Any, Any, None]]


def recording_links(connection: Connection, call_id: str) -> Sequence[RecordingLink]:
    """Where a call's recording is played, for the story of the call."""
    if service.recording_states(connection, [call_id]).get(call_id) != RecordingState.KEPT:
        return ()
    return (RecordingLink(f"/recordings/{call_id}", "ฟังบันทึกเสียง", "Listen to the recording"),)


def make_recordings(around: Around, hub: Hub, access: Access, house: House) -> RecordingOffice:
    """Everything about recordings; inside a running event loop."""
    settings = around.settings
    wanted = settings.records_talks
    keeper = RecordingKeeper(
        around.engine, settings.recordings_folder, house.zone, around.clock, settings.recording.keep_days
    )
    live = LiveRecordings(
        around.engine,
        hub,
        around.send,
        keeper,
        around.clock,
        find_call=around.find_call,
        free_bytes=settings.recording.free_megabytes * MEGABYTE,
        wanted=wanted,
        recorded_with=lambda party: settings.recording.transferred or party in agent_names(around.settings),
    )

    def talks_now(extension: str, call_id: str) -> bool:
        record = around.find_call(call_id)
        talks = record.conversations if record is not None and record.ended_at is None else []
        return any(talk.agent == extension and talk.ended_at is None for talk in talks)

    def number(typed: str) -> str | None:
        return normalise(typed, country=settings.site.country).number

    pages = RecordingPages(
        PagesAround(
            engine=around.engine,
            access=access,
            house=house,
            clock=around.clock,
            live=live,
            keeper=keeper,
            agents=lambda: agent_names(around.settings),
            queues=lambda: queue_names(around.settings),
            talks_now=talks_now,
            number=number,
            keep_days=settings.recording.keep_days,
            agents_listen=settings.recording.agents_listen,
            wanted=wanted,
        )
    )
    return RecordingOffice(pages.router, pages, live.happened, live.run)
