"""A small AMI client for the network's Asterisk.

On purpose not the product's own client: what measures must not share the faults of what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from itertools import count

Message = Mapping[str, str]


class ManagerError(Exception):
    """The network's Asterisk could not be reached or refused what it was asked."""


def parse(lines: Sequence[str]) -> dict[str, str]:
    """Headers of one message; a repeated header keeps its last value."""
    return {name: value.lstrip() for name, colon, value in (line.partition(":") for line in lines) if colon}


class Manager:
    """One logged-in connection; events go to ``on_event`` as they arrive."""

    def __init__(self, on_event: Callable[[Message], None]) -> None:
        self._on_event = on_event
        self._numbers = count(1)
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def connect(self, port: int, username: str, secret: str) -> None:
        """Connects to this machine and logs in. Raises ManagerError."""
        try:
            reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            raise ManagerError(f"The telephone network's Asterisk does not listen on port {port}: {error}") from error
        await reader.readline()  # greeting
        self._reading = asyncio.create_task(self._read(reader))
        await self.action({"Action": "Login", "Username": username, "Secret": secret})

    async def action(self, headers: Mapping[str, str], variables: Sequence[str] = ()) -> Message:
        """Asks and returns the answer. Raises ManagerError when refused, cut off, or unanswered for 10 s."""
        if self._writer is None or self._reading is None or self._reading.done():
            raise ManagerError("The connection to the telephone network's Asterisk is closed.")
        number = headers.get("ActionID") or str(next(self._numbers))
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        lines = [f"{name}: {value}" for name, value in {**headers, "ActionID": number}.items()]
        lines += [f"Variable: {variable}" for variable in variables]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            async with asyncio.timeout(10):
                response = await answer
        except TimeoutError:
            raise ManagerError(f"The telephone network's Asterisk did not answer {headers['Action']}.") from None
        finally:
            self._waiting.pop(number, None)
        if response.get("Response") == "Error":
            raise ManagerError(f"{headers['Action']}: {response.get('Message', 'refused')}")
        return response

    async def close(self) -> None:
        """Ends the connection; harmless when there is none."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        lines: list[str] = []
        try:
            while line := await reader.readline():
                text = line.decode(errors="replace").rstrip("\r\n")
                if text:
                    lines.append(text)
                    continue
                self._take(parse(lines))
                lines = []
        except OSError:
            pass  # the same as its end
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ManagerError("The telephone network's Asterisk hung up on us."))

    def _take(self, message: dict[str, str]) -> None:
        if "Response" in message:
            waiting = self._waiting.get(message.get("ActionID", ""))
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif "Event" in message:
            self._on_event(message)
