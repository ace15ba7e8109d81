"""Agents' own calls as they go on, and on record. Facts may come twice and in any order (journal, reconnection)."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ami_listener.events import (
    Event,
    OutboundAnswered,
    OutboundDialled,
    OutboundEnded,
    OutboundResult,
    StreamResumed,
)
from ami_listener.telling import hears
from crm.database import writing
from crm.telephone.service import OutboundCall, keep

log = logging.getLogger(__name__)
REMEMBERED: Final = 2_000
RETRY_SECONDS: Final = 1.0

Tell = Callable[[str, dict[str, Any]], None]
"""Told of every change: the agent's extension, and the call as JSON."""


class OutboundCalls:
    """Give it every fact (`happened`), let it `run`. ``current`` is what an agent does now."""

    def __init__(self, engine: Engine, tell: Tell) -> None:
        self._engine = engine
        self._tell = tell
        self._calls: OrderedDict[str, OutboundCall] = OrderedDict()
        self._early: OrderedDict[str, list[OutboundAnswered | OutboundEnded]] = OrderedDict()
        self._unwritten: dict[str, OutboundCall] = {}
        self._something = asyncio.Event()

    def current(self, agent: str) -> OutboundCall | None:
        """The newest call of this agent's own that goes on; None when there is none."""
        mine = (call for call in reversed(self._calls.values()) if call.agent == agent and call.ended_at is None)
        return next(mine, None)

    def find(self, outbound_id: str) -> OutboundCall | None:
        """One call, when it is not too long ago."""
        return self._calls.get(outbound_id)

    @hears(OutboundDialled, OutboundAnswered, OutboundEnded, StreamResumed)
    def happened(self, event: Event) -> None:
        """Takes in one fact; never waits."""
        if isinstance(event, OutboundDialled):
            self._dialled(event)
        elif isinstance(event, OutboundAnswered | OutboundEnded):
            if event.outbound_id in self._calls:
                self._changed(event)
            else:
                self._early.setdefault(event.outbound_id, []).append(event)
                if len(self._early) > REMEMBERED:
                    self._early.popitem(last=False)
        elif isinstance(event, StreamResumed):
            self._resumed(event)

    def _dialled(self, event: OutboundDialled) -> None:
        if event.outbound_id in self._calls:
            return
        began = OutboundCall(event.outbound_id, event.agent, event.kind, event.to, event.occurred_at)
        self._put(began)
        for early in self._early.pop(event.outbound_id, ()):
            self._changed(early)
        while len(self._calls) > REMEMBERED:
            self._calls.popitem(last=False)

    def _changed(self, event: OutboundAnswered | OutboundEnded) -> None:
        call = self._calls[event.outbound_id]
        if isinstance(event, OutboundAnswered):
            changed = replace(call, answered_at=call.answered_at or event.occurred_at)
        else:
            changed = replace(call, ended_at=event.occurred_at, result=event.result, cause=event.cause)
        if changed != call:
            self._put(changed)

    def _resumed(self, event: StreamResumed) -> None:
        """What Asterisk does not list is over, whether it was told or not."""
        for call in list(self._calls.values()):
            if call.ended_at is None and call.outbound_id not in event.live_calls and call.began_at < event.occurred_at:
                self._put(replace(call, ended_at=event.occurred_at, result=OutboundResult.FAILED))

    def _put(self, call: OutboundCall) -> None:
        self._calls[call.outbound_id] = call
        self._unwritten[call.outbound_id] = call
        self._something.set()
        self._tell(call.agent, as_json(call))

    async def run(self) -> None:
        """Until cancelled: writes what changed; with the database away it waits in memory."""
        while True:
            await self._something.wait()
            self._something.clear()
            calls, self._unwritten = self._unwritten, {}
            try:
                await run_in_threadpool(self._write, list(calls.values()))
            except SQLAlchemyError as error:
                log.warning("agents' own calls wait for the database: %s", type(error).__name__)
                self._unwritten = {**calls, **self._unwritten}
                await asyncio.sleep(RETRY_SECONDS)
                self._something.set()

    def _write(self, calls: list[OutboundCall]) -> None:
        with writing(self._engine) as connection:
            keep(connection, calls)


def as_json(call: OutboundCall) -> dict[str, Any]:
    """As pages are told it: times in ISO 8601."""
    return {key: _plain(value) for key, value in asdict(call).items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
