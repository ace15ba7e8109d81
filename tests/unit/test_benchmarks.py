"""`make bench` in one go: one benchmark that fails or hangs does not keep the others from running."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as bench
from benchmarks import machine
from benchmarks.report import Figure, Section
from benchmarks.rig import same_flow


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where results are written; two benchmarks are well, one fails, one gives up, one hangs."""

    def well(*_: object) -> Section:
        return Section("Well", [Figure("a ratio", 1.0, "", "≥ 0.8", True)])

    def fail(*_: object) -> Section:
        raise RuntimeError("no telephone")

    def give_up(*_: object) -> Section:
        raise SystemExit("wrong answer")

    def hang(*_: object) -> Section:
        time.sleep(60)
        raise AssertionError("was not ended")

    runs = {"rate": fail, "clock": give_up, "memory": well, "agi": hang, "people": well, "strategy": well}
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "results.md")
    monkeypatch.setattr(bench, "LONGEST_SECONDS", dict.fromkeys(runs, 1))
    monkeypatch.setattr(bench, "asterisk_root", lambda: tmp_path)
    monkeypatch.setattr(machine, "describe", lambda _root: "a machine")
    for name, run in runs.items():
        monkeypatch.setitem(sys.modules, f"benchmarks.bench_{name}", SimpleNamespace(run=run))
    return tmp_path / "results.md"


def test_others_run_on_and_the_status_says_it(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    assert bench.main() == 1
    parts = {part.split(" -->")[0]: part for part in results.read_text("utf-8").split("<!-- ")[1:]}
    assert list(parts) == list(bench.NAMES)
    assert "no telephone" in parts["rate"]
    assert "wrong answer" in parts["clock"]
    assert "not done within 1 s" in parts["agi"]
    assert all("| a ratio | 1  | ≥ 0.8 | met |" in parts[name] for name in ("memory", "people", "strategy"))
    assert "Failed: rate, clock, agi" in capsys.readouterr().out


def test_one_alone_leaves_what_others_measured(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.write_text("# Measured\n\n<!-- rate -->\n## Old\n\nof last week\n\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "people"])
    assert bench.main() == 0
    text = results.read_text("utf-8")
    assert "of last week" in text
    assert text.index("<!-- rate") < text.index("<!-- people")


def test_all_together_end_within_the_time() -> None:
    assert sum(bench.LONGEST_SECONDS.values()) <= 58 * 60


def test_the_same_flow_without_the_service_keeps_all_but_what_speaks_to_it() -> None:
    ours = (
        "exten => s,1,Ringing()\n"
        " same => n(told),QueueLog(q,c,NONE,LEFT,1|CONTINUE)\n"
        " same => n,UserEvent(Hotline,Fact: LEFT,Call: c)\n"
        " same => n,MSet(HOTLINE_NEXT=identified,TIMEOUT(absolute)=1)\n"
        " same => n,AGI(agi://127.0.0.1:4573/identify)\n"
        " same => n(identified),Set(TIMEOUT(absolute)=0)\n"
    )
    kept = [line for line in ours.splitlines() if "UserEvent" not in line and "AGI" not in line and "MSet" not in line]
    assert same_flow(ours).splitlines() == kept
    with pytest.raises(AssertionError, match="speaks to the service"):
        same_flow("exten => s,1,AGI(agi://127.0.0.1:4573/identify)\n")
