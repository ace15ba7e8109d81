"""What is typed is never lost: network away, answers lost, reload, logged out; two who write at once."""

from collections.abc import Iterator

import pytest
from desk_server import DeskServer
from people_page import SECOND, Office, Wire, enter, show, state
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sound_page import until

from crm.database import writing
from crm.staff.models import sessions


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    running = DeskServer(tmp_path_factory.mktemp("autosave"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def office(server: DeskServer) -> Iterator[Office]:
    with Office(server) as somsri:
        yield somsri


@pytest.fixture
def person(office: Office) -> int:
    return office.add()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    own = browser.new_context()
    yield own
    own.close()


@pytest.fixture
def page(context: BrowserContext, server: DeskServer, person: int) -> Page:
    return enter(context, server, person)


def test_C5_what_is_typed_is_saved_while_it_is_typed(page: Page, office: Office, person: int) -> None:
    page.fill("#f-notes", "ถามเรื่องทุเรียน")
    page.fill("#f-last_name", "ใจเย็น")
    page.select_option("#f-business_level", "ready")
    state(page, "saved")
    until(page, lambda: office.field(person, "business_level") == "ready")
    shown = office.get(f"/api/people/{person}")
    assert (shown["notes"], shown["last_name"]) == ("ถามเรื่องทุเรียน", "ใจเย็น")
    expect(page.locator("#person-name")).to_have_text("สมชาย ใจเย็น")
    expect(page.locator("#f-display_name")).to_have_value("สมชาย ใจเย็น")


def test_values_are_taken_as_people_write_them_and_shown_as_they_are_kept(
    page: Page, office: Office, person: int
) -> None:
    page.fill("#f-province", "rayong")
    page.fill("#f-birth_year", "2523")
    page.locator("#f-email").focus()
    expect(page.locator("#f-province")).to_have_value("Rayong")
    expect(page.locator("#f-birth_year")).to_have_value("1980")
    until(page, lambda: office.field(person, "province") == "ระยอง")
    assert office.field(person, "birth_year") == 1980


def test_with_the_network_away_it_is_said_and_sent_by_itself_afterwards(
    page: Page, context: BrowserContext, office: Office, person: int
) -> None:
    context.set_offline(True)
    page.fill("#f-notes", "พิมพ์ตอนเน็ตหลุด")
    state(page, "waiting")
    page.fill("#f-email", "offline@example.com")
    assert office.field(person, "notes") is None
    context.set_offline(False)
    state(page, "saved")
    assert office.field(person, "notes") == "พิมพ์ตอนเน็ตหลุด"
    assert office.field(person, "email") == "offline@example.com"


def test_a_reload_with_the_network_away_brings_back_what_was_typed(
    page: Page, server: DeskServer, office: Office, person: int
) -> None:
    wire = Wire(page)
    wire.mode = "cut"
    page.fill("#f-notes", "ก่อนโหลดใหม่")
    page.fill("#f-email", "typed@example.com")
    show(page, server, person)
    expect(page.locator("#f-notes")).to_have_value("ก่อนโหลดใหม่")
    expect(page.locator("#f-email")).to_have_value("typed@example.com")
    state(page, "waiting")
    wire.mode = "on"
    state(page, "saved")
    assert office.field(person, "notes") == "ก่อนโหลดใหม่"
    assert office.field(person, "email") == "typed@example.com"
    show(page, server, person)
    state(page, "saved")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('autosave:'))") == []


def test_what_was_typed_in_the_last_moment_before_leaving_is_sent(page: Page, office: Office, person: int) -> None:
    page.fill("#f-notes", "แล้วก็ไป")
    page.goto("about:blank")
    until(page, lambda: office.field(person, "notes") == "แล้วก็ไป")


def test_a_lost_answer_changes_nothing_twice(page: Page, server: DeskServer, office: Office, person: int) -> None:
    """The request is repeated with its key; what somebody wrote in between stays."""
    wire = Wire(page)
    wire.mode = "answer lost"
    page.fill("#f-notes", "หนึ่ง")
    until(page, lambda: office.field(person, "notes") == "หนึ่ง")
    state(page, "waiting")
    with Office(server, "prasert") as prasert:
        prasert.send("PATCH", f"/api/people/{person}", {"changes": {"notes": "จากประเสริฐ"}})
    wire.mode = "on"
    state(page, "saved")
    assert len({one["key"] for one in wire.sent}) == 1 < len(wire.sent)
    assert office.field(person, "notes") == "จากประเสริฐ"


def test_an_answer_lost_before_a_reload_changes_nothing_twice(
    page: Page, server: DeskServer, office: Office, person: int
) -> None:
    wire = Wire(page)
    wire.mode = "answer lost"
    page.fill("#f-notes", "หนึ่ง")
    until(page, lambda: office.field(person, "notes") == "หนึ่ง")
    with Office(server, "prasert") as prasert:
        prasert.send("PATCH", f"/api/people/{person}", {"changes": {"notes": "จากประเสริฐ"}})
    wire.mode = "on"
    show(page, server, person)
    state(page, "saved")
    assert office.field(person, "notes") == "จากประเสริฐ"


# --- logged out -------------------------------------------------------------------------------------------------------


def test_the_session_ends_and_after_the_log_in_all_is_saved(
    page: Page, context: BrowserContext, server: DeskServer, office: Office, person: int
) -> None:
    with writing(server.engine) as connection:
        connection.execute(sessions.delete().where(sessions.c.staff_id == office.staff_id))
    page.fill("#f-notes", "พิมพ์ตอนหมดเวลา")
    state(page, "logged-out")
    expect(page.locator("[data-autosave-state] a")).to_have_attribute("target", "_blank")
    expect(page).to_have_url(server.url(f"/people/{person}?lang=en"))  # a page in a call must not go away
    context.add_cookies([server.cookie("prasert")])  # type: ignore[list-item]  # somebody else logs in at this computer
    page.wait_for_timeout(4 * SECOND)
    state(page, "logged-out")
    context.add_cookies([server.cookie("somsri")])  # type: ignore[list-item]
    state(page, "saved")
    with Office(server) as again:
        assert again.field(person, "notes") == "พิมพ์ตอนหมดเวลา"
        lines = again.get(f"/api/people/{person}")
        assert lines["version"] == 2


def test_what_one_left_unsaved_is_not_sent_by_another_and_waits_for_its_author(
    page: Page, context: BrowserContext, server: DeskServer, office: Office, person: int
) -> None:
    server.stop()
    page.fill("#f-notes", "ของสมศรี")
    state(page, "waiting")
    page.goto("about:blank")
    server.start()
    context.add_cookies([server.cookie("prasert")])  # type: ignore[list-item]
    show(page, server, person)
    expect(page.locator("#f-notes")).to_have_value("")
    context.add_cookies([server.cookie("somsri")])  # type: ignore[list-item]
    other = office.add("อีกคน", None)
    show(page, server, other)  # on any page of theirs, it is sent
    until(page, lambda: office.field(person, "notes") == "ของสมศรี")


# --- two at once ------------------------------------------------------------------------------------------------------


@pytest.fixture
def second_page(browser: Browser, server: DeskServer, person: int) -> Iterator[Page]:
    context = browser.new_context()
    yield enter(context, server, person, "prasert")
    context.close()


def test_two_who_write_different_fields_see_each_other(
    page: Page, second_page: Page, office: Office, person: int
) -> None:
    page.fill("#f-notes", "จากสมศรี")
    second_page.fill("#f-email", "p@example.com")
    expect(second_page.locator("#f-notes")).to_have_value("จากสมศรี")
    expect(page.locator("#f-email")).to_have_value("p@example.com")
    assert (office.field(person, "notes"), office.field(person, "email")) == ("จากสมศรี", "p@example.com")
    state(page, "saved")
    state(second_page, "saved")


def test_of_one_field_the_last_writer_wins_and_the_other_is_told(
    page: Page, second_page: Page, office: Office, person: int
) -> None:
    page.locator("#f-notes").focus()
    page.keyboard.type("ของสมศรี")
    state(page, "saved")
    expect(second_page.locator("#f-notes")).to_have_value("ของสมศรี")
    second_page.fill("#f-notes", "ของประเสริฐ")
    hint = page.locator("[data-wrap=notes] .hint-of-other")
    expect(hint).to_contain_text("ประเสริฐ สุขใจ changed it to")
    expect(hint).to_contain_text("ของประเสริฐ")
    expect(page.locator("#f-notes")).to_have_value("ของสมศรี")  # nobody writes into a field that somebody is in
    assert office.field(person, "notes") == "ของประเสริฐ"
    hint.get_by_role("button").click()
    expect(page.locator("#f-notes")).to_have_value("ของประเสริฐ")
    expect(hint).to_have_count(0)
    page.fill("#f-notes", "ของสมศรีอีกที")
    expect(second_page.locator("[data-wrap=notes] .hint-of-other")).to_contain_text("ของสมศรีอีกที")
    until(page, lambda: office.field(person, "notes") == "ของสมศรีอีกที")


def test_who_writes_over_what_was_written_meanwhile_is_told_too(
    page: Page, context: BrowserContext, server: DeskServer, office: Office, person: int
) -> None:
    context.set_offline(True)
    page.fill("#f-notes", "ของสมศรี")
    state(page, "waiting")
    with Office(server, "prasert") as prasert:
        prasert.send("PATCH", f"/api/people/{person}", {"changes": {"notes": "ของประเสริฐ"}})
    context.set_offline(False)
    expect(page.locator("[data-wrap=notes] .hint-of-other")).to_contain_text("ของประเสริฐ")
    state(page, "saved")
    assert office.field(person, "notes") == "ของสมศรี"


def test_two_tabs_of_one_person_do_not_disturb_each_other(
    page: Page, context: BrowserContext, server: DeskServer, office: Office, person: int
) -> None:
    other = context.new_page()
    show(other, server, person)
    page.fill("#f-notes", "แท็บหนึ่ง")
    other.fill("#f-email", "tab2@example.com")
    expect(other.locator("#f-notes")).to_have_value("แท็บหนึ่ง")
    expect(page.locator("#f-email")).to_have_value("tab2@example.com")
    assert office.changed_by(person) == 3


# --- what cannot be ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_is_said_kept_and_saved_when_it_is_right(
    page: Page, server: DeskServer, office: Office, person: int
) -> None:
    page.fill("#f-email", "not an address")
    page.fill("#f-notes", "ส่วนที่ถูก")
    state(page, "invalid")
    expect(page.locator("[data-wrap=email] .fault")).to_have_text("Write an address such as name@example.com")
    expect(page.locator("#f-email")).to_have_attribute("aria-invalid", "true")
    assert office.field(person, "notes") == "ส่วนที่ถูก"
    show(page, server, person)
    expect(page.locator("#f-email")).to_have_value("not an address")
    expect(page.locator("[data-wrap=email] .fault")).to_have_count(1)
    page.fill("#f-email", "right@example.com")
    state(page, "saved")
    expect(page.locator("[data-wrap=email] .fault")).to_have_count(0)
    assert office.field(person, "email") == "right@example.com"


def test_a_server_that_fails_is_asked_again(page: Page, office: Office, person: int) -> None:
    answers = iter([500, 503, 429])
    page.route(
        "**/api/people/*",
        lambda route: (
            route.fulfill(status=status, body="{}")
            if route.request.method == "PATCH" and (status := next(answers, None))
            else route.fallback()
        ),
    )
    page.fill("#f-notes", "ลองใหม่")
    state(page, "waiting")
    page.wait_for_timeout(100)
    expect(page.locator("[data-autosave-state]")).to_have_attribute("data-state", "saved", timeout=20 * SECOND)
    assert office.field(person, "notes") == "ลองใหม่"


def test_the_record_of_service_saves_itself_the_same_way(
    page: Page, context: BrowserContext, server: DeskServer, office: Office
) -> None:
    """The desk's own form is tested with the desk; here is what it uses, for a contact."""
    contact = office.send("POST", "/api/contacts", {"channel": "counter"})["id"]
    context.set_offline(False)
    page.evaluate(
        """async ({ contact, user }) => {
          const { Autosave } = await import("/static/autosave.js");
          const form = document.createElement("form");
          form.innerHTML = '<div data-wrap="answer"><textarea data-of="contact" data-field="answer"></textarea></div>';
          document.body.append(form);
          window.saving = new Autosave({ kind: "contact", id: contact, version: 1, user });
          window.saving.bind(form, { of: "contact" });
          window.saving.set("outcome", "answered");
        }""",
        {"contact": contact, "user": office.staff_id},
    )
    context.set_offline(True)
    page.fill("[data-field=answer]", "ตอบแล้ว")
    assert page.evaluate("window.saving.flush()") is False
    context.set_offline(False)
    assert page.evaluate("window.saving.flush()") is True
    shown = office.get(f"/api/contacts/{contact}")
    assert (shown["answer"], shown["outcome"]) == ("ตอบแล้ว", "answered")
