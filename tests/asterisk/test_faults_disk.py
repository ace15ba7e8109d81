"""The disk of the state folder is full, and free again."""

import os
import subprocess
import sys
from pathlib import Path

OWN_DISKS = ("unshare", "--user", "--map-root-user", "--mount")


def test_calls_go_on_and_are_recorded_when_there_is_room_again(tmp_path: Path, asterisk_root: Path) -> None:
    """The journal cannot be written then; AMI tells all, and the service keeps it until the database can."""
    state, network = tmp_path / "state", tmp_path / "network"
    state.mkdir()
    network.mkdir()
    script = Path(__file__).with_name("full_disk.py")
    done = subprocess.run(
        [*OWN_DISKS, sys.executable, str(script), str(state), str(network), str(asterisk_root)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
