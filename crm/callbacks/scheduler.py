"""Keeps a placeholder in the queue for every caller who waits to be called back: one, and never two.

All that counts is in the database, in Asterisk's live channels and in Asterisk's own database, so that after any end
of this service, of Asterisk or of both, the next look at them finds what is missing.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.actions import ActionFailed, AmiDown, AmiError, Hangup
from ami_listener.events import CallbackRequested, CallbackTried, Event, StreamInterrupted, StreamResumed
from ami_listener.telling import hears
from crm.callbacks.book import HEARS, CallbackBook
from crm.callbacks.placeholder import find_placeholders, placeholder
from crm.callbacks.service import (
    CallbackRequest,
    UnknownCallback,
    give_up,
    given_up_before,
    note_answered_by,
    open_requests,
    states_of,
)
from crm.calls.models import CallbackState
from crm.calls.store import CallbackPolicy
from crm.database import explain, reading, writing
from crm.pbx_store import Send, delete, put, read_family
from dialplan.names import Store

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 5.0
LIST_SECONDS: Final = 60.0  # a fact that never came must not keep a caller waiting for ever
GIVEN_UP_SECONDS: Final = 30.0  # after the last try the agent is told so on the same call: let it end by itself
_FINISHED: Final = (CallbackState.DONE, CallbackState.GIVEN_UP)


class Doors(Protocol):
    """Knows whether calls are answered (`crm.calendar.service.CalendarService`)."""

    def is_open(self, now: datetime, number: str | None = None) -> bool:
        """Whether ``number`` is answered at ``now``."""
        ...


class CallbackScheduler:
    """Give it every fact (`apply`), in the event loop's thread, and let it `run`.

    ``told``: gets a `CallbackTried` of its own when a try ended without a result; it must reach the recorder.
    """

    def __init__(
        self,
        engine: Engine,
        send: Send,
        doors: Doors,
        policy: CallbackPolicy,
        told: Callable[[CallbackTried], None],
        *,
        default_language: str = "th",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine, self._send, self._doors, self._told = engine, send, doors, told
        self._policy = policy
        self._clock = clock
        self._default_language = default_language
        self._book = CallbackBook(policy)
        self._hearing = False
        self._list_first = True
        self._wake = asyncio.Event()
        self._by_hand: set[str] = set()
        self._fault: str | None = None

    @hears(StreamInterrupted, StreamResumed, CallbackRequested, *HEARS)
    def apply(self, event: Event) -> None:
        """Takes in one fact; those that concern no callback pass by."""
        if isinstance(event, StreamInterrupted):
            self._hearing = False
        elif isinstance(event, StreamResumed):
            self._hearing = self._list_first = True
            self._wake.set()
        else:
            self._book.apply(event, self._clock())
            if isinstance(event, CallbackTried | CallbackRequested):
                self._wake.set()

    def by_hand(self, call_id: str) -> None:
        """A person calls this caller, and has said so in the database: no agent shall be rung for it any more."""
        self._by_hand.add(call_id)
        self._list_first = True
        self._wake.set()

    async def run(self) -> None:
        """Looks every few seconds and after every fact, for ever. Faults are logged, and looked at again."""
        while True:
            await self.look_safely()
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()

    async def look_safely(self) -> bool:
        """`look`, with what can be wrong logged once; False when it went wrong."""
        try:
            await self.look()
        except (AmiError, SQLAlchemyError) as error:
            fault = str(error) if isinstance(error, AmiError) else explain(error).advice
            if fault != self._fault:
                log.warning("callbacks wait: %s", fault)
            self._fault = fault
            return False
        except Exception:  # callers wait for this: a fault of ours in one look must not be the last look
            log.exception("looking after callbacks failed; it is tried again")
            return False
        self._fault = None
        return True

    async def look(self) -> None:
        """Looks once at all that is open and does what is due. Does nothing while Asterisk is not heard.

        Raises AmiError, SQLAlchemyError: nothing is lost, the next look does it.
        """
        if not self._hearing:
            return
        requests = await asyncio.to_thread(self._read)
        if self._list_first or ((requests or self._book.placeholders) and self._listing_is_old()):
            await self._list()
            await self._end_unwanted()
        if self._list_first:
            await self._secure(requests)
        self._list_first = False
        now = self._clock()
        decisions = self._book.decide(requests, now)
        for tried in decisions.lost:
            self._book.apply(tried, now)
            self._told(tried)
        for request in decisions.superseded:
            log.warning("call %s asked for a callback of a number that waits already", request.call_id)
            await asyncio.to_thread(self._give_up, request.call_id, now)
        due = [request for request in decisions.missing if self._doors.is_open(now, request.called_number)]
        if due:
            await self._place(due)
        await self._finish()
        self._book.forget((request.call_id for request in requests), now)

    async def _list(self) -> None:
        asked_at = self._clock()
        self._book.live(await find_placeholders(self._send, self._book.placeholders), asked_at)

    async def _end_unwanted(self) -> None:
        """Ends placeholders of requests that a person gave up, before an agent calls for nothing."""
        before = self._clock() - timedelta(seconds=GIVEN_UP_SECONDS)
        requests = list(self._book.placeholders.values())
        unwanted = await asyncio.to_thread(self._given_up, requests, before) if requests else []
        if self._by_hand:
            now = self._clock()
            unwanted += await asyncio.to_thread(self._given_up, list(self._by_hand), now)
            self._by_hand.clear()
        for call_id, request in list(self._book.placeholders.items()):
            if request in unwanted:
                with suppress(ActionFailed):  # it ended meanwhile
                    await self._send(Hangup(call_id))

    def _listing_is_old(self) -> bool:
        listed_at = self._book.listed_at
        return listed_at is None or self._clock() - listed_at > timedelta(seconds=LIST_SECONDS)

    # --- making placeholders ---

    async def _place(self, due: Iterable[CallbackRequest]) -> None:
        """Looks at the live channels first: facts may be late, and an unanswered wish may have been granted."""
        await self._list()
        for request in due:
            if request.call_id in self._book.placeholders.values() or not self._hearing:
                continue
            if request.tries >= self._policy.tries:  # the settings allow fewer tries than before
                await asyncio.to_thread(self._give_up, request.call_id, self._clock())
                continue
            # the number must not be able to ask again while it waits, also after Asterisk lost its database
            await put(self._send, Store.CALLBACK, request.number, request.call_id)
            self._book.made(request.call_id, self._clock())
            try:
                await self._send(placeholder(request, self._default_language))
            except (ActionFailed, AmiDown) as error:
                log.warning("a callback could not be put into its queue, it is tried again: %s", error)

    # --- Asterisk's own database, by which a number cannot ask twice ---

    async def _secure(self, requests: Iterable[CallbackRequest]) -> None:
        """After a login: those who wait are known to Asterisk, those who do not wait any more are not."""
        there = await self._release()
        for stored in requests:
            request = self._book.stand(stored)
            if request.unfinished and request.number not in there:
                await put(self._send, Store.CALLBACK, request.number, request.call_id)

    async def _finish(self) -> None:
        """Ends what the recorder has written down as over: the number may ask again, and who reached it is noted."""
        tried = list(self._book.tried_at)
        if not tried:
            return
        states = await asyncio.to_thread(self._states, tried)
        over = [call_id for call_id in tried if states.get(call_id) in _FINISHED]
        if over:
            await self._release()
        for call_id in over:
            if states[call_id] is CallbackState.DONE:  # of a request given up nobody reached the caller
                await asyncio.to_thread(self._note_agent, call_id)
            self._book.finished(call_id)

    async def _release(self) -> dict[str, str]:
        """Deletes the entries of finished requests; returns those that stay."""
        there = await read_family(self._send, Store.CALLBACK)
        states = await asyncio.to_thread(self._states, list(there.values()))
        for number, call_id in there.items():
            if states.get(call_id) in _FINISHED:
                await delete(self._send, Store.CALLBACK, number)
        return {number: call_id for number, call_id in there.items() if states.get(call_id) not in _FINISHED}

    # --- the database, in a thread: it may be locked, the loop may not ---

    def _read(self) -> list[CallbackRequest]:
        with reading(self._engine) as connection:
            return open_requests(connection)

    def _states(self, call_ids: list[str]) -> dict[str, CallbackState]:
        with reading(self._engine) as connection:
            return states_of(connection, call_ids)

    def _given_up(self, call_ids: list[str], before: datetime) -> list[str]:
        with reading(self._engine) as connection:
            return given_up_before(connection, call_ids, before)

    def _give_up(self, call_id: str, now: datetime) -> None:
        with writing(self._engine) as connection, suppress(UnknownCallback):
            give_up(connection, call_id, now)

    def _note_agent(self, call_id: str) -> None:
        agent = self._book.reached_by.get(call_id)
        if agent is not None:
            with writing(self._engine) as connection:
                note_answered_by(connection, call_id, agent)
