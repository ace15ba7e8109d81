"""The demo as somebody sees it who reads the terminal: log in as it says, and take a call among simulated agents."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_product import BROWSER_FLAGS, SECOND, available, in_state
from installation import wait_for
from playwright.sync_api import Browser, expect, sync_playwright
from program_started import end, started
from programs import environment, find
from telephone_room import reachable
from whole import installed_root


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium with a microphone that always hums."""
    reachable()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():
            patch.setenv(name, value)
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--no-proxy-server", *BROWSER_FLAGS]
            opened = playwright.chromium.launch(executable_path=find("chromium"), args=arguments)
            yield opened
            opened.close()


def test_somebody_takes_a_call_in_the_demo(browser: Browser, tmp_path: Path) -> None:
    """C1, H2, H7: the terminal says where and as whom; a simulated caller speaks until the person hangs up."""
    (tmp_path / "asterisk-root").symlink_to(installed_root())
    arguments = ("demo", "--rate", "0.7", "--agents", "2", "--state", str(tmp_path))
    with started(tmp_path, *arguments) as (process, output):
        told = re.compile(r"Log in at (\S+) as.*?\n  demo +(\S+)  ", re.DOTALL)
        found = wait_for(lambda: told.search(output.read_text()), "the terminal says how to log in", 60)
        assert found is not None
        address, password = found.groups()
        page = browser.new_context(permissions=["microphone"], locale="en-US").new_page()
        page.goto(f"{address}?lang=en")
        page.locator("#username").fill("demo")
        page.locator("#password").fill(password)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Desk").click()
        available(page)
        in_state(page, "ringing", 60)
        expect(page.locator("#who-name")).not_to_be_empty()
        page.keyboard.press("F2")
        in_state(page, "in_call")
        expect(page.locator("#form")).to_be_visible()
        page.wait_for_timeout(1 * SECOND)  # a word or two
        with page.expect_response("**/steps/H7*"):  # first the ending script
            page.locator("#end").click()
        page.wait_for_timeout(1 * SECOND)
        page.locator("#end").click()
        in_state(page, "wrap_up")
        page.locator("#f-outcome").select_option("wrong_number")
        page.locator("#finish").click()
        expect(page.locator("#idle")).to_be_visible()
        page.context.close()
        status, _ = end(process, signal.SIGINT)
        text = output.read_text()
    assert status == 0, text
    assert "Traceback" not in text
