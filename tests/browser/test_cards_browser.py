"""A card's whole life in real browsers: the agent at a screen, the office on a telephone's screen by the link of its
letter (K3, K4); and how the pages behave: live, kept typing, keyboard, no faults for axe."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe import faults_of
from card_server import CALLER, CardServer
from mail_peer import MailPeer
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sound_page import until

from crm.cards.drafts import AttemptDraft, CardDraft
from crm.cards.records import Card, card_of, select_cards
from crm.cards.service import actor_of
from crm.cards.states import Result
from crm.database import reading
from crm.directory.service import resolve

SCREEN = {"width": 1280, "height": 800}
TELEPHONE = {"width": 390, "height": 844}


@pytest.fixture
def mail() -> Iterator[MailPeer]:
    with MailPeer() as peer:
        yield peer


@pytest.fixture
def server(tmp_path: Path, mail: MailPeer) -> Iterator[CardServer]:
    made = CardServer(tmp_path, mail)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def open_page(browser: Browser, server: CardServer) -> Iterator[Callable[..., Page]]:
    """Opens a page as somebody, or (None) as a stranger; a fault in its scripts fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(who: str | None, path: str, size: dict[str, int] | None = None, language: str = "th") -> Page:
        locale = "th-TH" if language == "th" else "en-US"
        context = browser.new_context(viewport=size or SCREEN, locale=locale)  # type: ignore[arg-type]
        contexts.append(context)
        if who is not None:
            context.add_cookies([server.cookie(who)])  # type: ignore[list-item]
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.goto(server.url(path))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in wrong if "410 (Gone)" not in text] == []  # a link that has died says so on purpose


def cards(server: CardServer) -> list[Card]:
    with reading(server.engine) as connection:
        return [card_of(row) for row in connection.execute(select_cards().order_by("number"))]


def link_in(mail: MailPeer, number: int = -1) -> str:
    text = str(mail.taken[number].get_content())
    return "/c/" + text.partition("https://hotline.test/c/")[2].split()[0]


def written(server: CardServer, call: str = "main-1.1", **more: Any) -> Card:
    """A card that is with the legal office."""
    server.talk(call)
    with reading(server.engine) as connection:
        target = resolve(connection, server.settings, "department", "legal")
    values = {"target": target, "why": "ข้อกฎหมาย", "question": "ภาษีนำเข้าผ้า", "call_id": call, "without_call": True,
              "caller_number": CALLER, **more}  # fmt: skip
    return server.office.cards.create(CardDraft(**values), server.visitor("somsri"))


def no_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def answer(page: Page, result: str, text: str, officer: str) -> None:
    """What an officer does on the page of the link, as a finger does it."""
    page.get_by_label(result, exact=True).check()
    page.get_by_label("คำตอบที่ให้").fill(text)
    page.get_by_label("ชื่อเจ้าหน้าที่ผู้ตอบ").fill(officer)
    page.get_by_role("button", name="บันทึกผล").click()


def test_from_the_transfer_to_the_end(server: CardServer, mail: MailPeer, open_page: Callable[..., Page]) -> None:
    """K3, K4: not satisfied, next attempt, satisfied, reported back, followed up, closed."""
    agent = open_page("somsri", "/cards")
    expect(agent.get_by_text("ไม่มีการ์ดที่ค้างอยู่")).to_be_visible()
    server.person()
    server.talk()
    server.transfer("main-1.1", "701")
    # the list shows it by itself
    agent.get_by_role("link", name="T-2569-000001").click()
    expect(agent.get_by_role("heading", name="เติมข้อมูลให้ครบ")).to_be_visible()
    agent.get_by_label("เรื่องที่สอบถาม").fill("นำเข้าผ้าจากเวียดนามต้องใช้เอกสารอะไร")
    agent.get_by_label("เหตุผลที่โอนสาย").fill("เรื่องเชิงลึก")
    agent.get_by_role("button", name="บันทึก").click()
    expect(agent.get_by_text("รอหน่วยงานตอบผู้รับบริการ")).to_be_visible()
    until(agent, lambda: mail.taken)
    assert mail.recipients == ["legal@example.test"]
    # the office, by the link of its letter, on a telephone
    office = open_page(None, link_in(mail), TELEPHONE)
    no_sideways(office)
    expect(office.get_by_text("วิชัย มั่นคง")).to_be_visible()
    answer(office, "ตอบแล้ว ยังไม่พึงพอใจ", "ใช้ใบกำกับสินค้า", "คุณนิติ")
    expect(office.get_by_text("บันทึกแล้ว ขอบคุณ")).to_be_visible()
    expect(office.get_by_text("ยังไม่พึงพอใจ", exact=True)).to_be_visible()
    # the agent's page has followed
    expect(agent.get_by_text("ใช้ใบกำกับสินค้า")).to_be_visible()
    answer(office, "ตอบแล้ว ผู้รับบริการพึงพอใจ", "และหนังสือรับรองถิ่นกำเนิด", "คุณนิติ")
    expect(office.get_by_text("หน่วยงานดำเนินการครบแล้ว")).to_be_visible()
    # followed up and closed
    expect(agent.get_by_role("heading", name="ติดตามแล้ว")).to_be_visible()
    agent.get_by_label("ผลการติดตาม").fill("โทรยืนยันแล้ว ได้คำตอบครบ")
    agent.get_by_role("button", name="ติดตามแล้วและปิดงาน").click()
    expect(agent.get_by_text("ปิดงานแล้ว")).to_be_visible()
    assert cards(server)[0].state == "closed"
    office.reload()
    expect(office.get_by_text("การ์ดใบนี้ปิดงานแล้ว")).to_be_visible()
    agent.goto(server.url("/cards"))
    expect(agent.get_by_text("ไม่มีการ์ดที่ค้างอยู่")).to_be_visible()


def test_a_failed_transfer_comes_back_before_the_agent_s_eyes(
    server: CardServer, open_page: Callable[..., Page]
) -> None:
    """K3."""
    written(server, without_call=False, mode="blind")
    agent = open_page("somsri", "/cards", language="en")
    expect(agent.get_by_text("Prepared")).to_be_visible()
    server.transfer("main-1.1", "701", picked_up=None)
    expect(agent.get_by_text("Transfer failed")).to_be_visible()
    agent.get_by_role("link", name="T-2569-000001").click()
    agent.get_by_role("button", name="Send to the office").click()
    expect(agent.get_by_text("Office calls back")).to_be_visible()


def test_what_is_being_typed_stays(server: CardServer, open_page: Callable[..., Page]) -> None:
    """News from elsewhere change what is read, never what is written."""
    card = written(server)
    officer = open_page("officer", f"/cards/{card.id}")
    officer.get_by_label("คำตอบที่ให้").fill("กำลังพิมพ์คำตอบ")
    server.office.cards.change(card.id, server.visitor("somsri"), question="คำถามที่แก้ไขแล้ว")
    expect(officer.get_by_text("คำถามที่แก้ไขแล้ว")).to_be_visible()
    expect(officer.get_by_label("คำตอบที่ให้")).to_have_value("กำลังพิมพ์คำตอบ")


def test_an_officer_s_list_is_live_and_only_its_own(server: CardServer, open_page: Callable[..., Page]) -> None:
    """K4: the other office's page hears nothing."""
    legal, trade = open_page("officer", "/cards", TELEPHONE), open_page("kanya", "/cards", TELEPHONE)
    card = written(server)
    expect(legal.get_by_role("link", name=card.number)).to_be_visible()
    expect(legal.locator('[data-badge="cards"]')).to_have_text("1")
    expect(trade.get_by_text("ไม่มีการ์ดที่ค้างอยู่")).to_be_visible()
    expect(trade.locator('[data-badge="cards"]')).to_be_hidden()
    no_sideways(legal)


def test_by_keyboard_alone(server: CardServer, open_page: Callable[..., Page]) -> None:
    """From the list to the saved answer without a mouse."""
    written(server)
    page = open_page("officer", "/cards", language="en")
    page.get_by_role("link", name="T-2569-000001").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Answered, the caller is satisfied").focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("Next attempt by")).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.type("Certificate of origin")
    page.keyboard.press("Tab")
    page.keyboard.type("by telephone")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Save the result"
    page.keyboard.press("Enter")
    expect(page.get_by_text("the office has done its part")).to_be_visible()


def test_a_form_goes_once(server: CardServer, open_page: Callable[..., Page]) -> None:
    card = written(server)
    page = open_page("officer", f"/cards/{card.id}")
    page.get_by_label("ติดต่อไม่ได้").check()
    page.get_by_label("รายละเอียดการติดต่อ").fill("ไม่รับสาย")
    page.get_by_role("button", name="บันทึกผล").dblclick()
    expect(page.get_by_text("ครั้งที่ 1")).to_be_visible()
    assert cards(server)[0].attempts == 1


def everything(server: CardServer) -> dict[str, tuple[str | None, str]]:
    """A page of each kind, with something on it."""
    server.person()
    waiting = written(server, "main-1.1")
    server.talk("main-2.1", caller="+66899998888")
    server.transfer("main-2.1", "702")
    niti = actor_of(server.visitor("officer"))
    tried = written(server, "main-3.1")
    server.office.cards.attempt(tried.id, niti, AttemptDraft(result=Result.NOT_SATISFIED, answer="ตอบ", details="คุย"))
    reported = written(server, "main-4.1")
    server.office.cards.attempt(reported.id, niti, AttemptDraft(result=Result.SATISFIED, answer="ตอบ"))
    by_id = f"/cards/{waiting.id}"
    return {
        "list": ("somsri", "/cards"),
        "all": ("mali", "/cards?view=all"),
        "office": ("officer", "/cards"),
        "waiting": ("somsri", by_id),
        "incomplete": ("somsri", "/cards/{incomplete}"),
        "tried": ("officer", f"/cards/{tried.id}"),
        "reported": ("mali", f"/cards/{reported.id}"),
        "directory": ("mali", "/directory"),
        "entry": ("mali", "/directory/new"),
        "link": (None, "{link}"),
    }


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("size", [SCREEN, TELEPHONE], ids=["screen", "telephone"])
def test_axe_finds_nothing(
    server: CardServer, mail: MailPeer, open_page: Callable[..., Page], size: dict[str, int], language: str
) -> None:
    """Labels, contrast, roles; and nothing to scroll sideways."""
    pages = everything(server)
    first = open_page("somsri", "/cards")
    incomplete = until(first, lambda: [card for card in cards(server) if card.is_incomplete and card.picked_up_at])
    until(first, lambda: mail.taken)
    found = {}
    for name, (who, path) in pages.items():
        place = path.format(incomplete=incomplete[0].id, link=link_in(mail, 0))
        page = open_page(who, f"{place}{'&' if '?' in place else '?'}lang={language}", size, language)
        for details in page.locator("details.more").all():
            details.evaluate("details => { details.open = true; }")
        no_sideways(page)
        if faults := faults_of(page):
            found[name] = faults
        page.close()
    assert found == {}
