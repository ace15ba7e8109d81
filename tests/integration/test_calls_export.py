"""Lists, stories and the export of calls."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert

from ami_listener.events import EndedBy, PickUpReason
from ami_listener.records import Callback, CallRecord, Conversation, Message, Outcome, Survey
from crm.calls.models import calls
from crm.calls.rows import rows_of
from crm.calls.service import EXPORT_FIELDS, CallFilter, UnknownCallError, export_calls, get_call, list_calls
from crm.calls.store import Batch, CallStore
from crm.database import reading, writing
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def store(engine: Engine, *records: CallRecord) -> None:
    writer = CallStore(engine, lambda: NOON)
    assert writer.write(Batch(calls=[rows_of(record, normalise) for record in records])) == ()
    writer.close()


def call(call_id: str, seconds: float, number: str | None = "0812345678", **more: object) -> CallRecord:
    record = CallRecord(call_id, at(seconds), number, "1169", "provider")
    for name, value in more.items():
        setattr(record, name, value)
    return record


def test_the_export_has_exactly_its_fields_in_order(engine: Engine) -> None:
    full = call(
        "pbx-1.1",
        0.000001,
        queue="hotline",
        assistant_answered_at=at(9),
        assistant_reason=PickUpReason.GUARD,
        conversations=[Conversation("hotline", "1001", at(12.5), at(60), EndedBy.AGENT)],
        survey=Survey("scale-123", at(61), at(63), "1", "impressed"),
        ended_at=at(64),
        ended_by=EndedBy.AGENT,
        outcome=Outcome.ANSWERED,
    )
    store(engine, full, call("pbx-2.1", 1))
    with reading(engine) as connection:
        [first, second] = export_calls(connection)
    assert first == {
        "call_id": "pbx-1.1",
        "caller_number": "+66812345678",
        "called_number": "1169",
        "arrived_at": "2026-11-20T12:00:00.000001+00:00",
        "assistant_answered_at": "2026-11-20T12:00:09.000000+00:00",
        "agent_answered_at": "2026-11-20T12:00:12.500000+00:00",
        "agent": "1001",
        "ended_at": "2026-11-20T12:01:04.000000+00:00",
        "ended_by": "agent",
        "outcome": "answered",
        "survey_key": "1",
        "survey_meaning": "impressed",
    }
    assert tuple(first) == tuple(second) == EXPORT_FIELDS
    known = {"call_id", "caller_number", "called_number", "arrived_at"}
    assert all(second[name] is None for name in EXPORT_FIELDS if name not in known)


@pytest.mark.parametrize(
    ("came", "exported"),
    [
        ("0812345678", "+66812345678"),
        ("1169", "1169"),
        ("somchai", "somchai"),
        ("0111111111", "0111111111"),
        ("anonymous", None),
        ("", None),
        (None, None),
    ],
)
def test_C1_the_callers_number_in_the_export(engine: Engine, came: str | None, exported: str | None) -> None:
    store(engine, call("pbx-1.1", 0, came))
    with reading(engine) as connection:
        assert [line["caller_number"] for line in export_calls(connection)] == [exported]


def test_only_inbound_calls_of_the_time_asked_for_oldest_first(engine: Engine) -> None:
    store(
        engine,
        *(call(f"pbx-{n}", n) for n in (5, 3, 1, 4, 2, 0)),
        call("pbx-back", 3, callback_of="pbx-1"),
    )
    with reading(engine) as connection:
        assert [line["call_id"] for line in export_calls(connection)] == [f"pbx-{n}" for n in range(6)]
        assert [line["call_id"] for line in export_calls(connection, at(2), at(4))] == ["pbx-2", "pbx-3"]
        bangkok = at(4).astimezone(tz=None)
        assert [line["call_id"] for line in export_calls(connection, bangkok)] == ["pbx-4", "pbx-5"]
        assert list(export_calls(connection, at(10))) == []


def test_a_long_export_needs_little_memory(engine: Engine) -> None:
    rows = [
        {
            "call_id": f"pbx-{n:06}",
            "arrived_at": at(n),
            "called_number": "1169",
            "trunk": "provider",
            "precision": "microsecond",
            "updated_at": NOON,
        }
        for n in range(30_000)
    ]
    with writing(engine) as connection:
        connection.execute(insert(calls), rows)
    del rows
    with reading(engine) as connection:
        lines = export_calls(connection)
        next(lines)
        tracemalloc.start()
        count = 1 + sum(1 for _line in lines)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 30_000
    assert most < 6_000_000  # all at once would be more than 30 MB


def test_an_export_may_be_left_in_the_middle(engine: Engine) -> None:
    store(engine, *(call(f"pbx-{n}", n) for n in range(5)))
    with reading(engine) as connection:
        lines = export_calls(connection)
        assert next(lines)["call_id"] == "pbx-0"
        lines.close()  # type: ignore[attr-defined]
        assert len(list_calls(connection)) == 5


def test_lists_are_newest_first_and_filtered(engine: Engine) -> None:
    store(
        engine,
        call("pbx-1", 1, queue="hotline", outcome=Outcome.ABANDONED, ended_at=at(2)),
        call("pbx-2", 2, "02-507-7999", queue="technical", conversations=[Conversation("technical", "1002", at(5))]),
        call("pbx-3", 3, queue="hotline", callback_of="pbx-1"),
    )
    cases = {
        CallFilter(): ["pbx-3", "pbx-2", "pbx-1"],
        CallFilter(inbound_only=True): ["pbx-2", "pbx-1"],
        CallFilter(queue="hotline"): ["pbx-3", "pbx-1"],
        CallFilter(agent="1002"): ["pbx-2"],
        CallFilter(number="+6625077999"): ["pbx-2"],
        CallFilter(outcome=Outcome.ABANDONED): ["pbx-1"],
        CallFilter(from_at=at(2), to_at=at(3)): ["pbx-2"],
    }
    with reading(engine) as connection:
        for wanted, found in cases.items():
            assert [line.call_id for line in list_calls(connection, wanted)] == found
        assert [line.call_id for line in list_calls(connection, limit=1)] == ["pbx-3"]


def test_C3_the_whole_story_of_a_call(engine: Engine) -> None:
    with writing(engine) as connection:
        create_person(connection, Profile(display_name="Somchai"), NOON, normalise("0812345678"))
    record = call(
        "pbx-1",
        1,
        ended_at=at(20),
        callback=Callback("hotline", "+66812345678", at(10)),
        message=Message("pbx-1.wav", 3.0, at(15)),
    )
    store(engine, record)
    with reading(engine) as connection:
        story = get_call(connection, "pbx-1")
        with pytest.raises(UnknownCallError, match="pbx-9"):
            get_call(connection, "pbx-9")
    assert story.record == record
    assert story.caller_number == "+66812345678"
    assert story.person is not None
    assert story.person.display_name == "Somchai"
    assert story.callback is not None
    assert (story.callback.state, story.callback.tries, story.message_state) == ("waiting", 0, "new")
