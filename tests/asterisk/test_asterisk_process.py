"""A real Asterisk is started, refused twice, supervised, frozen and killed; nothing of it is ever left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from minimal_asterisk import free_udp_port, make_instance

from dialplan.asterisk import pidfile
from dialplan.asterisk.command import find_program, sipp_command
from dialplan.asterisk.control import cli, is_running, status, tail_log
from dialplan.asterisk.doctor import checks
from dialplan.asterisk.errors import AsteriskControlError, AsteriskError, AsteriskStartError
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
from dialplan.asterisk.supervise import SuperviseSettings, start_daemon, stop_daemon
from dialplan.asterisk.supervisor import Supervisor

REPOSITORY = Path(__file__).parents[2]


def wait_for(condition: Callable[[], object], timeout_seconds: float = 15) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def folders(tmp_path: Path, asterisk_root: Path) -> AsteriskFolders:
    return make_instance(tmp_path, asterisk_root, "main")[0]


def call(root: Path, port: int, folder: Path) -> None:
    """One SIP call to the echo extension by SIPp; raises when it fails."""
    command = [*sipp_command(root), "-sn", "uac", "-s", "600", "-m", "1", "-d", "100", "-timeout", "10s"]
    command += ["-i", "127.0.0.1", "-p", str(free_udp_port()), "-nostdin", f"127.0.0.1:{port}"]
    subprocess.run(command, check=True, cwd=folder, capture_output=True, timeout=30)


def test_two_instances_run_at_once_and_answer_calls(tmp_path: Path, asterisk_root: Path) -> None:
    one, one_port = make_instance(tmp_path, asterisk_root, "one", 24000)
    two, two_port = make_instance(tmp_path, asterisk_root, "two", 24100)
    with AsteriskProcess(one) as first, AsteriskProcess(two) as second:
        call(asterisk_root, one_port, tmp_path)
        call(asterisk_root, two_port, tmp_path)
        call(asterisk_root, two_port, tmp_path)
        found = [status(one), status(two)]
        assert [state.pid for state in found] == [first.pid, second.pid]
        assert [state.processed_calls for state in found] == [1, 2]
        assert all(state.running and state.responding and state.uptime_seconds is not None for state in found)
        assert {state.version for state in found} == {find_program(asterisk_root).version}
    assert not is_running(one)
    assert not is_running(two)


def test_a_second_start_is_refused_and_names_the_process(folders: AsteriskFolders) -> None:
    with AsteriskProcess(folders) as running:
        with pytest.raises(AsteriskStartError, match=f"process {running.pid}"):
            AsteriskProcess(folders).start()
        folders.pid_file.unlink()
        with pytest.raises(AsteriskStartError, match="another one answers"):
            AsteriskProcess(folders).start()
        assert is_running(folders)


def test_what_a_killed_asterisk_leaves_behind_is_no_obstacle(folders: AsteriskFolders) -> None:
    first = AsteriskProcess(folders)
    first.start()
    first.kill()
    assert first.poll() == -signal.SIGKILL
    assert folders.control_socket.exists()
    assert folders.pid_file.exists()
    assert not is_running(folders)
    with AsteriskProcess(folders) as second:
        assert status(folders).pid == second.pid


def test_stop_waits_for_calls_no_longer_than_told(folders: AsteriskFolders) -> None:
    with AsteriskProcess(folders) as process:
        cli(folders, "channel originate Local/600@calls application Echo")
        wait_for(lambda: (status(folders).active_calls or 0) >= 1)
        started = time.monotonic()
        assert process.stop(grace_seconds=1.0) == 0
        assert 0.9 < time.monotonic() - started < 10
        assert process.stop() == 0


def test_a_frozen_asterisk_is_reported_and_killed(folders: AsteriskFolders) -> None:
    with AsteriskProcess(folders) as process:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(AsteriskControlError, match="did not answer"):
            cli(folders, "core show uptime", 0.5)
        state = status(folders, 0.3)
        assert (state.running, state.responding, state.version) == (True, False, None)
        assert process.stop(grace_seconds=0.3, terminate_seconds=0.3) == -signal.SIGKILL


def test_a_start_that_fails_tells_what_asterisk_said(folders: AsteriskFolders) -> None:
    with (folders.etc / "modules.conf").open("a") as file:
        file.write("require = no_such_module.so\n")
    with pytest.raises(AsteriskStartError, match="no_such_module"):
        AsteriskProcess(folders).start()
    assert not is_running(folders)
    assert pidfile.running_pid(folders.pid_file) is None


def test_without_configuration_nothing_is_started(tmp_path: Path, asterisk_root: Path) -> None:
    folders = AsteriskFolders.for_instance(tmp_path, install_root=asterisk_root)
    with pytest.raises(AsteriskStartError, match="render the configuration"):
        AsteriskProcess(folders).start()


def test_console_commands_answer_or_say_why_not(folders: AsteriskFolders) -> None:
    with pytest.raises(AsteriskControlError, match="does not run"):
        cli(folders, "core show uptime")
    with AsteriskProcess(folders):
        assert "System uptime" in cli(folders, "core show uptime seconds")
        with pytest.raises(AsteriskControlError, match="No such command"):
            cli(folders, "no such thing")
    assert tail_log(folders, 3)
    assert tail_log(folders, 3, "console")


def test_a_deep_state_folder_still_has_a_control_socket(tmp_path: Path, asterisk_root: Path) -> None:
    deep = tmp_path / ("d d" * 20) / ("e" * 60)
    folders, port = make_instance(deep, asterisk_root, "main")
    assert " " in str(folders.etc)
    assert folders.sockets.parent != folders.run
    with AsteriskProcess(folders):
        call(asterisk_root, port, tmp_path)
    (folders.sockets / "asterisk.pid").unlink(missing_ok=True)
    folders.control_socket.unlink(missing_ok=True)
    folders.sockets.rmdir()


def test_asterisk_outlives_the_thread_that_started_it(folders: AsteriskFolders) -> None:
    process = AsteriskProcess(folders)
    thread = threading.Thread(target=process.start)
    thread.start()
    thread.join()
    try:
        assert process.wait(0.5) is None
        assert is_running(folders)
    finally:
        process.stop(grace_seconds=0)


OWNER = """
import sys
from pathlib import Path
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
folders = AsteriskFolders.for_instance(Path(sys.argv[1]), install_root=Path(sys.argv[2]))
with AsteriskProcess(folders) as process:
    print(process.pid, flush=True)
    try:
        process.wait(60)
    except KeyboardInterrupt:
        pass
"""


@contextmanager
def owner(tmp_path: Path, root: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that runs an Asterisk, and that Asterisk's process id."""
    command = [sys.executable, "-c", OWNER, str(tmp_path), str(root)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV])
def test_no_orphan_is_left_however_we_end(
    tmp_path: Path, asterisk_root: Path, folders: AsteriskFolders, number: signal.Signals
) -> None:
    with owner(tmp_path, asterisk_root) as (process, pid):
        assert pidfile.start_ticks(pid) is not None
        process.send_signal(number)
        wait_for(lambda: pidfile.start_ticks(pid) is None)
        assert not is_running(folders)


def test_who_is_started_again_at_once_does_not_meet_the_dying_one(
    tmp_path: Path, asterisk_root: Path, folders: AsteriskFolders
) -> None:
    """As by systemd: what the kernel still takes down is waited for, not taken for a second one."""
    with owner(tmp_path, asterisk_root) as (process, pid):
        process.kill()
        process.wait()
        with AsteriskProcess(folders) as again:
            assert again.pid != pid


def test_the_supervisor_brings_a_killed_asterisk_back(folders: AsteriskFolders) -> None:
    told: list[object] = []
    started: list[AsteriskProcess] = []

    def start() -> AsteriskProcess:
        process = AsteriskProcess(folders)
        process.start()
        started.append(process)
        return process

    supervisor = Supervisor(
        start, backoff_seconds=(0.1, 1), on_died=told.append, on_restarted=lambda: told.append("restarted")
    )
    supervisor.start()
    try:
        started[0].kill()
        wait_for(lambda: told == [-signal.SIGKILL, "restarted"])
        assert status(folders).pid == started[1].pid != started[0].pid
    finally:
        supervisor.stop()
    assert not is_running(folders)
    assert len(started) == 2


@pytest.fixture
def daemon(folders: AsteriskFolders) -> Iterator[int]:
    yield start_daemon(SuperviseSettings(folders, grace_seconds=0))
    stop_daemon(folders)


def test_the_daemon_keeps_asterisk_up_until_stopped(folders: AsteriskFolders, daemon: int) -> None:
    state = status(folders)
    assert state.responding
    assert state.supervisor_pid == daemon
    assert state.pid is not None
    with pytest.raises(AsteriskStartError, match=f"process {daemon}"):
        start_daemon(SuperviseSettings(folders))
    os.kill(state.pid, signal.SIGKILL)
    wait_for(lambda: status(folders).responding and status(folders).pid != state.pid)
    assert any("starting it again" in line for line in tail_log(folders, 20, "supervisor"))
    assert stop_daemon(folders)
    assert not status(folders).running
    assert status(folders).supervisor_pid is None
    assert not stop_daemon(folders)


def test_a_killed_daemon_takes_asterisk_with_it_and_can_be_started_again(folders: AsteriskFolders, daemon: int) -> None:
    pid = status(folders).pid
    assert pid is not None
    os.kill(daemon, signal.SIGKILL)
    wait_for(lambda: pidfile.start_ticks(pid) is None)
    assert start_daemon(SuperviseSettings(folders, grace_seconds=0)) != daemon
    assert status(folders).responding


def test_a_daemon_that_cannot_start_asterisk_says_why_and_ends(folders: AsteriskFolders) -> None:
    (folders.etc / "asterisk.conf").unlink()
    with pytest.raises(AsteriskStartError, match="render the configuration"):
        start_daemon(SuperviseSettings(folders))
    assert status(folders).supervisor_pid is None


def test_stop_daemon_does_not_touch_a_stranger(folders: AsteriskFolders) -> None:
    with AsteriskProcess(folders):
        folders.pid_file.unlink()
        with pytest.raises(AsteriskError, match="Somebody else"):
            stop_daemon(folders)
        assert is_running(folders)


def test_the_doctor_is_content_with_the_installation(folders: AsteriskFolders) -> None:
    modules = ["app_queue", "res_srtp", "res_pjsip_transport_websocket", "codec_opus_open_source", "func_curl"]
    found = {check.name: check for check in checks(folders, modules)}
    assert found["Asterisk installed"].ok
    assert found["Asterisk 20 or later"].ok
    assert found["Asterisk modules"].ok, found["Asterisk modules"].detail
