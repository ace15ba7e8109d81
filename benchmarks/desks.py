"""A room of desks for a benchmark, as a program of its own: ``python -m benchmarks.desks FOLDER DESKS``,
with ``tests`` in PYTHONPATH.

Serves an office without Asterisk and writes a line of JSON with its address and the cookies of all desks. Then it reads
``RATE SECONDS``, lets so many calls a second ring, one desk each, and writes for each call when its ring was told.
"""

import importlib
import json
import random
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ami_listener.events import (
    AgentRang,
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    QueueJoined,
)
from crm.database import writing
from crm.staff import sessions
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.service import create

scenes: Any = importlib.import_module("desk_scenes")
offices: Any = importlib.import_module("desk_server")
FIRST, PEOPLE, TALK_SECONDS = 3001, 200, 2.0


class Room:
    """``desks`` agents, and people who call them."""

    def __init__(self, folder: Path, desks: int) -> None:
        self.server = offices.DeskServer(folder)
        self.agents = [str(FIRST + n) for n in range(desks)]
        self.cookies = [self._log_in(agent) for agent in self.agents]
        self.numbers = [f"08100{n:05}" for n in range(PEOPLE)]
        for n, number in enumerate(self.numbers):
            scenes.person(self.server, number, f"ผู้โทร {n}", notes="โทรบ่าย")
        self.server.start()
        for agent in self.agents:
            self.server.state(AgentState.AVAILABLE, agent=agent)

    def _log_in(self, agent: str) -> str:
        draft = StaffDraft(username=f"agent{agent}", role=Role.AGENT, name_th=agent, name_en=agent, extension=agent)
        now = datetime.now(UTC)
        with writing(self.server.engine) as connection:
            staff_id = create(connection, draft, now, None, self.server.nobodys_password)
            return sessions.begin(connection, staff_id, now)

    def ring(self, number: int) -> tuple[str, float]:
        """One call at one desk; its name and when the ring was told."""
        call, agent = f"bench-{number}.1", self.agents[number % len(self.agents)]
        caller = random.choice(self.numbers)
        told = [0.0]

        def begin() -> None:
            told[0] = time.time()

        self.server.play(
            scenes.made(CallArrived, call, caller_number=caller, called_number="1169", trunk="provider"),
            scenes.made(QueueJoined, call, queue="enquiries", pass_number=1),
        )
        self.server.play_with(begin, self._state(agent, AgentState.RINGING), self._rang(call, agent))
        threading.Timer(0.5, self._answer, (call, agent)).start()
        return call, told[0]

    def _answer(self, call: str, agent: str) -> None:
        answered = scenes.made(CallAnswered, call, queue="enquiries", agent=agent, agent_channel=f"PJSIP/{agent}-1")
        self.server.play(answered, self._state(agent, AgentState.IN_CALL))
        threading.Timer(TALK_SECONDS, self._end, (call, agent)).start()

    def _end(self, call: str, agent: str) -> None:
        self.server.play(scenes.made(CallEnded, call), self._state(agent, AgentState.AVAILABLE))

    @staticmethod
    def _rang(call: str, agent: str) -> Any:
        return scenes.made(AgentRang, call, queue="enquiries", agent=agent)

    @staticmethod
    def _state(agent: str, state: AgentState) -> AgentStateChanged:
        now = datetime.now(UTC)
        return AgentStateChanged(
            event_id=f"{agent}-{state}-{now.isoformat()}", occurred_at=now, agent=agent, state=state
        )


def main() -> None:
    """The program."""
    room = Room(Path(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps({"url": room.server.url(""), "cookies": room.cookies}), flush=True)
    rate, seconds = (float(word) for word in sys.stdin.readline().split())
    begun = time.time()
    told = {}
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begun + number / rate - time.time()))
        call, at = room.ring(number)
        told[call] = at
    time.sleep(TALK_SECONDS + 2)
    print(json.dumps(told), flush=True)
    sys.stdin.readline()
    room.server.stop()


if __name__ == "__main__":
    main()
