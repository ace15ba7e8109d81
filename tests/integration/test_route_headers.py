"""What every answer says to browsers, how large a request may be, and what the log-in gives away."""

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from guarded_house import HOST, PASSWORD, SAFE, GuardedHouse, filled, routes_of
from route_roles import OPEN, ROLES

from crm.staff.models import Role
from crm.web.limits import LARGEST_BODY


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    house = GuardedHouse(tmp_path_factory.mktemp("headers"))
    yield house
    house.close()


def readable(house: GuardedHouse) -> list[str]:
    return [path for method, path in routes_of(house.app.routes) if method == "GET"]


def test_every_answer_carries_the_headers_that_shut_foreign_things_out(house: GuardedHouse) -> None:
    """No inline script or style, no frames, no guessing of kinds; of people nothing is kept by browsers or proxies."""
    session = house.session("administrator")
    for path in readable(house):
        for who in (session, None):
            for accept in ("text/html", "application/json"):
                answer = house.ask("GET", filled(path), who, accept=accept, scheme="https")
                policy = dict(
                    part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";")
                )
                assert policy["default-src"] == "'none'", path
                assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'", path
                assert policy["frame-ancestors"] == policy["base-uri"] == "'none'", path
                assert policy["form-action"] == "'self'", path
                assert "unsafe" not in answer.headers["content-security-policy"], path
                assert answer.headers["x-content-type-options"] == "nosniff", path
                assert answer.headers["x-frame-options"] == "DENY", path
                assert answer.headers["strict-transport-security"].startswith("max-age="), path
                assert answer.headers["referrer-policy"] in {"same-origin", "no-referrer"}, path
                assert answer.headers["cache-control"] == "no-store", path
                assert "server" not in answer.headers, path
                assert "strict-transport-security" not in house.ask("GET", filled(path), who).headers


INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")|\sstyle=|<style|\son[a-z]+=|javascript:", re.I
)


def test_no_page_has_anything_inline(house: GuardedHouse) -> None:
    """Nothing that the policy would refuse."""
    seen = 0
    for username in house.staff:
        session = house.session(username)
        for path in readable(house):
            answer = house.ask("GET", filled(path), session, accept="text/html")
            if answer.headers.get("content-type", "").startswith("text/html"):
                seen += 1
                assert INLINE.search(answer.text) is None, (path, INLINE.search(answer.text))
    assert seen > 10


def test_a_huge_body_is_refused_before_it_is_read(house: GuardedHouse) -> None:
    """By its own word without a byte of it, else at the first bytes too many; with and without a session."""
    session = house.session("administrator")
    for method, path in routes_of(house.app.routes):
        if method in SAFE or method in {"MOUNT", "SOCKET"}:
            continue
        for who in (session, None):
            answer = house.ask(
                method, filled(path), who, body=b"x", content_type="application/json", content_length=str(2**40)
            )
            assert answer.status == 413, path
            assert answer.headers["connection"] == "close"
    for said in ("-1", "x", "9" * 400, "1e3"):
        assert house.ask("POST", "/login", body=b"x", content_length=said).status == 413


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize("path", ["/login", "/api/people", "/account/password"])
def test_a_body_that_does_not_end_is_left(house: GuardedHouse, path: str, kind: str) -> None:
    given = 0

    async def receive() -> dict[str, Any]:
        nonlocal given
        given += 1
        part = b"--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n" if given == 1 else b""
        return {"type": "http.request", "body": part + b"a" * 65536, "more_body": True}

    answered: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        answered.append(message)

    async def asked() -> None:
        session = house.session("administrator")
        headers = {
            "host": HOST,
            "content-type": kind,
            "cookie": f"hotline_session={session.token}",
            "x-csrf-token": session.csrf,
        }
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 5),
            "server": (HOST, 80),
            "http_version": "1.1",
            "root_path": "",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
        }
        async with asyncio.timeout(10):
            await house.app(scope, receive, send)  # type: ignore[arg-type]

    house.runner.run(asked())
    assert 400 <= answered[0]["status"] < 500
    assert given <= LARGEST_BODY // 65536 + 2


# --- the way in


def test_the_cookie_is_out_of_reach(house: GuardedHouse) -> None:
    """Of scripts, of foreign pages, and of plain http where we are reached by https."""
    for scheme in ("http", "https"):
        answer = house.ask("POST", "/login", form={"username": "agent", "password": PASSWORD}, scheme=scheme)
        assert answer.status == 303
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "path=/" in cookie
        assert "domain" not in cookie
        assert ("secure" in cookie) is (scheme == "https")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.com/",
        "//example.com",
        "/\\example.com",
        "\\\\example.com",
        "/\t/example.com",
        "javascript:alert(1)",
        "/%09/example.com",
        "http:example.com",
        "/\r\nSet-Cookie: a=b",
        "data:text/html,x",
        "/.//example.com",
        " //example.com",
        "///example.com",
        "/\u2028/example.com",
        "login@example.com",
    ],
)
def test_the_log_in_leads_nowhere_else(house: GuardedHouse, elsewhere: str) -> None:
    form = {"username": "agent", "password": PASSWORD, "next": elsewhere}
    session = house.session("agent")
    answers = [house.ask("POST", "/login", form=form), house.ask("GET", f"/login?next={quote(elsewhere)}", session)]
    for answer in answers:
        assert answer.status == 303
        goal = answer.headers["location"]
        assert goal.startswith("/")
        assert not goal.startswith("//")
        assert "\\" not in goal
        assert urlsplit(goal).netloc == ""
        assert "example.com" not in urlsplit("http://x" + goal).netloc
        assert "\r" not in goal
        assert "\n" not in goal


def test_a_planted_session_is_not_taken_over(house: GuardedHouse) -> None:
    """Whatever cookie a browser brings: the session after the log-in is a new one, and the old one is over."""
    planted = house.session("colleague")
    form = {"username": "agent", "password": PASSWORD}
    answer = house.ask("POST", "/login", form=form, cookie=f"hotline_session={planted.token}")
    assert answer.status == 303
    assert planted.token not in answer.headers["set-cookie"]
    assert house.ask("GET", "/account", planted).status == 401
    made_up = house.ask("POST", "/login", form=form, cookie="hotline_session=chosen-by-somebody")
    assert "chosen-by-somebody" not in made_up.headers["set-cookie"]


def test_a_name_that_nobody_has_takes_as_long(house: GuardedHouse) -> None:
    """Whether an account exists is not told by the time either: a password is compared each time."""
    house.person("sleeper", Role.AGENT)

    def seconds(username: str) -> float:
        begun = time.perf_counter()
        answer = house.ask("POST", "/login", form={"username": username, "password": "wrong"}, client="192.0.2.77")
        assert answer.status == 403
        return time.perf_counter() - begun

    known = min(seconds("sleeper") for _ in range(4))
    unknown = min(seconds("nobody-at-all") for _ in range(4))
    assert 0.3 < unknown / known < 3


def test_a_table_of_many_people_is_taken_whole(house: GuardedHouse) -> None:
    """More fields than a form usually has; the token is one of them."""
    session = house.session("supervisor")
    fields = {f"p-{n}-enquiries": "" for n in range(4000)} | {"csrf": session.csrf}
    assert house.ask("POST", "/admin/queues", session, csrf="", form=fields).status == 303


def test_every_role_is_in_the_table() -> None:
    assert {role for roles in ROLES.values() for role in roles} == set(Role)
    assert all(Role.ADMINISTRATOR in roles for roles in ROLES.values())
    assert not set(OPEN) & set(ROLES)
