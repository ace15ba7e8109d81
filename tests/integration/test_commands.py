"""The commands as people use them: lists, figures, exports, the database; output, exit status, plain messages."""

import csv
import io
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_desk import CALLS, NOON, Desk, desk_in

from crm.calls.rows import rows_of
from crm.calls.service import EXPORT_FIELDS
from crm.calls.store import Batch, CallStore
from crm.people.numbers import normalise
from hotline.cli import Context
from metrics.kpi import KPIS


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with desk_in(tmp_path, monkeypatch, capfd) as desk:
        yield desk


@pytest.fixture
def busy_desk(desk: Desk) -> Desk:
    """With four calls on record, one of them under way."""
    engine = Context(desk.folder / "hotline.toml").engine()
    with closing(CallStore(engine, lambda: NOON)) as store:
        assert store.write(Batch(calls=[rows_of(record, normalise) for record in CALLS])) == ()
    engine.dispose()
    return desk


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


@pytest.mark.parametrize("command", [["calls", "list"], ["calls", "export"], ["kpi"]])
@pytest.mark.parametrize(
    ("period", "says"),
    [
        (["--from", "2569-11-20"], "2569 is a year of the Buddhist era; write 2026-11-20"),
        (["--to", "2569-11-20T08:30"], "write 2026-11-20T08:30"),
        (["--from", "2026-11-21", "--to", "2026-11-20"], "--to (2026-11-20 00:00) must be after --from"),
        (["--from", "2026-11-20", "--to", "2026-11-20"], "the whole of 20 November is"),
        (["--from", "20/11/2026"], "write it as 2026-11-20 or 2026-11-20T08:30"),
        (["--from", "2026-02-30"], "'2026-02-30' is not a time"),
        (["--to", "2026-11-20T25:00"], "is not a time"),
    ],
)
def test_a_period_that_cannot_be_meant_is_refused(desk: Desk, command: list[str], period: list[str], says: str) -> None:
    status, out, err = desk(*command, *period)
    assert (status, out) == (2, "")
    assert says in err


def test_the_reader_of_an_export_may_stop(busy_desk: Desk) -> None:
    """``hotline calls export | head -1``: nothing but the lines that were read, and no trace."""
    program = [
        sys.executable,
        "-c",
        "from hotline.cli import main; main()",
        "-f",
        str(busy_desk.folder / "hotline.toml"),
    ]
    for words in (["export"], ["export", "--format", "csv"], ["list"]):
        with subprocess.Popen([*program, "calls", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            assert run.stdout is not None
            assert run.stderr is not None
            run.stdout.close()  # before the first line
            assert run.stderr.read() == b""
        assert run.returncode in {0, 1}


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
