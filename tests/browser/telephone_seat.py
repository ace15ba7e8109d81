"""An agent's page with its telephone, driven and listened to by a test; and who hears whom, by tones."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import Page
from sqlalchemy import delete, update
from telephones import Call
from whole import Whole

from crm.database import writing
from crm.staff import sessions
from crm.staff.models import sessions as log_ins
from crm.staff.models import staff

CALLER, AGENT, COLLEAGUE, OFFICE = 1300, 700, 1000, 1900  # what each of them sings, in Hertz
AUDIBLE = 0.02  # of full scale


@dataclass
class LogIn:
    """A log-in of an agent."""

    whole: Whole
    extension: str
    staff_id: int
    token: str
    csrf: str

    @classmethod
    def of(cls, whole: Whole, extension: str, *, auto_answer: bool = False) -> "LogIn":
        with writing(whole.engine) as connection:
            who = staff.c.extension == extension
            connection.execute(update(staff).where(who).values(auto_answer=auto_answer))
            staff_id = connection.execute(staff.select().where(who)).one().id
            token = sessions.begin(connection, staff_id, datetime.now(UTC), "127.0.0.1", "Chromium")
            found = sessions.visitor_of(connection, token, datetime.now(UTC))
        assert found is not None
        return cls(whole, extension, staff_id, token, found[0].csrf)

    def end(self) -> None:
        """Logs out."""
        with writing(self.whole.engine) as connection:
            connection.execute(delete(log_ins).where(log_ins.c.token_hash == sessions.hash_of(self.token)))


class Seat:
    """An agent's page with its telephone. ``events`` are those of ``phone.js``, times in seconds since 1970."""

    def __init__(self, page: Page, log_in: LogIn) -> None:
        self.page, self.log_in = page, log_in
        self.extension = log_in.extension
        self.errors: list[str] = []
        self._told: list[dict[str, Any]] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))

    def hear(self, told: dict[str, Any]) -> None:
        """Something the page says by itself: asking it again and again would keep it from its work."""
        if told["kind"] == "loaded":  # a page that was loaded anew begins to count anew
            self._told = []
        else:
            self._told.append(told)

    async def events(self, kind: str = "") -> list[dict[str, Any]]:
        """What the telephone said since the page was loaded; only of one kind when it is named."""
        return [event for event in self._told if kind in ("", event["kind"])]

    async def until(self, event: str, number: int = 1, seconds: float = 8, **detail: Any) -> dict[str, Any]:
        """The ``number``-th event of a kind (with these details), as soon as it is there."""
        deadline = time.monotonic() + seconds
        while True:
            found = [e for e in await self.events(event) if all(e["detail"].get(k) == v for k, v in detail.items())]
            if len(found) >= number:
                return found[number - 1]
            if time.monotonic() > deadline:
                said = [(each["kind"], each["detail"].get("reason")) for each in await self.events()]
                raise AssertionError(
                    f"{self.extension}: no {event} {detail} within {seconds} s, but {said} {self.errors}"
                )
            await asyncio.sleep(0.005)

    async def order(self, javascript: str) -> Any:
        """Something asked of the telephone, such as ``phone.answer()``; settled when it is done."""
        return await self.page.evaluate(javascript)

    async def refused(self, javascript: str) -> str:
        """Something that must be refused; the code of the refusal."""
        code: str = await self.page.evaluate(f"(async () => {{ try {{ await {javascript}; return 'done'; }}"
                                             " catch (error) { return error.code ?? String(error); } })()")  # fmt: skip
        return code

    async def state(self) -> dict[str, Any]:
        """What a page would show now."""
        shown: dict[str, Any] = await self.page.evaluate("shown()")
        return shown

    async def hears(self, hertz: float, *, whom: str = "first", seconds: float = 5) -> None:
        """Waits until this tone comes out of the telephone, from the caller (first) or the colleague (second)."""
        level = 0.0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            level = await self.page.evaluate("([whom, hertz]) => level(whom, hertz)", [whom, hertz])
            if level > AUDIBLE:
                return
        raise AssertionError(f"{self.extension} does not hear {hertz} Hz from {whom}, level {level}")

    async def does_not_hear(self, hertz: float, *, whom: str = "first") -> None:
        """For a moment of three looks."""
        for _ in range(3):
            level = await self.page.evaluate("([whom, hertz]) => level(whom, hertz)", [whom, hertz])
            assert level < AUDIBLE / 2, f"{self.extension} hears {hertz} Hz from {whom}, level {level}"


async def heard(call: Call, hertz: float, seconds: float = 5) -> float:
    """Waits until a telephone of the network hears this tone; how long that took."""
    begun = call.phone.clock()
    while call.phone.clock() < begun + seconds:
        if len(call.audio.tone_times(hertz, 0.2, since=begun)) > 5:
            return call.phone.clock() - begun
        await asyncio.sleep(0.02)
    raise AssertionError(f"{call!r} does not hear {hertz} Hz")


async def not_heard(call: Call, hertz: float, seconds: float = 0.6) -> None:
    """After a moment for what is under way."""
    await asyncio.sleep(0.3)
    since = call.phone.clock()
    await asyncio.sleep(seconds)
    assert len(call.audio.tone_times(hertz, 0.2, since=since)) < 3, f"{call!r} hears {hertz} Hz"
