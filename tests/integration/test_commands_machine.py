"""The commands that look at the machine: Asterisk, files, ports, the doctor, and who may read what."""

import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_desk import Desk, desk_in

from dialplan.asterisk.command import AsteriskProgram
from dialplan.asterisk.supervise import SuperviseSettings
from dialplan.render import RENDERED_FILES
from hotline import pbx


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with desk_in(tmp_path, monkeypatch, capfd) as desk:
        yield desk


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


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
