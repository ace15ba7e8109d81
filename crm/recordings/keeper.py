"""Takes recordings in from where Asterisk leaves them, and deletes them when their time is over.

Whatever the service misses lies in the spool until it is back: a recording is known by its file's name alone.
"""

import hashlib
import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from io import BytesIO
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, select

from crm.audit.service import note
from crm.calls.models import calls
from crm.calls.stored import records_where
from crm.database import reading, writing
from crm.recordings import service
from crm.recordings.models import RecordingState
from crm.recordings.sound import HEADER_BYTES, Peaks, peaks_of, pieces, wav_header
from crm.recordings.timeline import missing_of
from dialplan.prompts.audio import RATE

log = logging.getLogger(__name__)

STILL_SECONDS: Final = 2.0  # Asterisk writes the last bytes a moment after the call's end
FORGOTTEN_SECONDS: Final = 3600.0  # sound of a call that nobody knows of
MISSING_AFTER: Final = timedelta(seconds=30)  # with no file by then, there will be none
FIRST_SIDE, SECOND_SIDE, MIXED = "caller", "agent", "mixed"


@dataclass(frozen=True, slots=True)
class Raw:
    """The raw files of one call. ``second`` None: both voices are in the first."""

    call_id: str
    first: Path
    second: Path | None

    @property
    def paths(self) -> list[Path]:
        """Those that are there."""
        return [path for path in (self.first, self.second) if path is not None and path.exists()]

    def size(self) -> int:
        """Bytes of the longer one."""
        return max((path.stat().st_size for path in self.paths), default=0)

    def shared(self) -> int:
        """Bytes of the shorter one: Asterisk writes both in step, but on a full disk."""
        sides = (self.first,) if self.second is None else (self.first, self.second)
        return min(path.stat().st_size if path.exists() else 0 for path in sides)

    def written_at(self) -> float:
        """When Asterisk wrote last, epoch seconds."""
        return max((path.stat().st_mtime for path in self.paths), default=0.0)


class RecordingKeeper:
    """Sync, for a thread of its own; every step may be done twice. ``folder``: of recordings."""

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        zone: tzinfo,
        clock: Callable[[], datetime],
        keep_days: int,
    ) -> None:
        self._engine = engine
        self.folder = folder
        self._zone = zone
        self._clock = clock
        self._keep = timedelta(days=keep_days)

    @property
    def spool(self) -> Path:
        """Where Asterisk writes."""
        return self.folder / "spool"

    def free_bytes(self) -> int:
        """What the disk of the recordings still takes."""
        state = os.statvfs(self.folder if self.folder.exists() else self.folder.parent)
        return state.f_bavail * state.f_frsize

    # -- taking in

    def take_in(self) -> int:
        """Takes in everything whose call is over; returns how many recordings."""
        raws = self._raws()
        taken = sum(self._taken(raw) for raw in raws)
        self._look_for_missing({raw.call_id for raw in raws})
        return taken

    def _raws(self) -> list[Raw]:
        if not self.spool.is_dir():
            return []
        names = {entry.name for entry in os.scandir(self.spool) if entry.is_file()}
        found = []
        for call_id in sorted({name.rpartition("-")[0] for name in names if name.endswith(".ulaw")}):
            if f"{call_id}-{MIXED}.ulaw" in names:
                found.append(Raw(call_id, self.spool / f"{call_id}-{MIXED}.ulaw", None))
            else:
                first, second = (self.spool / f"{call_id}-{side}.ulaw" for side in (FIRST_SIDE, SECOND_SIDE))
                found.append(Raw(call_id, first, second))
        return found

    def _taken(self, raw: Raw) -> bool:
        now = self._clock()
        quiet = now.timestamp() - raw.written_at()
        with reading(self._engine) as connection:
            call = connection.execute(
                select(calls.c.ended_at, calls.c.agent_answered_at, calls.c.queue).where(calls.c.call_id == raw.call_id)
            ).one_or_none()
            records = records_where(connection, calls.c.call_id == raw.call_id) if call and call.ended_at else []
        if quiet < STILL_SECONDS or (call.ended_at is None if call else quiet < FORGOTTEN_SECONDS):
            return False
        size = raw.size()
        if size == 0:  # nobody talked
            self._remove(raw)
            return False
        started_at = call.agent_answered_at if call else None
        if started_at is None:
            started_at = datetime.fromtimestamp(raw.written_at() - size / RATE, UTC)
        missing = missing_of(records[0], raw.shared() / RATE) if records else None
        kept = replace(self._written(raw, started_at), missing_seconds=missing)
        if missing is not None:
            log.warning("call %s: %d seconds of the talk are not in the recording", raw.call_id, missing)
        with writing(self._engine) as connection:
            queue = call.queue if call else None
            service.begin(connection, raw.call_id, started_at, queue=queue, sides=raw.second is not None)
            service.keep(connection, raw.call_id, kept, now)
        self._remove(raw)
        return True

    def _written(self, raw: Raw, started_at: datetime) -> service.Kept:
        """The wav file at its place: whole or not at all."""
        day = started_at.astimezone(self._zone)
        path = Path(f"{day:%Y/%m/%d}") / f"{raw.call_id}.wav"
        target = self.folder / path
        target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        sides, size = (1 if raw.second is None else 2), raw.size()
        checksum = hashlib.sha256()
        temporary = target.with_suffix(".new")
        with ExitStack() as files:
            files.callback(temporary.unlink, missing_ok=True)  # a full disk has no room for half of it
            first = files.enter_context(raw.first.open("rb")) if raw.first.exists() else BytesIO()
            second = None
            if raw.second is not None:
                second = files.enter_context(raw.second.open("rb")) if raw.second.exists() else BytesIO()
            wav = files.enter_context(temporary.open("wb"))
            written = 0
            header = wav_header(size * sides, sides)
            wav.write(header)
            checksum.update(header)
            for piece in pieces(first, second):
                wav.write(piece)
                checksum.update(piece)
                written += len(piece)
            first.seek(0)
            shown = Peaks(peaks_of(first, size), b"")
            if second is not None:
                second.seek(0)
                shown = Peaks(shown.first, peaks_of(second, size))
            wav.flush()
            os.fsync(wav.fileno())
            temporary.replace(target)
        return service.Kept(
            path=str(path),
            seconds=size / RATE,
            size_bytes=HEADER_BYTES + written,
            sha256=checksum.hexdigest(),
            peaks=shown.text(),
        )

    def _remove(self, raw: Raw) -> None:
        for path in raw.paths:
            path.unlink(missing_ok=True)

    def _look_for_missing(self, there: set[str]) -> None:
        """What should have been recorded and has no sound: the disk was full, or the call died with Asterisk."""
        now = self._clock()
        with reading(self._engine) as connection:
            running = [one.call_id for one in service.running(connection) if one.call_id not in there]
            gone = [call_id for call_id in running if self._is_long_over(connection, call_id, now)]
        for call_id in gone:
            log.warning("no sound was found of the recorded call %s", call_id)
            with writing(self._engine) as connection:
                service.lose(connection, call_id)

    def _is_long_over(self, connection: Connection, call_id: str, now: datetime) -> bool:
        ended_at = connection.scalar(select(calls.c.ended_at).where(calls.c.call_id == call_id))
        return ended_at is not None and now - ended_at > MISSING_AFTER

    # -- letting go

    def delete_expired(self) -> int:
        """Deletes what is older than the setting says, with a line in the audit; returns how many recordings."""
        now, count = self._clock(), 0
        while True:
            with reading(self._engine) as connection:
                found = service.expired(connection, now - self._keep)
            for one in found:
                self._delete(one, now)
            count += len(found)
            if not found:
                break
        if count:
            with writing(self._engine) as connection:
                note(connection, now, None, "recording.expired", None, count=count, keep_days=self._keep.days)
            log.info("%d recordings are older than %d days and were deleted", count, self._keep.days)
        return count

    def _delete(self, one: service.Recording, at: datetime) -> None:
        if one.path is not None:
            (self.folder / one.path).unlink(missing_ok=True)
        with writing(self._engine) as connection:
            service.mark_deleted(connection, one.call_id, at)

    def is_intact(self, one: service.Recording) -> bool:
        """Whether the file is the one that was taken in, by its checksum. Raises UnknownRecording without a file."""
        with service.sound_of(one, self.folder).open("rb") as file:
            return one.state is RecordingState.KEPT and hashlib.file_digest(file, "sha256").hexdigest() == one.sha256
