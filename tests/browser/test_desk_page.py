"""The desk as agents see it, driven by events without Asterisk: true states, troubles said at once, keys, looks."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe import faults_of
from desk_scenes import answer, arrive, fill_inbox, leave, person, ring
from desk_server import DeskServer
from playwright.sync_api import APIResponse, Browser, Page, Route, expect
from sound_page import sound_page, until

from ami_listener.events import AgentState, StreamInterrupted

SECOND = 1000
STATES = {
    AgentState.AVAILABLE: "ว่าง พร้อมรับสาย",
    AgentState.IN_CALL: "กำลังสนทนา",
    AgentState.PAUSED: "หยุดพัก",
    AgentState.OFFLINE: "โทรศัพท์ไม่พร้อม",
    AgentState.WRAP_UP: "บันทึกสรุป",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DeskServer]:
    running = DeskServer(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def page(browser: Browser, server: DeskServer) -> Iterator[Page]:
    with sound_page(browser, server) as opened:
        yield opened


def open_desk(page: Page, server: DeskServer, language: str = "th", state: AgentState = AgentState.AVAILABLE) -> None:
    server.state(state)
    page.goto(server.url(f"/desk?lang={language}"))
    expect(page.locator("#state")).to_have_attribute("data-state", state.value)


@pytest.mark.parametrize("state", STATES)
def test_the_state_is_what_asterisk_says(server: DeskServer, page: Page, state: AgentState) -> None:
    open_desk(page, server)
    server.state(state)
    expect(page.locator("#state-name")).to_have_text(STATES[state], timeout=10 * SECOND)


def test_a_dead_stream_is_said_at_once_and_never_shows_available(server: DeskServer, page: Page) -> None:
    open_desk(page, server)
    page.evaluate("window.notReloaded = true")
    server.stop()
    expect(page.locator("#trouble")).to_contain_text("ขาดการเชื่อมต่อ", timeout=10 * SECOND)
    expect(page.locator("#state")).to_have_attribute("data-state", "unknown")
    server.start()
    server.state(AgentState.PAUSED, "lunch")
    expect(page.locator("#trouble")).to_be_hidden(timeout=15 * SECOND)
    expect(page.locator("#state")).to_have_attribute("data-state", "paused")
    assert page.evaluate("window.notReloaded") is True


def test_a_stream_that_is_silent_is_dead(server: DeskServer, page: Page) -> None:
    """No error comes from a connection that hangs: the missing beat tells."""
    page.clock.install()
    open_desk(page, server)
    page.route("**/desk/events", lambda route: route.abort())
    page.route("**/api/desk/state", lambda route: route.abort())
    page.clock.fast_forward(12 * SECOND)
    expect(page.locator("#trouble")).to_contain_text("ขาดการเชื่อมต่อ")


def test_it_is_said_when_asterisk_is_not_heard(server: DeskServer, page: Page) -> None:
    open_desk(page, server)
    server.play(StreamInterrupted(event_id="cut", occurred_at=server.now(), reason="test"))
    expect(page.locator("#trouble")).to_contain_text("ตู้สาขาโทรศัพท์", timeout=10 * SECOND)
    expect(page.locator("#state")).to_have_attribute("data-state", "unknown")
    server.resume()
    expect(page.locator("#trouble")).to_be_hidden(timeout=10 * SECOND)


def test_a_log_out_is_said_and_what_is_on_the_page_stays(
    server: DeskServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.desk.stream.CHECK_SECONDS", 0.0)
    open_desk(page, server)
    server.log_out_everywhere()
    expect(page.locator("#trouble")).to_contain_text("ออกจากระบบแล้ว", timeout=10 * SECOND)
    expect(page.locator("#trouble-log-in")).to_be_visible()
    assert page.url.endswith("/desk?lang=th")


def test_a_new_caller_is_said_to_be_new(server: DeskServer, page: Page) -> None:
    """C1, C2: number by itself, "new caller"."""
    open_desk(page, server, "en")
    arrive(server, ago=6)
    ring(server)
    expect(page.locator("#who-name")).to_have_text("New caller", timeout=10 * SECOND)
    expect(page.locator("#line-number")).to_have_text("081 234 5678")
    expect(page.locator("#who-facts")).to_contain_text("General enquiries")
    expect(page.locator("#who-wait")).to_have_text(re.compile("0:0[67]"))
    expect(page.locator("#said-now")).to_have_text("Incoming call New caller, 081 234 5678")


def test_a_returning_caller_is_shown_with_all_that_is_known(server: DeskServer, page: Page) -> None:
    """C3, C5."""
    person(server, "0812345678", "สมชาย ส่งออก", business_level="exporter", notes="ชอบให้โทรกลับช่วงบ่าย")
    open_desk(page, server)
    arrive(server)
    ring(server)
    expect(page.locator("#who-name")).to_have_text("สมชาย ส่งออก", timeout=10 * SECOND)
    expect(page.locator("#who-badge")).to_contain_text("เคยรับบริการแล้ว")
    expect(page.locator("#who-level")).to_have_text("ผู้ส่งออก")
    expect(page.locator("#person-notes")).to_have_text("ชอบให้โทรกลับช่วงบ่าย")
    expect(page.locator("#line-who")).to_have_text("สมชาย ส่งออก")


@pytest.mark.parametrize("first", [answer, None], ids=["in the talk", "while it rings"])
def test_several_people_on_one_number_are_chosen_from(
    server: DeskServer, page: Page, first: Callable[[DeskServer], None] | None
) -> None:
    """C3: a family, an office; whoever was chosen is who the record is about, however early it was."""
    for name in ("สมชาย ส่งออก", "สมหญิง ส่งออก"):
        person(server, "0812345678", name)
    open_desk(page, server)
    arrive(server)
    ring(server)
    expect(page.locator("#choose")).to_be_visible(timeout=10 * SECOND)
    if first:
        first(server)
    page.locator("#people button", has_text="สมหญิง").click()
    expect(page.locator("#who-name")).to_have_text("สมหญิง ส่งออก")
    expect(page.locator("#choose")).to_be_hidden()
    if not first:
        answer(server)
    expect(page.locator("#f-first_name")).to_have_value("สมหญิง")
    expect(page.locator("#who-name")).to_have_text("สมหญิง ส่งออก")


def test_an_answer_that_was_overtaken_takes_no_step_back(server: DeskServer, page: Page) -> None:
    """H3 to H5: what is saved meanwhile is answered late, with the steps of before."""
    open_desk(page, server)
    arrive(server)
    ring(server)
    answer(server)
    expect(page.locator("#form")).to_be_visible()
    now_at = page.locator("#steps [data-state=now]")
    page.keyboard.press("F4")
    expect(now_at).to_have_attribute("data-step", "H3")
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/api/contacts/*", lambda route: held.append((route, route.fetch())))
    with page.expect_request(lambda request: request.method == "PATCH"):
        page.locator("#f-question").fill("ส่งออก")
    until(page, lambda: held)
    with page.expect_response("**/steps/H4*"):
        page.keyboard.press("F4")
    for route, response in held:
        route.fulfill(response=response)
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    expect(now_at).to_have_attribute("data-step", "H4")
    with page.expect_response("**/steps/H5*"):
        page.keyboard.press("F4")
    expect(now_at).to_have_attribute("data-step", "H5")


def test_keys_in_a_row_are_all_sent_and_in_order(server: DeskServer, page: Page) -> None:
    """H3 to H5: faster than the server answers."""
    open_desk(page, server)
    arrive(server)
    ring(server)
    answer(server)
    expect(page.locator("#form")).to_be_visible()
    sent: list[str] = []
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        sent.append(route.request.url.partition("/steps/")[2][:2])
        if len(sent) == 1:
            held.append(route)
        else:
            route.continue_()

    page.route("**/steps/*", hold_the_first)
    for _ in range(3):
        page.keyboard.press("F4")
    until(page, lambda: held)
    held[0].continue_()
    expect(page.locator("#steps [data-state=now]")).to_have_attribute("data-step", "H5")
    until(page, lambda: sent[-1:] == ["H5"])
    assert list(dict.fromkeys(sent)) == ["H3", "H4", "H5"]  # a server that is busy may be asked again


def test_a_finished_record_is_not_opened_by_an_answer_that_comes_late(server: DeskServer, page: Page) -> None:
    """H9: the network was cut, everything is read anew, and the record is finished before that is answered."""
    open_desk(page, server)
    arrive(server)
    ring(server)
    answer(server)
    expect(page.locator("#form")).to_be_visible()
    leave(server)
    expect(page.locator("#state")).to_have_attribute("data-state", "wrap_up")
    held: list[tuple[Route, APIResponse]] = []
    page.route(
        re.compile(r"/api/contacts/\d+\?"),
        lambda route: held.append((route, route.fetch())) if route.request.method == "GET" else route.continue_(),
    )
    page.context.set_offline(True)
    expect(page.locator("#state")).to_have_attribute("data-state", "unknown")
    page.context.set_offline(False)
    until(page, lambda: held)
    page.locator("#f-outcome").select_option("wrong_number")
    page.locator("#finish").click()
    expect(page.locator("#idle")).to_be_visible()
    for route, response in held:
        with page.expect_response(route.request.url):
            route.fulfill(response=response)
    expect(page.locator("#idle")).to_be_visible()
    expect(page.locator("#form")).to_be_hidden()


def test_a_hidden_number_is_said_and_searched_by_name(server: DeskServer, page: Page) -> None:
    person(server, "0899999999", "Somchai Export")
    open_desk(page, server, "en")
    arrive(server, caller=None)
    ring(server)
    expect(page.locator("#who-facts")).to_contain_text("Hidden number", timeout=10 * SECOND)
    answer(server)
    page.locator("#search-person").fill("somchai")
    page.keyboard.press("ArrowDown")
    page.locator("#found-people [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    expect(page.locator("#who-name")).to_have_text("Somchai Export")


def test_a_name_with_markup_in_it_is_text(server: DeskServer, page: Page) -> None:
    """Stored script injection through a caller's name and notes."""
    person(server, "0812345678", "<img src=x onerror=alert(1)>", notes="<script>alert(2)</script>")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    open_desk(page, server)
    arrive(server)
    ring(server)
    expect(page.locator("#who-name")).to_have_text("<img src=x onerror=alert(1)>", timeout=10 * SECOND)
    assert page.locator("#caller img").count() == 0


def test_keys_are_shown_in_an_overlay_that_opens_and_closes_by_keys(server: DeskServer, page: Page) -> None:
    open_desk(page, server)
    page.keyboard.press("F1")
    expect(page.locator("#help")).to_be_visible()
    for key in ("F2", "F4", "F8", "F9"):
        expect(page.locator("#help td kbd", has_text=key).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()


def test_thai_input_does_not_change_the_keys(server: DeskServer, page: Page) -> None:
    """Keys are known by where they are: the letter on N is ื in Thai."""
    open_desk(page, server)
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'ื', code: 'KeyN', altKey: true, bubbles: true, cancelable: true}))"
    )
    expect(page.locator("#dial-number")).to_be_focused()


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (390, 844)])
def test_everything_fits(server: DeskServer, page: Page, size: tuple[int, int], language: str) -> None:
    fill_inbox(server)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_desk(page, server, language)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    arrive(server)
    ring(server)
    answer(server)
    expect(page.locator("#caller")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size[0] > 1000:
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        for name in ("#state", "#line", "#end"):
            expect(page.locator(name)).to_be_visible()
        bottom = page.evaluate(
            "document.querySelector('.zone-telephone').lastElementChild.getBoundingClientRect().bottom"
        )
        assert bottom <= size[1]


@pytest.mark.parametrize("language", ["th", "en"])
def test_axe_finds_nothing(server: DeskServer, page: Page, language: str) -> None:
    """Labels, roles, contrast, in every situation."""
    person(server, "0812345678", "สมชาย ส่งออก", business_level="exporter", notes="โทรบ่าย")
    fill_inbox(server)
    open_desk(page, server, language)
    expect(page.locator("[data-do=call]").first).to_be_visible()
    assert faults_of(page) == []
    arrive(server)
    ring(server)
    expect(page.locator("#who-name")).to_have_text("สมชาย ส่งออก")
    assert faults_of(page) == []
    answer(server)
    expect(page.locator("#end")).to_be_visible()
    assert faults_of(page) == []
    for state in (AgentState.ON_HOLD, AgentState.WRAP_UP, AgentState.PAUSED, AgentState.OFFLINE):
        server.state(state)
        expect(page.locator("#state")).to_have_attribute("data-state", state.value)
        assert faults_of(page) == []
    for key, dialog in (("F1", "#help"),):
        page.keyboard.press(key)
        expect(page.locator(dialog)).to_be_visible()
        assert faults_of(page) == []
        page.keyboard.press("Escape")


def test_the_pages_own_script_is_small(page: Page, server: DeskServer) -> None:
    """Under 150 kB gzip without JsSIP."""
    sizes: dict[str, int] = {}

    def note(answer: object) -> None:
        url = answer.url  # type: ignore[attr-defined]
        if ".js" in url and "/vendor/" not in url:
            sizes[url] = answer.request.sizes()["responseBodySize"]  # type: ignore[attr-defined]

    page.on("requestfinished", lambda request: note(request.response()))
    open_desk(page, server)
    assert len(sizes) > 10
    assert sum(sizes.values()) < 150_000, sizes


def test_counts_in_the_bar_and_lists_change_by_themselves(server: DeskServer, page: Page) -> None:
    open_desk(page, server)
    expect(page.locator("[data-badge=inbox]")).to_be_hidden()
    fill_inbox(server)
    server.inbox_changed()
    expect(page.locator("[data-badge=inbox]")).to_have_text("6", timeout=6 * SECOND)
    page.locator("#inbox-missed [data-do=done]").first.click()
    expect(page.locator("#inbox-missed [data-do=undo]")).to_be_focused()
    expect(page.locator("[data-badge=inbox]")).to_have_text("5")
    page.keyboard.press("Enter")
    expect(page.locator("[data-badge=inbox]")).to_have_text("6")
