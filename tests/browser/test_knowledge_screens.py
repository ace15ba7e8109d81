"""The knowledge base's pages with something on them, on a screen and on a telephone, in both languages (H5, K1, K2)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import pytest
from axe import faults_of
from knowledge_server import KnowledgeServer
from playwright.sync_api import Browser, FilePayload, Page, expect
from sound_page import sound_page

SCREEN, TELEPHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeServer]:
    made = KnowledgeServer(tmp_path_factory.mktemp("knowledge"), PDF)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(browser: Browser, server: KnowledgeServer) -> Iterator[Page]:
    """A supervisor's, in which no script complains."""
    context = browser.new_context(viewport=cast(Any, SCREEN), reduced_motion="reduce")
    context.add_cookies([cast(Any, server.cookie("mali"))])
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    yield opened
    context.close()
    assert errors == []


def test_every_page_is_sound_with_something_on_it(page: Page, server: KnowledgeServer, tmp_path: Path) -> None:
    """Thai on a screen, English on a telephone: WCAG AA, nothing to scroll sideways."""
    article = f"/knowledge/{server.article}"
    for path in (
        *("/knowledge", "/knowledge?q=ถิ่นกำเนิด", article, f"{article}/edit", f"{article}/versions"),
        *(f"/knowledge/{server.old}", "/documents", f"/documents/{server.document}", "/dealers?q=กล้วยไม้", "/dealers/1"),
        "/sources",
    ):
        for size, language in ((SCREEN, "th"), (TELEPHONE, "en")):
            page.set_viewport_size(cast(Any, size))
            page.goto(server.url(f"{path}{'&' if '?' in path else '?'}lang={language}"))
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
            assert faults_of(page) == [], path


def test_search_as_one_types_opens_the_article(page: Page, server: KnowledgeServer) -> None:
    page.set_viewport_size(cast(Any, SCREEN))
    page.goto(server.url("/knowledge?lang=th"))
    page.keyboard.type("หนังสือรับรองถินกำเนิด")
    page.wait_for_url(lambda url: unquote(url).endswith("กำเนิด&kind=&lang=th"))  # all of it has been asked
    page.locator(".result-title", has_text="ขอหนังสือรับรองถิ่นกำเนิดสินค้าต้องทำอย่างไร").click()
    expect(page.locator(".answer")).to_contain_text("DFT SMART C/O")
    page.goto(server.url(f"/knowledge/{server.old}?lang=th"))
    expect(page.locator(".notice[data-level=bad]")).to_be_visible()  # past its date


TYPE_ON = """text => {
    const field = document.getElementById("q");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def test_what_is_pressed_or_has_the_focus_stays_while_results_are_drawn_anew(
    page: Page, server: KnowledgeServer
) -> None:
    page.set_viewport_size(cast(Any, SCREEN))
    page.goto(server.url("/knowledge?lang=th"))
    expect(page.locator("#newest")).to_be_visible()
    page.locator("#q").fill("หนังสือรับรอง")
    wanted = page.locator(".result-title", has_text="ขอหนังสือรับรองถิ่นกำเนิดสินค้าต้องทำอย่างไร")
    expect(wanted).to_be_visible()
    expect(page.locator("#newest")).to_be_hidden()
    wanted.focus()
    with page.expect_response(lambda answer: "q=" in answer.url):
        page.evaluate(TYPE_ON, "หนังสือรับรองถิ่นกำเนิดสินค้า")
    page.wait_for_url(lambda url: "หนังสือรับรองถิ่นกำเนิดสินค้า" in unquote(url))
    expect(wanted).to_be_focused()
    box = wanted.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + box["height"] / 2)
    page.mouse.down()
    with page.expect_response(lambda answer: "q=" in answer.url) as answered:
        page.evaluate(TYPE_ON, "กล้วยไม้")
    answered.value.finished()
    page.evaluate("new Promise(resolve => setTimeout(resolve))")  # the answer is there, and waits
    expect(wanted).to_be_visible()
    page.mouse.up()
    page.wait_for_url(f"**/knowledge/{server.article}*")


def test_thai_and_english_are_written_side_by_side(page: Page, server: KnowledgeServer) -> None:
    page.set_viewport_size(cast(Any, SCREEN))
    page.goto(server.url(f"/knowledge/{server.article}/edit?lang=th"))
    places = [page.locator(name).bounding_box() for name in ("#answer_th", "#answer_en")]
    thai, english = places
    assert thai is not None
    assert english is not None
    assert (thai["y"], thai["width"]) == (english["y"], english["width"])
    assert english["x"] >= thai["x"] + thai["width"]


def test_what_is_refused_is_told_in_the_pages_language_and_seen(browser: Browser, server: KnowledgeServer) -> None:
    """K1: a table line by line; a file; a field, which has the focus."""
    table = "code,name_th,products,telephones,email\nD9,,ข้าว,034 123 456,bad@\n"
    page_file = FilePayload(name="หน้าเว็บ.html", mimeType="text/html", buffer=b"<html><script>1</script></html>")
    with sound_page(browser, server, "mali") as page:
        page.goto(server.url("/dealers?lang=th"))
        file = FilePayload(name="dealers.csv", mimeType="text/csv", buffer=table.encode())
        page.locator("#table").set_input_files(file)
        expect(page.locator("#faults tbody tr").first).to_contain_text("ต้องใส่", timeout=20_000)
        expect(page.locator("#faults tbody tr").first).to_contain_text("ชื่อ (ไทย)")
        assert faults_of(page) == []
        mended = FilePayload(name="d.csv", mimeType="text/csv", buffer="code,name_th\nD9,บริษัท ข้าวใหม่ จำกัด\n".encode())
        page.locator("#table").set_input_files(mended)
        page.locator("#apply").click(timeout=20_000)
        expect(page.locator("#list")).to_contain_text("บริษัท ข้าวใหม่ จำกัด", timeout=20_000)
        expect(page.locator("#how-many")).to_contain_text("4")
        page.goto(server.url("/documents?lang=th"))
        page.locator("#files").set_input_files(page_file)
        expect(page.locator("#brought .fault")).to_contain_text("สคริปต์")
        page.goto(server.url("/knowledge/new?lang=th"))
        page.locator("#question_th").fill("ขอใบอนุญาต")
        page.locator("#valid_until").fill("31/12/2569x")
        page.locator("form .primary").click()
        expect(page.locator("#fault-valid_until")).to_be_visible()
        expect(page.locator("#valid_until")).to_be_focused()
        expect(page.locator("#question_th")).to_have_value("ขอใบอนุญาต")  # nothing typed is lost
