"""A recorded Asterisk 22 stream with its queue_log: bytes → messages → events → records.

The recording begins while two calls are under way and breaks off in a third, as a listener that is restarted hears it:
answered, abandoned in 3 s, guard then answered, guard then callback, a refusing agent, blind transfers, an empty and a
full queue, pauses, two holds, an attended transfer that failed.
"""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios import moment

from ami_listener.calls import CallAssembler
from ami_listener.events import AgentStateChanged, Event, StreamResumed
from ami_listener.floor import FloorState
from ami_listener.journal import read_journal
from ami_listener.protocol import END, Decoder, Message, replay
from ami_listener.records import CallRecord
from ami_listener.translate import WANTED_EVENTS, Translator, resync_of

FOLDER = Path(__file__).parents[1] / "recordings/hotline"
STREAM = (FOLDER / "nine-situations.ami").read_bytes()
JOURNAL, _ = read_journal(FOLDER, None)


def translated(messages: list[Message]) -> list[Event]:
    translator = Translator(clock=lambda: moment(0))
    events = [event for message in messages for event in translator.translate(message)]
    assert not translator.malformed
    return events


def assembled(*batches: list[Event]) -> dict[str, CallRecord]:
    assembler = CallAssembler()
    for batch in batches:
        for event in batch:
            assembler.apply(event)
    return dict(assembler.records)


MESSAGES = replay(STREAM, ())
HEARD = translated(MESSAGES)
RECORDS = assembled(HEARD, JOURNAL)
OUTCOMES = {
    "1795175034.6": "answered agent",
    "1795175051.11": "callback system",
    "1795175058.13": "answered agent",
    "1795175064.16": "abandoned caller",
    "1795175069.18": "answered agent",
    "1795175086.22": "callback system",
    "1795175100.26": "abandoned caller",
    "1795175108.32": "answered agent",
    "1795175117.36": "failed system",
    "1795175120.37": "answered agent",
    "1795175121.39": "failed system",
    "1795176176.41": "answered agent",
    "1795176188.44": "answered agent",
}


def outcomes(records: dict[str, CallRecord]) -> dict[str, str]:
    return {call_id: f"{record.outcome} {record.ended_by}" for call_id, record in records.items()}


def test_both_sources_together_know_every_call() -> None:
    assert outcomes(RECORDS) == OUTCOMES
    assert all(record.called_number and record.ended_at for call, record in RECORDS.items() if call > "1795175058")


def test_the_journal_alone_knows_the_same_calls() -> None:
    """Service away all the time: same outcomes, same exact times of all facts of ours."""
    alone = assembled(JOURNAL)
    assert outcomes(alone) == OUTCOMES
    for call_id, record in alone.items():
        both = RECORDS[call_id]
        assert (record.arrived_at, record.ended_at, record.survey) == (both.arrived_at, both.ended_at, both.survey)
        assert [c.answered_at for c in record.conversations] == [c.answered_at for c in both.conversations]
        assert [(p.pass_number, p.status) for p in record.passes] == [(p.pass_number, p.status) for p in both.passes]


def test_the_stream_alone_knows_what_it_heard_from_the_beginning() -> None:
    heard = assembled(HEARD)
    whole = {call_id: text for call_id, text in OUTCOMES.items() if "1795175058" < call_id < "1795176188"}
    assert {call_id: text for call_id, text in outcomes(heard).items() if call_id in whole} == whole
    assert heard["1795176188.44"].ended_at is None  # the stream breaks off here; the journal knows the end


def test_nobody_is_in_a_call_twice() -> None:
    talks = Counter((call_id, talk.agent) for call_id, record in RECORDS.items() for talk in record.conversations)
    assert set(talks.values()) == {1}
    assert [talk.agent for talk in RECORDS["1795175108.32"].conversations] == ["1001", "1003"]
    assert len(RECORDS["1795176176.41"].holds) == 2


def test_a_refusing_agent_is_five_rings() -> None:
    rings = RECORDS["1795175100.26"].rings
    assert [(ring.agent, ring.answered) for ring in rings] == [("1003", False)] * 5


def test_agents_end_as_they_are() -> None:
    last = {event.agent: event.state.value for event in HEARD if isinstance(event, AgentStateChanged)}
    assert last == {"1001": "available", "1002": "available", "1003": "available", "1004": "available"}


def test_lists_in_the_stream_are_a_picture_of_that_moment() -> None:
    """Asked in the middle of the call with two holds."""
    lists = {"CoreShowChannel", "QueueEntry"}
    asked = [message for message in MESSAGES if message.event in lists][-2:]
    picture = resync_of(asked, moment(0))
    assert [(call.call_id, call.agent) for call in picture.talking] == [("1795176176.41", "1001")]
    floor = FloorState()
    floor.resync(picture)
    assert [call.agent for call in floor.snapshot(moment(0)).talking] == ["1001"]


def test_same_events_split_at_every_byte() -> None:
    """The stream cut in two at every byte of it, block by block; one translator for all, as in life."""
    blocks = [block + END for block in STREAM.split(END)[:-1]][:120]
    expected = translated(replay(b"".join(blocks), ()))
    decoders = Decoder()
    by_place: list[Message] = []
    for number, block in enumerate(blocks):
        cut = number % len(block)
        by_place += decoders.feed(block[:cut]) + decoders.feed(block[cut:])
    assert translated(by_place) == expected
    for block in blocks[:12]:
        whole = replay(block, ())
        for cut in range(1, len(block)):
            assert Decoder().feed(block[:cut]) == []
            assert replay(block, [cut]) == whole


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100, 1448, 65536])
def test_same_records_at_every_chunk_size(size: int) -> None:
    assert assembled(translated(replay(STREAM, [size] * (len(STREAM) // size))), JOURNAL) == RECORDS


def test_without_the_events_that_the_filter_keeps_back_the_records_are_the_same() -> None:
    """What app_queue says of answers and ends, our own dialplan has told already."""
    wanted = translated(replay(STREAM, (), WANTED_EVENTS))
    assert len(wanted) < len(HEARD)
    assert [event for event in HEARD if isinstance(event, AgentStateChanged)] == [
        event for event in wanted if isinstance(event, AgentStateChanged)
    ]
    assert assembled(wanted, JOURNAL) == RECORDS
    without_journal, whole = assembled(wanted), assembled(HEARD)
    begun_before = {call_id for call_id in whole if without_journal[call_id] != whole[call_id]}
    assert begun_before == {"1795175034.6"}  # half of it was over when the stream began


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_order_of_the_whole_hour_gives_the_same_records(data: st.DataObject) -> None:
    events = HEARD + JOURNAL
    order = data.draw(st.randoms(use_true_random=False))
    mixed = [*events, *order.sample(events, 50)]
    order.shuffle(mixed)
    assert assembled(mixed) == RECORDS


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(0, len(HEARD)), again=st.integers(0, len(HEARD)))
def test_interrupted_anywhere_the_journal_makes_it_whole(cut: int, again: int) -> None:
    """Connection cut and back: outcomes, ends and talks are those of the uninterrupted stream."""
    start, end = sorted((cut, again))
    resumed = StreamResumed(event_id="r", occurred_at=HEARD[-1].occurred_at, live_calls=frozenset(RECORDS))
    records = assembled(HEARD[:start], [resumed], JOURNAL, HEARD[end:])
    assert outcomes(records) == OUTCOMES
    for call_id, record in records.items():
        both = RECORDS[call_id]
        assert [c.agent for c in record.conversations] == [c.agent for c in both.conversations]
        assert [(p.pass_number, p.status) for p in record.passes] == [(p.pass_number, p.status) for p in both.passes]
        assert record.ended_at == both.ended_at
