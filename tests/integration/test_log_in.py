"""The way in: passwords, sessions, lock-out, and the doors of every page."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import pytest
from fastapi import APIRouter, Depends
from sqlalchemy import Engine, select
from web_client import WebClient

from crm.audit.models import audit_lines
from crm.database import reading, writing
from crm.staff import service
from crm.staff.access import AGENTS, Access, Visitor
from crm.staff.accounts import StaffDraft
from crm.staff.log_in import ADDRESS_TRIES, ADDRESS_WINDOW, LOCKED_FOR, MOST_TRIES
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from crm.staff.sessions import IDLE
from crm.staff.web import StaffPages
from crm.web.app import create_app
from crm.web.shell import House

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
GOOD = "four plain words here"
QUICK = Hasher(memory_kib=64)


class Desk:
    """The pages of log-in and one page for agents, with a clock to turn and accounts to make."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now = NOON
        self._browsers: list[WebClient] = []
        access = Access(engine, lambda: self.now)
        house = House(name_th="สายด่วน", name_en="Hotline", zone=ZoneInfo("Asia/Bangkok"))
        pages = StaffPages(engine, access, house, lambda: self.now, QUICK)
        router = APIRouter()

        @router.get("/desk")
        @router.post("/desk")
        def desk(who: Annotated[Visitor, Depends(access.of(*AGENTS))]) -> str:
            return who.username

        self.app = create_app([pages.router, router])

    def add(
        self, username: str = "somsri", role: Role = Role.AGENT, password: str = GOOD, temporary: bool = False
    ) -> int:
        draft = StaffDraft(username=username, role=role, name_th="สมศรี", name_en="Somsri", department="legal")
        chosen = QUICK.chosen(password)
        with writing(self.engine) as connection:
            staff_id = service.create(connection, draft, self.now, None, chosen)
            if temporary:
                service.reset_password(connection, staff_id, self.now, None, type(chosen)(password, chosen.kept))
        return staff_id

    def browser(self) -> WebClient:
        browser = WebClient(self.app)
        self._browsers.append(browser)
        return browser

    def close(self) -> None:
        for browser in self._browsers:
            browser.close()

    def actions(self) -> list[str]:
        with reading(self.engine) as connection:
            return list(connection.scalars(select(audit_lines.c.action).order_by(audit_lines.c.id)))


@pytest.fixture
def desk(engine: Engine) -> Iterator[Desk]:
    desk = Desk(engine)
    yield desk
    desk.close()


def test_a_name_and_a_password_open_the_desk(desk: Desk) -> None:
    desk.add()
    browser = desk.browser()
    assert browser.get("/desk").headers["location"] == "/login?next=/desk"
    entered = browser.log_in(" SomSri ", GOOD, next="/desk")
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk")
    cookie = entered.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "secure", "path=/"))
    assert browser.get("/desk").text == '"somsri"'
    assert desk.actions() == ["staff.created", "staff.logged_in"]


def test_the_session_is_a_new_one_and_the_old_one_ends(desk: Desk) -> None:
    desk.add()
    first, second = desk.browser(), desk.browser()
    first.log_in("somsri", GOOD)
    token = first.cookies["hotline_session"]
    second.cookies.set("hotline_session", token, domain="hotline.test")
    second.cookies.clear()
    first.log_in("somsri", GOOD)
    assert first.cookies["hotline_session"] != token
    second.cookies.set("hotline_session", token)
    assert second.get("/desk").status_code == 303


def test_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(desk: Desk) -> None:
    desk.add()
    browser = desk.browser()
    for left in range(MOST_TRIES - 1, 0, -1):
        refused = browser.log_in("somsri", "wrong wrong wrong")
        assert refused.status_code == 403
        assert f"{left} more tries" in refused.text
    locked = browser.log_in("somsri", "wrong wrong wrong")
    assert "locked until 12:15" in locked.text
    assert "locked until 12:15" in browser.log_in("somsri", GOOD).text  # the right one neither
    desk.now += LOCKED_FOR
    assert browser.log_in("somsri", GOOD).status_code == 303
    assert desk.actions()[-3:] == ["staff.login_refused", "staff.locked", "staff.logged_in"]


def test_a_name_that_nobody_has_is_answered_like_any_other(desk: Desk) -> None:
    desk.add()
    known, unknown = desk.browser(), desk.browser()
    for _ in range(MOST_TRIES + 1):
        texts = [
            browser.log_in(name, "wrong wrong wrong").text.replace(name, "NAME")
            for browser, name in ((known, "somsri"), (unknown, "nobody"))
        ]
        assert texts[0] == texts[1]


def test_many_tries_from_one_address_are_refused_for_some_minutes(desk: Desk) -> None:
    desk.add()
    browser = desk.browser()
    for n in range(ADDRESS_TRIES):
        assert browser.log_in(f"guess{n}", "wrong wrong wrong").status_code == 403
    refused = browser.log_in("somsri", GOOD)
    assert refused.status_code == 429
    assert "Too many tries from here" in refused.text
    desk.now += ADDRESS_WINDOW + timedelta(seconds=1)
    assert browser.log_in("somsri", GOOD).status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        "desk",
        "/a\r\nX: y",
        "",
    ],
)
def test_after_the_log_in_nobody_is_led_elsewhere(desk: Desk, elsewhere: str) -> None:
    desk.add()
    assert desk.browser().log_in("somsri", GOOD, next=elsewhere).headers["location"] == "/"


def test_a_foreign_page_cannot_log_its_own_account_in(desk: Desk) -> None:
    desk.add()
    browser = desk.browser()
    browser.headers["origin"] = "https://evil.test"
    assert browser.log_in("somsri", GOOD).status_code == 403
    assert "hotline_session" not in browser.cookies


def test_a_one_time_password_opens_nothing_but_its_change(desk: Desk) -> None:
    desk.add(temporary=True)
    browser = desk.browser()
    assert browser.log_in("somsri", GOOD, next="/desk").headers["location"] == "/account"
    assert browser.get("/desk").headers["location"] == "/account"
    assert browser.post("/desk", headers={"x-csrf-token": browser.csrf}).status_code == 403
    assert "one time only" in browser.get("/account?lang=en").text
    changed = browser.send("/account/password", old=GOOD, new="my own long words", again="my own long words")
    assert changed.headers["location"] == "/"
    assert browser.get("/desk").status_code == 200
    assert browser.get("/").headers["location"] == "/desk"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"old": "not it at all", "new": "my own long words"}, "not your password now"),
        ({"new": "short"}, "Too short"),
        ({"new": "aaaaaaaaaaaa"}, "Too easy"),
        ({"new": "password2569"}, "Too easy"),
        ({"new": "somsri-2569-x"}, "must not contain"),
        ({"new": GOOD}, "must differ"),
        ({"new": "my own long words", "again": "my own long word"}, "differ"),
    ],
)
def test_a_new_password_must_be_a_good_one(desk: Desk, fields: dict[str, str], said: str) -> None:
    desk.add()
    browser = desk.browser()
    browser.log_in("somsri", GOOD)
    answer = browser.send("/account/password?lang=en", **{"old": GOOD, "again": fields["new"], **fields})
    assert answer.status_code == 422
    assert said in answer.text
    assert desk.browser().log_in("somsri", GOOD).status_code == 303  # the old one still holds


def test_another_password_ends_all_other_sessions(desk: Desk) -> None:
    desk.add()
    here, there = desk.browser(), desk.browser()
    here.log_in("somsri", GOOD)
    there.log_in("somsri", GOOD)
    here.send("/account/password", old=GOOD, new="my own long words", again="my own long words")
    assert here.get("/desk").status_code == 200
    assert there.get("/desk").status_code == 303


def test_own_sessions_are_listed_and_ended(desk: Desk) -> None:
    desk.add()
    desk.add("other")
    here, there, foreign = desk.browser(), desk.browser(), desk.browser()
    for browser, name in ((here, "somsri"), (there, "somsri"), (foreign, "other")):
        browser.log_in(name, GOOD)
    page = here.get("/account?lang=en").text
    assert page.count("/end") == 2  # the other one, and all others
    (session,) = set(re.findall(r"/account/sessions/([0-9a-f]{64})/end", page))
    strange = foreign.send(f"/account/sessions/{session}/end")
    assert strange.status_code == 404
    third = desk.browser()
    third.log_in("somsri", GOOD)
    assert here.send(f"/account/sessions/{session}/end").status_code == 303
    assert there.get("/desk").status_code == 303
    assert third.get("/desk").status_code == 200
    here.send("/account/sessions/others/end")
    assert third.get("/desk").status_code == 303
    assert foreign.get("/desk").status_code == 200


@pytest.mark.parametrize("end", ["deactivate", "reset", "role"])
def test_who_may_no_longer_is_out_at_once(desk: Desk, end: str) -> None:
    staff_id = desk.add()
    browser = desk.browser()
    browser.log_in("somsri", GOOD)
    with writing(desk.engine) as connection:
        if end == "deactivate":
            service.set_active(connection, staff_id, False, NOON, None)
        elif end == "reset":
            service.reset_password(connection, staff_id, NOON, None, QUICK.one_time())
        else:
            draft = StaffDraft(username="somsri", role=Role.SUPERVISOR, name_th="สมศรี")
            service.change(connection, staff_id, draft, NOON, None)
    assert browser.get("/desk").status_code == 303
    if end == "deactivate":
        assert "wrong" in browser.log_in("somsri", GOOD).text


def test_a_session_ends_when_it_is_not_used(desk: Desk) -> None:
    desk.add()
    browser = desk.browser()
    browser.log_in("somsri", GOOD)
    desk.now += IDLE - timedelta(minutes=1)
    assert browser.get("/desk").status_code == 200
    desk.now += IDLE
    assert browser.get("/desk").status_code == 303


def test_log_out_needs_the_token_and_ends_the_session(desk: Desk) -> None:
    desk.add()
    browser = desk.browser()
    browser.log_in("somsri", GOOD)
    assert browser.post("/logout").status_code == 403
    assert browser.post("/logout", data={"csrf": "foreign"}).status_code == 403
    token = browser.cookies["hotline_session"]
    assert browser.send("/logout").headers["location"] == "/login"
    browser.cookies.set("hotline_session", token)
    assert browser.get("/desk").status_code == 303


@pytest.mark.parametrize(
    ("role", "page"),
    [(Role.AGENT, "/desk"), (Role.OFFICER, "/cards"), (Role.SUPERVISOR, "/wallboard"), (Role.ADMINISTRATOR, "/admin")],
)
def test_everyone_is_led_to_their_work(desk: Desk, role: Role, page: str) -> None:
    desk.add(role=role)
    browser = desk.browser()
    browser.log_in("somsri", GOOD)
    assert browser.get("/").headers["location"] == page


def test_the_language_of_the_pages_is_kept(desk: Desk) -> None:
    desk.add()
    browser = desk.browser()
    browser.log_in("somsri", GOOD)
    assert 'lang="th"' in browser.get("/account").text
    kept = browser.put("/api/account/language", json={"language": "en"}, headers={"x-csrf-token": browser.csrf})
    assert kept.status_code == 204
    assert 'lang="en"' in browser.get("/account").text


def test_what_people_type_is_shown_as_text(desk: Desk) -> None:
    answer = desk.browser().log_in('"><script>alert(1)</script>', "x", next='/"><script>')
    assert "<script>alert" not in answer.text
    assert '/"><script>' not in answer.text
