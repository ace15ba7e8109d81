"""Whatever people, callers and their networks are called: every page of every role shows it and runs nothing of it
(C1, C4, K4). A real browser tells of dialogs, of what its policy refused, and of every address that it asked for."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from desk_scenes import QUEUE, answer, made, ring
from desk_server import AGENT, DeskServer, now
from fastapi.routing import APIRoute
from people_page import Office
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from ami_listener.events import AgentState, CallArrived, LanguageChosen, QueueJoined
from crm.database import reading, writing
from crm.departments.service import DepartmentDraft
from crm.departments.service import create as create_department
from crm.pauses.service import ReasonDraft
from crm.pauses.service import create as create_reason
from crm.staff import teams
from crm.staff.models import PhoneKind, Role
from hotline.people import overlay_of

MARKUP = "<img src=/injected-img onerror=alert(1)><b onclick=alert(1)>{{7*7}}${7*7}'"
EVIL = MARKUP + '"><script src="/injected-script"></script><svg onload=alert(1)>\u202e\u2066\u200fกำ'
LONG = "ก" * 150
ENDINGS = ("</script><script>alert(1)</script>", "javascript:alert(1)", "<!--<script>", "]]>", "\\u003cscript\\u003e")
CALLER = "<script>alert(1)</script>&lt;'\""


class Watched:
    """Opens pages and keeps what their browser told that it should not have."""

    def __init__(self, context: BrowserContext, server: DeskServer) -> None:
        self.server = server
        self.faults: list[str] = []
        self.page: Page = context.new_page()
        self.where = ""
        self.shown: list[str] = []  # paths whose page shows the markup as text
        self.page.on("dialog", self._asks)
        self.page.on("pageerror", lambda error: self._fault(f"error {error}"))
        self.page.on("console", lambda message: self._said(message.text))
        context.on("request", lambda request: self._asked(request.url))

    def _asks(self, dialog: Dialog) -> None:
        self._fault(f"dialog {dialog.message}")
        dialog.dismiss()

    def _fault(self, text: str) -> None:
        self.faults.append(f"{self.where}: {text}")

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text or "Refused to" in text:
            self._fault(text)

    def _asked(self, url: str) -> None:
        if "injected" in urlsplit(url).path or not url.startswith(self.server.url("")):
            self._fault(f"asked for {url}")

    def open(self, path: str) -> int:
        """The page, once it has drawn itself; its status."""
        self.where = path
        answer = self.page.goto(self.server.url(path), wait_until="load")
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if "injected" in self.page.inner_text("body"):
            self.shown.append(path)
        for element in ("script:not([src]):not([type='application/json'])", "[onclick]", "[onload]", "[onerror]",
                        "[src*=injected]", "a[href^='javascript:' i]", "main svg[onload]"):  # fmt: skip
            if self.page.locator(element).count():
                self._fault(f"there is {element}")
        return answer.status if answer else 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    server = DeskServer(tmp_path_factory.mktemp("injection"))
    account = server._account
    server.staff["boss"] = account("boss", MARKUP[:90], MARKUP[:90], None, PhoneKind.DESK, Role.SUPERVISOR)
    server.staff["root"] = account(
        "root", "</script><script>alert(1)", "</title>", None, PhoneKind.DESK, Role.ADMINISTRATOR
    )
    with writing(server.engine) as connection:
        office = DepartmentDraft(
            name="legal", label_th=MARKUP[:90], label_en=f"</option>{MARKUP}"[:90], extension="1299", dial="025077000"
        )
        create_department(connection, office, now(), None)
        reason = ReasonDraft(name="evil", label_th=MARKUP[:50], label_en="</script><script>alert(1)</script>")
        create_reason(connection, reason, now(), None)
        teams.create(connection, MARKUP[:90], "</option><script>alert(1)</script>", now(), None)
    with reading(server.engine) as connection:
        server.settings = server.settings.with_people(overlay_of(connection))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stored(server: DeskServer) -> dict[str, int]:
    """Evil in every field that takes a text; ids by kind."""
    with Office(server) as agent, Office(server, "root") as root:
        fields = dict.fromkeys(("first_name", "last_name", "title"), EVIL[:190]) | {
            "notes": EVIL + "\n" + "\n".join(ENDINGS)
        }
        people = [
            agent.add(**{**fields, "number": "0812345678", "occupation": EVIL[:190]}),
            agent.add("</script><script>alert(1)</script>", LONG, "0812345678"),
            *(agent.add(ending, LONG) for ending in ENDINGS),
        ]
        contact = agent.send(
            "POST", "/api/contacts", {"channel": "telephone", "person_id": people[0], "number": CALLER}
        )["id"]
        texts = dict.fromkeys(("question", "answer", "notes"), EVIL) | {
            "department": EVIL[:190],
            "internal_extension": EVIL[:39],
        }
        agent.send("PATCH", f"/api/contacts/{contact}", {"changes": texts})
        topic = next(one for one in root.get("/api/topics")["topics"] if one["depth"] == 0)["id"]
        names = {"name_th": MARKUP[:90], "name_en": "</option><script>alert(1)</script>", "also": MARKUP[:90]}
        topic = root.send("POST", "/api/topics", {"parent_id": topic, **names})["id"]
        agent.send("PATCH", f"/api/contacts/{contact}", {"changes": {"topic_id": topic}})
        script = {
            "moment": "greeting",
            "channel": "hotline",
            "language": "th",
            "text": EVIL.replace("{{7*7}}${7*7}", "{agent}{caller}"),
            "position": 1,
        }
        root.send("POST", "/api/scripts", script | {"name_th": MARKUP[:90], "name_en": MARKUP[:90]})
        card = agent.send("POST", "/api/cards", {
            "to": {"kind": "department", "name": "legal"}, "why": EVIL, "question": EVIL, "caller_name": EVIL[:90],
            "without_call": True, "contact_id": contact, "person_id": people[0],
        })["id"]  # fmt: skip
        attempt = {"result": "not_satisfied", "answer": EVIL, "details": EVIL, "officer": EVIL[:90], "report": False}
        agent.send("POST", f"/api/cards/{card}/attempts", attempt)
    return {
        "person_id": people[0],
        "contact_id": contact,
        "topic_id": topic,
        "card_id": card,
        "staff_id": server.staff["tricky"],
    }


def pages_of(server: DeskServer, ids: dict[str, Any]) -> list[str]:
    """Every page there is, of things that are there."""
    found = []
    for router in server.office.routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not route.path.startswith("/api/"):
                path = route.path
                for name, value in {**ids, "name": "legal"}.items():
                    path = path.replace("{" + name + "}", str(value))
                if "{" not in path and not path.endswith(("/events", ".csv", ".xlsx")):
                    found.append(path)
    return found


def opened_by(browser: Browser, server: DeskServer, username: str) -> tuple[BrowserContext, Watched]:
    context = browser.new_context()
    context.add_cookies([server.cookie(username)])  # type: ignore[list-item]
    return context, Watched(context, server)


@pytest.mark.parametrize(
    ("username", "language", "least", "shown"),
    [
        ("root", "th", 15, 8),
        ("root", "en", 15, 8),
        ("boss", "en", 8, 5),
        ("somsri", "th", 5, 2),
        ("tricky", "en", 5, 2),
        ("officer", "th", 3, 2),
    ],
)
def test_no_page_runs_what_is_stored(
    browser: Browser, server: DeskServer, stored: dict[str, int], username: str, language: str, least: int, shown: int
) -> None:
    context, watched = opened_by(browser, server, username)
    seen = [path for path in pages_of(server, stored) if watched.open(f"{path}?lang={language}") == 200]
    context.close()
    assert watched.faults == []
    assert len(seen) >= least, seen
    assert len(watched.shown) >= shown, watched.shown


def test_no_page_runs_what_is_in_its_address(browser: Browser, server: DeskServer, stored: dict[str, int]) -> None:
    context, watched = opened_by(browser, server, "root")
    html = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=/injected-query%3E"
    for path in (
        "/people",
        "/cards",
        "/directory",
        "/admin/staff",
        "/admin/audit",
        "/inbox",
        "/desk",
        "/account",
        "/login",
    ):
        for name in ("q", "lang", "done", "next", "view", "state", "person", "number", "page"):
            watched.open(f"{path}?{name}={html}")
        watched.open(f"{path}#{html}")
    context.close()
    assert watched.faults == []


@pytest.mark.parametrize("language", ["th", "en"])
def test_no_desk_runs_what_a_caller_is_called(
    browser: Browser, server: DeskServer, stored: dict[str, int], language: str
) -> None:
    """Numbers as a network may write them, while they ring, talk and wait; and persons whom the number brings."""
    context, watched = opened_by(browser, server, "somsri")
    watched.open(f"/desk?lang={language}")
    for number, caller in enumerate([CALLER, EVIL, "+66812345678", LONG, *ENDINGS]):
        call = f"evil-{language}-{number}.1"
        server.state(AgentState.AVAILABLE)
        server.play(
            made(CallArrived, call, caller_number=caller, called_number="1169", trunk="provider"),
            made(LanguageChosen, call, language="th"),
            made(QueueJoined, call, queue=QUEUE, pass_number=1),
        )
        ring(server, call)
        watched.page.wait_for_function("() => document.body.innerText.length > 0")
        answer(server, call)
        server.publish(
            f"agent/{AGENT}",
            {"kind": "card", "id": 1, "number": EVIL, "state": EVIL, "reason": EVIL, "url": "javascript:alert(1)"},
        )
        watched.page.wait_for_timeout(250)
    for element in (
        "script:not([src]):not([type='application/json'])",
        "[onerror]",
        "[onclick]",
        "a[href^='javascript:' i]",
    ):
        assert watched.page.locator(element).count() == 0, element
    context.close()
    assert watched.faults == []
