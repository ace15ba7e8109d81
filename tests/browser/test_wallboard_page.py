"""The board as people see it (H1, H8, D17): fresh without reload, plainly stale when it is, in both languages."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from board_server import BoardServer
from playwright.sync_api import Browser, Page, expect
from wallboard_data import BAD_DAY, GOOD_DAY, board

from crm.web.pages import find_fonts

SIZES = {"wall": (1920, 1080), "desk": (1280, 800), "telephone": (390, 844)}
SECONDS = 1000


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a big screen in which no error may happen."""
    opened = browser.new_page(viewport={"width": 1920, "height": 1080})
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    yield opened
    opened.close()
    assert errors == []


def mark(page: Page) -> None:
    """A reload would forget this."""
    page.evaluate("window.notReloaded = true")


def assert_not_reloaded(page: Page) -> None:
    assert page.evaluate("window.notReloaded") is True


def test_figures_change_without_reload(board_server: BoardServer, page: Page) -> None:
    """H1, H8: calls waiting, the promise and satisfaction."""
    page.goto(board_server.url())
    expect(page.locator("#within .number")).to_have_text("–")
    expect(page.locator("#waiting .number")).to_have_text("0สาย")
    mark(page)
    board_server.data = board(waiting=3, waited=20, today=GOOD_DAY)
    expect(page.locator("#waiting .number")).to_have_text("3สาย")
    expect(page.locator("#within .number")).to_have_text("95.6%")
    expect(page.locator("#answered .number")).to_have_text("96.8%")
    expect(page.locator("#satisfaction .number")).to_have_text("92.8%")
    expect(page.locator("#satisfaction .detail")).to_contain_text("196 แบบประเมิน")
    board_server.data = board(today=BAD_DAY)
    expect(page.locator("#within .verdict")).to_contain_text("ต่ำกว่าเป้าหมาย")
    expect(page.locator("#waiting .verdict .when-none")).to_be_visible()
    assert_not_reloaded(page)


def test_longest_wait_runs_by_itself_and_turns_at_nine_seconds(board_server: BoardServer, page: Page) -> None:
    """H1: the bar against 9 s, with a word and a symbol beside the colour."""
    board_server.data = board(waiting=1, waited=4)
    page.goto(board_server.url("?lang=en"))
    wait = page.locator(".wait")
    expect(wait.locator(".when-good")).to_be_visible()
    expect(wait.locator(".when-near")).to_be_visible(timeout=5 * SECONDS)
    expect(wait.locator(".when-bad")).to_be_visible(timeout=8 * SECONDS)
    expect(wait.locator(".when-bad")).to_have_text("Over 9 s")
    expect(wait.locator(".when-bad svg")).to_be_visible()
    assert float(wait.locator(".fill").get_attribute("width").rstrip("%")) >= 50  # type: ignore[union-attr]


def test_agents_by_state_with_time_in_state(board_server: BoardServer, page: Page) -> None:
    board_server.data = board(staff=9, at=datetime.now(UTC))
    page.goto(board_server.url("?lang=en"))
    expect(page.locator(".states [data-state=in_call] b")).to_have_text("3")
    expect(page.locator(".states [data-state=offline] b")).to_have_text("1")
    assert page.locator(".tiles li").count() == 8  # who is logged out has no tile
    first = page.locator(".tiles li").first
    expect(first).to_contain_text("Kamonwan S.")
    expect(first).to_contain_text("Ringing")
    expect(first.locator(".time")).to_have_text(re.compile(r"^\d+:\d\d$"))


def test_says_so_when_the_server_stops_and_comes_back_by_itself(board_server: BoardServer, page: Page) -> None:
    board_server.data = board(today=GOOD_DAY)
    page.goto(board_server.url())
    expect(page.locator(".link-on")).to_be_visible()
    expect(page.locator("#stale")).to_be_hidden()
    mark(page)
    board_server.stop()
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("#stale")).to_contain_text("ขาดการเชื่อมต่อ")
    expect(page.locator("#stopped")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    expect(page.locator(".link-off")).to_be_visible()
    board_server.data = board(today=BAD_DAY)
    board_server.start()
    expect(page.locator("#stale")).to_be_hidden(timeout=10 * SECONDS)
    expect(page.locator("#within .number")).to_have_text("82.7%")
    assert_not_reloaded(page)


def test_says_so_when_there_is_no_data(board_server: BoardServer, page: Page) -> None:
    board_server.data = board(today=GOOD_DAY)
    page.goto(board_server.url("?lang=en"))
    expect(page.locator("#stale")).to_be_hidden()
    board_server.broken = True
    expect(page.locator("#stale")).to_contain_text("Disconnected")
    expect(page.locator("#within .number")).to_have_text("95.6%")
    board_server.broken = False
    expect(page.locator("#stale")).to_be_hidden()


def test_says_so_when_asterisk_is_not_heard(board_server: BoardServer, page: Page) -> None:
    page.goto(board_server.url("?lang=en"))
    expect(page.locator("#heard")).to_be_hidden()
    board_server.data = replace(board(), heard=False)
    expect(page.locator("#heard")).to_contain_text("No news from the telephone system")


def test_a_silent_server_is_noticed(board_server: BoardServer, page: Page) -> None:
    """No error comes from a connection that hangs: the heartbeat's absence tells."""
    page.clock.install()
    page.goto(board_server.url("?lang=en"))
    board_server.data = board(today=GOOD_DAY)
    expect(page.locator("#within .number")).to_have_text("95.6%")
    expect(page.locator("#stale")).to_be_hidden()
    page.clock.fast_forward(13 * SECONDS)
    expect(page.locator("#stale")).to_be_visible()


def test_thai_first_with_buddhist_era(board_server: BoardServer, page: Page) -> None:
    board_server.data = replace(board(), at=datetime(2026, 11, 20, 17, 0, tzinfo=UTC))
    page.goto(board_server.url())
    assert page.locator("html").get_attribute("lang") == "th"
    expect(page.locator("#date")).to_have_text("วันเสาร์ที่ 21 พฤศจิกายน 2569")
    expect(page.locator("h1")).to_have_text("สายตรงการค้าระหว่างประเทศ 1169")
    page.get_by_role("link", name="English").click()
    expect(page.locator("#date")).to_have_text("Saturday 21 November 2026")
    bangkok = (datetime.now(UTC) + timedelta(hours=7)).strftime("%H:")
    expect(page.locator("#clock")).to_have_text(re.compile(f"^{bangkok}"))


def test_board_of_one_queue(board_server: BoardServer, page: Page) -> None:
    board_server.data = board(waiting=3, waited=2, today=GOOD_DAY)
    page.goto(board_server.url("?lang=en&queue=technical"))
    expect(page.locator(".queue")).to_have_text("Technical")
    expect(page.locator("#waiting .number")).to_have_text("0calls")
    expect(page.locator(".nobody")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("staff", [0, 9, 22])
def test_everything_fits(board_server: BoardServer, page: Page, size: str, language: str, staff: int) -> None:
    board_server.data = board(waiting=188, waited=4000, staff=staff, today=BAD_DAY)
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(board_server.url(f"?lang={language}"))
    expect(page.locator("#waiting .number")).to_contain_text("188")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size != "telephone":
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        cut = "[...document.querySelectorAll('.tiles, .today')].filter(e => e.scrollHeight > e.clientHeight + 1).length"
        assert page.evaluate(cut) == 0


CONTRAST = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map(v => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [0, 0, 0]; };
  const weak = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest('svg, noscript')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) weak.push(e.className + ': ' + e.textContent.trim());
  }
  return weak;
}"""


@pytest.mark.parametrize("today", [None, GOOD_DAY, BAD_DAY])
def test_contrast_is_enough(board_server: BoardServer, page: Page, today: object) -> None:
    """WCAG AA: 4.5 to 1 for every text."""
    board_server.data = board(waiting=2, waited=30, today=today)  # type: ignore[arg-type]
    page.goto(board_server.url())
    expect(page.locator(".when-bad")).to_be_visible()
    assert page.evaluate(CONTRAST) == []


def test_sarabun_is_used_where_it_is_installed(board_server: BoardServer, page: Page) -> None:
    page.goto(board_server.url())
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded' && f.family.includes('Sarabun')).length"
    )
    assert (loaded > 0) == (find_fonts(Path(__file__)) is not None)  # npm brings it; pages do without


def test_viewers_are_forgotten_when_they_leave(board_server: BoardServer, browser: Browser) -> None:
    pages = [browser.new_page() for _ in range(3)]
    for opened in pages:
        opened.goto(board_server.url())
        expect(opened.locator(".link-on")).to_be_visible()
    for opened in pages[1:]:
        opened.close()
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while board_server.viewers != 1 and datetime.now(UTC) < deadline:
        pages[0].wait_for_timeout(50)
    assert board_server.viewers == 1
    pages[0].close()
