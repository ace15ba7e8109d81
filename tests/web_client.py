"""Somebody's browser, without a network: asks an application, keeps its cookies, follows nothing by itself."""

import asyncio
import weakref
from typing import Any

import httpx
from fastapi import FastAPI


class WebClient:
    """All requests run in one event loop, which is the caller's to close; who does not, has it closed with the last
    mention of this object (a loop that is only forgotten is told as a fault of whichever test runs then)."""

    def __init__(
        self, app: FastAPI, base_url: str = "https://hotline.test", client: tuple[str, int] = ("127.0.0.1", 50000)
    ) -> None:
        self._runner = asyncio.Runner()
        weakref.finalize(self, self._runner.get_loop().close)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=client)
        self._client = httpx.AsyncClient(transport=transport, base_url=base_url, headers={"accept": "text/html"})
        self.headers = self._client.headers
        self.cookies = self._client.cookies

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Asks, and gives the answer."""
        return self._runner.run(self._client.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def put(self, path: str, **more: Any) -> httpx.Response:
        return self.request("PUT", path, **more)

    def close(self) -> None:
        self._runner.close()

    # --- of our own pages

    def log_in(self, username: str, password: str, **more: str) -> httpx.Response:
        """Through the form."""
        return self.post("/login?lang=en", data={"username": username, "password": password, **more})

    @property
    def csrf(self) -> str:
        """The token that the pages of this session carry."""
        return self.get("/account").text.partition('name="csrf" content="')[2].partition('"')[0]

    def send(self, path: str, **fields: Any) -> httpx.Response:
        """A form of our own pages."""
        return self.post(path, data={"csrf": self.csrf, **fields})

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request of our pages' scripts."""
        headers = {"X-CSRF-Token": self.csrf, "Accept": "application/json"}
        return self.request(method, path, json=body, headers=headers)
