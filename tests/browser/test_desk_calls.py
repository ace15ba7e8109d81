"""Calls as agents take them at the desk: real Chromium, real Asterisk, real telephones at the other end."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from desk_product import (
    BROWSER_FLAGS,
    LEGAL_OUTSIDE,
    MALEE,
    PRASERT,
    SECOND,
    SOMSRI,
    DeskProduct,
    available,
    desk_product,
    in_state,
)
from desk_talk import PATIENCE, finish_quickly, record_of, ring, rows, talk
from exchange import SURVEY, ringing_at
from playwright.sync_api import Browser, Page, expect, sync_playwright
from programs import environment, find
from sqlalchemy import select
from whole import WRAP_UP_SECONDS

from crm.cards.models import transfer_cards
from crm.contacts.models import contact_steps, contacts
from crm.database import writing
from crm.people.models import Profile, people
from crm.people.numbers import normalise
from crm.people.service import create_person

QUIET = ("--no-sandbox", "--disable-background-networking", "--no-first-run", "--no-proxy-server")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium with a microphone that always hums."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():
            patch.setenv(name, value)
        with sync_playwright() as playwright:
            expect.set_options(timeout=PATIENCE)  # figures are in benchmarks; here a busy machine must not matter
            running = playwright.chromium.launch(executable_path=find("chromium"), args=[*QUIET, *BROWSER_FLAGS])
            yield running
            running.close()
            expect.set_options(timeout=5 * SECOND)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskProduct]:
    with desk_product(tmp_path_factory.mktemp("desks")) as running:
        yield running


@pytest.fixture
def page(product: DeskProduct, browser: Browser) -> Iterator[Page]:
    """Somsri's desk; nobody else is there."""
    for extension in (SOMSRI, PRASERT, MALEE):
        product.tidy(extension)
    with product.desk(browser) as opened:
        yield opened


def test_a_new_caller_from_ring_to_finished_record_by_keys_alone(product: DeskProduct, page: Page) -> None:
    """C1, C2, H2 to H5, H7 to H9: nothing but the keyboard is touched."""
    caller = "0812340001"
    call = ring(product, page, caller)
    expect(page.locator("#who-name")).to_have_text("ผู้รับบริการรายใหม่")
    expect(page.locator("#line-number")).to_have_text("081 234 0001")
    page.keyboard.press("F2")
    in_state(page, "in_call")
    expect(page.locator("#f-first_name")).to_be_focused()  # the name is asked first
    expect(page.locator("#script-text")).to_contain_text("สวัสดีค่ะ")
    page.keyboard.type("สมหมาย")
    page.keyboard.press("Tab")
    page.keyboard.type("ใจดี")
    expect(page.locator("#who-name")).to_have_text("สมหมาย ใจดี")
    page.keyboard.press("F4")
    expect(page.locator("#steps [data-step=H3]")).to_have_attribute("data-state", "now")
    page.keyboard.press("F4")
    page.keyboard.press("Alt+S")
    page.keyboard.type("ส่งออก")
    expect(page.locator("#found-topics [role=option]").first).to_contain_text("ส่งออก")
    page.keyboard.press("Enter")
    expect(page.locator("#f-question")).to_be_focused()
    page.keyboard.type("ขั้นตอนส่งออกทุเรียน")
    page.keyboard.press("F4")
    page.keyboard.press("Alt+A")
    page.keyboard.type("แนะนำใบรับรองสุขอนามัยพืช")
    with page.expect_response("**/steps/H7*"):  # nobody says good-bye faster
        page.keyboard.press("F9")
    expect(page.locator("#script-name")).to_have_text("กล่าวข้อความจบ")
    expect(page.locator("#steps [data-step=H7]")).to_have_attribute("data-state", "now")
    page.keyboard.press("F9")
    in_state(page, "wrap_up")
    product.outside.do(call.heard(SURVEY))
    product.outside.do(call.press("1"))
    expect(page.locator("#survey")).to_have_text("ประทับใจ", timeout=PATIENCE)
    expect(page.locator("#f-outcome")).to_have_value("answered")
    page.wait_for_timeout(400)  # nobody reads a rating faster; the same key twice at once is a slip
    page.keyboard.press("F9")
    expect(page.locator("#idle")).to_be_visible()
    available(page)
    found = record_of(product, caller)
    assert (found.state, found.outcome, found.answer) == ("finished", "answered", "แนะนำใบรับรองสุขอนามัยพืช")
    (person,) = rows(product, select(people).where(people.c.id == found.person_id))
    assert (person.first_name, person.last_name) == ("สมหมาย", "ใจดี")
    steps = rows(product, select(contact_steps.c.step).where(contact_steps.c.contact_id == found.id))
    assert [step for (step,) in steps] == ["H1", "H2", "H3", "H4", "H5", "H7", "H9", "H8"]


def test_a_returning_caller_is_known_while_it_rings(product: DeskProduct, page: Page) -> None:
    """C3, C5: name, the last contact, its rating."""
    call = ring(product, page, "0812340001")
    expect(page.locator("#who-name")).to_have_text("สมหมาย ใจดี", timeout=PATIENCE)
    expect(page.locator("#contacts")).to_contain_text("แนะนำใบรับรองสุขอนามัยพืช")
    expect(page.locator("#contacts .badge")).to_have_text("ประทับใจ")
    page.keyboard.press("F2")
    expect(page.locator("#f-first_name")).to_have_value("สมหมาย")
    product.outside.do(call.hang_up())
    in_state(page, "wrap_up")
    page.locator("#f-outcome").select_option("cut_off")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#idle")).to_be_visible()
    available(page)


def test_hold_mute_and_keypad(product: DeskProduct, page: Page) -> None:
    call = talk(product, page, "0812340003")
    page.keyboard.press("F8")
    in_state(page, "on_hold")
    expect(page.locator("#hold")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("F8")
    in_state(page, "in_call")
    page.keyboard.press("Alt+M")
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Alt+M")
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Alt+K")
    expect(page.locator("#keypad")).to_be_visible()
    page.keyboard.press("5")
    page.keyboard.press("Escape")
    expect(page.locator("#keypad")).to_be_hidden()
    product.outside.do(call.hang_up())
    in_state(page, "wrap_up")
    finish_quickly(page)


def test_a_caller_is_handed_on_blind_with_a_card(product: DeskProduct, page: Page) -> None:
    """K3, K4: directory by keyboard, why, question so far; the card knows that the office picked up."""
    caller = "0812340004"
    call = talk(product, page, caller)
    page.locator("#f-question").fill("ข้อพิพาทสัญญาซื้อขาย")
    page.keyboard.press("Alt+T")
    expect(page.locator("#transfer-question")).to_have_value("ข้อพิพาทสัญญาซื้อขาย")
    page.keyboard.type("กฎหมาย")
    expect(page.locator("#transfer-found [role=option]").first).to_contain_text("กองกฎหมาย")
    page.keyboard.press("Enter")
    expect(page.locator("#transfer-chosen")).to_contain_text("กองกฎหมาย")
    page.keyboard.press("F9")
    office = product.outside.do(product.outside.exchange.network.next_call(LEGAL_OUTSIDE))
    product.outside.do(office.answer())
    in_state(page, "wrap_up")
    expect(page.locator("#f-outcome")).to_have_value("transferred")
    product.outside.do(office.hang_up())
    product.outside.do(call.heard(SURVEY))  # asked once, after the office
    product.outside.do(call.hang_up())
    (card,) = rows(product, select(transfer_cards).where(transfer_cards.c.caller_number == f"+66{caller[1:]}"))
    assert (card.question, card.department, card.handover) == ("ข้อพิพาทสัญญาซื้อขาย", "legal", "connected")
    assert card.why == "เรื่องเชิงลึก"
    finish_quickly(page)


def test_a_colleague_is_consulted_and_takes_over(product: DeskProduct, page: Page, browser: Browser) -> None:
    """K3: attended; the colleague's desk shows whose call it is, not the colleague's number."""
    caller = "0812340005"
    call = talk(product, page, caller)
    with product.desk(browser, "prasert") as other:
        page.keyboard.press("Alt+T")
        page.keyboard.type(PRASERT)
        expect(page.locator("#transfer-found [role=option]").first).to_contain_text("ประเสริฐ")
        page.keyboard.press("Enter")
        page.keyboard.press("F8")
        expect(page.locator("#consult-text")).to_contain_text("ประเสริฐ")
        expect(other.locator("#line-who")).to_have_text("สมศรี ใจดี")
        other.keyboard.press("F2")
        expect(page.locator("#consult-complete")).to_be_visible()
        page.locator("#consult-complete").click()
        in_state(page, "wrap_up")
        expect(other.locator("#line-number")).to_have_text("081 234 0005")
        expect(other.locator("#who-notice")).to_contain_text("สมศรี")
        in_state(other, "in_call")
        other.keyboard.press("F9")
        other.keyboard.press("F9")
        product.outside.do(call.heard(SURVEY))
        product.outside.do(call.hang_up())
        in_state(other, "wrap_up")
        finish_quickly(other)
    finish_quickly(page)
    assert {
        row.agent for row in rows(product, select(contacts.c.agent).where(contacts.c.number == f"+66{caller[1:]}"))
    } == {SOMSRI, PRASERT}


def test_a_transfer_that_nobody_takes_comes_back_and_the_card_says_so(product: DeskProduct, page: Page) -> None:
    """K4: the caller is not lost, nor is the card."""
    caller = "0812340006"
    call = talk(product, page, caller)
    page.keyboard.press("Alt+T")
    page.keyboard.type("กฎหมาย")
    expect(page.locator("#transfer-found [role=option]").first).to_contain_text("กองกฎหมาย")
    page.keyboard.press("Enter")
    page.keyboard.press("F9")
    office = product.outside.do(product.outside.exchange.network.next_call(LEGAL_OUTSIDE))
    office.reject(486)
    expect(page.locator(".toast[data-level=bad]")).to_contain_text("สายไม่ว่าง", timeout=PATIENCE)
    product.outside.do(call.hang_up())
    (card,) = rows(product, select(transfer_cards).where(transfer_cards.c.caller_number == f"+66{caller[1:]}"))
    assert card.handover == "failed"
    finish_quickly(page)
    expect(page.locator("#inbox-cards")).to_contain_text(card.number)


def test_the_wrap_up_holds_while_callers_wait(product: DeskProduct, page: Page) -> None:
    """H9: nobody is rung in the time after a call; more time can be had."""
    first = talk(product, page, "0812340007")
    waiting = [product.outside.call(f"081234010{n}") for n in range(3)]
    page.keyboard.press("F9")
    page.keyboard.press("F9")
    in_state(page, "wrap_up")
    page.keyboard.press("Alt+X")
    expect(page.locator("#state-time")).to_have_text(re.compile(r"0:[23]\d"))
    page.wait_for_timeout((WRAP_UP_SECONDS + 1) * SECOND)
    in_state(page, "wrap_up")  # past the end it would have had
    assert page.locator("#waiting").inner_text().startswith("3")
    page.locator("#f-outcome").select_option("wrong_number")
    page.keyboard.press("F9")
    in_state(page, "ringing")
    for call in [first, *waiting]:
        product.outside.do(call.hang_up())
    available(page)


def test_a_reload_keeps_the_call_and_what_was_typed(product: DeskProduct, page: Page) -> None:
    caller = "0812340008"
    call = talk(product, page, caller)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#f-question").fill("พิมพ์ไว้ก่อนโหลดหน้าใหม่")
    page.locator("#f-first_name").fill("วันดี")
    page.reload()
    in_state(page, "in_call")
    expect(page.locator("#f-question")).to_have_value("พิมพ์ไว้ก่อนโหลดหน้าใหม่")
    expect(page.locator("#f-first_name")).to_have_value("วันดี")
    expect(page.locator("#end")).to_be_visible()
    assert call.ended_at is None
    product.outside.do(call.hang_up())
    in_state(page, "wrap_up")
    finish_quickly(page)


def test_a_cut_network_is_said_at_once_and_nothing_typed_is_lost(product: DeskProduct, page: Page) -> None:
    caller = "0812340009"
    call = talk(product, page, caller)
    page.context.set_offline(True)
    expect(page.locator("#trouble")).to_contain_text("ขาดการเชื่อมต่อ", timeout=PATIENCE)
    expect(page.locator("#state")).to_have_attribute("data-state", "unknown")
    page.locator("#f-question").fill("พิมพ์ตอนเน็ตหลุด")
    page.keyboard.press("F4")
    page.context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden(timeout=PATIENCE)
    in_state(page, "in_call")
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved", timeout=PATIENCE)
    assert record_of(product, caller).question == "พิมพ์ตอนเน็ตหลุด"
    product.outside.do(call.hang_up())
    in_state(page, "wrap_up")
    finish_quickly(page)


def test_a_second_tab_says_where_the_telephone_is_and_can_take_it(product: DeskProduct, page: Page) -> None:
    second = page.context.new_page()
    second.goto(product.url("/desk?lang=th"))
    expect(second.locator("#trouble")).to_contain_text("อีกแท็บหนึ่ง")
    call = product.outside.call("0812340010")
    in_state(page, "ringing")
    expect(second.locator("#who-name")).to_have_text("ผู้รับบริการรายใหม่")  # it shows the caller all the same
    expect(second.locator("#answer")).to_be_hidden()
    product.outside.do(call.hang_up())
    available(page)
    second.locator("#trouble-take-over").click()
    available(second)
    expect(second.locator("#trouble")).to_be_hidden()
    expect(page.locator("#trouble")).to_contain_text("อีกแท็บหนึ่ง")
    call = product.outside.call("0812340010")
    expect(second.locator("#answer")).to_be_visible()
    second.keyboard.press("F2")
    in_state(second, "in_call")
    product.outside.do(call.hang_up())
    in_state(second, "wrap_up")
    finish_quickly(second)


def test_a_desk_telephone_pops_and_is_worked_from_the_page(product: DeskProduct, browser: Browser) -> None:
    """C1: for desk phones too; answering is the telephone's, hanging up goes through the page."""
    product.tidy(MALEE)
    with product.desk(browser, "malee") as page:
        call = product.outside.call("0812340011")
        leg = product.outside.do(ringing_at(product.outside.exchange, MALEE))
        expect(page.locator("#who-name")).to_have_text("ผู้รับบริการรายใหม่", timeout=PATIENCE)
        product.outside.do(leg.answer())
        in_state(page, "in_call")
        page.keyboard.press("F9")
        page.keyboard.press("F9")
        product.outside.do(leg.ended())
        in_state(page, "wrap_up")
        product.outside.do(call.heard(SURVEY))
        product.outside.do(call.hang_up())
        finish_quickly(page)


def test_two_agents_see_each_others_changes_of_one_person(product: DeskProduct, page: Page, browser: Browser) -> None:
    caller = "0812340014"
    with writing(product.whole.engine) as connection:
        name = Profile(display_name="วิชัย ใจดี", first_name="วิชัย", last_name="ใจดี")
        create_person(connection, name, datetime.now(UTC), normalise(caller))
    call = talk(product, page, caller)
    with product.desk(browser, "prasert") as other:
        second = product.outside.call(caller)
        in_state(other, "ringing")
        other.keyboard.press("F2")
        expect(other.locator("#f-last_name")).to_have_value("ใจดี")
        page.locator("#f-last_name").fill("ใจดีมาก")
        page.keyboard.press("Tab")
        expect(other.locator("#f-last_name")).to_have_value("ใจดีมาก", timeout=PATIENCE)
        product.outside.do(second.hang_up())
        in_state(other, "wrap_up")
        finish_quickly(other)
    product.outside.do(call.hang_up())
    in_state(page, "wrap_up")
    finish_quickly(page)


def test_a_record_that_is_not_finished_waits_in_the_inbox(product: DeskProduct, page: Page) -> None:
    """H9: without saving it is a draft, and listed."""
    call = talk(product, page, "0812340012")
    page.locator("#f-question").fill("ยังไม่เสร็จ")
    product.outside.do(call.hang_up())
    in_state(page, "wrap_up")
    page.locator("#keep-draft").click()
    available(page)
    line = page.locator("#inbox-unfinished li", has_text="081 234 0012")
    expect(line).to_be_visible()
    line.locator("[data-do=open]").click()
    expect(page.locator("#f-question")).to_have_value("ยังไม่เสร็จ")
    finish_quickly(page)
    expect(page.locator("#inbox-unfinished li", has_text="081 234 0012")).to_have_count(0)


def test_a_missed_caller_is_called_back_in_one_click(product: DeskProduct, page: Page) -> None:
    page.locator("#pause").click()
    page.locator("#pause-reasons button").first.click()
    in_state(page, "paused")
    call = product.outside.call("0812340013")
    product.outside.do(call.ringing())
    page.wait_for_timeout(6 * SECOND)  # shorter is no missed call
    product.outside.do(call.hang_up())
    line = page.locator("#inbox-missed li", has_text="081 234 0013")
    expect(line).to_be_visible(timeout=PATIENCE)
    line.locator("[data-do=call]").click()
    back = product.outside.do(product.outside.exchange.network.next_call("0812340013"))
    product.outside.do(back.answer())
    expect(page.locator("#form")).to_be_visible()  # a call of ours has a record too
    expect(page.locator("#line-who")).to_have_text("081 234 0013")
    product.outside.do(back.hang_up())
    page.locator("#f-outcome").select_option("cut_off")
    page.locator("#finish").click()
    expect(page.locator("#idle")).to_be_visible()
    expect(page.locator("#inbox-missed li", has_text="081 234 0013")).to_have_count(0, timeout=PATIENCE)
    page.keyboard.press("Alt+P")
    available(page)
