"""The commands as people use them, through the program's own entry: output, exit status, plain messages."""

import csv
import io
import json
import logging
import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ami_listener.events import EndedBy, PickUpReason
from ami_listener.records import CallRecord, Conversation, Outcome, Survey
from crm.calls.rows import rows_of
from crm.calls.service import EXPORT_FIELDS
from crm.calls.store import Batch, CallStore
from crm.people.numbers import normalise
from dialplan.asterisk.command import AsteriskProgram
from dialplan.asterisk.supervise import SuperviseSettings
from dialplan.render import RENDERED_FILES
from hotline import pbx
from hotline.cli import Context, main
from metrics.kpi import KPIS

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


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    for name in [name for name in os.environ if name.upper().startswith("HOTLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Desk(tmp_path, monkeypatch, capfd)
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def busy_desk(desk: Desk) -> Desk:
    """With four calls on record, one of them under way."""
    engine = Context(desk.folder / "hotline.toml").engine()
    with closing(CallStore(engine, lambda: NOON)) as store:
        assert store.write(Batch(calls=[rows_of(record, normalise) for record in CALLS])) == ()
    engine.dispose()
    return desk


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


# --- calls and figures ------------------------------------------------------------------------------------------------


def test_C1_the_list_shows_who_called_in_local_time_newest_first(busy_desk: Desk) -> None:
    lines = busy_desk.ok("calls", "list").splitlines()
    assert [line.split()[2] for line in lines] == ["main-4.1", "main-3.1", "main-2.1", "main-1.1"]
    assert lines[3].startswith("2026-11-20 12:01:00  main-1.1")
    assert "+66812345678" in lines[3]
    assert "4.0 s  impressed" in lines[3]
    assert "withheld" in lines[0]
    assert "under way" in lines[0]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--outcome", "abandoned"], [3]),
        (["--agent", "1001"], [2, 1]),
        (["--queue", "technical"], [4]),
        (["-n", "1"], [4]),
        (["--from", "2026-11-20T12:02", "--to", "2026-11-20T12:04"], [3, 2]),
        (["--from", "2026-11-20T05:02:00+00:00", "--to", "2026-11-20T05:03:00Z"], [2]),
        (["--to", "2026-11-20"], []),
    ],
)
def test_the_list_is_narrowed(busy_desk: Desk, options: list[str], found: list[int]) -> None:
    lines = busy_desk.json("calls", "list", "--json", *options)
    assert [line["call_id"] for line in lines] == [f"main-{number}.1" for number in found]


def test_an_empty_list_says_so_but_not_to_machines(desk: Desk) -> None:
    assert desk.ok("calls", "list") == "No calls.\n"
    assert desk.ok("calls", "list", "--json") == ""
    assert desk.ok("calls", "export") == ""


def test_one_call_is_shown_whole(busy_desk: Desk) -> None:
    story = json.loads(busy_desk.ok("calls", "show", "main-2.1"))
    assert "not_satisfied" in json.dumps(story)
    assert "guard" in json.dumps(story)
    status, out, err = busy_desk("calls", "show", "main-9.9")
    assert (status, out) == (1, "")
    assert "hotline calls list" in err


def test_H8_the_export_has_every_call_once_with_key_and_meaning(busy_desk: Desk) -> None:
    rows = busy_desk.json("calls", "export", "--format", "jsonl")
    assert [row["call_id"] for row in rows] == [record.call_id for record in CALLS]
    assert all(tuple(row) == EXPORT_FIELDS for row in rows)
    assert (rows[0]["survey_key"], rows[0]["survey_meaning"]) == ("1", "impressed")
    assert rows[1]["assistant_answered_at"] == "2026-11-20T05:02:09.000000+00:00"
    assert rows[3]["ended_at"] is None
    table = list(csv.DictReader(io.StringIO(busy_desk.ok("calls", "export", "--format", "csv"))))
    assert [row["call_id"] for row in table] == [row["call_id"] for row in rows]
    assert table[3]["ended_at"] == ""


def test_H1_the_figures_of_a_period(busy_desk: Desk) -> None:
    period = ["--from", "2026-11-20", "--to", "2026-11-21"]
    [figures] = busy_desk.json("kpi", "--json", *period)
    assert set(figures) == {"from", "to", "queue", "qa_score", "qa_reviews"} | {figure.name for figure in KPIS}
    assert (figures["offered"], figures["answered"], figures["waiting"]) == (4, 2, 1)
    assert figures["answered_within"] == pytest.approx(1 / 3)  # of the three whose wait is over
    assert figures["average_speed_of_answer"] == pytest.approx(8.0)
    assert figures["satisfaction"] == pytest.approx(0.5)
    text = busy_desk.ok("kpi", *period)
    assert "answered within" in text
    assert "33.3 %" in text
    assert len(text.splitlines()) == len(KPIS) + 1  # and the QA score
    [other] = busy_desk.json("kpi", "--json", "--queue", "technical", *period)
    assert (other["offered"], other["satisfaction"]) == (1, None)


def test_figures_of_nothing_are_empty(desk: Desk) -> None:
    [figures] = desk.json("kpi", "--json")
    assert figures["offered"] == 0
    assert figures["satisfaction"] is None
    assert " - " in desk.ok("kpi")


# --- agents, prompts, people ------------------------------------------------------------------------------------------


def test_agents_are_listed_and_one_that_is_not_there_is_named(desk: Desk) -> None:
    [agent] = desk.json("agents", "list", "--json")
    assert (agent["agent"], agent["state"], agent["since"]) == ("1001", "offline", None)
    status, _, err = desk("agents", "pause", "1002")
    assert (status, err) == (1, "Error: there is no agent 1002; there are: 1001\n")


def test_asterisk_that_does_not_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setenv("HOTLINE_PORTS__AMI", str(free.getsockname()[1]))
    monkeypatch.setattr("hotline.asking.CONNECT_SECONDS", 0.3)
    status, out, err = desk("agents", "pause", "1001")
    assert (status, out) == (1, "")
    assert err == "Error: Asterisk does not answer; is it running? hotline asterisk status\n"


def test_prompts_are_listed_as_the_script_for_the_studio(desk: Desk) -> None:
    lines = desk.json("prompts", "list", "--language", "en", "--json", "--synthetic")
    assert {"id": "greeting", "source": "synthetic"}.items() <= next(x for x in lines if x["id"] == "greeting").items()
    assert all(line["text"] for line in lines)


# --- database ---------------------------------------------------------------------------------------------------------


def test_the_database_is_made_checked_and_kept(desk: Desk) -> None:
    status, _, err = desk("db", "check")
    assert status == 1
    assert "hotline db upgrade" in err
    made = desk.ok("db", "upgrade")
    assert "revision" in made
    assert desk.ok("db", "upgrade") == made
    assert desk.ok("db", "check").startswith("The database is well: ")


@pytest.mark.parametrize(
    "command", [["calls", "list"], ["kpi"], ["agents", "list"], ["db", "upgrade"], ["db", "check"]]
)
def test_a_database_that_is_away_is_one_plain_line(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE__URL", f"postgresql://hotline@/x?host={desk.folder}")
    status, out, err = desk(*command)
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert "does not answer" in err


def test_a_database_of_another_make_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE__URL", "mysql://localhost/x")
    status, _, err = desk("calls", "list")
    assert status == 1
    assert "use sqlite:///file or postgresql://user@host/name" in err


def test_a_file_that_is_no_database_is_one_plain_line(desk: Desk) -> None:
    (desk.folder / "state").mkdir()
    (desk.folder / "state/hotline.sqlite3").write_bytes(b"something else entirely " * 100)
    status, _, err = desk("calls", "list")
    assert status == 1
    assert "restore the last backup" in err


def test_a_state_folder_that_cannot_be_made(desk: Desk) -> None:
    (desk.folder / "state").write_text("a file")
    status, _, err = desk("calls", "list")
    assert status == 1
    assert err.startswith("hotline: ")
    assert "state" in err


# --- Asterisk ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["dialplan", "render"],
        ["dialplan", "apply"],
        ["asterisk", "console", "core", "show", "version"],
        ["prompts", "check"],
    ],
)
def test_without_asterisk_installed_it_is_said_how(desk: Desk, command: list[str]) -> None:
    status, out, err = desk(*command)
    assert (status, out) == (1, "")
    assert "No Asterisk is installed" in err
    assert "hotline asterisk install" in err


def test_with_asterisk_not_running(desk: Desk) -> None:
    status, out, _ = desk("asterisk", "status")
    assert status == 1
    assert "hotline asterisk start" in out
    status, _, err = desk("asterisk", "stop")
    assert status == 1
    assert "no Asterisk was started" in err
    status, _, err = desk("simulate")
    assert status == 1
    assert "hotline run" in err
    assert desk.ok("asterisk", "logs") == ""


def test_the_systems_own_asterisk_is_not_installed_by_us(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_ASTERISK__USE", "system")
    status, _, err = desk("asterisk", "install")
    assert status == 1
    assert "system" in err


@pytest.fixture
def installed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """With an Asterisk that is installed, as far as rendering needs it."""
    program = AsteriskProgram(("asterisk",), "22.10.1", desk.folder / "modules", desk.folder / "share")
    monkeypatch.setattr(pbx, "find_program", lambda root: program)
    return desk


def test_rendering_shows_writes_and_compares(installed: Desk) -> None:
    everything = installed.ok("dialplan", "render")
    assert all(f"; ==== {name}\n" in everything for name in RENDERED_FILES)
    one = installed.ok("dialplan", "render", "--file", "rtp.conf")
    assert one.startswith("[general]")
    status, _, err = installed("dialplan", "render", "--file", "nonsense.conf")
    assert status == 1
    assert "extensions.conf" in err
    assert "Wrote" in installed.ok("dialplan", "render", "--to", "out")
    assert (installed.folder / "out/rtp.conf").read_text() == one


def test_check_says_whether_what_runs_is_what_is_wanted(installed: Desk) -> None:
    status, out, _ = installed("dialplan", "render", "--check")
    assert status == 1
    assert "+++ wanted/extensions.conf" in out
    password = json.loads((installed.folder / "state/secrets.json").read_text())["agents"]["1001"]
    assert password not in out
    applied = installed.ok("dialplan", "apply")
    assert "wrote extensions.conf (Asterisk is not running)" in applied
    assert installed.ok("dialplan", "render", "--check") == "What runs is what hotline.toml says.\n"
    assert "Nothing to do" in installed.ok("dialplan", "apply")
    with (installed.folder / "hotline.toml").open("a") as file:
        file.write("[ports]\nrtp_start = 12000\n")
    status, out, _ = installed("dialplan", "render", "--check")
    assert status == 1
    assert [line for line in out.splitlines() if line.startswith(("-r", "+r"))] == [
        "-rtpstart = 10000",
        "+rtpstart = 12000",
    ]


# --- running ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["agi", "web"])
def test_a_port_that_is_taken_ends_the_service_with_advice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, taken_port: int, key: str
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as one, closing(socket.create_server(("127.0.0.1", 0))) as two:
        ports = {"agi": one.getsockname()[1], "web": two.getsockname()[1], key: taken_port}
    for name, port in ports.items():
        monkeypatch.setenv(f"HOTLINE_PORTS__{name.upper()}", str(port))
    status, _, err = desk("run", "--no-asterisk")
    assert status == 1
    assert f"port {taken_port} cannot be used" in err
    assert f"set another {key} in [ports]" in err


def test_the_doctor_names_what_is_ill_and_what_to_do(desk: Desk) -> None:
    status, out, err = desk("doctor")
    assert status == 1
    assert out.startswith("ok    settings: no faults\n")
    assert "WRONG Asterisk installed" in out
    assert "hotline asterisk install" in out
    lines = out.splitlines()
    ill = [i for i, line in enumerate(lines) if line.startswith("WRONG")]
    assert all(lines[i + 1].startswith("      -> ") for i in ill)
    assert err == f"{len(ill)} not well.\n"
    status, out, _ = desk("doctor", "--json")
    assert status == 1
    checks = [json.loads(line) for line in out.splitlines()]
    assert [check["name"] for check in checks if not check["ok"] and not check["remedy"]] == []
    assert {"Disk space", "database"} <= {check["name"] for check in checks}


def test_the_doctor_sees_a_port_that_another_program_has(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, taken_port: int
) -> None:
    monkeypatch.setenv("HOTLINE_PORTS__WEB", str(taken_port))
    _, out, _ = desk("doctor", "--json")
    [check] = [one for one in map(json.loads, out.splitlines()) if one["name"] == f"port {taken_port} (web)"]
    assert not check["ok"]
    assert "set web in [ports]" in check["remedy"]


def test_the_doctor_changes_nothing(desk: Desk) -> None:
    desk("doctor")
    kept = {path.name for path in (desk.folder / "state").rglob("*")} if (desk.folder / "state").exists() else set()
    assert kept <= {"secrets.json", "hotline.sqlite3", "hotline.sqlite3-wal", "hotline.sqlite3-shm"}


# --- what is kept, and systemd ----------------------------------------------------------------------------------------


def test_other_users_of_the_machine_see_nothing_of_the_state(desk: Desk) -> None:
    before = os.umask(0)
    try:
        desk.ok("db", "upgrade")
        state = desk.folder / "state"
        assert stat.S_IMODE(state.stat().st_mode) == 0o750
        state.chmod(0o755)  # as `make` leaves it
        desk.ok("calls", "list")
        assert stat.S_IMODE(state.stat().st_mode) == 0o750
        state.chmod(0o700)
        desk.ok("calls", "list")
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
    finally:
        os.umask(before)


@pytest.mark.parametrize("status", [0, 1])
def test_asterisk_in_the_foreground_for_systemd(installed: Desk, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    watched: list[SuperviseSettings] = []

    def watch(arguments: list[str]) -> int:
        watched.append(SuperviseSettings.from_json(Path(arguments[0]).read_text("utf-8")))
        return status

    monkeypatch.setattr("hotline.commands.asterisk.supervise.main", watch)
    monkeypatch.setattr("hotline.pbx.read_installed", lambda root: object())
    assert installed("asterisk", "start", "--foreground")[0] == status
    [settings] = watched
    assert settings.folders.run == installed.folder / "state/asterisk/main"
    assert (settings.folders.etc / "extensions.conf").exists()
