"""What is known of recordings: begun, paused, kept, listed, deleted."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, delete, exists, func, insert, select, update

from crm.calls.models import calls, conversations
from crm.database import insert_into
from crm.recordings.models import RecordingState, recording_keys, recording_pauses, recordings
from crm.recordings.timeline import PauseSpan, Touch

PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording, without its wave form. ``path`` is below the folder of recordings;
    ``missing_seconds``: of the talk, that are not in the sound (None: it is whole)."""

    call_id: str
    started_at: datetime
    queue: str | None
    sides: bool
    announced: bool
    channel: str | None
    state: RecordingState
    path: str | None
    seconds: float | None
    missing_seconds: float | None
    size_bytes: int | None
    sha256: str | None
    kept_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a recording that was taken in."""

    path: str
    seconds: float
    size_bytes: int
    sha256: str
    peaks: str
    missing_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingLine:
    """One recording in a list, with its call. ``caller_number``: E.164 or short code, else as it came."""

    recording: Recording
    caller_number: str | None
    agent: str | None
    survey_meaning: str | None
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which recordings. ``from_at`` inside, ``until_at`` outside; ``own``: only those with a talk of this extension."""

    from_at: datetime | None = None
    until_at: datetime | None = None
    queue: str | None = None
    agent: str | None = None
    number: str | None = None
    call_ids: Collection[str] | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class DiskUse:
    """What all recordings need: how many, seconds, bytes."""

    count: int
    seconds: float
    size_bytes: int


class UnknownRecording(LookupError):
    """This call was not recorded."""


_COLUMNS: Final = [column for column in recordings.c if column.name != "peaks"]


def _recording(row: Mapping[str, Any]) -> Recording:
    values = {column.name: row[column.name] for column in _COLUMNS}
    return Recording(**values | {"state": RecordingState(values["state"])})


def begin(
    connection: Connection,
    call_id: str,
    started_at: datetime,
    *,
    queue: str | None = None,
    sides: bool = True,
    announced: bool = True,
    channel: str | None = None,
) -> None:
    """Notes that a recording runs; told twice, it is noted once."""
    connection.execute(
        insert_into(connection, recordings)
        .values(
            call_id=call_id,
            started_at=started_at,
            queue=queue,
            sides=sides,
            announced=announced,
            channel=channel,
            state=RecordingState.RUNNING,
        )
        .on_conflict_do_nothing()
    )


def get(connection: Connection, call_id: str) -> Recording:
    """One recording. Raises UnknownRecording."""
    row = connection.execute(select(*_COLUMNS).where(recordings.c.call_id == call_id)).mappings().one_or_none()
    if row is None:
        raise UnknownRecording(call_id)
    return _recording(dict(row))


def peaks(connection: Connection, call_id: str) -> str | None:
    """The wave form as it is kept."""
    return connection.scalar(select(recordings.c.peaks).where(recordings.c.call_id == call_id))


def running(connection: Connection) -> list[Recording]:
    """Recordings that are not taken in yet."""
    rows = connection.execute(select(*_COLUMNS).where(recordings.c.state == RecordingState.RUNNING))
    return [_recording(dict(row)) for row in rows.mappings()]


def recording_states(connection: Connection, call_ids: Collection[str]) -> dict[str, str]:
    """Call → state of its recording, of those calls that have one."""
    query = select(recordings.c.call_id, recordings.c.state).where(recordings.c.call_id.in_(list(call_ids)))
    return {row.call_id: row.state for row in connection.execute(query)}


def keep(connection: Connection, call_id: str, kept: Kept, at: datetime) -> None:
    """Notes that the sound is safe."""
    connection.execute(
        update(recordings)
        .where(recordings.c.call_id == call_id)
        .values(
            state=RecordingState.KEPT,
            path=kept.path,
            seconds=kept.seconds,
            missing_seconds=kept.missing_seconds,
            size_bytes=kept.size_bytes,
            sha256=kept.sha256,
            peaks=kept.peaks,
            kept_at=at,
            channel=None,
        )
    )
    close_pauses(connection, call_id, at)


def lose(connection: Connection, call_id: str) -> None:
    """Notes that no sound was found."""
    connection.execute(
        update(recordings)
        .where(recordings.c.call_id == call_id, recordings.c.state == RecordingState.RUNNING)
        .values(state=RecordingState.LOST, channel=None)
    )


def begin_pause(connection: Connection, call_id: str, at: datetime, staff_id: int, who: str) -> None:
    """Notes that what is said from now on is left out."""
    connection.execute(insert(recording_pauses).values(call_id=call_id, from_at=at, staff_id=staff_id, who=who))


def close_pauses(connection: Connection, call_id: str, at: datetime) -> None:
    """Notes that a pause is over."""
    columns = recording_pauses.c
    connection.execute(
        update(recording_pauses).where(columns.call_id == call_id, columns.until_at.is_(None)).values(until_at=at)
    )


def pauses(connection: Connection, call_id: str) -> list[PauseSpan]:
    """What was left out."""
    columns = recording_pauses.c
    query = select(columns.from_at, columns.until_at, columns.who).where(columns.call_id == call_id)
    return [PauseSpan(*row) for row in connection.execute(query.order_by(columns.from_at))]


def note_touches(connection: Connection, call_id: str, touches: Iterable[Touch]) -> None:
    """Notes that keys were pressed in a talk."""
    rows = [{"call_id": call_id, "pressed_at": touch.at, "agent": touch.agent} for touch in touches]
    connection.execute(insert(recording_keys), rows)


def touches(connection: Connection, call_id: str) -> list[Touch]:
    """When keys were pressed, in order."""
    columns = recording_keys.c
    query = select(columns.pressed_at, columns.agent).where(columns.call_id == call_id).order_by(columns.pressed_at)
    return [Touch(*row) for row in connection.execute(query)]


def paused_calls(connection: Connection) -> dict[str, datetime]:
    """Running recordings that are paused now → since when."""
    columns = recording_pauses.c
    query = (
        select(columns.call_id, columns.from_at)
        .join(recordings, recordings.c.call_id == columns.call_id)
        .where(columns.until_at.is_(None), recordings.c.state == RecordingState.RUNNING)
    )
    return {row.call_id: row.from_at for row in connection.execute(query)}


def agents_of(connection: Connection, call_id: str) -> set[str]:
    """Extensions of those who talked in a call."""
    return set(connection.scalars(select(conversations.c.agent).where(conversations.c.call_id == call_id)))


def _filtered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.from_at is not None:
        query = query.where(recordings.c.started_at >= wanted.from_at)
    if wanted.until_at is not None:
        query = query.where(recordings.c.started_at < wanted.until_at)
    if wanted.queue is not None:
        query = query.where(recordings.c.queue == wanted.queue)
    if wanted.number is not None:
        query = query.where(calls.c.caller_e164 == wanted.number)
    if wanted.call_ids is not None:
        query = query.where(recordings.c.call_id.in_(list(wanted.call_ids)))
    if wanted.agent is not None:
        talked = and_(conversations.c.call_id == recordings.c.call_id, conversations.c.agent == wanted.agent)
        query = query.where(exists().where(talked))
    return query


def listed(connection: Connection, wanted: Wanted) -> list[RecordingLine]:
    """One page of what is wanted, newest first; one more than `PAGE` when there is a next page."""
    columns = [calls.c.caller_e164, calls.c.caller_number, calls.c.agent, calls.c.survey_meaning, calls.c.arrived_at]
    joined = recordings.outerjoin(calls, calls.c.call_id == recordings.c.call_id)
    query = _filtered(select(*_COLUMNS, *columns).select_from(joined), wanted)
    query = query.order_by(recordings.c.started_at.desc()).limit(PAGE + 1).offset((wanted.page - 1) * PAGE)
    return [
        RecordingLine(
            recording=_recording(dict(row)),
            caller_number=row["caller_e164"] or row["caller_number"],
            agent=row["agent"],
            survey_meaning=row["survey_meaning"],
            arrived_at=row["arrived_at"],
        )
        for row in connection.execute(query).mappings()
    ]


def disk_use(connection: Connection, since: datetime | None = None) -> DiskUse:
    """What is kept, all of it or since a day."""
    columns = recordings.c
    query = select(
        func.count(), func.coalesce(func.sum(columns.seconds), 0.0), func.coalesce(func.sum(columns.size_bytes), 0),
    ).where(columns.state == RecordingState.KEPT)  # fmt: skip
    if since is not None:
        query = query.where(columns.started_at >= since)
    count, seconds, size = connection.execute(query).one()
    return DiskUse(count, float(seconds), int(size))


def expired(connection: Connection, before: datetime, limit: int = 200) -> list[Recording]:
    """Recordings from before a day that are still there, oldest first."""
    query = select(*_COLUMNS).where(recordings.c.state == RecordingState.KEPT, recordings.c.started_at < before)
    rows = connection.execute(query.order_by(recordings.c.started_at).limit(limit))
    return [_recording(dict(row)) for row in rows.mappings()]


def mark_deleted(connection: Connection, call_id: str, at: datetime) -> None:
    """Notes that the sound is gone; how long it was, and its checksum, stay."""
    values = {"state": RecordingState.DELETED, "path": None, "peaks": None, "deleted_at": at}
    connection.execute(update(recordings).where(recordings.c.call_id == call_id).values(**values))
    connection.execute(delete(recording_keys).where(recording_keys.c.call_id == call_id))


def sound_of(recording: Recording, folder: Path) -> Path:
    """The file to play. Raises UnknownRecording when it is not there, or not inside the folder."""
    root = folder.resolve()
    path = (root / (recording.path or "")).resolve()
    if recording.path is None or not path.is_relative_to(root) or not path.is_file():
        raise UnknownRecording(recording.call_id)
    return path
