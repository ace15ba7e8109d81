"""`hotline calendar`, `closure`, `callbacks` and `messages` as people use them, with a console that remembers."""

import json
import shlex
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ami_listener.records import Callback, CallRecord, Message
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.people.numbers import normalise
from dialplan.asterisk import control
from dialplan.asterisk.errors import AsteriskControlError
from hotline.cli import Context, cli
from hotline.commands import calendar, closure
from hotline.settings import load

SETTINGS = """
[site]
state_folder = "state"
[[numbers]]
number = "1169"
queue = "enquiries"
[[trunks]]
name = "provider"
host = "127.0.0.1"
[[queues]]
name = "enquiries"
"""
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


class FakeConsole:
    """Asterisk's console for its database, words and quotes included."""

    def __init__(self) -> None:
        self.database: dict[tuple[str, str], str] = {}
        self.running = True

    def __call__(self, command: str) -> str:
        if not self.running:
            raise AsteriskControlError("Asterisk does not run.")
        match shlex.split(command):
            case ["database", "put", family, key, value]:
                self.database[family, key] = value
            case ["database", "del", family, key]:
                self.database.pop((family, key), None)
            case ["database", "show", wanted]:
                lines = [f"/{family}/{key:<40}: {value}" for (family, key), value in self.database.items()]
                return "\n".join([line for line in lines if line.startswith(f"/{wanted}/")] + ["0 results found."])
            case other:
                raise AssertionError(other)
        return ""


class Desk:
    """The program with a settings file of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "hotline.toml"
        self.file.write_text(SETTINGS)
        self.console = FakeConsole()
        self.folder = folder

    def run(self, *arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["-f", str(self.file), *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def ok(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code in (1, 2), result.output
        return result.output

    def json(self, *arguments: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.ok(*arguments, "--json").splitlines()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    for module in (calendar, closure):
        monkeypatch.setattr(module, "console_of", lambda folders: desk.console)
    monkeypatch.setattr(control, "is_running", lambda folders: desk.console.running)
    return desk


def test_a_holiday_is_added_listed_told_to_asterisk_and_removed(desk: Desk) -> None:
    day = date.today() + timedelta(days=30)  # noqa: DTZ011  far enough for any zone
    desk.ok("calendar", "add", str(day), 'วัน "พิเศษ" \\', "--en", "Special")
    assert desk.console.database == {("hotline-holiday", str(day)): 'วัน "พิเศษ" \\'}
    [line] = desk.json("calendar", "list")
    assert (line["date"], line["name_en"], line["source"]) == (str(day), "Special", "manual")
    assert "Special" in desk.ok("calendar", "list", "--year", str(day.year))
    assert "Closed: holiday" in desk.ok("calendar", "status", "--at", f"{day}T10:00")
    desk.ok("calendar", "remove", str(day))
    assert desk.console.database == {}
    assert "hotline calendar list" in desk.refused("calendar", "remove", str(day))
    assert desk.json("calendar", "list") == []
    assert "removed" in desk.ok("calendar", "list", "--all")


def test_the_calendar_is_seeded_and_not_over_what_was_removed(desk: Desk) -> None:
    year = str(date.today().year + 1)  # noqa: DTZ011
    new_year = f"{year}-01-01"
    assert "were new or different" in desk.ok("calendar", "seed")
    assert desk.console.database["hotline-holiday", new_year] == "วันขึ้นปีใหม่"
    desk.ok("calendar", "remove", new_year)
    assert ": 0 were new" in desk.ok("calendar", "seed", "--year", year)
    assert ("hotline-holiday", new_year) not in desk.console.database


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "31.12.2026", "วันหยุด"), "write it as 2026-12-31"),
        (("add", "2569-12-31", "วันหยุด"), "write 2026-12-31"),
        (("add", "2026-12-31", "  "), "needs a name"),
        (("list", "--year", "99999"), "not a year"),
    ],
)
def test_bad_dates_are_explained(desk: Desk, arguments: tuple[str, ...], says: str) -> None:
    assert says in desk.refused("calendar", *arguments)


def test_status_says_when_it_opens(desk: Desk) -> None:
    assert desk.ok("calendar", "status", "--at", "2026-11-20T10:00").strip() == "Open."
    assert "Monday 2026-11-23 08:30" in desk.ok("calendar", "status", "--at", "2026-11-20 18:30")
    [answer] = desk.json("calendar", "status", "--at", "2026-11-21T10:00")
    assert answer == {"open": False, "reason": "hours", "next_opening": "2026-11-23T01:30:00+00:00"}


def test_without_asterisk_the_calendar_is_noted(desk: Desk) -> None:
    desk.console.running = False
    day = date.today() + timedelta(days=30)  # noqa: DTZ011
    assert "does not run" in desk.ok("calendar", "add", str(day), "วันหยุด")
    assert len(desk.json("calendar", "list")) == 1


def test_the_emergency_switch(desk: Desk) -> None:
    assert "No closures" in desk.ok("closure", "status")
    desk.ok("closure", "on", "--reason", "flood", "--by", "somchai")
    assert desk.console.database.keys() == {("hotline-closure", "all")}
    assert "by somchai: flood" in desk.ok("closure", "status")
    assert "emergency closure. No next opening" in desk.ok("calendar", "status")
    desk.ok("closure", "on", "1169")
    assert "Still closed: number 1169" in desk.ok("closure", "off", "--by", "malee")
    desk.ok("closure", "off", "1169")
    assert desk.console.database == {}
    assert "was not closed" in desk.ok("closure", "off")
    assert [one["scope"] for one in desk.json("closure", "status", "--history", "5")] == ["1169", "all"]
    assert "one of 1169" in desk.refused("closure", "on", "191")


def test_when_asterisk_and_table_differ_it_is_said(desk: Desk) -> None:
    desk.console.database["hotline-closure", "1169"] = "by hand"
    assert "Asterisk itself has closed: number 1169" in desk.refused("closure", "status")
    assert "Open: number 1169" in desk.ok("closure", "off", "1169")
    desk.console.running = False
    assert "does not run" in desk.refused("closure", "on")
    assert len(desk.json("closure", "status")) == 1  # noted, for when Asterisk is there
    assert "does not run" in desk.refused("closure", "off")
    assert desk.json("closure", "status") == []


def test_an_emergency_does_not_wait_for_a_database(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE__URL", "postgresql://hotline@/none?host=/nowhere")
    assert "closed, but who did it could not be noted" in desk.refused("closure", "on")
    assert desk.console.database.keys() == {("hotline-closure", "all")}


def test_callbacks_and_messages(desk: Desk) -> None:
    assert "Nobody waits" in desk.ok("callbacks", "list")
    assert "No messages" in desk.ok("messages", "list")
    settings = load(desk.file)
    record = CallRecord("main-1.1", NOON, "0812345678", "1169", "provider")
    record.callback = Callback("enquiries", "0812345678", NOON)
    record.message = Message("2026/11/20/main-1.1.wav", 9.0, NOON, "enquiries")
    engine = Context(desk.file).engine()
    with closing(CallStore(engine, lambda: NOON)) as store:
        store.write(Batch(calls=[rows_of(record, normalise)]))
    engine.dispose()
    [line] = desk.json("callbacks", "list")
    assert (line["call_id"], line["state"], line["tries"]) == ("main-1.1", "waiting", 0)
    assert "main-1.1" in desk.ok("callbacks", "list", "--state", "all")
    desk.ok("callbacks", "give-up", "main-1.1")
    assert "nobody waits" in desk.refused("callbacks", "give-up", "main-1.1")
    assert desk.json("callbacks", "list", "--state", "given_up")[0]["number"] == "0812345678"

    assert "the sound is not there" in desk.ok("messages", "list")
    assert "is not there" in desk.refused("messages", "path", "1")
    sound = settings.messages_folder / "2026/11/20/main-1.1.wav"
    sound.parent.mkdir(parents=True)
    sound.write_bytes(b"RIFF")
    assert desk.ok("messages", "path", "1").strip() == str(sound)
    assert "heard (1001)" in desk.ok("messages", "heard", "1", "--by", "1001")
    assert "done (1001)" in desk.ok("messages", "done", "1", "--by", "1002")
    assert desk.json("messages", "list") == []
    assert desk.json("messages", "list", "--state", "all")[0]["sound_there"] is True
    assert "new" in desk.ok("messages", "renew", "1")
    assert "no message 7" in desk.refused("messages", "done", "7")
