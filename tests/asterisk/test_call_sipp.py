"""Calls by SIPp, a telephone that is not ours: real audio, real keys, as root and as an ordinary user."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CALLS, RATE, TALK_MS = 20, 5, 1500
MEANINGS = ("impressed", "satisfied", "not_satisfied")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> dict[str, Any]:
    program = [sys.executable, str(Path(__file__).with_name("sipp_calls.py"))]
    program += [str(asterisk_root), str(tmp_path_factory.mktemp("sipp")), str(CALLS), str(RATE), str(TALK_MS)]
    if os.geteuid() != 0:
        program = ["unshare", "-rn", "env", "OWN_NETWORK=1", *program]
    done = subprocess.run(program, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_sipp_found_nothing_wrong(result: dict[str, Any]) -> None:
    assert result["sipp"] == 0


@pytest.mark.parametrize("number", range(CALLS))
def test_every_call_is_one_story_with_its_key(result: dict[str, Any], number: int) -> None:
    """H7, H8: answered, asked once, the key that was pressed, one record."""
    story = result["stories"][f"08{number:08}"]
    key = number % 3 + 1
    events = [line.split()[0] for line in story]
    assert sorted(events) == sorted(
        ["ARRIVED", "QUEUED", "ANSWERED", "AGENTLEFT", "LEFT", "SURVEYASKED", "SURVEY", "ENDED"]
    )
    assert f"SURVEY scale-123|{key}|{MEANINGS[key - 1]}|answered" in story
