"""What happened to a call is written down once, whole, in whatever order and however often it is told."""

import asyncio
import copy
import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, select

from ami_listener.events import (
    AgentState,
    AgentStateChanged,
    CallbackTried,
    EndedBy,
    LeaveStatus,
    PickUpReason,
    Precision,
)
from ami_listener.records import (
    Callback,
    CallRecord,
    Conversation,
    Hold,
    MenuKey,
    Message,
    Outcome,
    QueuePass,
    Ring,
    Survey,
    Transfer,
)
from crm.calls.models import agent_states, callbacks, calls, late_half_hours, messages, stream_gaps
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallbackPolicy, CallStore, StreamGap
from crm.calls.stored import load_agent_states, load_calls, load_calls_since, load_open_calls, load_position
from crm.database import metadata, reading, writing
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person
from crm.recorder import Recorder

NOON = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def now() -> datetime:
    return datetime.now(UTC)


def full_call(call_id: str = "pbx-1.1") -> CallRecord:
    """A call in which everything happens that can happen."""
    return CallRecord(
        call_id,
        NOON,
        "081-234-5678",
        "1169",
        "provider",
        language="th",
        queue="technical",
        assistant_answered_at=at(9),
        assistant_reason=PickUpReason.GUARD,
        ended_at=at(100),
        ended_by=EndedBy.AGENT,
        outcome=Outcome.ANSWERED,
        cause=16,
        precision=Precision.SECOND,
        passes=[
            QueuePass("hotline", 1, at(0.1), 1, at(9), LeaveStatus.TIMED_OUT),
            QueuePass("technical", 2, at(9.1), 3, at(12), LeaveStatus.ANSWERED),
        ],
        rings=[
            Ring("hotline", "1001", at(0.2), at(9), False),
            Ring("technical", "1002", at(10), at(12), True, Precision.SECOND),
            Ring("technical", "1003", at(10)),
        ],
        conversations=[
            Conversation("technical", "1002", at(12), at(50), EndedBy.TRANSFER, "PJSIP/1002-1"),
            Conversation(None, "1004", at(52), at(90), EndedBy.AGENT),
        ],
        holds=[Hold("1002", at(20), at(25)), Hold("1002", at(30))],
        transfers=[Transfer("attended", "1002", "1004", at(50)), Transfer("blind", "1004", None, at(60))],
        menu_keys=[MenuKey("language", "1", "th", at(3)), MenuKey("matter", "9", None, at(5))],
        survey=Survey("scale-123", at(91), at(95), "1", "impressed"),
        callback=Callback("hotline", "+66812345678", at(40)),
        message=Message("2026/11/20/pbx-1.1.wav", 12.5, at(45), "hotline"),
    )


def growing_call(call_id: str) -> list[CallRecord]:
    """Six snapshots of one call, as it grows."""
    call = CallRecord(call_id, NOON, "0812345678", "1169", "provider")
    seen = [copy.deepcopy(call)]

    def then(change: Callable[[], object]) -> None:
        change()
        seen.append(copy.deepcopy(call))

    then(lambda: call.passes.append(QueuePass("hotline", 1, at(0.1), 1)))
    then(lambda: call.rings.extend(Ring("hotline", str(1000 + n), at(0.2)) for n in range(3)))
    then(lambda: call.conversations.append(Conversation("hotline", "1001", at(4))))
    then(lambda: setattr(call, "survey", Survey("scale-123", at(60), at(62), "2", "satisfied")))
    call.outcome = Outcome.ANSWERED
    then(lambda: setattr(call, "ended_at", at(63)))
    return seen


def write(store: CallStore, *records: CallRecord) -> None:
    assert store.write(Batch(calls=[rows_of(record, normalise) for record in records])) == ()


def everything(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables; not the notes that something came late, which count how often."""
    with reading(engine) as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table is not late_half_hours
        }


@pytest.fixture
def new_store(engine: Engine) -> Iterator[Callable[[], CallStore]]:
    """Makes stores, as a restarted program would."""
    made: list[CallStore] = []

    def make() -> CallStore:
        made.append(CallStore(engine, now, CallbackPolicy(tries=3, retry_seconds=300)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def store(new_store: Callable[[], CallStore]) -> CallStore:
    return new_store()


# --- the writer -------------------------------------------------------------------------------------------------------


def test_C1_K1_H7_a_call_comes_back_as_it_was(engine: Engine, store: CallStore) -> None:
    call = full_call()
    write(store, call)
    assert load_calls(engine, ["pbx-1.1"]) == [call]


def test_a_call_written_twice_changes_nothing(
    engine: Engine, store: CallStore, new_store: Callable[[], CallStore]
) -> None:
    write(store, full_call())
    before = everything(engine)
    write(store, full_call())  # the same store: nothing to write
    write(new_store(), full_call())  # another, after a restart: writes all of it again
    assert everything(engine) == before  # not even when it was changed last


def test_a_new_call_behind_a_grown_one_is_one_transaction(engine: Engine, store: CallStore) -> None:
    """The new call's own row goes before its parts, whatever the call before it in the batch has to write."""
    write(store, growing_call("grown")[0])
    begun: list[object] = []
    note = begun.append
    event.listen(engine, "begin", note)
    write(store, growing_call("grown")[1], growing_call("new")[-1])
    event.remove(engine, "begin", note)
    assert len(begun) == 1
    assert load_calls(engine, ["new"]) == [growing_call("new")[-1]]


def test_snapshots_may_be_replayed_in_any_order_before_the_last(
    engine: Engine, new_store: Callable[[], CallStore]
) -> None:
    snapshots = [growing_call(f"pbx-{n}") for n in range(5)]
    shuffled = [one for call in snapshots for one in call[:-1]]
    for seed in range(3):
        random.Random(seed).shuffle(shuffled)
        store = new_store()
        for one in shuffled:
            write(store, one)
        write(store, *(call[-1] for call in snapshots))
        assert load_calls(engine, [f"pbx-{n}" for n in range(5)]) == [call[-1] for call in snapshots]
    with reading(engine) as connection:
        assert len(connection.execute(select(calls)).all()) == 5


@pytest.mark.parametrize("restarted", [False, True])
def test_what_a_later_snapshot_no_longer_has_is_deleted(
    engine: Engine, store: CallStore, new_store: Callable[[], CallStore], restarted: bool
) -> None:
    write(store, full_call(), full_call("pbx-2.1"))
    call = full_call()
    call.rings, call.holds, call.callback, call.message, call.survey = call.rings[1:], [], None, None, None
    if restarted:
        store.close()
        store = new_store()
    write(store, call)
    assert load_calls(engine, ["pbx-1.1", "pbx-2.1"]) == [call, full_call("pbx-2.1")]


def test_open_calls_are_found_after_a_restart(engine: Engine, store: CallStore) -> None:
    open_call = growing_call("pbx-open")[-2]
    ended = full_call("pbx-ended")
    write(store, open_call, ended)
    assert load_open_calls(engine) == [open_call]
    assert load_calls_since(engine, at(100)) == [ended, open_call]
    assert load_calls_since(engine, at(101)) == [open_call]


def test_position_and_gaps_are_kept(engine: Engine, store: CallStore) -> None:
    assert load_position(engine) is None
    store.write(Batch(position='{"offset": 1}', gaps=[StreamGap(at(0), "connection lost")]))
    store.write(Batch(position='{"offset": 2}', gaps=[StreamGap(at(0), "connection lost", at(30))]))
    store.write(Batch(gaps=[StreamGap(at(0), "connection lost")]))  # told again, late
    assert load_position(engine) == '{"offset": 2}'
    with reading(engine) as connection:
        assert [tuple(row) for row in connection.execute(select(stream_gaps))] == [(at(0), at(30), "connection lost")]


def test_agent_states_follow_each_other_whatever_order_they_are_told_in(engine: Engine, store: CallStore) -> None:
    facts = [
        AgentStateChanged(event_id=str(n), occurred_at=at(n), agent=agent, state=state, pause_reason=reason)
        for agent in ("1001", "1002")
        for n, (state, reason) in enumerate(
            [
                (AgentState.AVAILABLE, None),
                (AgentState.RINGING, None),
                (AgentState.IN_CALL, None),
                (AgentState.WRAP_UP, "wrap-up"),
                (AgentState.PAUSED, "lunch"),
            ]
        )
    ]
    for seed in range(3):
        random.Random(seed).shuffle(facts)
        store.write(Batch(agent_states=facts[:5]))
        store.write(Batch(agent_states=facts[5:]))
        store.write(Batch(agent_states=facts[:3]))
        with reading(engine) as connection:
            rows = connection.execute(select(agent_states).order_by(agent_states.c.agent, agent_states.c.since)).all()
        assert [(row.since, row.until) for row in rows[:5]] == [(at(n), at(n + 1) if n < 4 else None) for n in range(5)]
        assert len(rows) == 10
    assert load_agent_states(engine)["1002"] == ("paused", "lunch", at(4))


def test_a_call_is_linked_only_when_its_number_belongs_to_one_person(
    engine: Engine, store: CallStore, new_store: Callable[[], CallStore]
) -> None:
    with writing(engine) as connection:
        one = create_person(connection, Profile(display_name="One"), NOON, normalise("0812345678"))
        two = create_person(connection, Profile(display_name="Two"), NOON, normalise("025077999"))
        create_person(connection, Profile(display_name="Three"), NOON, normalise("025077999"))
    cases = {"alone": "66812345678", "shared": "02-507-7999", "nobody": "0899999999", "withheld": "anonymous"}
    records = []
    for call_id, number in cases.items():
        record = growing_call(call_id)[-1]
        record.caller_number = number
        records.append(record)
    open_call = growing_call("open")[0]
    write(store, *records, open_call)
    with reading(engine) as connection:
        linked = {row.call_id: row.person_id for row in connection.execute(select(calls))}
    assert linked == {"alone": one, "shared": None, "nobody": None, "withheld": None, "open": None}
    with writing(engine) as connection:  # the agent says who it was (C3); the recorder leaves it so
        connection.execute(calls.update().where(calls.c.call_id == "shared").values(person_id=two))
    records[1].cause = 31
    write(store, *records)
    write(new_store(), *records)
    with reading(engine) as connection:
        assert connection.scalar(select(calls.c.person_id).where(calls.c.call_id == "shared")) == two


@pytest.mark.parametrize(
    ("tries", "expected"),
    [
        ([], ("waiting", 0, None)),
        ([(1, "calling")], ("calling", 1, None)),
        ([(1, "calling"), (1, "connected")], ("done", 1, None)),
        ([(1, "calling"), (1, "busy")], ("waiting", 1, at(1300))),
        ([(1, "busy"), (1, "calling")], ("waiting", 1, at(1300))),  # told in the wrong order
        ([(1, "no_answer"), (2, "calling")], ("calling", 2, None)),
        ([(1, "no_answer"), (2, "failed"), (3, "no_answer")], ("given_up", 3, None)),
        ([(1, "no_answer"), (2, "connected"), (1, "calling"), (1, "no_answer")], ("done", 2, None)),
    ],
)
def test_where_a_callback_stands(
    engine: Engine,
    store: CallStore,
    new_store: Callable[[], CallStore],
    tries: list[tuple[int, str]],
    expected: tuple[object, ...],
) -> None:
    write(store, full_call())
    facts = [
        CallbackTried(
            event_id=f"{n}", occurred_at=at(1000), request_call_id="pbx-1.1", number=None, try_number=n, result=result
        )
        for n, result in tries
    ]
    for _ in range(2):  # replayed: nothing changes
        store.write(Batch(callback_tries=facts))
        write(new_store(), full_call())  # the call itself, told again, does not undo it
        with reading(engine) as connection:
            row = connection.execute(select(callbacks)).one()
        assert (row.state, row.tries, row.next_try_at) == expected


def test_a_second_request_of_the_same_number_is_only_noted(engine: Engine, store: CallStore) -> None:
    again = full_call("pbx-2.1")
    assert again.callback is not None
    again.callback.duplicate = True
    write(store, full_call(), again)
    with reading(engine) as connection:
        states = {row.call_id: row.state for row in connection.execute(select(callbacks))}
    assert states == {"pbx-1.1": "waiting", "pbx-2.1": "duplicate"}
    assert load_calls(engine, ["pbx-2.1"]) == [again]


def test_a_message_that_was_heard_stays_heard(engine: Engine, store: CallStore) -> None:
    write(store, full_call())
    with writing(engine) as connection:
        connection.execute(messages.update().values(state="heard", heard_by="1001"))
    later = full_call()
    assert later.message is not None
    later.message.seconds = 13.0
    write(store, later)
    with reading(engine) as connection:
        row = connection.execute(select(messages)).one()
    assert (row.state, row.heard_by, row.seconds) == ("heard", "1001", 13.0)


@pytest.mark.parametrize("text", ["\0", "08\0123", "\udcff\udc00", "ก" * 5000, "💥", "'; DROP TABLE calls; --"])
def test_whatever_a_telephone_sends_as_its_number_is_stored(engine: Engine, store: CallStore, text: str) -> None:
    call = full_call()
    call.caller_number = call.called_number = call.menu_keys[0].key = text
    call.callback = None
    write(store, call)
    assert len(load_calls(engine, ["pbx-1.1"])) == 1


def test_one_bad_row_does_not_keep_the_others_out(engine: Engine, store: CallStore) -> None:
    good, bad = full_call("good"), full_call("bad")
    bad.cause = 2**80
    batch = Batch(calls=[rows_of(one, normalise) for one in (bad, good)], position="5")
    assert store.write(batch) == ["bad"]
    assert [call.call_id for call in load_calls(engine, ["good", "bad"])] == ["good"]
    assert load_position(engine) is None  # the journal must be read again from before the bad one


# --- the recorder -----------------------------------------------------------------------------------------------------


class Gate:
    """A writer that writes only when let, and can be told to fail."""

    def __init__(self, store: CallStore) -> None:
        self.store, self.open, self.error = store, threading.Event(), None
        self.batches: list[Batch] = []
        self.open.set()

    def write(self, batch: Batch) -> Sequence[str]:
        assert self.open.wait(30)
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        return self.store.write(batch)

    def close(self) -> None:
        self.store.close()


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def _records_as_they_grow(engine: Engine) -> None:
    heard: list[tuple[list[str], float]] = []
    recorder = Recorder(
        CallStore(engine, now), on_recorded=lambda records, lag: heard.append(([one.call_id for one in records], lag))
    )
    final = []
    async with recorder:
        for n in range(20):
            for snapshot in growing_call(f"pbx-{n:02}"):
                recorder.mark(snapshot)
                await asyncio.sleep(0)
            final.append(snapshot)
        recorder.read_up_to("20")
        assert await recorder.flush(20)
        assert recorder.healthy
        assert recorder.waiting == 0
    assert load_calls(engine, [one.call_id for one in final]) == final
    assert load_position(engine) == "20"
    assert {call_id for ids, _lag in heard for call_id in ids} == {one.call_id for one in final}
    assert all(0 <= lag < 20 for _ids, lag in heard)


def test_calls_are_recorded_as_they_grow(engine: Engine) -> None:
    asyncio.run(_records_as_they_grow(engine))


async def _gathers(engine: Engine) -> None:
    gate = Gate(CallStore(engine, now))
    async with Recorder(gate) as recorder:
        gate.open.clear()
        recorder.mark(growing_call("first")[0])
        await until(lambda: recorder._in_flight is not None)
        for snapshot in growing_call("first")[1:] + growing_call("second"):
            recorder.mark(snapshot)
        assert recorder.waiting == 3
        gate.open.set()
        assert await recorder.flush(20)
    assert [[call.call_id for call in batch.calls] for batch in gate.batches] == [["first"], ["first", "second"]]
    assert load_calls(engine, ["first", "second"]) == [growing_call("first")[-1], growing_call("second")[-1]]


def test_what_changes_during_a_write_goes_with_the_next_and_only_the_newest_counts(sqlite_engine: Engine) -> None:
    asyncio.run(_gathers(sqlite_engine))


async def _position_last(engine: Engine) -> None:
    gate = Gate(CallStore(engine, now))
    async with Recorder(gate, batch_calls=10) as recorder:
        gate.open.clear()
        for n in range(25):
            recorder.mark(growing_call(f"pbx-{n}")[-1])
        recorder.read_up_to("25")
        gate.open.set()
        assert await recorder.flush(20)
    assert [(len(batch.calls), batch.position) for batch in gate.batches] == [(10, None), (10, None), (5, "25")]


def test_the_position_is_never_ahead_of_the_calls(sqlite_engine: Engine) -> None:
    asyncio.run(_position_last(sqlite_engine))


async def _listener_fails(engine: Engine) -> None:
    def fail(_records: list[CallRecord], _lag: float) -> None:
        raise RuntimeError("a fault elsewhere")

    async with Recorder(CallStore(engine, now), on_recorded=fail) as recorder:
        for n in range(3):
            recorder.mark(growing_call(f"pbx-{n}")[-1])
            assert await recorder.flush(20)
    assert len(load_calls(engine, [f"pbx-{n}" for n in range(3)])) == 3


def test_a_listener_that_fails_does_not_stop_the_recording(sqlite_engine: Engine) -> None:
    asyncio.run(_listener_fails(sqlite_engine))


async def _refused(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    bad, unfit, good = full_call("bad"), full_call("unfit"), full_call("good")
    bad.arrived_at = datetime(2026, 11, 20)  # noqa: DTZ001
    unfit.passes = None  # type: ignore[assignment]
    bad.callback = unfit.callback = None
    async with Recorder(CallStore(engine, now)) as recorder:
        for one in (bad, unfit, good):
            recorder.mark(one)
        recorder.read_up_to("3")
        assert not await recorder.flush(20)
        assert not recorder.healthy
        assert recorder.waiting == recorder.counters.refused == 2
        assert load_calls(engine, ["bad", "unfit", "good"]) == [good]
        assert load_position(engine) is None
        bad.arrived_at, unfit.passes = NOON, []  # mended
        recorder.mark(bad)
        recorder.mark(unfit)
        assert await recorder.flush(20)
        assert recorder.healthy
    assert len(load_calls(engine, ["bad", "unfit", "good"])) == 3
    assert "0812345678" not in caplog.text
    assert "the database refuses call bad" in caplog.text


def test_refused_calls_are_kept_and_named_and_the_rest_is_written(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(_refused(sqlite_engine, caplog))


async def _closes_with_work(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate(CallStore(engine, now))
    gate.error = OSError("away")  # type: ignore[assignment]
    recorder = Recorder(gate)
    recorder.start()
    recorder.mark(full_call())
    with caplog.at_level(logging.ERROR):
        assert not await recorder.close(0.3)
    assert "stopped with 1 calls not recorded" in caplog.text


def test_closing_without_a_database_says_what_is_lost_in_memory(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(_closes_with_work(sqlite_engine, caplog))
