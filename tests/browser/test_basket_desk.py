"""From the search beside the call to the letter that was received, by keyboard; the visitor's screen; the paper."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe import faults_of
from basket_desk import BasketDesk
from desk_scenes import answer, arrive, leave, ring
from mail_peer import MailPeer
from playwright.sync_api import Browser, Page, expect
from programs import find
from pypdf import PdfReader
from sound_page import sound_page
from sqlalchemy import select

from ami_listener.events import AgentState
from crm.basket.pdf import Printer
from crm.contacts.models import contacts
from crm.database import reading, writing
from crm.sources.service import save_source
from crm.web.pages import find_fonts

SECOND = 1000
QUESTION = "ขอหนังสือรับรองถิ่นกำเนิดสินค้าต้องทำอย่างไร"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BasketDesk]:
    with MailPeer() as peer:
        server = BasketDesk(tmp_path_factory.mktemp("basket"), peer)
        server.article(QUESTION, "ยื่นคำขอที่ **กรมการค้าต่างประเทศ** ผ่านระบบ DFT SMART C/O\n\n1. ลงทะเบียน\n2. ยื่นแบบ")
        server.article("ส่งออกผลไม้สดไปจีน", "ต้องมีใบรับรองสุขอนามัยพืช ขอได้ที่กรมวิชาการเกษตร")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def page(browser: Browser, desk: BasketDesk) -> Iterator[Page]:
    with sound_page(browser, desk) as opened:
        yield opened


def look(page: Page, tmp_path: Path, name: str) -> None:
    page.screenshot(path=tmp_path / f"{name}.png")


TYPE_ON = """text => {
    const field = document.getElementById("know-search");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
}"""
BOTH = ("ส่งออกผลไม้ หนังสือรับรองถิ่นกำเนิด", "หนังสือรับรองถิ่นกำเนิด ส่งออกผลไม้สดไปจีน")


def _what_is_chosen_stays(page: Page) -> None:
    """While results are drawn anew: what the arrows went to, and what is under the pointer."""
    before = page.locator("#know-search").input_value()
    page.locator("#know-search").fill(BOTH[0])
    expect(page.locator("#know-found .know-hit")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#know-found [aria-selected=true] .know-hit-title")
    title = chosen.text_content()
    with page.expect_response(lambda answer: "/find?" in answer.url):
        page.locator("#know-search").fill(BOTH[1])
    expect(chosen).to_have_text(title or "")
    hit = page.locator("#know-found .know-hit", has_text=QUESTION).locator(".know-hit-title")
    box = hit.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    with page.expect_response(lambda answer: "/find?" in answer.url) as answered:
        page.evaluate(TYPE_ON, "ไม่มีเรื่องนี้xyz")
    answered.value.finished()
    page.evaluate("new Promise(resolve => setTimeout(resolve))")
    page.mouse.up()
    expect(page.locator("#piece")).to_be_visible()  # the click was not lost
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+g")
    page.locator("#know-search").fill(before)
    expect(page.locator("#know-found .know-hit").first).to_contain_text(QUESTION)


def test_search_basket_verify_send_and_the_letter_received(
    desk: BasketDesk, page: Page, browser: Browser, tmp_path: Path
) -> None:
    """H5, H6, H9: without leaving the caller; the summary drafts itself afterwards."""
    desk.state(AgentState.AVAILABLE)
    page.goto(desk.url("/desk?lang=th"))
    arrive(desk)
    ring(desk)
    answer(desk)
    expect(page.locator("#know")).to_be_visible(timeout=10 * SECOND)
    page.keyboard.press("Alt+g")
    expect(page.locator("#know-search")).to_be_focused()
    page.keyboard.type("หนังสือรับรองถิ่นกำเนิด")
    expect(page.locator("#know-found .know-hit").first).to_contain_text(QUESTION)
    look(page, tmp_path, "found")
    assert faults_of(page) == []
    _what_is_chosen_stays(page)
    page.keyboard.press("Alt+Enter")  # this answered it
    page.keyboard.press("Enter")
    expect(page.locator("#know-count")).to_have_text("1")
    page.keyboard.press("Alt+b")
    expect(page.locator("#basket")).to_be_visible()
    address = page.locator("[data-basket-field=recipient]")
    address.fill("somchai@gmial.com")
    expect(page.locator(".basket-hint")).to_contain_text("somchai@gmail.com", timeout=5 * SECOND)
    address.fill("somchai@example.test")
    page.locator("[data-basket-field=recipient_name]").fill("คุณสมชาย ใจดี")
    page.locator("[data-basket-field=answer]").fill("ขอหนังสือรับรองได้ทางออนไลน์ ใช้เวลา 1 วันทำการ")
    send = page.locator(".basket-send")
    expect(send).to_be_disabled()
    for box in page.locator(".basket-checks input").all():
        box.focus()
        page.keyboard.press("Space")
    expect(page.locator(".basket-item")).to_have_attribute("data-standing", "verified", timeout=5 * SECOND)
    expect(page.locator(".basket-verdict")).to_have_text("ตรวจครบแล้ว ส่งได้")
    page.locator(".basket-preview-key").press("Enter")
    expect(page.locator(".letter")).to_contain_text("เรียน คุณสมชาย ใจดี")
    assert faults_of(page) == []
    look(page, tmp_path, "preview")
    previewed = page.locator(".letter").inner_text().split()
    expect(send).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".basket-letter")).to_have_attribute("data-state", "sent", timeout=10 * SECOND)
    look(page, tmp_path, "sent")
    page.keyboard.press("Escape")
    expect(page.locator("#f-answer")).to_have_value(f"ส่งอีเมลแล้ว: {QUESTION}", timeout=5 * SECOND)
    (letter,) = desk.peer.taken
    html = letter.get_body(("html",))
    assert html is not None
    assert letter["To"] == "somchai@example.test"
    reader = browser.new_page(viewport={"width": 720, "height": 900})
    reader.set_content(html.get_content())
    expect(reader.locator("h3")).to_have_text(QUESTION)
    expect(reader.locator("strong")).to_have_text("กรมการค้าต่างประเทศ")
    expect(reader.locator("body")).to_contain_text("ใช้เวลา 1 วันทำการ")
    received = reader.locator("body").inner_text().split()
    assert received[-len(previewed) :] == previewed  # behind the name of the house
    look(reader, tmp_path, "received")
    reader.close()
    leave(desk)
    deadline = time.monotonic() + 10
    saved = None
    while saved is None and time.monotonic() < deadline:
        page.wait_for_timeout(100)
        with reading(desk.engine) as connection:
            saved = connection.scalar(select(contacts.c.answer))
    assert saved == f"ส่งอีเมลแล้ว: {QUESTION}"


def test_suggestions_come_by_themselves_and_stay_under_the_key(desk: BasketDesk, page: Page) -> None:
    """H5: what the arrows went to is what the key takes, also when other suggestions come meanwhile; the officer is one
    key away."""
    with writing(desk.engine) as connection:
        told = {"kind": "officer", "name_th": "คุณประเสริฐ ฝ่ายถิ่นกำเนิดสินค้า", "extension": "1002"}
        save_source(connection, None, told, desk.now(), None)
    desk.state(AgentState.AVAILABLE)
    page.goto(desk.url("/desk?lang=th"))
    arrive(desk, "main-2.1", "+66899991111")
    ring(desk, "main-2.1")
    answer(desk, "main-2.1")
    page.locator("#f-question").fill("ขอหนังสือรับรองถิ่นกำเนิดสินค้า")
    hits = page.locator("#know-found .know-hit")
    expect(hits).to_have_count(2, timeout=10 * SECOND)
    expect(hits.first).to_contain_text(QUESTION)
    page.keyboard.press("Alt+g")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#know-found [aria-selected=true]")
    expect(chosen).to_contain_text("คุณประเสริฐ")
    page.locator("#f-question").evaluate(
        "field => { field.value = 'ส่งออกผลไม้สดไปจีน'; field.dispatchEvent(new Event('input', { bubbles: true })) }"
    )
    expect(hits.first).to_contain_text("ส่งออกผลไม้สดไปจีน", timeout=10 * SECOND)
    expect(chosen).to_contain_text("คุณประเสริฐ")
    page.keyboard.press("Enter")
    expect(chosen.locator(".know-marks")).to_have_text("✓ อยู่ในตะกร้า")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#piece")).to_contain_text("โอนสายไป 1002")
    assert faults_of(page) == []
    page.route("**/api/telephone/transfer", lambda route: route.fulfill(json={"to": "1002"}))  # no Asterisk here
    with page.expect_request("**/api/telephone/transfer") as handed_on:
        page.keyboard.press("Alt+t")
    assert handed_on.value.post_data_json == {"to": "1002"}
    expect(page.locator("#piece")).to_be_hidden()
    leave(desk, "main-2.1")


def test_the_visitor_checks_on_a_second_screen(desk: BasketDesk, page: Page, tmp_path: Path) -> None:
    """W6, W7: what the visitor says is at the agent's at once; the paper is one press away."""
    page.goto(desk.url("/desk?lang=th"))
    contact = page.evaluate(
        """async () => (await (await fetch("/api/contacts", {method: "POST", headers: {
        "Content-Type": "application/json",
        "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content}, body: JSON.stringify(
        {channel: "counter", language: "th"})})).json()).id"""
    )
    page.goto(desk.url(f"/basket/{contact}?lang=th"))
    page.locator("[data-basket-field=recipient]").fill("malee@example.test")
    page.locator("[data-basket-field=answer]").fill(f"ตามเอกสารแนบ https://www.dft.go.th/?a={'x' * 90}")
    page.locator(".basket-link input[name=url]").fill("https://www.dft.go.th/")
    page.locator(".basket-link button").click()
    expect(page.locator(".basket-checks input")).to_have_count(2)
    for box in page.locator(".basket-checks input").all():
        box.check()
    expect(page.locator(".basket-problems")).to_contain_text("ผู้มาติดต่อยังไม่ได้ตรวจตะกร้าบนจอ")
    with page.context.expect_page() as opening:
        page.locator(".basket-show").click()
    url = page.locator(".basket-visitor a").get_attribute("href")
    assert url is not None
    opening.value.close()
    visitor = page.context.new_page()
    visitor.goto(desk.url(urlsplit(url).path))  # the settings name another port than the test's
    expect(visitor.locator("#visitor-address")).to_have_text("malee@example.test")
    visitor.locator("#visitor-wrong").click()
    visitor.locator("#visitor-words").fill("ขอแก้อีเมล")
    visitor.locator("#visitor-form button").click()
    expect(page.locator(".basket-visitor")).to_contain_text("ขอแก้อีเมล", timeout=10 * SECOND)
    page.locator("[data-basket-field=recipient]").fill("malee2@example.test")
    expect(visitor.locator("#visitor-address")).to_have_text("malee2@example.test", timeout=10 * SECOND)
    assert faults_of(visitor) == []
    look(visitor, tmp_path, "visitor")
    visitor.set_viewport_size({"width": 390, "height": 844})  # a telephone: nothing hangs over, the keys are in sight
    assert visitor.evaluate("document.documentElement.scrollWidth") <= 390
    assert visitor.locator("#visitor-right").evaluate("key => key.getBoundingClientRect().bottom") <= 844
    visitor.locator("#visitor-right").click()
    expect(visitor.locator("#visitor-said")).to_contain_text("ขอบคุณ")
    expect(page.locator(".basket-verdict")).to_have_text("ตรวจครบแล้ว ส่งได้", timeout=10 * SECOND)
    visitor.close()
    page.goto(desk.url(f"/basket/{contact}/summary?lang=th"))
    expect(page.locator(".paper h1")).to_have_text("หน้าสรุปการให้บริการข้อมูล/คำปรึกษา")
    assert faults_of(page) == []
    look(page, tmp_path, "summary")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 990})  # paper
    heights = page.locator(".paper dl div").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert max(heights) < 80


def test_the_paper_is_set_in_its_own_typeface_as_pdf(tmp_path: Path) -> None:
    """W7: Chromium sets the Thai marks, with the typeface that the pages have."""
    words = "น้ำผึ้ง ที่นี่ ปู่ย่า กตัญญู ฐาน ผู้ส่งออก สิ่งอำนวยความสะดวก"
    printer = Printer(Path(find("chromium")), find_fonts(Path(__file__).parent))
    face = f"@font-face {{ font-family: S; src: url('{printer.fonts}/sarabun-thai-400-normal.woff2') }}"
    html = f"<meta charset=utf-8><style>{face} p {{ font: 20px S }}</style><p>{words}</p>"
    pdf = tmp_path / "paper.pdf"
    pdf.write_bytes(printer.print(html))
    (page,) = PdfReader(pdf).pages
    resources: Any = page["/Resources"]
    fonts = [font.get_object()["/BaseFont"] for font in resources["/Font"].values()]
    assert fonts
    assert all("Sarabun" in font for font in fonts)
    assert "ฐาน" in page.extract_text()
