"""Asterisk's queue_log → events: what happened while nobody listened.

Lines look like ``1795175023|1795175023.0|hotline|NONE|QUEUED|1795175023.111931|1``: whole second, call, queue, agent,
word, data. Our own facts carry their microsecond as first data field; app_queue's own words have the whole second only.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from ami_listener.events import (
    AgentLegEnded,
    AgentRang,
    AgentRingEnded,
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallTransferred,
    EndedBy,
    Event,
    LeaveStatus,
    Precision,
    QueueJoined,
    QueueLeft,
)
from ami_listener.facts import MalformedFact, fact_event, moment, stable_id
from dialplan.names import JOURNAL_NO_QUEUE, Fact, PauseReason, agent_of_interface

NAME: Final = "queue_log"
_FACTS: Final = frozenset(fact.value for fact in Fact)
_ROTATED: Final = re.compile(r"queue_log[.-][0-9]+")
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Position:
    """How far the journal has been read: which file (by inode, it is renamed on rotation) and how many bytes of it."""

    inode: int
    offset: int


def read_journal(folder: Path, since: Position | None) -> tuple[list[Event], Position]:
    """The events after ``since`` (None: all there is), and how far that was.

    Follows rotation: rotated files newer than the one we stopped in are read whole, oldest first. A last line without
    its end is left for the next time. A missing folder or file is an empty journal. Raises OSError for a file that is
    there and cannot be read.
    """
    events: list[Event] = []
    position = since or Position(0, 0)
    for path, inode, size in _to_read(folder, since):
        offset = position.offset if inode == position.inode and position.offset <= size else 0
        for text in _read(path, offset):
            events += events_of_lines(text.split("\n"))
            offset += len(text.encode("utf-8", "surrogateescape")) + 1
        position = Position(inode, offset)
    return events, position


def events_of_lines(lines: Iterable[str]) -> Iterator[Event]:
    """The events of journal lines; lines of others and torn ones have none."""
    for line in lines:
        parts = line.split("|", 5)
        if len(parts) == 6:
            try:
                yield from _events_of(line, *parts)
            except ValueError:  # torn, or written by somebody else in our words
                continue


def _to_read(folder: Path, since: Position | None) -> list[tuple[Path, int, int]]:
    """Files from where we stopped to now, oldest first: path, inode, size."""
    found: list[tuple[float, bool, Path, int, int]] = []
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    for name in names:
        current = name == NAME
        if not current and not _ROTATED.fullmatch(name):
            continue
        try:
            stat = (folder / name).stat()
        except FileNotFoundError:  # rotated away under our eyes; it will be there under its other name next time
            continue
        found.append((stat.st_mtime, current, folder / name, stat.st_ino, stat.st_size))
    files = [(path, inode, size) for _, _, path, inode, size in sorted(found, key=lambda f: (f[1], f[0], str(f[2])))]
    places = [index for index, (_, inode, _) in enumerate(files) if since and inode == since.inode]
    return files[places[0] :] if places else files


def _read(path: Path, offset: int) -> Iterator[str]:
    """Whole lines from ``offset``, many at a time, without the last line's end."""
    with path.open("rb") as file:
        file.seek(offset)
        rest = b""
        while chunk := file.read(_CHUNK):
            whole, found, rest = (rest + chunk).rpartition(b"\n")
            if found:
                # Bytes that are no UTF-8 survive the way there and back, so that offsets stay true.
                yield whole.decode("utf-8", "surrogateescape")


def _events_of(line: str, second: str, call_id: str, queue: str, agent: str, word: str, data: str) -> list[Event]:
    if word in _FACTS:
        if call_id == JOURNAL_NO_QUEUE:
            return []
        at, _, rest = data.partition("|")
        return [fact_event(word, call_id, queue, agent, at, _clean(rest))]
    if word in _PAUSES:
        return [_pause(line, second, agent_of_interface(agent), _PAUSES[word], data)]
    read = _WORDS.get(word)
    if read is None or call_id in ("", JOURNAL_NO_QUEUE):
        return []
    base = {
        "event_id": stable_id("journal", line),
        "occurred_at": moment(second),
        "call_id": call_id,
        "precision": Precision.SECOND,
    }
    return read(base, queue, agent_of_interface(agent), data.split("|"))


def _pause(line: str, second: str, agent: str, paused: bool, reason: str) -> Event:
    state = AgentState.AVAILABLE
    if paused:
        state = AgentState.WRAP_UP if reason == PauseReason.WRAP_UP else AgentState.PAUSED
    return AgentStateChanged(
        event_id=stable_id("journal", line),
        occurred_at=moment(second),
        precision=Precision.SECOND,
        agent=agent,
        state=state,
        pause_reason=(reason or None) if paused else None,
    )


def _clean(text: str) -> str:
    """What is no UTF-8 becomes what the manager interface makes of it, so that both name the fact alike."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


# --- app_queue's own words --------------------------------------------------------------------------------------------


def _enter(base: dict[str, Any], queue: str, agent: str, data: list[str]) -> list[Event]:  # url|caller|position
    position = int(data[2]) if len(data) > 2 and data[2].isdigit() else None
    return [QueueJoined(**base, queue=queue, pass_number=0, position=position)]


def _connect(base: dict[str, Any], queue: str, agent: str, data: list[str]) -> list[Event]:  # hold|channel id|ringing
    events: list[Event] = [CallAnswered(**base, queue=queue, agent=agent)]
    if len(data) > 2 and data[2].isdigit():
        at = base["occurred_at"] - timedelta(seconds=int(data[2]))
        name = stable_id("rang", base["event_id"])
        events.append(AgentRang(**{**base, "event_id": name, "occurred_at": at}, queue=queue, agent=agent))
    return events


def _no_answer(base: dict[str, Any], queue: str, agent: str, data: list[str]) -> list[Event]:  # milliseconds
    return [AgentRingEnded(**base, queue=queue, agent=agent, rang_seconds=int(data[0]) / 1000)]


def _complete(by: EndedBy) -> Callable[[dict[str, Any], str, str, list[str]], list[Event]]:
    return lambda base, queue, agent, data: [AgentLegEnded(**base, agent=agent, ended_by=by)]


def _blind(base: dict[str, Any], queue: str, agent: str, data: list[str]) -> list[Event]:  # extension|context|…
    return [CallTransferred(**base, kind="blind", agent=agent, to=data[0] or None)]


def _attended(base: dict[str, Any], queue: str, agent: str, data: list[str]) -> list[Event]:  # how|bridge|…
    return [CallTransferred(**base, kind="attended", agent=agent, to=None)]


def _leave(status: LeaveStatus) -> Callable[[dict[str, Any], str, str, list[str]], list[Event]]:
    return lambda base, queue, agent, data: [QueueLeft(**base, queue=queue, pass_number=0, status=status)]


# The line for all queues; those for single queues repeat it.
_PAUSES: Final = {"PAUSEALL": True, "UNPAUSEALL": False}

_WORDS: Final[dict[str, Callable[[dict[str, Any], str, str, list[str]], list[Event]]]] = {
    "ENTERQUEUE": _enter,
    "CONNECT": _connect,
    "RINGNOANSWER": _no_answer,
    "RINGCANCELED": _no_answer,
    "COMPLETEAGENT": _complete(EndedBy.AGENT),
    "COMPLETECALLER": _complete(EndedBy.CALLER),
    "TRANSFER": _blind,  # older Asterisk
    "BLINDTRANSFER": _blind,
    "ATTENDEDTRANSFER": _attended,
    "ABANDON": _leave(LeaveStatus.ABANDONED),
    "EXITWITHTIMEOUT": _leave(LeaveStatus.TIMED_OUT),
    "EXITWITHKEY": _leave(LeaveStatus.KEY),
    "EXITEMPTY": _leave(LeaveStatus.UNAVAILABLE),
}

__all__ = ["MalformedFact", "Position", "events_of_lines", "read_journal"]
