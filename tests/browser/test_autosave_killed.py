"""The browser is killed in the middle of a word, with the network away: what was typed is there again."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_server import DeskServer
from people_page import Office, Wire, enter, state
from playwright.sync_api import BrowserContext, Playwright, expect, sync_playwright
from programs import environment, find

FLAGS = ("--no-sandbox", "--no-proxy-server", "--no-first-run", "--disable-background-networking")

ON_DISK = """(words) => new Promise((done) => {
  const opening = indexedDB.open("hotline-drafts", 1);
  opening.onsuccess = () => {
    const all = opening.result.transaction("entries").objectStore("entries").getAll();
    all.onsuccess = () => { opening.result.close(); done(JSON.stringify(all.result).includes(words)); };
  };
})"""


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():
            patch.setenv(name, value)
        with sync_playwright() as running:
            yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DeskServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    running = DeskServer(folder)
    running.start()
    yield running
    running.stop()


def _processes_of(folder: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(int(process.name))
    return found


def _profile(playwright: Playwright, folder: Path) -> BrowserContext:
    return playwright.chromium.launch_persistent_context(folder, executable_path=find("chromium"), args=list(FLAGS))


def test_a_killed_browser_loses_nothing(playwright: Playwright, server: DeskServer, tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    with Office(server) as office:
        person = office.add()
        first = _profile(playwright, folder)
        page = enter(first, server, person)
        Wire(page).mode = "cut"
        page.fill("#f-notes", "ก่อนเครื่องดับ")
        page.locator("#f-email").press_sequentially("dying@example.com", delay=20)
        # the disk decides how long strict durability takes: tenths of a second on a busy one
        deadline = time.monotonic() + 10
        while not page.evaluate(ON_DISK, "dying@example.com"):
            assert time.monotonic() < deadline, "what was typed is not on the disk"
            page.wait_for_timeout(20)
        for process in _processes_of(folder):
            os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while _processes_of(folder) and time.monotonic() < deadline:
            time.sleep(0.05)  # the profile is locked until all are gone
        assert office.field(person, "notes") is None
        second = _profile(playwright, folder)
        page = enter(second, server, person)
        state(page, "saved")
        expect(page.locator("#f-notes")).to_have_value("ก่อนเครื่องดับ")
        assert office.field(person, "notes") == "ก่อนเครื่องดับ"
        assert office.field(person, "email") == "dying@example.com"
        second.close()
