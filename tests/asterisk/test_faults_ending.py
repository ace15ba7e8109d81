"""However the program ends, it ends soon, says nothing frightening and leaves nothing running."""

import re
import signal
from pathlib import Path

import pytest
from installation import wait_for
from program_started import end, processes_of, started

from hotline.demonstration import TRUNK_IP, demo_settings, free_udp_port

SECONDS = 5.0


@pytest.fixture
def file(tmp_path: Path, asterisk_root: Path) -> Path:
    """Settings of an installation that is not prepared yet."""
    demo_settings(tmp_path, asterisk_root, 2, free_udp_port(TRUNK_IP))
    return tmp_path / "hotline.toml"


@pytest.fixture
def state(tmp_path: Path, asterisk_root: Path) -> Path:
    (tmp_path / "asterisk-root").symlink_to(asterisk_root)
    return tmp_path


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
