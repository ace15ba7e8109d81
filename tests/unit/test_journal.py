"""queue_log as journal: rotation, torn lines, other people's lines, speed."""

import os
import time
from pathlib import Path

import pytest
from scenarios import CALL, ami_events, journal, journal_events, moment

from ami_listener.events import (
    AgentLegEnded,
    AgentRingEnded,
    AgentState,
    AgentStateChanged,
    CallAnswered,
    EndedBy,
    Event,
    Precision,
    QueueLeft,
)
from ami_listener.journal import Position, events_of_lines, read_journal

ROWS = """
    0.00 ARRIVED - - 0812345678|1169|trunk|PJSIP/trunk-00000001
    0.01 QUEUED general - 1
    3.00 ANSWERED general 1001 PJSIP/1001-00000001
    9.00 ENDED - - 16|
"""
LINES = [line + "\n" for line in journal(ROWS)]


def ids(events: list[Event]) -> list[str]:
    return [event.event_id for event in events]


ALL = ids(journal_events(ROWS))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "queue_log"
    path.write_text("".join(LINES))
    return path


def test_facts_have_the_same_name_from_both_sources() -> None:
    """H1: heard twice, counted once."""
    assert ids(ami_events(ROWS)) == ALL
    assert ami_events(ROWS) == journal_events(ROWS)


def test_reads_on_where_it_stopped(log: Path) -> None:
    log.write_text("".join(LINES[:2]))
    first, position = read_journal(log.parent, None)
    again, same = read_journal(log.parent, position)
    with log.open("a") as file:
        file.write("".join(LINES[2:]))
    rest, _ = read_journal(log.parent, same)
    assert (ids(first), again, ids(rest)) == (ALL[:2], [], ALL[2:])
    assert same == position


@pytest.mark.parametrize("cut", range(1, len(LINES[-1])))
def test_a_torn_last_line_is_read_when_it_is_whole(log: Path, cut: int) -> None:
    log.write_text("".join(LINES)[:-cut])
    first, position = read_journal(log.parent, None)
    log.write_text("".join(LINES))
    os.utime(log)
    rest, _ = read_journal(log.parent, position)
    assert ids(first) + ids(rest) == ALL


@pytest.mark.parametrize("rotated_name", ["queue_log.1", "queue_log-20251120", "queue_log.0"])
def test_rotation_between_two_readings_loses_nothing(log: Path, rotated_name: str) -> None:
    log.write_text("".join(LINES[:1]))
    first, position = read_journal(log.parent, None)
    with log.open("a") as file:
        file.write(LINES[1])
    log.rename(log.with_name(rotated_name))
    log.write_text(LINES[2])
    rest, position = read_journal(log.parent, position)
    with log.open("a") as file:
        file.write(LINES[3])
    last, _ = read_journal(log.parent, position)
    assert (ids(first), ids(rest), ids(last)) == (ALL[:1], ALL[1:3], ALL[3:])


def test_rotated_twice_is_read_oldest_first(log: Path) -> None:
    for number, line in ((2, LINES[0]), (1, LINES[1])):
        old = log.with_name(f"queue_log.{number}")
        old.write_text(line)
        os.utime(old, (1000 - number, 1000 - number))
    log.write_text("".join(LINES[2:]))
    events, _ = read_journal(log.parent, None)
    assert ids(events) == ALL


def test_a_truncated_file_is_read_from_its_start(log: Path) -> None:
    _, position = read_journal(log.parent, None)
    os.truncate(log, 0)
    with log.open("a") as file:
        file.write(LINES[0])
    events, after = read_journal(log.parent, position)
    assert ids(events) == ALL[:1]
    assert after == Position(position.inode, len(LINES[0]))


def test_no_file_and_no_folder_are_an_empty_journal(tmp_path: Path) -> None:
    assert read_journal(tmp_path, None) == ([], Position(0, 0))
    assert read_journal(tmp_path / "nowhere", Position(1, 2)) == ([], Position(1, 2))


def test_other_peoples_lines_and_bad_bytes_do_no_harm(log: Path) -> None:
    noise = (
        b"\n||||\n|||||\nx|y\n1763636400|NONE|NONE|NONE|QUEUESTART|\n1763636400|1.1|q|NONE|DID|1169\n\xff\xfe|\x00\n"
    )
    noise += b"later|1.1|q|1001|CONNECT|1|2|3\n1763636400|1.1|q|NONE|LEFT|1763636400.1|1|PERHAPS\n"
    noise += b"1763636400|1.1|q|1001|RINGNOANSWER|soon\n1763636400|NONE|NONE|NONE|ENDED|1763636400.1|16|\n"
    log.write_bytes(noise + "".join(LINES[:2]).encode() + noise + "".join(LINES[2:]).encode())
    events, position = read_journal(log.parent, None)
    assert ids(events) == ALL
    assert position.offset == log.stat().st_size


def test_bytes_that_are_no_text_name_the_fact_as_the_manager_interface_does(log: Path) -> None:
    """AMI decodes with replacement characters; the event must still be one and the same."""
    log.write_bytes(b"1763636400|1.1|NONE|NONE|LANGUAGE|1763636400.100000|t\xe0\xb8h\n")
    (event,), position = read_journal(log.parent, None)
    decoded = b"t\xe0\xb8h".decode("utf-8", "replace")
    (heard,) = ami_events(f"-0.15 LANGUAGE - - {decoded}", "1.1")
    assert event == heard
    assert position.offset == log.stat().st_size


def one(line: str) -> list[Event]:
    return list(events_of_lines([line]))


def test_app_queues_own_words_have_whole_seconds() -> None:
    answered, rang = one(f"1763636403|{CALL}|general|1001|CONNECT|3|1763636400.9|2")
    assert isinstance(answered, CallAnswered)
    assert (answered.agent, answered.precision) == ("1001", Precision.SECOND)
    assert (answered.occurred_at - rang.occurred_at).total_seconds() == 2
    assert answered.event_id != rang.event_id


@pytest.mark.parametrize(("word", "by"), [("COMPLETEAGENT", EndedBy.AGENT), ("COMPLETECALLER", EndedBy.CALLER)])
def test_who_ended(word: str, by: EndedBy) -> None:
    (event,) = one(f"1763636410|{CALL}|general|PJSIP/1001|{word}|3|7|1")
    assert isinstance(event, AgentLegEnded)
    assert (event.agent, event.ended_by) == ("1001", by)


def test_rings_that_were_cancelled_have_their_length() -> None:
    (event,) = one(f"1763636410|{CALL}|general|1001|RINGCANCELED|10809")
    assert isinstance(event, AgentRingEnded)
    assert event.rang_seconds == 10.809


@pytest.mark.parametrize("word", ["ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY"])
def test_ends_of_a_pass(word: str) -> None:
    (event,) = one(f"1763636410|{CALL}|general|NONE|{word}|1|1|9")
    assert isinstance(event, QueueLeft)
    assert (event.pass_number, event.precision) == (0, Precision.SECOND)


def test_pauses_are_told_once_for_all_queues() -> None:
    lines = [
        "1763636410|NONE|NONE|1001|PAUSEALL|wrap-up",
        "1763636410|NONE|general|1001|PAUSE|wrap-up",
        "1763636440|NONE|NONE|1001|UNPAUSEALL|",
        "1763636440|NONE|general|1001|UNPAUSE|",
    ]
    events = [event for event in events_of_lines(lines) if isinstance(event, AgentStateChanged)]
    states = [(event.agent, event.state, event.pause_reason) for event in events]
    assert states == [("1001", AgentState.WRAP_UP, "wrap-up"), ("1001", AgentState.AVAILABLE, None)]


def test_a_long_journal_is_read_quickly(tmp_path: Path) -> None:
    """Own CPU time; the limit leaves room for slow machines."""
    lines = "".join(LINES) * 5_000
    (tmp_path / "queue_log").write_text(lines)
    began = time.process_time()
    events, _ = read_journal(tmp_path, None)
    per_second = len(events) / (time.process_time() - began)
    assert len(events) == len(LINES) * 5_000
    assert events[0].occurred_at == moment(0)
    assert per_second > 20_000, f"{per_second:.0f} lines a second"
