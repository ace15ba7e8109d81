"""People's pages in a browser, for tests: who looks, what the server has, what the page sends."""

import json
from typing import Any, Self

import httpx
from desk_server import DeskServer
from playwright.sync_api import BrowserContext, Page, Route, expect

from crm.staff.access import COOKIE

SECOND = 1000


class Office:
    """Requests to the server beside the browser, as somebody who is logged in."""

    def __init__(self, server: DeskServer, username: str = "somsri") -> None:
        self.server = server
        cookie = {COOKIE: server.cookie(username)["value"]}
        self._client = httpx.Client(base_url=server.url(""), cookies=cookie, timeout=10, trust_env=False)
        session = self._client.get("/api/session").json()
        self.staff_id = int(session["staff_id"])
        self._headers = {"X-CSRF-Token": session["csrf"], "Accept": "application/json"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        answer = self._client.get(path, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, path, json=body or {}, headers=self._headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def add(
        self, first_name: str = "สมชาย", last_name: str | None = "ใจดี", number: str | None = None, **more: Any
    ) -> int:
        """A person; the id."""
        fields = {"first_name": first_name, "last_name": last_name, **more}
        return int(self.send("POST", "/api/people", {"fields": fields, "number": number})["id"])

    def field(self, person_id: int, name: str) -> Any:
        """What the server has."""
        return self.get(f"/api/people/{person_id}")[name]

    def changed_by(self, person_id: int) -> int:
        """How often this person was changed."""
        return int(self.get(f"/api/people/{person_id}")["version"])


def enter(context: BrowserContext, server: DeskServer, person_id: int, username: str = "somsri", **query: str) -> Page:
    """The page of a person, as somebody."""
    context.add_cookies([server.cookie(username)])  # type: ignore[list-item]
    page = context.new_page()
    page.set_default_timeout(10 * SECOND)
    show(page, server, person_id, **query)
    return page


def show(page: Page, server: DeskServer, person_id: int, **query: str) -> None:
    """Goes there, and waits until it listens."""
    asked = "&".join(f"{name}={value}" for name, value in ({"lang": "en"} | query).items())
    with page.expect_response(f"**/api/people/{person_id}/events"):
        page.goto(server.url(f"/people/{person_id}?{asked}"))


def state(page: Page, wanted: str) -> None:
    """The page says how the saving stands."""
    expect(page.locator("[data-autosave-state]")).to_have_attribute("data-state", wanted, timeout=10 * SECOND)


class Wire:
    """Between page and server: cut it, or lose the answers."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[dict[str, Any]] = []
        self.mode = "on"
        page.route("**/api/people/*", self._pass)

    def _pass(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.fallback()
            return
        self.sent.append(json.loads(route.request.post_data or "{}"))
        if self.mode == "cut":
            route.abort("internetdisconnected")
        elif self.mode == "answer lost":
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()
