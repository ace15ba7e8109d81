"""A client of the manager port with a peer that a test plays."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fake_asterisk import FakeAsterisk, fake_asterisk

from ami_listener.client import AmiClient, Message
from ami_listener.settings import AmiSettings


def event(name: str, **headers: object) -> str:
    lines = [f"Event: {name}", "Privilege: call,all", *(f"{key}: {value}" for key, value in headers.items())]
    return "\n".join(lines) + "\n\n"


def settings_for(fake: FakeAsterisk, **changes: Any) -> AmiSettings:
    quick: dict[str, Any] = {
        "reconnect_first_seconds": 0.02,
        "reconnect_max_seconds": 0.05,
        "action_timeout_seconds": 2.0,
        "ping_interval_seconds": 0.5,
        "booted_wait_seconds": 1.0,
    }
    return AmiSettings(username="hotline", secret="right", port=fake.port, **(quick | changes))


class Line:
    """A client, the fake it talks to, and what the client told."""

    def __init__(self, fake: FakeAsterisk, client_options: dict[str, Any], **changes: Any) -> None:
        self.fake = fake
        self.told: list[str] = []
        self.messages: list[Message] = []
        options: dict[str, Any] = {"on_message": self.on_message, "on_connected": self.resync, "on_lost": self.lost}
        self.client = AmiClient(settings_for(fake, **changes), **(options | client_options))

    def on_message(self, message: Message) -> None:
        self.messages.append(message)
        if message.event == "Numbered":
            self.told.append(str(message["Number"]))

    async def resync(self) -> None:
        self.told.append("resync")

    def lost(self, reason: str) -> None:
        self.told.append("lost")


@contextlib.asynccontextmanager
async def line(client_options: dict[str, Any] | None = None, **changes: Any) -> AsyncIterator[Line]:
    async with fake_asterisk() as fake:
        made = Line(fake, client_options or {}, **changes)
        await made.client.start()
        try:
            await made.client.wait_ready(3)
            yield made
        finally:
            await made.client.close()
