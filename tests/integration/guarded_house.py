"""The whole application as `hotline.service` makes it, with people of every role; asked without a network."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from sqlalchemy import select
from starlette.routing import BaseRoute, Mount

from crm.database import open_engine, reading, upgrade, writing
from crm.departments.service import DepartmentDraft
from crm.departments.service import create as create_department
from crm.settings import DatabaseSettings
from crm.staff import service as staff_service
from crm.staff import sessions as staff_sessions
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import PhoneKind, Role, sessions
from crm.staff.passwords import Hasher
from hotline.demo_people import OFFICE
from hotline.demonstration import demo_settings
from hotline.people import overlay_of
from hotline.service import Service

PASSWORD = "a long password of ours"
HOST = "hotline.test"
FOREIGN_OFFICE = DepartmentDraft(
    name="foreign",
    label_th="กองอื่น",
    label_en="Other office",
    extension="1202",
    dial="025077001",
    email="other@example.go.th",
)
SECONDS = 20.0
SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Session:
    """A log-in: the cookie's token, and what changing requests carry."""

    token: str
    csrf: str


class GuardedHouse:
    """``app`` is whole and not started: nothing listens, Asterisk is away."""

    def __init__(self, folder: Path, database_url: str | None = None) -> None:
        self.settings = demo_settings(folder, folder, 2, 5060)
        if database_url is not None:
            self.settings = self.settings.model_copy(update={"database": DatabaseSettings(url=database_url)})
        self.settings.make_state()
        self.engine = open_engine(self.settings.database_url)
        upgrade(self.engine)
        self._kept = Hasher().chosen(PASSWORD)
        with writing(self.engine) as connection:
            for office in (OFFICE, FOREIGN_OFFICE):
                create_department(connection, office, datetime.now(UTC), None)
        self.staff = {
            "agent": self.person("agent", Role.AGENT, extension="1001", queues={"enquiries": 0}),
            "colleague": self.person("colleague", Role.AGENT, extension="1002", queues={"enquiries": 0}),
            "supervisor": self.person("supervisor", Role.SUPERVISOR),
            "officer": self.person("officer", Role.OFFICER, department=OFFICE.name),
            "stranger": self.person("stranger", Role.OFFICER, department=FOREIGN_OFFICE.name),
            "administrator": self.person("administrator", Role.ADMINISTRATOR),
        }
        with reading(self.engine) as connection:
            self.settings = self.settings.with_people(overlay_of(connection))
        self.runner = asyncio.Runner()
        self.service = self.runner.run(self._make())

    async def _make(self) -> Service:
        return Service(self.settings)

    @property
    def app(self) -> FastAPI:
        return self.service.pages.app

    def person(self, username: str, role: Role, **more: Any) -> int:
        """Makes an account."""
        draft = StaffDraft(
            username=username,
            role=role,
            name_th=f"ชื่อ {username}",
            name_en=f"Name {username}",
            phone=PhoneKind.DESK,
            **more,
        )
        with writing(self.engine) as connection:
            return staff_service.create(connection, draft, datetime.now(UTC), None, self._kept)

    def session(self, username: str) -> Session:
        """Logs in, without the form."""
        with writing(self.engine) as connection:
            token = staff_sessions.begin(connection, self.staff[username], datetime.now(UTC))
        with reading(self.engine) as connection:
            known = sessions.c.token_hash == staff_sessions.hash_of(token)
            return Session(token, str(connection.scalar(select(sessions.c.csrf).where(known))))

    # --- asking

    def ask(
        self,
        method: str,
        path: str,
        session: Session | None = None,
        *,
        csrf: str | None = None,
        json_body: Any = None,
        form: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        scheme: str = "http",
        client: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """One request; of a stream only the beginning. ``csrf``: None sends the session's own, "" none."""
        return self.runner.run(self.asked(method, path, session, csrf, json_body, form, body, scheme, client, headers))

    async def asked(
        self, method: str, path: str, session: Session | None, csrf: str | None, json_body: Any,
        form: Mapping[str, Any] | None, body: bytes | None, scheme: str, client: str, headers: Mapping[str, str],
    ) -> Answer:  # fmt: skip
        """The same, in the event loop."""
        sent = {"host": HOST, "accept": "application/json"} | {
            name.replace("_", "-"): one for name, one in headers.items()
        }
        if session is not None:
            sent["cookie"] = f"{COOKIE}={session.token}"
            token = session.csrf if csrf is None else csrf
            if method not in SAFE and token:
                sent["x-csrf-token"] = token
        content = body or b""
        if json_body is not None:
            content = json.dumps(json_body).encode("utf-8", "surrogatepass")
            sent.setdefault("content-type", "application/json")
        elif form is not None:
            content = urlencode(form).encode()
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        if content:
            sent.setdefault("content-length", str(len(content)))
        return await self._exchange(_scope(method, path, sent, scheme, client), content)

    async def _exchange(self, scope: dict[str, Any], content: bytes) -> Answer:
        answer, begun = Answer(), asyncio.Event()
        parts = iter([{"type": "http.request", "body": content, "more_body": False}])

        async def receive() -> dict[str, Any]:
            part = next(parts, None)
            if part is not None:
                return part
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                answer.body += message.get("body", b"")
                if answer.headers.get("content-type", "").startswith("text/event-stream") and answer.body:
                    begun.set()

        running = asyncio.create_task(self.app(scope, receive, send))  # type: ignore[arg-type]
        first = asyncio.create_task(begun.wait())
        async with asyncio.timeout(SECONDS):
            await asyncio.wait({running, first}, return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        if running.done():
            if running.exception() is not None and answer.status == 0:
                raise running.exception()  # type: ignore[misc]
        else:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return answer

    def open_socket(self, path: str, session: Session | None, origin: str | None) -> list[str]:
        """What the application says to a web socket."""
        said: list[str] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            said.append(message["type"])

        async def opened() -> None:
            sent = {"host": HOST}
            if origin is not None:
                sent["origin"] = origin
            if session is not None:
                sent["cookie"] = f"{COOKIE}={session.token}"
            scope = _scope("GET", path, sent, "ws", "127.0.0.1") | {"type": "websocket", "subprotocols": ["sip"]}
            async with asyncio.timeout(SECONDS):
                await self.app(scope, receive, send)  # type: ignore[arg-type]

        self.runner.run(opened())
        return said

    def close(self) -> None:
        self.engine.dispose()
        self.service.engine.dispose()
        self.service.lookup_engine.dispose()
        self.runner.close()


def _scope(method: str, path: str, headers: Mapping[str, str], scheme: str, client: str) -> dict[str, Any]:
    raw, _, query = path.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "query_string": query.encode(),
        "scheme": scheme,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": (client, 5),
        "server": (HOST, 443 if scheme == "https" else 80),
        "http_version": "1.1",
        "root_path": "",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }


def routes_of(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Method and path of everything that can be asked for; files as MOUNT, web sockets as SOCKET."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield from ((method, route.path) for method in sorted(route.methods or ()))
        elif isinstance(route, Mount):
            yield "MOUNT", route.path
        elif isinstance(route, APIWebSocketRoute):
            yield "SOCKET", route.path
        elif (inside := getattr(route, "original_router", None)) is not None:
            yield from routes_of(inside.routes)
        else:
            raise AssertionError(f"what is {route}?")


_VALUES = {"kind": "missed", "mark": "heard", "channel": "hotline", "valid_from": "2026-01-01", "day": "2026-01-01"}


def filled(path: str, **values: str) -> str:
    """The path with something in place of every name: ids that nobody has."""

    def value(found: re.Match[str]) -> str:
        name = found[1].partition(":")[0]
        known = values | _VALUES
        return known.get(name, "999999" if name.endswith("_id") else "nobody")

    return re.sub(r"\{([^}]*)\}", value, path)
