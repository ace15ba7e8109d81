"""The console over HTTP, with an Asterisk that is played: what is refused, what is audited, who reads what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk_scenes import QUEUE, answer, arrive
from desk_server import AGENT, OTHER, DeskServer

from ami_listener.actions import Action, GetVariable, ListChannels, Originate, PauseAgent, Redirect, Reply
from ami_listener.actions_telephone import ShowChannel
from ami_listener.events import AgentState, CallSpied, SpyEnded, SpyMode
from crm.audit.service import AuditFilter, lines
from crm.console.orders import Why
from crm.console.words import REFUSED, WORDS
from crm.database import reading, writing
from crm.staff.access import CSRF_HEADER
from crm.staff.models import PhoneKind, Role
from crm.staff.service import member, set_queues
from dialplan.names import Context
from hotline.people import overlay_of

BOSS = "1009"
CALL = "main-1.1"


class Console(DeskServer):
    """An office with a supervisor, whose Asterisk has these channels: extension → linkedid of its one leg."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.legs: dict[str, str] = {}
        self.registered = True
        self.staff["mali"] = self._account("mali", "มะลิ", "Mali", BOSS, PhoneKind.DESK, Role.SUPERVISOR)
        with writing(self.engine) as connection:
            set_queues(connection, self.staff["somsri"], {QUEUE: 0}, self.now(), None)
        with reading(self.engine) as connection:
            self.settings = self.settings.with_people(overlay_of(connection))

    async def _send(self, action: Action) -> Reply:
        if isinstance(action, GetVariable) and action.variable.startswith("CHANNELS"):
            found = [f"PJSIP/{one}-00000001" for one in self.legs if f"/{one}-" in action.variable]
            return Reply({"Value": " ".join(found)})
        if isinstance(action, GetVariable):
            return Reply({"Value": "NOT_INUSE" if self.registered else "UNAVAILABLE"})
        if isinstance(action, ShowChannel):
            extension = action.channel.partition("/")[2].partition("-")[0]
            event = {"Channel": action.channel, "ChannelStateDesc": "Up", "Uniqueid": "main-9.9"}
            return Reply({}, ({**event, "Linkedid": self.legs[extension]},))
        if isinstance(action, ListChannels):
            return Reply({}, ({"Channel": "PJSIP/provider-1", "Uniqueid": CALL},))
        return await super()._send(action)

    def client(self, username: str) -> httpx.Client:
        given = self.cookie(username)
        cookie = {given["name"]: given["value"]}
        csrf = httpx.get(self.url("/api/session"), cookies=cookie, trust_env=False).json()["csrf"]
        return httpx.Client(
            base_url=self.url(""), cookies=cookie, headers={CSRF_HEADER: csrf}, timeout=20, trust_env=False
        )

    def did(self, kind: type[Action]) -> list[Any]:
        return [action for action in self.asked if isinstance(action, kind)]

    def audited(self) -> list[tuple[str, str | None]]:
        with reading(self.engine) as connection:
            found = lines(connection, AuditFilter(who="mali"))
        return [(line.action, line.subject) for line in reversed(found)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    server = Console(tmp_path_factory.mktemp("console"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def console(running: Console) -> Console:
    running.asked.clear()
    running.legs.clear()
    running.registered = True
    return running


@pytest.fixture
def mali(console: Console) -> Iterator[httpx.Client]:
    with console.client("mali") as client:
        yield client


def test_a_talk_is_listened_to_after_it_was_noted(console: Console, mali: httpx.Client) -> None:
    arrive(console, CALL)
    answer(console, CALL)
    console.legs = {AGENT: CALL}
    assert mali.post("/api/console/spy", json={"agent": AGENT, "mode": "whisper"}).status_code == 200
    (order,) = console.did(Originate)
    assert (order.channel, order.context, order.exten) == (f"PJSIP/{BOSS}", Context.SPY, BOSS)
    assert order.variables["HOTLINE_SPY_CHANNEL"] == f"PJSIP/{AGENT}-00000001"
    assert order.variables["HOTLINE_SPY_MODE"] == "whisper"
    assert ("console.whisper", f"call/{CALL}") in console.audited()
    at = console.now()
    console.play(
        CallSpied(event_id="s1", occurred_at=at, spy_id="spy-1", supervisor=BOSS, mode=SpyMode.WHISPER, agent=AGENT,
                  of_call=CALL, channel=f"PJSIP/{BOSS}-00000001")
    )  # fmt: skip
    console.legs[BOSS] = "spy-1"
    talk = next(one for one in mali.get("/api/console/state").json()["talking"] if one["call"] == CALL)
    assert [(spy["by"], spy["mode"]) for spy in talk["spies"]] == [(BOSS, "whisper")]
    assert mali.post("/api/console/spy/mode", json={"mode": "barge"}).status_code == 200
    (redirect,) = console.did(Redirect)
    assert (redirect.channel, redirect.context, redirect.exten) == (f"PJSIP/{BOSS}-00000001", Context.SPYING, "6")
    assert mali.post("/api/console/spy/stop").status_code == 200
    console.play(SpyEnded(event_id="s2", occurred_at=console.now(), spy_id="spy-1", supervisor=BOSS))
    assert mali.post("/api/console/spy/stop").json()["detail"] == "not-listening"


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("spy", {"agent": OTHER, "mode": "listen"}, "no-call"),
        ("spy", {"agent": BOSS, "mode": "listen"}, "own-call"),
        ("pull", {"call": "main-7.7"}, "not-waiting"),
        ("agents/4444/pause", {"reason": "lunch"}, "unknown"),
        (f"agents/{AGENT}/pause", {"reason": "no such reason"}, "unknown"),
        (f"agents/{AGENT}/queues", {"add": ["no such queue"]}, "unknown"),
        ("agents/4444/queues", {"add": [QUEUE]}, "no-account"),
        ("closure", {"scope": "9999", "reason": "flood"}, "unknown"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    mali: httpx.Client, path: str, body: dict[str, Any], why: str
) -> None:
    reply = mali.post(f"/api/console/{path}", json=body, headers={"Accept-Language": "th"})
    assert (reply.status_code, reply.json()["detail"]) == (409, why)
    assert reply.json()["advice"] == REFUSED["th"][Why(why)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("spy", {"agent": "1001&PJSIP/1002", "mode": "listen"}),
        ("spy", {"agent": "hotline", "mode": "listen"}),
        ("spy", {"agent": AGENT, "mode": "B"}),
        ("agents/10%2F01/pause", {"reason": "lunch"}),
        ("messages", {"text": "x", "queue": "no such queue"}),
        ("messages", {"text": "   "}),
        ("messages", {"text": "x" * 501}),
    ],
)
def test_what_no_page_sends_reaches_nobody(
    console: Console, mali: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    assert mali.post(f"/api/console/{path}", json=body).status_code in {404, 422}
    assert not [action for action in console.asked if isinstance(action, Originate | PauseAgent | Redirect)]


def test_a_waiting_call_is_taken_to_the_own_telephone(console: Console, mali: httpx.Client) -> None:
    arrive(console, CALL + "2")
    assert (
        mali.post("/api/console/pull", json={"call": CALL + "2"}).json()["detail"] == "not-waiting"
    )  # not in Asterisk
    console.registered = False
    assert mali.post("/api/console/pull", json={"call": CALL + "2"}).json()["detail"] == "offline"
    console.registered, console.legs = True, {BOSS: "main-5.5"}
    assert mali.post("/api/console/pull", json={"call": CALL + "2"}).json()["detail"] == "busy"
    assert console.did(Redirect) == []


def test_agents_are_paused_moved_and_logged_out(console: Console, mali: httpx.Client) -> None:
    assert mali.post(f"/api/console/agents/{OTHER}/pause", json={"reason": "lunch"}).status_code == 200
    (pause,) = console.did(PauseAgent)
    assert (pause.interface, pause.paused, pause.reason) == (f"PJSIP/{OTHER}", True, "lunch")
    assert mali.post(f"/api/console/agents/{OTHER}/ready").status_code == 200
    moved = mali.post(f"/api/console/agents/{OTHER}/queues", json={"add": [QUEUE], "remove": []})
    assert moved.json() == {"queues": [QUEUE]}
    with reading(console.engine) as connection:
        assert dict(member(connection, console.staff["prasert"]).queues) == {QUEUE: 0}
    console.state(AgentState.IN_CALL, agent=OTHER)
    assert mali.post(f"/api/console/agents/{OTHER}/log-out").json()["detail"] == "in-a-call"
    console.state(AgentState.AVAILABLE, agent=OTHER)
    with console.client("prasert") as prasert:
        assert prasert.get("/api/desk/state").status_code == 200
        assert mali.post(f"/api/console/agents/{OTHER}/log-out").status_code == 200
        assert prasert.get("/api/desk/state").status_code == 401
    done = [action for action, subject in console.audited() if subject == f"agent/{OTHER}"]
    assert done == ["console.paused", "console.made_ready", "console.logged_out"]
    assert ("staff.changed", f"staff/{console.staff['prasert']}") in console.audited()


def test_messages_are_read_by_those_they_are_for(console: Console, mali: httpx.Client) -> None:
    for body in ({"text": "to all"}, {"text": "to one", "agent": AGENT}, {"text": "to a queue", "queue": QUEUE}):
        assert mali.post("/api/console/messages", json=body).status_code == 200
    with console.client("somsri") as somsri, console.client("tricky") as other:
        texts = [one["text"] for one in somsri.get("/api/floor-messages").json()]
        assert texts == ["to all", "to one", "to a queue"]
        assert [one["text"] for one in other.get("/api/floor-messages").json()] == ["to all"]
        first = somsri.get("/api/floor-messages").json()[0]["id"]
        for _ in range(2):
            assert somsri.post(f"/api/floor-messages/{first}/read").status_code == 204
        assert [one["text"] for one in somsri.get("/api/floor-messages").json()] == texts[1:]
        assert somsri.post("/api/floor-messages/999/read").status_code == 404
    shown = {one["text"]: one["read_by"] for one in mali.get("/api/console/messages").json()}
    assert shown == {"to all": 1, "to one": 0, "to a queue": 0}
    assert mali.get("/api/floor-messages").json() == []  # one's own


def test_the_emergency_switch(console: Console, mali: httpx.Client) -> None:
    assert mali.post("/api/console/closure", json={"scope": "all", "reason": "น้ำท่วม"}).json() == {"later": False}
    closed = mali.get("/api/console/state").json()["closed"]
    assert [(one["scope"], one["by"], one["reason"]) for one in closed] == [("all", "mali", "น้ำท่วม")]
    assert mali.post("/api/console/closure/open", json={"scope": "all"}).status_code == 200
    assert mali.get("/api/console/state").json()["closed"] == []
    assert console.audited()[-2:] == [("closure.closed", "number/all"), ("closure.opened", "number/all")]


def test_the_page_is_there_in_both_languages(mali: httpx.Client) -> None:
    for language in ("th", "en"):
        page = mali.get(f"/console?lang={language}")
        assert page.status_code == 200
        assert WORDS[language]["close_now"] in page.text
    assert WORDS["th"].keys() == WORDS["en"].keys()
    assert REFUSED["th"].keys() == REFUSED["en"].keys()
