"""The console's picture of the floor: who waits, who talks, what everybody does, who listens, what is closed.

Made only while somebody looks, once for all who look; they are told what is different since the last time.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from ami_listener.events import AgentState
from ami_listener.floor import AgentNow, FloorSnapshot
from ami_listener.records import CallRecord
from crm.closure.service import Closure
from crm.console.spies import Spies
from crm.live import Hub
from dialplan.sections import Agent

log = logging.getLogger(__name__)
TOPIC: Final = "console"
LOOK_SECONDS: Final = 0.5
IDLE_SECONDS: Final = 0.5  # how soon somebody who begins to look is noticed
SLOW_LOOKS: Final = 6  # names and closures come from the database: every third second
MOST_NAMES: Final = 2_000
Picture = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the picture comes from. ``names``: number → name of the person, from a thread; ``closures`` likewise."""

    floor: Callable[[], FloorSnapshot]
    agents: Callable[[], Sequence[Agent]]
    find_call: Callable[[str], CallRecord | None]
    number_of: Callable[[str | None], str | None]
    names: Callable[[Sequence[str]], Mapping[str, str]]
    closures: Callable[[], Sequence[Closure]]
    heard: Callable[[], bool]
    clock: Callable[[], datetime]


class Floor:
    """`picture` now; `run` tells what changes on the topic ``console``. Belongs to the event loop."""

    def __init__(self, sources: Sources, spies: Spies, hub: Hub) -> None:
        self._sources = sources
        self._spies = spies
        self._hub = hub
        self._names: dict[str, str] = {}
        self._closed: list[dict[str, Any]] = []

    async def picture(self) -> Picture:
        """All of it, with what the database says now."""
        await self._read(self._numbers())
        return self._picture()

    async def run(self) -> None:
        """Until cancelled: who looks is told what is different."""
        before: Picture = {}
        looks = 0
        while True:
            if not self._hub.listening(TOPIC):
                before, looks = {}, 0
                await asyncio.sleep(IDLE_SECONDS)
                continue
            unknown = [number for number in self._numbers() if number not in self._names]
            if unknown or looks % SLOW_LOOKS == 0:
                await self._read(unknown)
            now = self._picture()
            if changed := difference(before, now):
                self._hub.publish(TOPIC, {"kind": "console", **changed})
            before = now
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)

    # -- inside

    def _numbers(self) -> list[str]:
        """Of everybody on the line."""
        floor = self._sources.floor()
        calls = [call.call_id for calls in floor.waiting.values() for call in calls]
        calls += [call.call_id for call in floor.talking]
        return [number for call in calls if (number := self._number(call)) is not None]

    def _number(self, call_id: str) -> str | None:
        record = self._sources.find_call(call_id)
        return self._sources.number_of(record.caller_number) if record is not None else None

    async def _read(self, numbers: Sequence[str]) -> None:
        try:
            closed, names = await run_in_threadpool(self._look, [one for one in numbers if one not in self._names])
        except SQLAlchemyError as error:  # the floor goes on without names
            log.debug("the console has no names now: %s", type(error).__name__)
            return
        if len(self._names) > MOST_NAMES:
            self._names.clear()
        self._names |= names
        self._closed = closed

    def _look(self, numbers: Sequence[str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
        closed = [
            {"scope": one.scope, "since": one.closed_at.isoformat(), "by": one.closed_by, "reason": one.reason}
            for one in self._sources.closures()
        ]
        found = dict(self._sources.names(numbers)) if numbers else {}
        return closed, {number: found.get(number, "") for number in numbers}

    def _picture(self) -> Picture:
        floor = self._sources.floor()
        listening: dict[str, list[dict[str, str]]] = {}
        for spy in self._spies.all():
            told = {"by": spy.supervisor, "mode": spy.mode.value, "since": spy.since.isoformat()}
            listening.setdefault(spy.agent, []).append(told)
        return {
            "heard": self._sources.heard(),
            "waiting": [
                {**self._caller(call.call_id), "queue": call.queue, "since": call.arrived_at.isoformat()}
                for calls in floor.waiting.values()
                for call in calls
            ],
            "talking": [
                {
                    **self._caller(call.call_id),
                    "queue": call.queue,
                    "agent": call.agent,
                    "since": call.since.isoformat(),
                    "spies": listening.get(call.agent, []),
                }
                for call in floor.talking
            ],
            "agents": {agent.extension: _agent(agent, floor.agents) for agent in self._sources.agents()},
            "closed": self._closed,
        }

    def _caller(self, call_id: str) -> dict[str, Any]:
        record = self._sources.find_call(call_id)
        number = self._sources.number_of(record.caller_number) if record is not None else None
        callback = record is not None and record.callback_of is not None
        return {"call": call_id, "number": number, "name": self._names.get(number or "", ""), "callback": callback}


def difference(before: Picture, now: Picture) -> Picture:
    """What of a picture is new; of agents only those who are, None for those who are gone."""
    changed: Picture = {key: value for key, value in now.items() if key != "agents" and before.get(key) != value}
    old: dict[str, Any] = before.get("agents", {})
    agents: dict[str, Any] = {one: value for one, value in now["agents"].items() if old.get(one) != value}
    agents |= dict.fromkeys(old.keys() - now["agents"].keys())
    return changed | ({"agents": agents} if agents else {})


def _agent(agent: Agent, known: Mapping[str, AgentNow]) -> dict[str, Any]:
    now = known.get(agent.extension)
    return {
        "name_th": agent.name_th or agent.name_en or agent.extension,
        "name_en": agent.name_en or agent.name_th or agent.extension,
        "state": (now.state if now else AgentState.OFFLINE).value,
        "since": now.since.isoformat() if now else None,
        "reason": now.pause_reason if now else None,
        "call": now.call_id if now else None,
        "queues": list(agent.queues),
        "phone": agent.phone,
        "supervises": agent.supervises,
    }
