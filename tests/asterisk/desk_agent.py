"""A person who works here, in a test: an account, a desk phone of Asterisk's, and a log-in that asks the service."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import insert
from whole import Whole

from ami_listener.events import AgentState
from crm.database import writing
from crm.staff import sessions
from crm.staff.access import COOKIE, CSRF_HEADER
from crm.staff.models import staff, staff_queues


@dataclass
class Agent:
    """A person with a desk phone, and a page to give it orders."""

    whole: Whole
    extension: str
    token: str
    csrf: str

    @classmethod
    def enrol(cls, whole: Whole, extension: str, queues: Iterable[str], role: str = "agent") -> Self:
        at = datetime.now(UTC)
        person = {"username": f"{role}{extension}", "password_hash": "-", "role": role, "phone": "desk"}
        names = {"name_th": f"พนักงาน {extension}", "name_en": f"Agent {extension}", "language": "en"}
        with writing(whole.engine) as connection:
            made = connection.execute(
                insert(staff).values(**person, **names, extension=extension, created_at=at, updated_at=at)
            )
            assert made.inserted_primary_key is not None
            staff_id = made.inserted_primary_key[0]
            for queue in queues:
                connection.execute(insert(staff_queues).values(staff_id=staff_id, queue=queue))
            token = sessions.begin(connection, staff_id, at)
            found = sessions.visitor_of(connection, token, at)
        assert found is not None
        return cls(whole, extension, token, found[0].csrf)

    async def ask(
        self, what: str, body: Any = None, *, csrf: str | None = None, method: str = "POST"
    ) -> tuple[int, Any]:
        """Status and JSON of the answer. ``what``: an order to the telephone, or a path."""
        return await asyncio.to_thread(self._ask, what, {} if body is None else body, csrf or self.csrf, method)

    def _ask(self, what: str, body: Any, csrf: str, method: str) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.whole.site.ports.web}{what if what.startswith('/') else f'/api/telephone/{what}'}",
            data=json.dumps(body).encode() if method != "GET" else None,
            headers={"Cookie": f"{COOKIE}={self.token}", CSRF_HEADER: csrf, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    async def done(self, what: str, body: Any = None) -> Any:
        """An order that must be carried out; what was answered."""
        status, answer = await self.ask(what, body)
        assert status == 200, (what, status, answer)
        return answer

    async def refused(self, what: str, body: Any = None) -> str:
        """An order that must be refused; why."""
        status, answer = await self.ask(what, body)
        assert status == 409, (what, status, answer)
        assert answer["advice"]
        return str(answer["detail"])

    async def shows(self, state: AgentState, seconds: float = 3) -> None:
        """Waits until the desk shows this."""
        shown = None
        try:
            async with asyncio.timeout(seconds):
                while shown != state:
                    shown = (await self.ask("/api/desk/state", method="GET"))[1]["state"]["state"]
        except TimeoutError:
            raise AssertionError(f"{self.extension} is shown as {shown}, not {state}") from None

    @property
    def state(self) -> tuple[str, str | None]:
        """What is on record of this agent now: state and reason."""
        states = self.whole.states(self.extension)
        return (states[-1][0], states[-1][1]) if states else ("", None)

    async def becomes(self, state: AgentState, reason: str | None = None, seconds: float = 5) -> float:
        """Waits until this is on record; when that was."""
        await self.whole.until(lambda: self.state == (state, reason), seconds, f"{state} {reason}, is {self.state}")
        return time.time()
