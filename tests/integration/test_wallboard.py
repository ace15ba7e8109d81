"""The board's routes and stream, and what every page shares: headers, health, readiness, metrics, errors."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from ami_listener.events import AgentState
from crm.wallboard.board import AgentNow, BoardData, BoardSettings, QueueNow
from crm.wallboard.key import anyone
from crm.wallboard.producer import Producer, Variant
from crm.wallboard.view import view_of
from crm.wallboard.web import Wallboard, wallboard
from crm.wallboard.words import STATES, WORDS
from crm.web.app import create_app
from crm.web.dates import long_date
from crm.web.figures import percent
from crm.web.pages import find_fonts, language_of
from metrics.tally import Limits, Tally

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
THAI = Variant("th")
DATA = BoardData(
    at=NOON,
    queues=(
        QueueNow(queue="general", label_th="ทั่วไป", waiting=2, today=Tally(offered=4, answered=3, answered_within=2)),
        QueueNow(queue="technical", today=Tally(offered=6, answered=6, answered_within=6)),
    ),
    agents=(AgentNow(agent="1001", name_th="<b>สมหญิง</b>", state=AgentState.IN_CALL, queues=("general",)),),
    elsewhere=Tally(offered=10, abandoned=10),
)


class Client:
    """Asks the application, without a network."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://board") as asking:
                return await asking.get(path, headers=headers)

        return asyncio.run(ask())


def board_app(data: BoardData = DATA, **settings: Any) -> Client:
    return Client(create_app([wallboard(lambda: data, BoardSettings())], **settings))


# --- pages ------------------------------------------------------------------------------------------------------------


def test_page_shows_the_figures_in_thai_and_english() -> None:
    """H1, D17."""
    thai = board_app().get("/wallboard")
    assert thai.status_code == 200
    assert 'lang="th"' in thai.text
    assert "ร้อยละของสายที่รับได้" in thai.text
    assert "วันศุกร์ที่ 20 พฤศจิกายน 2569" in thai.text
    english = board_app().get("/wallboard?lang=en").text
    assert "Share of calls answered" in english
    assert "Friday 20 November 2026" in english


def test_names_are_escaped() -> None:
    assert "&lt;b&gt;สมหญิง&lt;/b&gt;" in board_app().get("/wallboard").text


def test_one_queue_and_all_queues() -> None:
    """Callers who reached no queue count on the board of all queues only."""
    settings = BoardSettings()
    everything = view_of(DATA, settings, "en")
    assert (everything.offered, everything.answered.percent) == (20, "45.0")
    general = view_of(DATA, settings, "en", "general")
    assert (general.offered, general.answered.percent, general.within.percent) == (4, "75.0", "50.0")
    assert view_of(DATA, settings, "en", "technical").tiles == ()


@pytest.mark.parametrize("path", ["/wallboard?queue=nothing", "/wallboard/events?queue=nothing"])
def test_unknown_queue_is_not_found(path: str) -> None:
    assert board_app().get(path).status_code == 404


def test_thresholds_of_the_settings_are_shown() -> None:
    settings = BoardSettings(limits=Limits(answer_within_seconds=15), satisfaction_target=0.9)
    data = BoardData(at=NOON)
    page = Client(create_app([wallboard(lambda: data, settings)])).get("/wallboard?lang=en").text
    assert "Answered within 15 s" in page
    assert "Target ≥ 90 %" in page


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [(None, None), (0.0, "0"), (1.0, "100"), (0.95, "95.0"), (0.9499, "94.9"), (0.99999, "99.9"), (0.57, "57.0")],
)
def test_percent_never_rounds_up_to_its_target(ratio: float | None, shown: str | None) -> None:
    assert percent(ratio) == shown


@pytest.mark.parametrize(("answered", "level"), [(95, "good"), (94, "near"), (90, "near"), (89, "bad"), (None, "none")])
def test_level_by_target(answered: int | None, level: str) -> None:
    today = Tally() if answered is None else Tally(offered=100, answered=answered)
    data = BoardData(at=NOON, queues=(QueueNow(queue="general", today=today),))
    assert view_of(data, BoardSettings(), "th").answered.level == level


def test_both_languages_have_every_word() -> None:
    assert WORDS["th"].keys() == WORDS["en"].keys()
    assert STATES["th"].keys() == STATES["en"].keys() == set(AgentState)


def test_date_of_leap_day() -> None:
    assert long_date(datetime(2028, 2, 29, tzinfo=UTC).date(), "th") == "วันอังคารที่ 29 กุมภาพันธ์ 2571"


# --- stream -----------------------------------------------------------------------------------------------------------


class Source:
    """Data that a test changes, and how often it was asked for."""

    def __init__(self) -> None:
        self.data = DATA
        self.asked = 0
        self.error: Exception | None = None

    def __call__(self) -> BoardData:
        self.asked += 1
        if self.error:
            raise self.error
        return self.data

    def wait(self, count: int) -> None:
        queue = replace(self.data.queues[0], waiting=count)
        self.data = replace(self.data, queues=(queue, *self.data.queues[1:]))


Story = Callable[[Source, Producer], Coroutine[Any, Any, None]]


def play(story: Story, interval: float = 0.01, heartbeat: float = 5.0) -> Source:
    """Run a story about a source and its producer."""
    source = Source()

    async def run() -> None:
        board = Wallboard(source, BoardSettings(), door=anyone, interval_seconds=interval, heartbeat_seconds=heartbeat)
        async with asyncio.timeout(20):
            await story(source, board.producer)
        await board.close()

    asyncio.run(run())
    return source


async def message(stream: AsyncIterator[str]) -> dict[str, Any]:
    """The next message, retry lines passed over."""
    while True:
        text = await anext(stream)
        if text.startswith("data: "):
            decoded: dict[str, Any] = json.loads(text.removeprefix("data: "))
            return decoded


async def until(stream: AsyncIterator[str], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    while True:
        found = await message(stream)
        if wanted(found):
            return found


def test_everything_first_then_only_what_changed() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        first = await message(stream)
        assert set(first["parts"]) == {
            *("date", "heard", "waiting", "within", "answered", "satisfaction", "agents", "today", "chart")
        }
        source.wait(9)
        second = await message(stream)
        assert set(second["parts"]) == {"waiting"}
        assert second["fresh"] is True

    play(story)


def test_one_producer_for_all_viewers() -> None:
    async def story(source: Source, producer: Producer) -> None:
        streams = [producer.watch(THAI) for _ in range(50)]
        first = await asyncio.gather(*(message(stream) for stream in streams))
        assert len({json.dumps(one["parts"]) for one in first}) == 1
        asked = source.asked
        source.wait(9)
        second = await asyncio.gather(*(message(stream) for stream in streams))
        assert all(set(one["parts"]) == {"waiting"} for one in second)
        assert source.asked - asked < 25  # not once a viewer
        assert producer.viewers == 50

    play(story)


def test_pushes_no_faster_than_the_interval() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        await message(stream)
        started = asyncio.get_running_loop().time()
        for count in range(10, 14):
            source.wait(count)
            await message(stream)
        assert asyncio.get_running_loop().time() - started >= 3 * 0.2

    play(story, interval=0.2)


def test_heartbeat_when_nothing_changes() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        first = await message(stream)
        beat = await message(stream)
        assert beat["parts"] == {}
        assert beat["now"] >= first["now"]

    play(story, heartbeat=0.05)


def test_failing_data_is_told_and_so_is_its_return(caplog: pytest.LogCaptureFixture) -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        assert (await message(stream))["fresh"] is True
        source.error = OSError("database away")
        assert (await until(stream, lambda one: not one["fresh"]))["parts"] == {}
        source.error = None
        await until(stream, lambda one: bool(one["fresh"]))
        source.error = OSError("again")
        await until(stream, lambda one: not one["fresh"])
        source.error = None
        source.wait(9)
        assert "waiting" in (await until(stream, lambda one: bool(one["fresh"])))["parts"]

    play(story)
    assert sum("gets no data" in record.message for record in caplog.records) == 2  # once a failure, not once a try


def test_a_slow_viewer_gets_everything_it_missed() -> None:
    async def story(source: Source, producer: Producer) -> None:
        slow, quick = producer.watch(THAI), producer.watch(THAI)
        await message(slow)
        await message(quick)
        source.wait(9)
        await message(quick)
        source.data = replace(source.data, heard=False)
        await message(quick)
        assert len((await message(slow))["parts"]) == 9

    play(story)


def test_boards_are_apart() -> None:
    async def story(source: Source, producer: Producer) -> None:
        general, technical = producer.watch(Variant("en", "general")), producer.watch(Variant("en", "technical"))
        await message(general)
        await message(technical)
        source.wait(9)
        assert set((await message(general))["parts"]) == {"waiting"}
        assert (await message(technical))["parts"] == {}  # a heartbeat

    play(story, heartbeat=0.5)


def test_nothing_is_asked_when_nobody_watches() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        await message(stream)
        await stream.aclose()
        assert producer.viewers == 0
        asked = source.asked
        await asyncio.sleep(0.1)
        assert source.asked == asked
        await message(producer.watch(THAI))
        assert source.asked > asked

    play(story)


def test_data_may_come_from_a_thread() -> None:
    async def run() -> None:
        board = Wallboard(lambda: asyncio.to_thread(lambda: DATA), BoardSettings(), door=anyone, interval_seconds=0.01)
        assert (await message(board.producer.watch(THAI)))["parts"]
        await board.close()

    asyncio.run(run())


def test_close_ends_every_stream() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        await message(stream)
        await producer.close()
        assert [text async for text in stream] == []

    play(story)


def test_waiting_since_is_the_oldest_of_all_queues() -> None:
    since = [NOON - timedelta(seconds=3), NOON - timedelta(seconds=30), None]
    queues = tuple(QueueNow(queue=f"q{n}", waiting=1, waiting_since=at) for n, at in enumerate(since))
    view = view_of(BoardData(at=NOON, queues=queues), BoardSettings(), "th")
    assert view.waiting_since == (NOON - timedelta(seconds=30)).timestamp()


# --- what every page shares -------------------------------------------------------------------------------------------


def test_headers_of_every_answer() -> None:
    answer = board_app().get("/wallboard")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_has_no_inline_script_or_style() -> None:
    page = board_app().get("/wallboard").text
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count("<script src=") == 1


@pytest.mark.parametrize(("ancestors", "old"), [("'self'", "SAMEORIGIN"), ("https://portal.example", None)])
def test_frames_are_a_setting(ancestors: str, old: str | None) -> None:
    answer = board_app(frame_ancestors=ancestors).get("/health")
    assert answer.headers["content-security-policy"].endswith(f"frame-ancestors {ancestors}")
    assert answer.headers.get("x-frame-options") == old


@pytest.mark.parametrize("name", ["base.css", "wallboard.css", "wallboard.js", "fonts.css", "icon.svg"])
def test_static_files_may_be_kept(name: str) -> None:
    answer = board_app().get(f"/static/{name}?v=1")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=3600"


def test_a_module_is_asked_for_each_time_since_its_address_has_no_version() -> None:
    browser = board_app()
    first = browser.get("/static/office.js")
    assert first.headers["cache-control"] == "no-cache"
    again = browser.get("/static/office.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_what_is_the_same_for_all_is_sent_small() -> None:
    answer = board_app().get("/static/office.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


def test_typeface_is_served_when_it_is_installed(tmp_path: Path) -> None:
    files = tmp_path / "node_modules" / "@fontsource" / "sarabun" / "files"
    files.mkdir(parents=True)
    (files / "sarabun-thai-400-normal.woff2").write_bytes(b"font")
    assert find_fonts(tmp_path / "deeper") == files
    with_fonts = Client(create_app([wallboard(lambda: DATA, fonts=True)], fonts_folder=files))
    assert with_fonts.get("/static/fonts/sarabun-thai-400-normal.woff2").content == b"font"
    assert "fonts.css" in with_fonts.get("/wallboard").text


def test_pages_do_without_the_typeface() -> None:
    assert "fonts.css" not in board_app().get("/wallboard").text
    assert find_fonts(Path("/nowhere")) is None


def test_health_and_readiness() -> None:
    assert board_app().get("/health").json() == {"status": "ok"}
    ready = board_app(ready=lambda: {"database": True, "asterisk": False}).get("/ready")
    assert ready.status_code == 503
    assert ready.json() == {"status": "not ready", "parts": {"database": True, "asterisk": False}}
    assert board_app(ready=lambda: {"database": True}).get("/ready").status_code == 200


def test_metrics_when_there_are_any() -> None:
    answer = board_app(metrics=lambda: b"hotline_calls_waiting 3.0\n").get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text == "hotline_calls_waiting 3.0\n"
    assert board_app().get("/metrics").status_code == 404


HTML = {"accept": "text/html"}


@pytest.mark.parametrize(
    ("path", "headers", "words"),
    [
        ("/nothing", HTML, "ไม่พบหน้านี้"),
        ("/nothing?lang=en", HTML, "There is no such page"),
        ("/nothing", HTML | {"accept-language": "en-GB,en;q=0.9"}, "There is no such page"),
        ("/nothing", HTML | {"accept-language": "fr"}, "ไม่พบหน้านี้"),
    ],
)
def test_error_pages_speak_the_readers_language(path: str, headers: dict[str, str], words: str) -> None:
    answer = board_app().get(path, headers=headers)
    assert answer.status_code == 404
    assert words in answer.text


def test_programs_get_errors_as_json() -> None:
    assert board_app().get("/nothing").json()["status"] == 404


def test_a_page_that_fails_says_so_and_nothing_more() -> None:
    router = APIRouter()

    @router.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret detail")

    @router.get("/number/{number}")
    def number(number: int) -> int:
        return number

    app = Client(create_app([router]))
    answer = app.get("/broken", headers=HTML)
    assert answer.status_code == 500
    assert "ระบบขัดข้อง" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "content-security-policy" in answer.headers
    assert app.get("/number/x").status_code == 422


def test_language_asked_for_wins() -> None:
    assert language_of("en", "th", "th") == "en"
    assert language_of("xx", None, "th") == "th"
