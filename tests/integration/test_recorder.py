"""What happened to a call is written down once, whole, in whatever order and however often it is told."""

import random
from collections.abc import Callable, Iterator

import pytest
from recorded_calls import NOON, at, full_call, growing_call, now
from sqlalchemy import Engine, event, select

from ami_listener.events import (
    AgentState,
    AgentStateChanged,
    CallbackTried,
)
from ami_listener.records import (
    CallRecord,
)
from crm.calls.models import agent_states, callbacks, calls, late_half_hours, messages, stream_gaps
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallbackPolicy, CallStore, StreamGap
from crm.calls.stored import load_agent_states, load_calls, load_calls_since, load_open_calls, load_position
from crm.database import metadata, reading, writing
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person


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


def test_a_call_that_was_deleted_meanwhile_is_written_whole_again(engine: Engine, store: CallStore) -> None:
    """What is written is the difference to what was written before; the row may be gone since."""
    growing = growing_call("grown")
    first, last = growing[0], growing[-1]
    write(store, first, growing_call("other")[0])
    with writing(engine) as connection:
        connection.execute(calls.delete().where(calls.c.call_id == first.call_id))
    write(store, last, growing_call("other")[-1])
    with reading(engine) as connection:
        kept = connection.execute(select(calls).where(calls.c.call_id == last.call_id)).one()
    assert (kept.arrived_at, kept.agent, kept.ended_at) == (last.arrived_at, last.agent, last.ended_at)
