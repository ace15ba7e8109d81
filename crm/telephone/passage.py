"""A browser's SIP passes through us to Asterisk and back: two web sockets that live and end together.

Nothing is stored. Whoever reads too slowly is waited for, which stops the other side; for too long, and both end.
"""

import asyncio
import logging
from collections.abc import Awaitable
from enum import Enum
from typing import Final

from fastapi import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from crm.telephone.frames import BadFrame, refusal

log = logging.getLogger(__name__)

SIP: Final = Subprotocol("sip")
# A line that is known by the address 127.0.0.1 must not take a browser for itself: Asterisk looks at addresses first.
SOURCE: Final = "127.0.1.69"
OPEN_SECONDS: Final = 3.0
WRITE_SECONDS: Final = 10.0
PING_SECONDS: Final = 5.0
LARGEST_FRAME: Final = 64 * 1024
MOST_WAITING: Final = 16  # frames of Asterisk's that wait for the browser


class Ending(Enum):
    """Why it ended: code and reason as the browser is told."""

    BROWSER = (1000, "")  # it left by itself
    ASTERISK = (4503, "asterisk-away")
    LOGGED_OUT = (4401, "logged-out")
    ELSEWHERE = (4409, "elsewhere")
    REPLACED = (4410, "replaced")  # by a newer socket of the same log-in
    FOREIGN = (4400, "bad-frame")
    SLOW = (4408, "too-slow")
    STOPPING = (1012, "service-stops")


class Passage:
    """One browser's way to Asterisk. `run` lasts as long as it does; `end` ends it from elsewhere."""

    def __init__(self, browser: WebSocket, port: int, extension: str) -> None:
        self.extension = extension
        self._browser = browser
        self._port = port
        self._ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    def end(self, why: Ending) -> None:
        """Closes both sides; the first reason given holds."""
        if not self._ended.done():
            self._ended.set_result(why)

    async def run(self) -> Ending:
        """Accepts the browser when Asterisk is there, and carries frames until one side is gone. Returns why."""
        try:
            async with connect(
                f"ws://127.0.0.1:{self._port}/ws",
                subprotocols=[SIP],
                local_addr=(SOURCE, 0),
                compression=None,
                open_timeout=OPEN_SECONDS,
                close_timeout=1.0,
                ping_interval=PING_SECONDS,
                ping_timeout=PING_SECONDS,
                max_size=LARGEST_FRAME,
                max_queue=MOST_WAITING,
                user_agent_header=None,
                proxy=None,
            ) as asterisk:
                await self._browser.accept(subprotocol=SIP)
                why = await self._carry(asterisk)
        except (OSError, TimeoutError, WebSocketException):
            why = Ending.ASTERISK
            await self._browser.accept(subprotocol=SIP)  # to a browser, a refused socket has no reason
        if why is not Ending.BROWSER:
            await _quietly(self._browser.close(*why.value))
        return why

    async def _carry(self, asterisk: ClientConnection) -> Ending:
        ways = [
            asyncio.create_task(self._up(asterisk), name=f"sip up {self.extension}"),
            asyncio.create_task(self._down(asterisk), name=f"sip down {self.extension}"),
        ]
        try:
            await asyncio.wait([*ways, self._ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            ended = await asyncio.gather(*ways, return_exceptions=True)
        for result in ended:
            if isinstance(result, Exception):
                log.error("the socket of extension %s failed", self.extension, exc_info=result)
            if isinstance(result, Ending):
                self.end(result)
        self.end(Ending.ASTERISK)
        return self._ended.result()

    async def _up(self, asterisk: ClientConnection) -> Ending:
        while True:
            try:
                frame = await self._browser.receive_text()
            except (WebSocketDisconnect, KeyError, RuntimeError):  # gone, or bytes
                return Ending.BROWSER
            try:
                answer = refusal(frame, self.extension)
            except BadFrame as error:
                log.warning("the socket of extension %s is closed: %s", self.extension, error)
                return Ending.FOREIGN
            try:
                async with asyncio.timeout(WRITE_SECONDS):
                    await (asterisk.send(frame) if answer is None else self._browser.send_text(answer))
            except TimeoutError:
                return Ending.SLOW
            except ConnectionClosed:
                return Ending.ASTERISK
            except (WebSocketDisconnect, RuntimeError):
                return Ending.BROWSER

    async def _down(self, asterisk: ClientConnection) -> Ending:
        while True:
            try:
                frame = await asterisk.recv(decode=False)
            except ConnectionClosed:
                return Ending.ASTERISK
            try:
                async with asyncio.timeout(WRITE_SECONDS):
                    # a telephone network writes names in whatever it likes; a browser drops a socket that does
                    await self._browser.send_text(frame.decode("utf-8", "replace"))
            except TimeoutError:
                return Ending.SLOW
            except (WebSocketDisconnect, RuntimeError):
                return Ending.BROWSER


async def _quietly(closing: Awaitable[None]) -> None:
    try:
        await closing
    except (RuntimeError, WebSocketDisconnect):
        log.debug("a browser was gone before it was told why")
