"""People's pages: found while it is typed, added, merged and taken apart; nothing that callers say is run."""

from collections.abc import Iterator

import pytest
from axe import faults_of
from desk_server import DeskServer
from people_page import SECOND, Office, enter, show, state
from playwright.sync_api import Browser, Dialog, Page, expect
from sound_page import sound_page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    running = DeskServer(tmp_path_factory.mktemp("people"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def office(server: DeskServer) -> Iterator[Office]:
    with Office(server) as somsri:
        yield somsri


@pytest.fixture
def page(browser: Browser, server: DeskServer) -> Iterator[Page]:
    with sound_page(browser, server) as opened:
        opened.set_default_timeout(10 * SECOND)
        yield opened


def test_C3_people_are_found_as_they_sound_while_it_is_typed(page: Page, server: DeskServer, office: Office) -> None:
    person = office.add("ณัฐพงศ์", "รุ่งเรือง", "0861234567", province="ตราด", occupation="เกษตรกร")
    page.goto(server.url("/people?lang=en"))
    expect(page.locator("#count")).to_have_text("Type to search, or add a new caller")
    page.keyboard.type("นัทพง ลุ่งเลือง", delay=10)  # the field has the focus from the beginning
    expect(page.locator("#count")).to_have_text("1 found")
    expect(page.locator("#found tbody tr")).to_contain_text(
        ["ณัฐพงศ์ รุ่งเรือง086 123 4567TratFarmer"], use_inner_text=False
    )
    page.keyboard.press("Enter")
    expect(page).to_have_url(server.url(f"/people/{person}"))
    page.go_back()
    expect(page.locator("#q")).to_have_value("นัทพง ลุ่งเลือง")
    page.fill("#q", "0861234567")
    expect(page.locator("#found tbody tr")).to_have_count(1)
    page.fill("#q", "ไม่มีใครชื่อนี้")
    expect(page.locator("#count")).to_have_text("Nothing found")
    expect(page.locator("#found")).to_be_hidden()


def test_arrows_go_through_what_was_found(page: Page, server: DeskServer, office: Office) -> None:
    for name in ("ลูกศรหนึ่ง", "ลูกศรสอง"):
        office.add(name, "ทดสอบลูกศร")
    page.goto(server.url("/people?lang=en"))
    page.fill("#q", "ทดสอบลูกศร")
    expect(page.locator("#found tbody tr")).to_have_count(2)
    for pressed, focused in (("ArrowDown", "ลูกศรหนึ่ง"), ("ArrowDown", "ลูกศรสอง"), ("ArrowUp", "ลูกศรหนึ่ง")):
        page.keyboard.press(pressed)
        expect(page.locator(":focus")).to_contain_text(focused)
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()


def test_the_search_works_without_script(browser: Browser, server: DeskServer, office: Office) -> None:
    office.add("วราภรณ์", "ไม่มีสคริปต์")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([server.cookie()])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(server.url("/people?lang=th"))
    page.fill("#q", "ไม่มีสคริป")
    page.press("#q", "Enter")
    expect(page.locator("#found tbody tr")).to_contain_text(["วราภรณ์"])
    context.close()


def test_C2_a_new_caller_is_added(page: Page, server: DeskServer) -> None:
    page.goto(server.url("/people?lang=en"))
    page.fill("#q", "มานะ ตั้งใจ")
    page.click("#new-person")
    expect(page.locator("#n-first_name")).to_have_value("มานะ")
    expect(page.locator("#n-last_name")).to_have_value("ตั้งใจ")
    page.fill("#n-first_name", "")
    page.fill("#n-last_name", "")
    page.keyboard.press("Enter")
    expect(page.locator("#new-person-fault")).to_have_text("A name is needed")
    expect(page.locator("#n-first_name")).to_be_focused()
    page.fill("#n-first_name", "มานะ")
    page.fill("#n-number", "๐๘๖-๙๙๙-๘๘๘๘")
    page.keyboard.press("Enter")
    expect(page.locator("#person-name")).to_have_text("มานะ")
    expect(page.locator("[data-call='+66869998888']")).to_have_text("086 999 8888")


def test_numbers_are_added_made_the_main_one_and_taken_away(page: Page, server: DeskServer, office: Office) -> None:
    show(page, server, office.add("เบอร์เยอะ", "", "0811112222"))
    page.fill("#new-number", "hello")
    page.keyboard.press("Enter")
    expect(page.locator("#add-number .fault")).to_have_text("Write a telephone number such as 0812345678")
    page.fill("#new-number", "02 507 7999")
    page.keyboard.press("Enter")
    expect(page.locator("[data-call]")).to_have_text(["081 111 2222", "02 507 7999"])
    page.click("[data-primary='+6625077999']")
    expect(page.locator("[data-call]")).to_have_text(["02 507 7999", "081 111 2222"])
    page.click("[data-remove-number='+66811112222']")
    expect(page.locator("[data-call]")).to_have_text(["02 507 7999"])


def test_duplicates_are_merged_and_taken_apart(
    page: Page, browser: Browser, server: DeskServer, office: Office
) -> None:
    kept = office.add("ปรีชา", "มั่นคง", "0844444444", notes="คนแรก")
    other = office.add("ปรีชา", "มั่นคง", "0855555555", email="preecha@example.com")
    contact = office.send("POST", "/api/contacts", {"channel": "counter", "person_id": other})["id"]
    office.send("PATCH", f"/api/contacts/{contact}", {"changes": {"question": "ถามเรื่องลำไย"}})
    elsewhere = enter(browser.new_context(), server, other, "prasert")
    elsewhere.fill("#f-notes", "ประเสริฐกำลังพิมพ์")
    show(page, server, kept)
    suggestion = page.locator(f"[data-duplicate='{other}']")
    expect(suggestion).to_contain_text("Same name")
    suggestion.get_by_role("button", name="Merge into this person").click()
    expect(page.locator("#f-email")).to_have_value("preecha@example.com")
    expect(page.locator("[data-call]")).to_have_text(["084 444 4444", "085 555 5555"])
    expect(page.locator(".history").first).to_contain_text("ถามเรื่องลำไย")
    expect(suggestion).to_have_count(0)
    expect(elsewhere).to_have_url(server.url(f"/people/{kept}?from={other}"))  # what was typed there is not lost
    expect(elsewhere.locator(".notice")).to_contain_text("This record was merged with ปรีชา มั่นคง")
    expect(page.locator("#f-notes")).to_have_value("คนแรก\nประเสริฐกำลังพิมพ์")
    page.locator("[data-unmerge]").press("Enter")
    expect(page.locator("[data-call]")).to_have_text(["084 444 4444"])
    expect(page.locator("#f-email")).to_have_value("")
    expect(suggestion).to_have_count(1)
    shown = office.get(f"/api/people/{other}")
    assert (shown["merged_into"], shown["email"]) == (None, "preecha@example.com")
    suggestion.get_by_role("button", name="Not the same person").click()
    expect(suggestion).to_have_count(0)
    elsewhere.context.close()


def test_changes_are_listed_old_to_new(page: Page, server: DeskServer, office: Office) -> None:
    person = office.add("ประวัติ", "ยาว")
    office.send("PATCH", f"/api/people/{person}", {"changes": {"province": "ตาก", "birth_year": 1980}})
    show(page, server, person, lang="th")
    page.get_by_text("การแก้ไขข้อมูล").click()
    changes = page.locator("details .history")
    expect(changes).to_contain_text("จังหวัด: ว่าง → ตาก")
    expect(changes).to_contain_text("ปีเกิด (พ.ศ.): ว่าง → 2523")
    expect(changes).to_contain_text("somsri")
    expect(page.locator("#f-birth_year")).to_have_value("2523")
    expect(page.locator("#age")).to_contain_text("อายุ")


def test_nothing_that_somebody_is_called_is_run(page: Page, server: DeskServer, office: Office) -> None:
    evil = "<img src=x onerror=alert(1)>\"'></script><script>alert(1)</script>"
    person = office.add(evil, "ร้าย", "0877777777", notes=evil, title=evil)
    office.add(evil, "ร้าย", "0877777777")
    contact = office.send("POST", "/api/contacts", {"channel": "counter", "person_id": person})["id"]
    office.send("PATCH", f"/api/contacts/{contact}", {"changes": {"question": evil, "answer": evil}})
    dialogs: list[Dialog] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog)
        dialog.dismiss()

    page.on("dialog", dismiss)
    show(page, server, person)
    expect(page.locator("#f-notes")).to_have_value(evil)
    expect(page.locator(".history").first).to_contain_text("<img src=x onerror=alert(1)>")
    page.goto(server.url("/people?lang=en"))
    page.fill("#q", "ร้าย")
    expect(page.locator("#found tbody tr")).to_have_count(2)
    page.goto(server.url("/people?lang=en&q=%3Cscript%3Ealert(1)%3C/script%3E"))
    expect(page.locator("#q")).to_have_value("<script>alert(1)</script>")
    assert dialogs == []
    assert page.locator("main img").count() == 0


def test_who_is_merged_leads_to_whom_they_are_kept_as_and_nobody_is_not_found(
    page: Page, server: DeskServer, office: Office
) -> None:
    kept, merged = office.add("เก็บไว้", ""), office.add("รวมแล้ว", "")
    office.send("POST", f"/api/people/{kept}/merge", {"other": merged})
    page.goto(server.url(f"/people/{merged}?lang=en"))
    expect(page).to_have_url(server.url(f"/people/{kept}?from={merged}"))
    answer = page.goto(server.url("/people/99999"))
    assert answer is not None
    assert answer.status == 404


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    browser: Browser, server: DeskServer, office: Office, language: str, size: tuple[int, int]
) -> None:
    person = office.add("อักษะ", "ตรวจสอบ", "0866666666", email="a@example.com", notes="x" * 300, sex="female")
    office.add("อักษะ", "ตรวจสอบ", "0866666666")
    office.send("POST", "/api/contacts", {"channel": "counter", "person_id": person})
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page = enter(context, server, person, lang=language)
    page.fill("#f-email", "not an address")
    state(page, "invalid")
    for path in (None, f"/people?lang={language}&q=อักษะ"):
        if path:
            page.goto(server.url(path))
            page.click("#new-person")
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    context.close()
