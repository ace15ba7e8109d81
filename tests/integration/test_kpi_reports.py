"""Figures from the database are the figures of the records (H1, H7, H8), on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert

from ami_listener.events import LeaveStatus
from ami_listener.records import (
    Callback,
    CallRecord,
    Conversation,
    Hold,
    Message,
    Outcome,
    QueuePass,
    Survey,
)
from crm.calls.models import agent_states
from crm.calls.rows import rows_of
from crm.database import metadata, reading, writing
from crm.people.numbers import normalise
from crm.reports.facts import fact_of
from crm.reports.queries import OpenWork, facts_between, open_work
from metrics import kpi
from metrics.intervals import Step, period_of
from metrics.tally import Limits, Tally, tally_by

BANGKOK = ZoneInfo("Asia/Bangkok")
MIDNIGHT = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)  # in Bangkok


def at(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(hours=9, seconds=seconds)


def record(call_id: str, **known: Any) -> CallRecord:
    base = {"caller_number": "0812345678", "called_number": "1169", "trunk": "main", "queue": "general"}
    return CallRecord(call_id=call_id, arrived_at=at(0), **(base | known))


def write(engine: Engine, *records: CallRecord) -> None:
    """All rows of the calls."""
    with writing(engine) as connection:
        for one in records:
            for name, rows in rows_of(one, normalise).tables.items():
                for row in rows:
                    stamp = {"updated_at": at(1000)} if name == "calls" else {}
                    connection.execute(insert(metadata.tables[name]).values(row | stamp))


def answered(call_id: str, wait: float, *parts: Conversation, **known: Any) -> CallRecord:
    conversations = list(parts) or [Conversation("general", "1001", at(wait), at(wait + 60))]
    end: dict[str, Any] = {"ended_at": at(300), "outcome": Outcome.ANSWERED, "conversations": conversations}
    return record(call_id, **(end | known))


RECORDS = [
    answered("plain", 3, survey=Survey("scale-123", at(64), at(70), "1", "impressed")),
    answered("no answer", 9, survey=Survey("scale-123", at(70))),
    answered("held", 4, holds=[Hold("1001", at(10), at(15.5)), Hold("1001", at(20), at(20.000001))]),
    answered("hung up on hold", 4, holds=[Hold("1001", at(60), None)]),
    answered("hold of nobody", 4, holds=[Hold("1009", at(60), None)]),
    answered(
        "transferred",
        12.25,
        Conversation("general", "1001", at(12.25), at(40)),
        Conversation(None, "1002", at(41), at(100.000001)),
        assistant_answered_at=at(9.01),
    ),
    record("talking", conversations=[Conversation("general", "1001", at(2))], holds=[Hold("1001", at(5))]),
    record("waiting", assistant_answered_at=at(9)),
    record("hung up", ended_at=at(4), outcome=Outcome.ABANDONED),
    record("hung up in the menu", queue=None, ended_at=at(4), outcome=Outcome.ABANDONED),
    record("closed", closed_reason="holiday", ended_at=at(20), outcome=Outcome.CLOSED),
    record("closed, message", closed_reason="hours", ended_at=at(30), outcome=Outcome.MESSAGE),
    record(
        "message",
        ended_at=at(90),
        outcome=Outcome.MESSAGE,
        passes=[
            QueuePass("general", 1, at(0), 1, at(9), LeaveStatus.TIMED_OUT),
            QueuePass("general", 2, at(9), 1, at(31), LeaveStatus.KEY),
        ],
        message=Message("m.wav", 20.0, at(80), "general"),
    ),
    record("callback", ended_at=at(60), outcome=Outcome.CALLBACK, callback=Callback("general", "+66812345678", at(45))),
    answered("called back", 5, callback_of="callback"),
    record("failed", ended_at=at(1), outcome=Outcome.FAILED),
]


@pytest.fixture
def stored(engine: Engine) -> Engine:
    """All the records."""
    write(engine, *RECORDS)
    return engine


def test_rows_say_what_the_records_say(stored: Engine) -> None:
    with reading(stored) as connection:
        found = {fact.call_id: fact for fact in facts_between(connection, at(-1), at(1))}
    assert found == {one.call_id: fact_of(one) for one in RECORDS}


@pytest.mark.parametrize(
    ("call_id", "talk", "hold"),
    [
        ("plain", 60.0, 0.0),
        ("held", 54.499999, 5.500001),
        ("hung up on hold", 56.0, 4.0),
        ("hold of nobody", 60.0, 0.0),
        ("transferred", 86.750001, 0.0),
        ("talking", None, None),
        ("waiting", None, None),
    ],
)
def test_talk_and_hold(call_id: str, talk: float | None, hold: float | None) -> None:
    fact = fact_of(next(one for one in RECORDS if one.call_id == call_id))
    assert (fact.talk_seconds, fact.hold_seconds) == (talk, hold)


def test_left_queue_by_key() -> None:
    facts = {one.call_id: fact_of(one) for one in RECORDS}
    assert facts["message"].wait == timedelta(seconds=31)
    assert facts["callback"].wait == timedelta(seconds=45)


def of_day(engine: Engine, now: datetime) -> dict[str | None, Tally]:
    """Queue → tally of the local day that ``now`` lies in."""
    day = period_of(now, Step.DAY, BANGKOK)
    with reading(engine) as connection:
        return tally_by(facts_between(connection, day.start_at, day.end_at), lambda call: call.queue, Limits())


def test_figures_of_a_day(stored: Engine) -> None:
    by_queue = of_day(stored, at(1000))
    total = sum(by_queue.values(), start=Tally())
    assert (total.offered, total.waiting, total.answered, total.closed) == (13, 1, 7, 2)
    assert (total.messages, total.callbacks, total.callbacks_completed, total.failed) == (1, 1, 1, 1)
    assert kpi.answered_rate_strict(total) == 7 / 12
    assert kpi.answered_within(total) == 6 / 12
    assert kpi.satisfaction(total) == 1.0
    assert kpi.survey_response_rate(total) == 0.5
    assert by_queue[None].abandoned == 1
    assert by_queue["general"] + by_queue[None] == total
    assert of_day(stored, MIDNIGHT - timedelta(microseconds=1)) == {}


def test_midnight_belongs_to_the_new_day(engine: Engine) -> None:
    last, first = record("last"), record("first")
    last.arrived_at, first.arrived_at = MIDNIGHT - timedelta(microseconds=1), MIDNIGHT
    write(engine, last, first)
    for moment in (MIDNIGHT, MIDNIGHT - timedelta(seconds=1)):
        assert of_day(engine, moment)["general"].offered == 1


def test_wrap_up_follows_the_talk(engine: Engine) -> None:
    """H9: of the people in the call; a pause that came later is not this call's."""
    other = Conversation("general", "1002", at(4), at(63))
    write(engine, answered("plain", 3), answered("other", 4, other))
    states = [("in_call", 3, 63.2), ("wrap_up", 63.2, 93.2), ("available", 93.2, 200), ("wrap_up", 200, 230)]
    with writing(engine) as connection:
        for state, since, until in states:
            row = {"agent": "1001", "state": state, "since": at(since), "until": at(until)}
            connection.execute(insert(agent_states).values(row))
    with reading(engine) as connection:
        found = {fact.call_id: fact.wrap_up_seconds for fact in facts_between(connection, at(-1), at(1))}
    assert found == {"plain": 30.0, "other": None}


def test_open_work(stored: Engine) -> None:
    with reading(stored) as connection:
        assert open_work(connection) == {"general": OpenWork(callbacks=1, messages=1)}
