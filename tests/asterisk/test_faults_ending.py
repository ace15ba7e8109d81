"""However the program ends, it ends soon, says nothing frightening and leaves nothing running."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from installation import PROGRAM, wait_for

from hotline.demonstration import TRUNK_IP, demo_settings, free_udp_port

SECONDS = 5.0


def processes_of(folder: Path) -> list[int]:
    """All processes that were started with something below the folder."""
    wanted = os.fsencode(folder)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if wanted in command:
                found.append(int(entry.name))
    return found


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The program in a group of its own, as in a terminal, and where it writes."""
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", sys.executable, "-c", PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
    try:
        yield process, output
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture
def file(tmp_path: Path, asterisk_root: Path) -> Path:
    """Settings of an installation that is not prepared yet."""
    demo_settings(tmp_path, asterisk_root, 2, free_udp_port(TRUNK_IP))
    return tmp_path / "hotline.toml"


@pytest.fixture
def state(tmp_path: Path, asterisk_root: Path) -> Path:
    (tmp_path / "asterisk-root").symlink_to(asterisk_root)
    return tmp_path


def end(process: subprocess.Popen[bytes], number: int) -> tuple[int, float]:
    """As from a terminal: to the whole group. Exit status, and how long it took."""
    began = time.monotonic()
    os.killpg(process.pid, number)
    return process.wait(30), time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_run_ends_all_it_started(file: Path, number: int) -> None:
    with started(file.parent, "-f", str(file), "run") as (process, output):
        wait_for(lambda: process.poll() is not None or "listening to Asterisk" in output.read_text(), "running", 30)
        assert len(processes_of(file.parent)) == 2, "the service and Asterisk"
        status, seconds = end(process, number)
        text = output.read_text()
    assert status == 0, text
    assert seconds < SECONDS
    assert "Traceback" not in text
    assert processes_of(file.parent) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_demo_ends_all_it_started(state: Path, number: int) -> None:
    with started(state, "demo", "--rate", "3", "--state", str(state)) as (process, output):
        log = state / "demo/service.log"
        wait_for(
            lambda: process.poll() is not None or re.search(r"ringing [1-9]|talking [1-9]", output.read_text()),
            "calls under way",
            40,
        )
        assert len(processes_of(state)) == 3, "the program and both Asterisks"
        status, seconds = end(process, number)
        text = output.read_text() + log.read_text()
    assert status == 0, text
    assert seconds < SECONDS
    assert "Traceback" not in text
    assert "Nothing is left running." in text
    assert processes_of(state) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_demo_ends_while_it_starts(state: Path, number: int) -> None:
    with started(state, "demo", "--state", str(state)) as (process, output):
        wait_for(lambda: len(processes_of(state)) == 2, "the first Asterisk starts", 30)
        _, seconds = end(process, number)
        text = output.read_text()
    assert seconds < SECONDS
    assert "Traceback" not in text
    wait_for(lambda: processes_of(state) == [], "nothing left", SECONDS)


def test_killed_demo_leaves_no_asterisk_behind(state: Path) -> None:
    with started(state, "demo", "--rate", "3", "--state", str(state)) as (process, _):
        wait_for(lambda: len(processes_of(state)) == 3, "both Asterisks run", 30)
        process.kill()
        process.wait()
        wait_for(lambda: processes_of(state) == [], "nothing left", SECONDS)
