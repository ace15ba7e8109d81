"""A wallboard for a benchmark, as a program of its own: ``python -m benchmarks.board_room FOLDER``.

Serves the board of a busy day over the real floor and book, without Asterisk; ten queues, sixty agents, two calls a
second. Writes its port, and for every line it reads the processor time that it has used so far, in seconds.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from ami_listener.events import AgentState, AgentStateChanged, CallAnswered, CallArrived, CallEnded, Event, QueueJoined
from ami_listener.floor import FloorState
from crm.wallboard.key import anyone
from crm.wallboard.web import Wallboard
from crm.web.app import create_app
from crm.web.server import Server
from dialplan.sections import Agent
from hotline.board import Now, board_settings, day_start, limits_of
from hotline.health import Health
from hotline.settings import Settings, parse
from hotline.settings_file import first_settings
from metrics.book import DayBook
from metrics.facts import ANSWERED, IMPRESSED, CallFact

QUEUES, AGENTS, CALLS_TODAY, CALLS_A_SECOND = 10, 60, 3_000, 2.0


class Room:
    """Everything that the board shows, and what changes of it."""

    def __init__(self, settings: Settings) -> None:
        first = settings.queues[0]
        self.queues = [f"queue{number}" for number in range(QUEUES)]
        agents = tuple(
            Agent(extension=str(1001 + number), name_th=f"เจ้าหน้าที่ {number}", queues=(self.queues[number % QUEUES],))
            for number in range(AGENTS)
        )
        queues = tuple(first.model_copy(update={"name": name, "label_th": name}) for name in self.queues)
        self.settings = settings.model_copy(update={"agents": agents, "queues": queues})
        self.floor = FloorState()
        zone = board_settings(settings).zone
        self.book = DayBook(day_start(zone), limits_of(settings))
        self._numbers = count()
        now = datetime.now(UTC)
        begins_at = day_start(zone)(now)
        for number in range(CALLS_TODAY):
            self.book.put(self._fact(f"old{number}", begins_at + (now - begins_at) * number / CALLS_TODAY, number))
        for agent in agents:
            self.floor.apply(self._state(agent.extension, AgentState.AVAILABLE, now))

    def call(self) -> None:
        """One call comes, and the one of five seconds ago is over."""
        now, number = datetime.now(UTC), next(self._numbers)
        agent, queue = str(1001 + number % AGENTS), self.queues[number % QUEUES]
        call = f"new{number}"
        told: dict[str, Any] = {"occurred_at": now, "call_id": call}
        events: list[Event] = [
            CallArrived(event_id=f"{call}a", caller_number="0810000000", called_number="1169", trunk="t", **told),
            QueueJoined(event_id=f"{call}q", queue=queue, pass_number=1, **told),
        ]
        if number % 3:
            events.append(CallAnswered(event_id=f"{call}b", queue=queue, agent=agent, **told))
            events.append(self._state(agent, AgentState.IN_CALL, now))
        before = number - round(5 * CALLS_A_SECOND)
        if before >= 0:
            events.append(CallEnded(event_id=f"new{before}e", occurred_at=now, call_id=f"new{before}"))
            events.append(self._state(str(1001 + before % AGENTS), AgentState.AVAILABLE, now))
            self.book.put(self._fact(f"new{before}", now - timedelta(seconds=5), before))
        for event in events:
            self.floor.apply(event)

    def _state(self, agent: str, state: AgentState, at: datetime) -> AgentStateChanged:
        return AgentStateChanged(event_id=f"{agent}{at.isoformat()}", occurred_at=at, agent=agent, state=state)

    def _fact(self, call: str, at: datetime, number: int) -> CallFact:
        answered_at = at + timedelta(seconds=number % 12)
        return CallFact(
            call_id=call, arrived_at=at, called_number="1169", queue=self.queues[number % QUEUES], agent="1001",
            agent_answered_at=answered_at, ended_at=answered_at + timedelta(seconds=90), outcome=ANSWERED,
            talk_seconds=90.0, survey_asked=True, survey_meaning=IMPRESSED,
        )  # fmt: skip


def nothing() -> Any:
    """Of what the board does not show."""
    return {}


def beats(seconds: float) -> Iterator[None]:
    """Evenly, also when one took longer."""
    due = time.monotonic()
    while True:
        yield
        due += seconds
        time.sleep(max(0.0, due - time.monotonic()))


def main() -> None:
    """The command; ends with its input."""
    room = Room(parse(first_settings(), Path(sys.argv[1]) / "hotline.toml"))
    health = Health(**{one.name: nothing for one in fields(Health)} | {"ami": lambda: True})
    now = Now(lambda: room.settings, room.floor, room.book, health, lambda: datetime.now(UTC))
    board = Wallboard(now.board, board_settings(room.settings), door=anyone)
    listener = socket.create_server(("127.0.0.1", 0), backlog=300)
    server = Server(create_app([board.router]), board.close)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    threading.Thread(target=_live, args=(room,), daemon=True).start()
    for _ in sys.stdin:
        print(json.dumps({"cpu": time.process_time()}), flush=True)
    server.should_exit = True
    thread.join(10)


def _live(room: Room) -> None:
    for _ in beats(1 / CALLS_A_SECOND):
        room.call()


if __name__ == "__main__":
    main()
