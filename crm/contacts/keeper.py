"""Contacts come by themselves: when somebody who has an account here answers, there is a draft to write in.

Told of every event; what a call then tells (`crm.contacts.facts`) is written as a whole, so that doing it again changes
nothing. After a restart or a gap the calls of the last days are looked through: an agent who answered while this
service was away finds the record all the same.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, and_, or_, select
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.events import (
    AgentLegEnded,
    CallAnswered,
    CallEnded,
    CallTransferred,
    Event,
    LanguageChosen,
    StreamResumed,
    SurveyAnswered,
    SurveyAsked,
)
from ami_listener.records import CallRecord
from ami_listener.telling import hears
from crm.autosave.service import forget_done
from crm.calls.models import calls, conversations
from crm.calls.stored import load_calls
from crm.contacts.facts import Talk, talks_of
from crm.contacts.keeping import Kept, keep
from crm.contacts.models import contacts
from crm.database import explain, reading, writing
from crm.people.numbers import Number
from crm.staff.models import Role, staff
from crm.staff.telephones import TelephonesOfAccounts

log = logging.getLogger(__name__)
TOLD_BY: Final = (
    CallAnswered, AgentLegEnded, CallTransferred, SurveyAsked, SurveyAnswered, CallEnded, LanguageChosen,
)  # fmt: skip
ROLES: Final = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)  # officers write on their cards
GATHER_SECONDS: Final = 0.01
LOOK_BACK: Final = timedelta(days=7)
LATELY: Final = timedelta(hours=2)
MOST_REMEMBERED: Final = 10_000
LOOK_BACK_SECONDS: Final = 600.0
FIRST_RETRY_SECONDS: Final = 0.2
LONGEST_RETRY_SECONDS: Final = 5.0
ALARM_SECONDS: Final = 60.0

Tell = Callable[[Kept], None]


class ContactKeeper:
    """``happened`` for every event, ``run`` as a task; both belong to the event loop. ``tell``: after each record that
    was made or has changed, from a thread. ``departments``: extension → name, of the offices calls go to."""

    def __init__(
        self,
        engine: Engine,
        find_call: Callable[[str], CallRecord | None],
        normalise: Callable[[str | None], Number],
        tell: Tell,
        clock: Callable[[], datetime],
        departments: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._engine = engine
        self._find_call = find_call
        self._normalise = normalise
        self._tell = tell
        self._clock = clock
        self._departments = departments
        self._accounts = TelephonesOfAccounts(engine, ROLES)
        self._mine: dict[str, None] = {}  # calls in which somebody with an account spoke, the latest last
        self._calls: dict[str, None] = {}
        self._look_back = True
        self._wake = asyncio.Event()
        self._alarm_at = float("-inf")

    @hears(StreamResumed, *TOLD_BY)
    def happened(self, event: Event) -> None:
        """One fact. Never waits."""
        if isinstance(event, StreamResumed):
            self._look_back = True
        elif isinstance(event, TOLD_BY) and event.call_id is not None and self._concerns(event, event.call_id):
            self._calls[event.call_id] = None
        else:
            return
        self._wake.set()

    def _concerns(self, event: Event, call_id: str) -> bool:
        """Most telephones may be nobody's here: their calls are not looked at, which would cost more than all the
        listening."""
        agents = {getattr(event, "agent", None), getattr(event, "to", None)}
        if self._accounts.stale or agents & self._accounts.extensions:
            self._mine.pop(call_id, None)
            self._mine[call_id] = None
            if len(self._mine) > MOST_REMEMBERED:
                del self._mine[next(iter(self._mine))]
        return call_id in self._mine

    async def run(self) -> None:
        """Goes on for ever; while the database is away everything stays noted."""
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            if not self._calls and not self._look_back:
                try:
                    async with asyncio.timeout(LOOK_BACK_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    self._look_back = True
            self._wake.clear()
            await asyncio.sleep(GATHER_SECONDS)  # an answer is several facts within milliseconds
            if await self.work():
                retry_seconds = FIRST_RETRY_SECONDS
            else:
                await asyncio.sleep(retry_seconds)
                retry_seconds = min(retry_seconds * 2, LONGEST_RETRY_SECONDS)

    async def keep_now(self, call_id: str) -> None:
        """Sees to this call at once: somebody asks for its record."""
        record = self._find_call(call_id)
        if record is not None:
            await asyncio.to_thread(self._keep, talks_of(record, self._normalise))

    async def work(self) -> bool:
        """Sees to all that is noted; False when the database is away: it stays noted."""
        taken, self._calls = self._calls, {}
        looked_back, self._look_back = self._look_back, False
        try:
            if self._accounts.stale:
                await asyncio.to_thread(self._accounts.read)
            talks = [talk for call_id in taken for talk in self._talks(call_id)]
            if talks:
                await asyncio.to_thread(self._keep, talks)
            if looked_back:
                await asyncio.to_thread(self._keep_earlier)
        except BaseException as error:  # cancelled too: nothing that was noted may be lost
            self._calls = taken | self._calls
            self._look_back = self._look_back or looked_back
            if not isinstance(error, SQLAlchemyError):
                raise
            self._failed(error)
            return False
        return True

    def _talks(self, call_id: str) -> list[Talk]:
        """Of those who have an account."""
        record = self._find_call(call_id)
        if record is None or not any(talk.agent in self._accounts.extensions for talk in record.conversations):
            return []
        return [talk for talk in talks_of(record, self._normalise) if talk.agent in self._accounts.extensions]

    def _keep(self, talks: Iterable[Talk]) -> None:
        """Each talk in a transaction of its own: one that the database refuses must not keep the others out."""
        for talk in talks:
            try:
                with writing(self._engine) as connection:
                    staff_id = _staff_id(connection, talk)
                    kept = keep(connection, talk, staff_id, self._clock(), self._departments()) if staff_id else None
            except SQLAlchemyError as error:
                if not explain(error).data:
                    raise
                log.exception("the record of call %s is refused", talk.call_id)
                continue
            if kept is not None:
                self._tell(kept)

    def _keep_earlier(self) -> None:
        now = self._clock()
        with reading(self._engine) as connection:
            call_ids = sorted(_unkept(connection, now - LOOK_BACK))
            self._mine |= dict.fromkeys(_lately(connection, now))  # their surveys are still to come
        for record in load_calls(self._engine, call_ids):
            self._keep(talks_of(record, self._normalise))
        with writing(self._engine) as connection:
            forget_done(connection, now)

    def _failed(self, error: SQLAlchemyError) -> None:
        now = time.monotonic()
        if now - self._alarm_at >= ALARM_SECONDS:
            self._alarm_at = now
            log.error("records of service wait for the database: %s", explain(error).advice)


def _staff_id(connection: Connection, talk: Talk) -> int | None:
    """Whose telephone it is; an account that was made after the call has not answered it."""
    query = select(staff.c.id).where(
        staff.c.extension == talk.agent, staff.c.role.in_(ROLES), staff.c.active, staff.c.created_at <= talk.begun_at
    )
    return connection.scalar(query)


def _lately(connection: Connection, now: datetime) -> list[str]:
    """Calls that have a record and may go on."""
    query = select(contacts.c.call_id).where(contacts.c.begun_at >= now - LATELY, contacts.c.call_id.is_not(None))
    return list(connection.scalars(query))


def _unkept(connection: Connection, since: datetime) -> set[str]:
    """Calls of which a record is missing, or does not know the end."""
    mine = and_(contacts.c.call_id == conversations.c.call_id, contacts.c.agent == conversations.c.agent)
    without: Any = (
        select(conversations.c.call_id)
        .join(staff, staff.c.extension == conversations.c.agent)
        .join(contacts, mine, isouter=True)
        .where(
            staff.c.role.in_(ROLES),
            staff.c.active,
            staff.c.created_at <= conversations.c.answered_at,
            conversations.c.answered_at >= since,
            contacts.c.id.is_(None),
        )
    )
    unended = contacts.c.talk_ended_at.is_(None) & calls.c.ended_at.is_not(None)
    unasked = contacts.c.survey_ended_at.is_(None) & contacts.c.survey_asked_at.is_not(None)
    behind = (
        select(contacts.c.call_id)
        .join(calls, calls.c.call_id == contacts.c.call_id)
        .where(contacts.c.begun_at >= since, or_(unended, unasked & calls.c.ended_at.is_not(None)))
    )
    return {*connection.scalars(without), *connection.scalars(behind)}
