"""The board while real calls come in: each step is seen within a second, without reload."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from exchange import SURVEY, Exchange, Slot
from playwright.sync_api import Browser, Page, expect
from whole import GUARD_SECONDS, Whole, installed_root, running, whole_settings

from hotline.welcome import screen_address

T = TypeVar("T")
SECOND = 1000


class Outside:
    """Telephones in a thread of their own: the browser's loop has this one."""

    def __init__(self, whole: Whole) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.exchange = self.do(Exchange.open(whole))

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    def close(self) -> None:
        self.do(self.exchange.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    root = installed_root()
    with running(whole_settings(tmp_path_factory.mktemp("whole"), root, slots=1), root) as product:
        yield product


@pytest.fixture
def outside(whole: Whole) -> Iterator[Outside]:
    telephones = Outside(whole)
    yield telephones
    telephones.close()


def state(page: Page, name: str, count: int) -> None:
    """So many agents are seen in a state, within a second."""
    expect(page.locator(f".states [data-state={name}] b")).to_have_text(str(count), timeout=SECOND)


def test_a_call_is_seen_as_it_happens(whole: Whole, outside: Outside, browser: Browser) -> None:
    """H1, H8: waiting, ringing, in call, wrap-up, the answer to the survey."""
    page = browser.new_page()
    page.goto(f"{screen_address(whole.settings)}&lang=en")
    waiting, first = page.locator("#waiting .number"), Slot(outside.exchange, 0)
    expect(page.locator(".link-on")).to_be_visible()
    expect(waiting).to_have_text("0calls")
    state(page, "available", 2)
    page.evaluate("window.notReloaded = true")

    call = outside.do(first.call())
    expect(waiting).to_have_text("1call", timeout=SECOND)
    state(page, "ringing", 2)
    expect(page.locator(".wait .when-near")).to_be_visible(timeout=(GUARD_SECONDS + 2) * SECOND)
    leg = outside.do(first.rung(seconds=GUARD_SECONDS + 4))
    while leg.ended_at is not None:
        leg = outside.do(first.rung())
    outside.do(leg.answer())
    expect(waiting).to_have_text("0calls", timeout=SECOND)
    state(page, "in_call", 1)
    state(page, "available", 1)
    outside.do(leg.hold())
    state(page, "on_hold", 1)
    outside.do(leg.hold(on=False))
    state(page, "in_call", 1)
    outside.do(leg.hang_up())
    state(page, "wrap_up", 1)
    outside.do(call.heard(SURVEY))
    outside.do(call.press("1"))
    expect(page.locator("#satisfaction .number")).to_have_text("100%", timeout=3 * SECOND)
    expect(page.locator("#answered .number")).to_have_text("100%", timeout=SECOND)
    assert page.evaluate("window.notReloaded") is True
    page.close()


def test_lag_of_the_board(whole: Whole, outside: Outside, browser: Browser) -> None:
    """From the INVITE to the number on the page: under a second each time."""
    page = browser.new_page()
    page.goto(f"{screen_address(whole.settings)}&lang=en")
    waiting, first = page.locator("#waiting .number"), Slot(outside.exchange, 0)
    expect(waiting).to_have_text("0calls")
    for _ in range(3):
        call = outside.do(first.call())
        expect(waiting).to_have_text("1call", timeout=5 * SECOND)
        assert time.time() - call.began_at < 1.0
        outside.do(call.hang_up())
        expect(waiting).to_have_text("0calls", timeout=SECOND)
    page.close()
