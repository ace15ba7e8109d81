"""The web socket that passes SIP through: both sides live and end together, and nobody can fill our memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from fastapi import WebSocketDisconnect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from crm.telephone.passage import SOURCE, Ending, Passage

T = TypeVar("T")
OPTIONS = "OPTIONS sip:x SIP/2.0\r\nFrom: <sip:1001@hotline>;tag=1\r\nTo: <sip:1@x>\r\n\r\n"
FOREIGN = (
    "REGISTER sip:x SIP/2.0\r\nVia: v\r\nFrom: <sip:1002@x>;tag=1\r\nTo: <sip:1002@x>\r\nCall-ID: c\r\nCSeq: 1 REGISTER"
    "\r\n\r\n"
)


class Browser:
    """A browser's side, as Starlette gives it; ``slow``: it reads nothing any more."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[str | None] = asyncio.Queue()
        self.heard: list[str] = []
        self.accepted: str | None = None
        self.closed: tuple[int, str] | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    async def accept(self, subprotocol: str) -> None:
        self.accepted = subprotocol

    async def receive_text(self) -> str:
        text = await self.says.get()
        if text is None:
            raise WebSocketDisconnect(1001)
        return text

    async def send_text(self, text: str) -> None:
        await self.reads.wait()
        self.heard.append(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = code, reason


class Asterisk:
    """What listens where Asterisk does."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.heard: list[str | bytes] = []
        self.gone = asyncio.Event()

    async def take(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        try:
            async for frame in connection:
                self.heard.append(frame)
        finally:
            self.gone.set()


async def until(condition: Callable[[], object], seconds: float = 3) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def over(what: Awaitable[T]) -> T:
    """Its result, within three seconds."""
    async with asyncio.timeout(3):
        return await what


@asynccontextmanager
async def passing() -> AsyncIterator[tuple[Browser, Asterisk, Passage, asyncio.Task[Ending]]]:
    """A passage that is open."""
    asterisk, browser = Asterisk(), Browser()
    async with serve(asterisk.take, "127.0.0.1", 0, subprotocols=["sip"]) as server:  # type: ignore[list-item]
        port = server.sockets[0].getsockname()[1]
        passage = Passage(browser, port, "1001")  # type: ignore[arg-type]
        running = asyncio.create_task(passage.run())
        await until(lambda: browser.accepted and asterisk.connections)
        yield browser, asterisk, passage, running
        passage.end(Ending.STOPPING)
        await asyncio.wait([running], timeout=3)


Story = Callable[[Browser, Asterisk, Passage, "asyncio.Task[Ending]"], Awaitable[None]]


def play(story: Story) -> None:
    async def whole() -> None:
        async with passing() as parts:
            await story(*parts)

    asyncio.run(whole())


def test_frames_pass_both_ways_and_come_from_an_address_no_line_has() -> None:
    async def story(browser: Browser, asterisk: Asterisk, _: Passage, __: "asyncio.Task[Ending]") -> None:
        assert browser.accepted == asterisk.connections[0].subprotocol == "sip"
        assert asterisk.connections[0].remote_address[0] == SOURCE
        assert not SOURCE.startswith("127.0.0.")
        browser.says.put_nowait(OPTIONS)
        await until(lambda: asterisk.heard == [OPTIONS])
        await asterisk.connections[0].send("SIP/2.0 200 OK\r\n\r\n")
        await asterisk.connections[0].send(b"SIP/2.0 200 \xca\xc7\xd1\r\n\r\n", text=True)  # no UTF-8: TIS-620
        await until(lambda: len(browser.heard) == 2)
        assert browser.heard[0] == "SIP/2.0 200 OK\r\n\r\n"

    play(story)


def test_a_foreign_extension_is_refused_here() -> None:
    async def story(browser: Browser, asterisk: Asterisk, _: Passage, running: "asyncio.Task[Ending]") -> None:
        browser.says.put_nowait(FOREIGN)
        browser.says.put_nowait(OPTIONS)
        await until(lambda: asterisk.heard)
        assert asterisk.heard == [OPTIONS]
        assert browser.heard[0].startswith("SIP/2.0 403")
        browser.says.put_nowait("nonsense")
        assert await over(running) is Ending.FOREIGN
        assert browser.closed == (4400, "bad-frame")

    play(story)


def test_both_sides_end_together() -> None:
    async def browser_leaves(b: Browser, a: Asterisk, _: Passage, running: "asyncio.Task[Ending]") -> None:
        b.says.put_nowait(None)
        assert await over(running) is Ending.BROWSER
        await over(a.gone.wait())
        assert b.closed is None

    async def asterisk_leaves(b: Browser, a: Asterisk, _: Passage, running: "asyncio.Task[Ending]") -> None:
        await a.connections[0].close()
        assert await over(running) is Ending.ASTERISK
        assert b.closed == (4503, "asterisk-away")

    async def asterisk_dies(b: Browser, a: Asterisk, _: Passage, running: "asyncio.Task[Ending]") -> None:
        a.connections[0].transport.abort()
        assert await over(running) is Ending.ASTERISK
        assert b.closed == (4503, "asterisk-away")

    async def log_in_ends(b: Browser, a: Asterisk, passage: Passage, running: "asyncio.Task[Ending]") -> None:
        passage.end(Ending.LOGGED_OUT)
        passage.end(Ending.STOPPING)  # the first reason holds
        assert await over(running) is Ending.LOGGED_OUT
        assert b.closed == (4401, "logged-out")
        await over(a.gone.wait())

    for story in (browser_leaves, asterisk_leaves, asterisk_dies, log_in_ends):
        play(story)


def test_with_asterisk_away_the_browser_is_told_why() -> None:
    async def whole() -> None:
        browser = Browser()
        passage = Passage(browser, 9, "1001")  # type: ignore[arg-type]
        assert await passage.run() is Ending.ASTERISK
        assert (browser.accepted, browser.closed) == ("sip", (4503, "asterisk-away"))

    asyncio.run(whole())


def test_who_reads_nothing_is_waited_for_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other side is stopped meanwhile by its own full buffers: what is sent does not gather here."""
    monkeypatch.setattr("crm.telephone.passage.WRITE_SECONDS", 1.0)

    async def story(browser: Browser, asterisk: Asterisk, _: Passage, running: "asyncio.Task[Ending]") -> None:
        browser.reads.clear()
        frame = "x" * 60_000
        sent = 0
        try:
            async with asyncio.timeout(5):
                while not running.done():
                    await asterisk.connections[0].send(frame)
                    sent += 1
        except (ConnectionClosed, TimeoutError):
            pass
        assert await over(running) is Ending.SLOW
        assert browser.closed == (4408, "too-slow")
        assert sent * len(frame) < 16_000_000  # what sockets hold, and a few frames

    play(story)
