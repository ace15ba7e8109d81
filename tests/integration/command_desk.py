"""The program as people use it: a folder with settings, and commands."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ami_listener.events import EndedBy, PickUpReason
from ami_listener.records import CallRecord, Conversation, Outcome, Survey
from hotline.cli import main

SETTINGS = """\
[site]
state_folder = "state"
[[numbers]]
number = "1169"
queue = "enquiries"
[[trunks]]
name = "provider"
host = "192.0.2.1"
[[queues]]
name = "enquiries"
[[queues]]
name = "technical"
[[agents]]
extension = "1001"
name_en = "Somsri"
queues = ["enquiries"]
"""
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # in Bangkok


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def call(number: int, **known: Any) -> CallRecord:
    record = CallRecord(f"main-{number}.1", at(number * 60), "0812345678", "1169", "provider")
    for name, value in ({"queue": "enquiries"} | known).items():
        setattr(record, name, value)
    return record


def answered(number: int, wait: float, meaning: str, **known: Any) -> CallRecord:
    begun = number * 60 + wait
    return call(
        number,
        conversations=[Conversation("enquiries", "1001", at(begun), at(begun + 30), EndedBy.AGENT)],
        survey=Survey("scale-123", at(begun + 31), at(begun + 33), {"impressed": "1"}.get(meaning, "3"), meaning),
        ended_at=at(begun + 35),
        ended_by=EndedBy.AGENT,
        outcome=Outcome.ANSWERED,
        **known,
    )


CALLS = [
    answered(1, 4, "impressed"),
    answered(2, 12, "not_satisfied", assistant_answered_at=at(129), assistant_reason=PickUpReason.GUARD),
    call(3, ended_at=at(3 * 60 + 20), ended_by=EndedBy.CALLER, outcome=Outcome.ABANDONED),
    call(4, queue="technical", caller_number=None),
]


class Desk:
    """A folder with settings, and the program."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch, self._capfd = monkeypatch, capfd
        (folder / "hotline.toml").write_text(SETTINGS)

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["hotline", *arguments])
        self._capfd.readouterr()
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        out, err = self._capfd.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    def ok(self, *arguments: str) -> str:
        status, out, err = self(*arguments)
        assert (status, err) == (0, "")
        return out

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.ok(*arguments).splitlines()]


@contextmanager
def desk_in(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """For a test: nothing of this machine's own settings is seen, and logging is afterwards as it was."""
    for name in [name for name in os.environ if name.upper().startswith("HOTLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Desk(folder, monkeypatch, capfd)
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
