"""No page and no request of the whole application is open, but for a short list."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from guarded_house import routes_of

from crm.database import upgrade
from crm.wallboard.key import ScreenKey
from hotline.demonstration import demo_settings
from hotline.service import Service

OPEN = {
    "GET /health": "whether the process lives, for whoever watches it",
    "GET /ready": "whether every part works, likewise",
    "GET /metrics": "figures without personal data, for this machine and networks in the settings",
    "GET /login": "the way in",
    "POST /login": "the way in",
    "MOUNT /static/vendor": "scripts of others, the same for everyone",
    "MOUNT /static": "styles and scripts, the same for everyone",
    "MOUNT /static/fonts": "the typeface",
}
SIGNED = {  # opened by a secret in the address
    "/wallboard": "by the key of the big screens",
    "/c/": "cards, by a signed link in a letter",
    "/f/": "a large file of a letter, by a signed link that expires",
    "/show/": "a visitor's own basket, by the key of the screen beside the desk",
}


class House:
    """The whole application, not started: nothing listens, nobody has a session."""

    def __init__(self, folder: Path) -> None:
        self.settings = demo_settings(folder, folder, 2, 5060)
        self.runner = asyncio.Runner()
        self.service = self.runner.run(self._make())
        upgrade(self.service.engine)

    async def _make(self) -> Service:
        return Service(self.settings)

    @property
    def app(self) -> FastAPI:
        return self.service.pages.app

    def ask(self, method: str, path: str, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(client, 5))
            async with httpx.AsyncClient(transport=transport, base_url="http://hotline.test") as asking:
                async with asyncio.timeout(10):
                    return await asking.request(method, path, headers=headers)

        return self.runner.run(asked())

    def open_socket(self, path: str) -> list[str]:
        """What the application says to a web socket of a stranger."""
        said: list[str] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            said.append(message["type"])

        async def opened() -> None:
            scope = {
                "type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "scheme": "ws",
                "headers": [(b"host", b"hotline.test"), (b"origin", b"http://hotline.test")], "subprotocols": ["sip"],
                "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "asgi": {"version": "3.0"},
            }  # fmt: skip
            await self.app(scope, receive, send)  # type: ignore[arg-type]

        self.runner.run(opened())
        return said

    def close(self) -> None:
        self.service.engine.dispose()
        self.service.lookup_engine.dispose()
        self.runner.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.close()


def test_nothing_is_reached_without_a_session(house: House) -> None:
    """Every route there is, and no exception that is not written down."""
    found = {f"{method} {path}" for method, path in routes_of(house.app.routes)}
    assert len(found) > 20
    assert set(OPEN) <= found, "the list of what is open names what is not there"
    reached = []
    for method, path in routes_of(house.app.routes):
        if f"{method} {path}" in OPEN:
            continue
        address = re.sub(r"\{[^}]*\}", "1", path)
        if method == "SOCKET":
            if house.open_socket(address) != ["websocket.close"]:
                reached.append(f"{method} {path}")
            continue
        secret = path.startswith(tuple(one for one in SIGNED if one.endswith("/")))
        refusals = {403, 404, 422} if secret else {401}
        if house.ask(method, address, accept="application/json").status_code not in refusals:
            reached.append(f"{method} {path}")
    assert reached == []


def test_a_page_leads_to_the_way_in_and_back(house: House) -> None:
    answer = house.ask("GET", "/wallboard?queue=enquiries", accept="text/html")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/wallboard%3Fqueue%3Denquiries")


def test_big_screens_look_by_their_key(house: House) -> None:
    key = ScreenKey(house.settings.state)
    page = house.ask("GET", f"/wallboard?lang=en&key={key.value}")
    assert page.status_code == 200
    assert f"/wallboard/events?lang=en&amp;key={key.value}" in page.text
    assert page.text.count(f"key={key.value}") > 1  # the other language keeps it
    for path in ("/wallboard", "/wallboard/events"):
        assert house.ask("GET", f"{path}?key=guessed").status_code == 401
        assert house.ask("GET", f"{path}?key=").status_code == 401
    for other in ("/desk", "/account", "/admin", "/"):
        assert house.ask("GET", f"{other}?key={key.value}").status_code in {401, 404}
    old = key.value
    key.renew()
    assert house.ask("GET", f"/wallboard?key={old}").status_code == 401
    assert (house.settings.state / "wallboard-key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.5", {}, 403),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.5"}, 403),  # through a proxy that nobody told us of
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("127.0.0.1", {"forwarded": "for=192.0.2.5"}, 403),
    ],
)
def test_figures_are_for_this_machine(house: House, client: str, headers: dict[str, str], status: int) -> None:
    assert house.ask("GET", "/metrics", client, **headers).status_code == status


def test_the_short_list_says_nothing_of_people(house: House) -> None:
    for path in ("/health", "/ready", "/metrics", "/login"):
        answer = house.ask("GET", path)
        assert answer.status_code in {200, 503}
        assert "Somsri" not in answer.text
        assert "1001" not in answer.text
