"""Folders of an instance, their command lines, process files, checks."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dialplan.asterisk import pidfile
from dialplan.asterisk.command import find_program, sipp_command
from dialplan.asterisk.control import follow_log, log_path, status, tail_log
from dialplan.asterisk.doctor import checks
from dialplan.asterisk.errors import AsteriskError, AsteriskInstallError
from dialplan.asterisk.install import RECIPE
from dialplan.asterisk.layout import SOCKET_PATH_BYTES, AsteriskFolders
from dialplan.asterisk.supervise import SuperviseSettings
from dialplan.asterisk.system import find_system_asterisk, is_recent_enough


def fake_root(root: Path, *, with_sipp: bool = False, recipe: int = RECIPE) -> Path:
    (root / ".install").mkdir(parents=True)
    document = {
        "recipe": recipe,
        "version": "22.10.1",
        "architecture": "amd64",
        "with_sipp": with_sipp,
        "packages": {"asterisk": "1:22.10.1-1"},
    }
    (root / ".install/installed.json").write_text(json.dumps(document))
    return root


def test_instances_share_the_installation_and_nothing_else(tmp_path: Path) -> None:
    one = AsteriskFolders.for_instance(tmp_path, "one")
    two = AsteriskFolders.for_instance(tmp_path, "two")
    assert one.install_root == two.install_root == tmp_path / "asterisk-root"
    names = ["etc", "lib", "spool", "log", "data", "agi", "sockets", "pid_file", "control_socket", "asterisk_conf"]
    assert not {getattr(one, name) for name in names} & {getattr(two, name) for name in names}


def test_prepare_makes_private_folders_and_can_be_repeated(tmp_path: Path) -> None:
    share = tmp_path / "share"
    (share / "documentation").mkdir(parents=True)
    (share / "sounds/en_US_f_Allison").mkdir(parents=True)
    folders = AsteriskFolders.for_instance(tmp_path, "main", temporary=tmp_path)
    folders.prepare(share)
    folders.prepare(share)
    assert stat.S_IMODE(folders.run.stat().st_mode) == 0o700
    assert stat.S_IMODE(folders.sockets.stat().st_mode) == 0o700
    assert (folders.data / "documentation").readlink() == share / "documentation"
    assert (folders.data / "sounds/en").readlink() == share / "sounds/en_US_f_Allison"
    assert (folders.keys / "keys").is_dir()


def test_sockets_move_to_a_short_folder_when_the_path_is_too_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    short = tmp_path / "t"
    folders = AsteriskFolders.for_instance(deep, temporary=short)
    assert folders.sockets.parent == short
    folders.prepare()
    assert stat.S_IMODE(folders.sockets.stat().st_mode) == 0o700
    remembered = AsteriskFolders.for_instance(deep, temporary=tmp_path / "another")
    assert remembered.sockets == folders.sockets


def test_sockets_stay_in_the_run_folder_up_to_the_last_byte() -> None:
    # …/asterisk/main/var/asterisk.ctl
    rest = len("/asterisk/main/var/asterisk.ctl")
    fits = AsteriskFolders.for_instance(Path("/" + "x" * (SOCKET_PATH_BYTES - rest - 1)))
    too_long = AsteriskFolders.for_instance(Path("/" + "x" * (SOCKET_PATH_BYTES - rest)), temporary=Path("/t"))
    assert (fits.sockets.name, too_long.sockets.parent) == ("var", Path("/t"))


def test_a_sockets_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    folders = AsteriskFolders.for_instance(deep, temporary=tmp_path / "t")
    (tmp_path / "t").mkdir()
    (tmp_path / "elsewhere").mkdir()
    folders.sockets.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AsteriskError, match="somebody else"):
        folders.prepare()


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "x" * 42])
def test_instance_names_are_plain_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(AsteriskError, match="instance name"):
        AsteriskFolders.for_instance(tmp_path, name)


def test_supervise_settings_survive_the_file(tmp_path: Path) -> None:
    for use_system in (False, True):
        settings = SuperviseSettings(AsteriskFolders.for_instance(tmp_path, "x", use_system=use_system), 12.5, 1.5)
        assert SuperviseSettings.from_json(settings.to_json()) == settings


def test_the_tree_is_run_by_its_own_loader_with_its_own_libraries(tmp_path: Path) -> None:
    root = fake_root(tmp_path / "asterisk-root", with_sipp=True)
    folders = AsteriskFolders.for_instance(tmp_path)
    program = find_program(root)
    libraries = root / "usr/lib/x86_64-linux-gnu"
    expected = [
        f"{libraries}/ld-linux-x86-64.so.2",
        "--library-path",
        f"{libraries}:{libraries}/asterisk",
    ]
    assert program.foreground(folders) == [
        *expected,
        f"{root}/usr/sbin/asterisk",
        "-C",
        f"{folders.asterisk_conf}",
        "-f",
        "-n",
    ]
    assert program.remote(folders, "core show uptime")[-3:] == ["-r", "-x", "core show uptime"]
    assert sipp_command(root) == [*expected, f"{root}/usr/bin/sipp"]
    assert program.modules == libraries / "asterisk/modules"


def test_what_is_not_installed_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(AsteriskInstallError, match="hotline asterisk install"):
        find_program(tmp_path)
    with pytest.raises(AsteriskInstallError, match="SIPp"):
        sipp_command(fake_root(tmp_path / "root"))


def fake_system(prefix: Path, answer: str, *, modules: bool = True) -> str:
    (prefix / "sbin").mkdir(parents=True)
    program = prefix / "sbin/asterisk"
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    if modules:
        (prefix / "lib/asterisk/modules").mkdir(parents=True)
    return str(prefix / "sbin")


def test_the_systems_asterisk_is_found_with_version_and_modules(tmp_path: Path) -> None:
    path = fake_system(tmp_path, "Asterisk 20.9.3~dfsg+~cs6-1")
    found = find_system_asterisk(path)
    assert found is not None
    assert (found.version, found.modules) == ("20.9.3", tmp_path / "lib/asterisk/modules")
    assert find_system_asterisk(str(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    ("answer", "modules", "message"),
    [
        ("Asterisk 18.9.0", True, "older than 20"),
        ("something else", True, "did not name a version"),
        ("Asterisk certified/20.7-cert2", False, "modules"),
    ],
)
def test_an_unusable_system_asterisk_is_refused(tmp_path: Path, answer: str, modules: bool, message: str) -> None:
    with pytest.raises(AsteriskInstallError, match=message):
        find_system_asterisk(fake_system(tmp_path, answer, modules=modules))


@pytest.mark.parametrize(("version", "expected"), [("19.8", False), ("20.0.0", True), ("22.10.1", True)])
def test_recent_enough(version: str, expected: bool) -> None:
    assert is_recent_enough(version) is expected


def test_a_process_file_names_that_very_process(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    assert pidfile.running_pid(path) is None
    pidfile.write(path, os.getpid())
    assert pidfile.running_pid(path) == os.getpid()
    path.write_text(json.dumps({"pid": os.getpid(), "start_ticks": 1}))  # the number was given to another since
    assert pidfile.running_pid(path) is None
    for broken in ("", "[]", "{}", "17", '{"pid": "x", "start_ticks": 1}'):
        path.write_text(broken)
        assert pidfile.running_pid(path) is None


HALF_DEAD = """
import ctypes, platform, threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("", flush=True)
ctypes.CDLL(None).syscall({"x86_64": 60}.get(platform.machine(), 93), 0)  # exit(2): of this thread alone
"""


def test_a_process_is_there_until_its_last_thread_is_gone() -> None:
    """The kernel shows a zombie as soon as the first thread is dead; ports and sockets are in use until the last is."""
    with subprocess.Popen([sys.executable, "-c", HALF_DEAD], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        state = Path(f"/proc/{child.pid}/stat")
        deadline = time.monotonic() + 5
        while state.read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert pidfile.start_ticks(child.pid) is not None
        child.kill()
    assert pidfile.start_ticks(child.pid) is None


def test_a_zombie_does_not_count_as_running(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        pidfile.write(path, child.pid)
        assert pidfile.running_pid(path) == child.pid
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # over, and not yet collected
        assert pidfile.running_pid(path) is None


def test_status_of_what_does_not_run_never_raises(tmp_path: Path) -> None:
    found = status(AsteriskFolders.for_instance(tmp_path))
    assert (found.running, found.responding, found.pid, found.version, found.active_calls) == (
        False,
        False,
        None,
        None,
        None,
    )


def test_logs_are_tailed_and_followed_over_a_rotation(tmp_path: Path) -> None:
    folders = AsteriskFolders.for_instance(tmp_path)
    assert tail_log(folders) == []
    folders.prepare()
    log = log_path(folders)
    log.write_text("one\ntwo\nthree\n")
    assert tail_log(folders, 2) == ["two", "three"]
    thai = "สายเข้า".encode()

    def write(step: int) -> None:
        with log.open("ab") as file:
            file.write([b"four\nfi", b"ve\n" + thai[:4], thai[4:] + b"\n"][step])

    def rotate() -> None:
        log.rename(log.with_suffix(".1"))
        log.write_text("after\n")

    steps = [lambda: write(0), lambda: write(1), lambda: write(2), rotate]

    def wait() -> bool:
        if not steps:
            return False
        steps.pop(0)()
        return True

    assert list(follow_log(folders, "full", wait)) == ["four", "five", "สายเข้า", "after"]
    with pytest.raises(AsteriskError, match="no log"):
        log_path(folders, "../secret")


def test_checks_name_what_is_wrong_and_the_remedy(tmp_path: Path) -> None:
    folders = AsteriskFolders.for_instance(tmp_path)
    before = {
        check.name: check for check in checks(folders, free_bytes=lambda _p: 1_000_000, descriptor_limit=lambda: 64)
    }
    assert {name for name, check in before.items() if not check.ok} == set(before)
    assert set(before) == {"Asterisk installed", "Disk space", "File descriptors"}
    assert all(check.remedy for check in before.values())
    root = fake_root(tmp_path / "asterisk-root")
    modules = root / "usr/lib/x86_64-linux-gnu/asterisk/modules"
    modules.mkdir(parents=True)
    (modules / "app_queue.so").touch()
    after = checks(folders, ["app_queue", "app_none.so"], free_bytes=lambda _p: 10**12, descriptor_limit=lambda: -1)
    assert [(check.name, check.detail) for check in after if not check.ok] == [
        ("Asterisk modules", "missing: app_none.so")
    ]
    assert all(
        check.ok and not check.remedy
        for check in checks(folders, ["app_queue"], free_bytes_needed=0, descriptors_needed=0)
    )
