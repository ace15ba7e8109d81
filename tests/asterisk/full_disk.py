"""``unshare -rm python full_disk.py STATE NETWORK ROOT``: an installation on a disk of its own that becomes full.

A program of its own, because a disk can only be made in a name space of one's own. Ends with 0 when every call is
in exactly one correct record although the disk was full in the middle of them, and every recording of a talk is whole,
or says what it lacks, or is none.
"""

import asyncio
import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from installation import Installation, Play, installation, wait_for

from ami_listener.records import CallRecord
from crm.database import reading
from crm.recordings.models import RecordingState
from crm.recordings.service import UnknownRecording, get
from crm.recordings.timeline import MISSING_SECONDS, spans_of

SIZE = "64m"


def fill(state: Path) -> Path:
    """A file that takes the last byte."""
    path = state / "filling"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            return path


def database_healthy(hotline: Installation) -> float:
    return hotline.metrics()["hotline_database_healthy"]


def play_on_a_full_disk(state: Path, network: Path, root: Path) -> None:
    with installation(state, root, network_state=network, recorded=True) as hotline:
        hotline.start_service()

        async def fill_for_a_while(play: Play) -> None:
            await play.offered(6)
            filling = fill(state)
            begun = play.progress.offered if play.progress else 0
            await play.until(lambda progress: progress.ended >= begun + 8, "calls go on")
            assert os.statvfs(state).f_bavail == 0
            assert await asyncio.to_thread(database_healthy, hotline) == 0
            filling.unlink()
            await asyncio.to_thread(hotline.wait_ready)

        play, summary = hotline.play(30, 2.0, fill_for_a_while)
        recordings_are_honest(hotline, hotline.assert_right(play, summary))
        # astdb, where Asterisk keeps the end of each wrap-up, lost some
        wait_for(lambda: "paused:wrap-up" not in hotline.asterisk("queue show"), "no wrap-up without end", 15)
        text = hotline.service_log()
        assert "Traceback" not in text, text


def recordings_are_honest(hotline: Installation, records: Sequence[CallRecord]) -> None:
    """A talk's recording lasts as long as the talk, or says how much is missing; what has no sound is never "kept"."""
    talks = {one.call_id: sum((until - start).total_seconds() for start, until in spans_of(one)) for one in records}
    spool = hotline.settings.state / "recordings" / "spool"
    wait_for(lambda: not list(spool.iterdir()), "every sound taken in", 30)
    whole, without = 0, 0
    with hotline.engine() as engine, reading(engine) as connection:
        for call_id, talk in talks.items():
            try:
                one = get(connection, call_id)
            except UnknownRecording:
                assert talk == 0, call_id
                continue
            if one.state is RecordingState.KEPT:
                assert one.seconds is not None
                assert abs(talk - one.seconds) < MISSING_SECONDS or one.missing_seconds, (talk, one)
                whole += one.missing_seconds is None
            else:
                without += talk > 0
    assert whole > len(talks) / 4, (whole, without, len(talks))
    assert without > 0, (whole, without, len(talks))


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:]]
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folders[0])], check=True)
    play_on_a_full_disk(*folders)
