"""The manager interface of an Asterisk that does what a test wants: refuse, freeze, cut, answer by halves."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Headers = dict[str, str]
# What to do for a request: text to send ("%" stands for its ActionID), or None for silence.
Answerer = Callable[["FakeAsterisk", Headers], str | None]


class FakeAsterisk:
    """Listens on a free loopback port. ``answers``: by action name; Login, Ping are answered unless overridden."""

    def __init__(self) -> None:
        self.answers: dict[str, str | Answerer | None] = {}
        self.password = "right"
        self.frozen = False
        self.fully_booted = True
        self.received: list[Headers] = []
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    def actions(self, name: str) -> list[Headers]:
        return [headers for headers in self.received if headers["Action"] == name]

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Like a kill -9: the port is closed and every connection reset."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def say(self, text: str | bytes) -> None:
        """To the newest connection, with LF for CR LF in text."""
        self._writers[-1].write(text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                block = await reader.readuntil(b"\r\n\r\n")
                pairs = (line.split(": ", 1) for line in block.decode().strip().split("\r\n"))
                headers = {pair[0]: pair[-1] for pair in pairs}
                self.received.append(headers)
                if not self.frozen:
                    self._answer(writer, headers)
        writer.close()

    def _answer(self, writer: asyncio.StreamWriter, headers: Headers) -> None:
        name = headers["Action"]
        answer = self.answers.get(name, getattr(self, f"_{name.lower()}", "Response: Success\nActionID: %\n\n"))
        text = answer(self, headers) if callable(answer) else answer
        if text:
            writer.write(text.replace("%", headers["ActionID"]).replace("\n", "\r\n").encode())
        if name == "Login" and text and "Error" in text:
            writer.close()

    @staticmethod
    def _login(fake: "FakeAsterisk", headers: Headers) -> str:
        if headers["Secret"] != fake.password:
            return "Response: Error\nActionID: %\nMessage: Authentication failed\n\n"
        booted = "Event: FullyBooted\nPrivilege: system,all\nStatus: Fully Booted\n\n" if fake.fully_booted else ""
        return f"Response: Success\nActionID: %\nMessage: Authentication accepted\n\n{booted}"

    @staticmethod
    def _ping(_: "FakeAsterisk", __: Headers) -> str:
        return "Response: Success\nActionID: %\nPing: Pong\n\n"


@contextlib.asynccontextmanager
async def fake_asterisk() -> AsyncIterator[FakeAsterisk]:
    fake = FakeAsterisk()
    await fake.listen()
    try:
        yield fake
    finally:
        await fake.shut()


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Polls; fails when the condition does not become true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Runs a scenario; nothing may be left running, and nothing may have gone wrong in a callback."""
    failures: list[dict[str, object]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        await scenario()

    asyncio.run(watched())
    assert failures == []
