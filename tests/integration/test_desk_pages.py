"""The desk over HTTP: whose it is, what its stream tells, and what a page that was away reads."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from desk_scenes import answer, arrive, ring
from desk_server import AGENT, OTHER, DeskServer

from ami_listener.events import AgentState, StreamInterrupted
from crm.database import writing
from crm.staff import sessions
from crm.staff.access import COOKIE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    running = DeskServer(tmp_path_factory.mktemp("desk"))
    running.start()
    yield running
    running.stop()


@contextmanager
def browser(server: DeskServer, username: str | None = "somsri") -> Iterator[httpx.Client]:
    cookies = {COOKIE: server.cookie(username)["value"]} if username else {}
    with httpx.Client(base_url=server.url(""), cookies=cookies, timeout=10, trust_env=False) as client:
        yield client


def csrf_of(client: httpx.Client) -> dict[str, str]:
    page = client.get("/desk").text
    return {"X-CSRF-Token": page.partition('name="csrf" content="')[2].partition('"')[0]}


class Stream:
    """What one page hears."""

    def __init__(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        self._lines = answer.iter_lines()
        self.ids: list[int] = []
        self.name = self.until("hello")["stream"]

    def until(self, kind: str, seconds: float = 10) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        for line in self._lines:
            if line.startswith("id: "):
                self.ids.append(int(line[4:]))
            if line.startswith("data: "):
                message: dict[str, Any] = json.loads(line[6:])
                if message["kind"] == kind:
                    return message
            assert time.monotonic() < deadline, f"nobody told of {kind}"
        raise AssertionError(f"the stream ended before {kind}")


@contextmanager
def listening(client: httpx.Client) -> Iterator[Stream]:
    with client.stream("GET", "/desk/events") as answer:
        yield Stream(answer)


@pytest.mark.parametrize("path", ["/desk", "/desk/events", "/api/desk/state"])
def test_nobody_without_a_log_in(server: DeskServer, path: str) -> None:
    with browser(server, None) as client:
        assert client.get(path).status_code == 401


def test_an_officer_has_no_desk(server: DeskServer) -> None:
    with browser(server, "officer") as client:
        assert client.get("/api/desk/state").status_code == 403


def test_a_ring_is_told_to_its_agent_and_to_nobody_else(server: DeskServer) -> None:
    """C1: within the second, with number and queue."""
    with (
        browser(server) as mine,
        browser(server, "prasert") as other,
        listening(mine) as stream,
        listening(other) as foreign,
    ):
        arrive(server, "main-10.1")
        ring(server, "main-10.1")
        message = stream.until("call", 2)
        assert (message["call"]["phase"], message["call"]["number"]) == ("ringing", "+66812345678")
        ring(server, "main-10.1", OTHER)
        assert foreign.until("call", 2)["call"]["call_id"] == "main-10.1"
        assert stream.ids == sorted(set(stream.ids))


def test_state_is_everything_a_page_needs_to_be_drawn_anew(server: DeskServer) -> None:
    with browser(server) as client:
        arrive(server, "main-11.1", ago=4)
        ring(server, "main-11.1")
        answer(server, "main-11.1")
        state = client.get("/api/desk/state").json()
        assert state["heard"] is True
        assert (state["agent"]["extension"], state["agent"]["phone"]) == (AGENT, "desk")
        assert (state["state"]["state"], state["call"]["phase"]) == ("in_call", "talking")
        assert state["profile"]["th"]["people"] == []
        assert state["call"]["call_id"] == "main-11.1"
        server.state(AgentState.AVAILABLE)


def test_silence_is_broken_by_a_beat(server: DeskServer) -> None:
    with browser(server) as client, listening(client) as stream:
        assert stream.until("beat", 8)["at"]


def test_it_is_said_when_asterisk_is_not_heard(server: DeskServer) -> None:
    with browser(server) as client, listening(client) as stream:
        server.play(StreamInterrupted(event_id="cut", occurred_at=server.now(), reason="test"))
        assert stream.until("heard")["heard"] is False
        assert client.get("/api/desk/state").json()["heard"] is False
        server.resume()
        assert stream.until("heard")["heard"] is True


def test_changes_of_the_shown_person_come_and_of_others_do_not(server: DeskServer) -> None:
    """Two agents on one person see each other's changes."""
    with browser(server) as client, listening(client) as stream:
        body = {"stream": stream.name, "topics": ["person/7"]}
        assert client.post("/api/desk/watch", json=body, headers=csrf_of(client)).status_code == 204
        server.publish("person/8", {"kind": "person", "id": 8})
        server.publish("person/7", {"kind": "person", "id": 7})
        assert stream.until("person")["id"] == 7


def test_nobody_listens_to_what_is_not_a_persons_or_a_contacts(server: DeskServer) -> None:
    with browser(server) as client, listening(client) as stream:
        headers = csrf_of(client)
        for topic in ("agent/1002", "staff/1", "cards", "person/x", "person/7\n"):
            body = {"stream": stream.name, "topics": [topic]}
            assert client.post("/api/desk/watch", json=body, headers=headers).status_code == 422


def test_nobody_changes_anothers_stream(server: DeskServer) -> None:
    with browser(server) as mine, browser(server, "prasert") as other, listening(mine) as stream:
        body = {"stream": stream.name, "topics": ["person/7"]}
        assert other.post("/api/desk/watch", json=body, headers=csrf_of(other)).status_code == 404
        assert mine.post("/api/desk/watch", json=body).status_code == 403  # without the session's token


def test_a_log_out_ends_the_stream(server: DeskServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.desk.stream.CHECK_SECONDS", 0.0)
    with browser(server) as client, listening(client) as stream:
        with writing(server.engine) as connection:
            sessions.end(connection, sessions.hash_of(client.cookies[COOKIE]))
        assert stream.until("logged-out", 15)


def test_a_name_with_a_script_in_it_is_text(server: DeskServer) -> None:
    """Stored script injection through what others wrote: the page's data cannot end its own element."""
    with browser(server, "tricky") as client:
        page = client.get("/desk").text
        assert "</script><script>alert(1)" not in page
        assert "\\u003c/script\\u003e" in page
