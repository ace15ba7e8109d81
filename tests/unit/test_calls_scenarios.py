"""Every way a call can go: the rows that Asterisk tells, and the record it must become."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios import CALL, Scenario, ami_events, journal_events, lines, told
from ways_answered import ANSWERED
from ways_handed_on import HANDED_ON
from ways_unanswered import UNANSWERED

from ami_listener.calls import CallAssembler
from ami_listener.calls_seed import events_of
from ami_listener.events import Event
from ami_listener.records import CallRecord

SCENARIOS = [*ANSWERED, *HANDED_ON, *UNANSWERED]
NAMES = [scenario.name for scenario in SCENARIOS]


def assembled(events: list[Event]) -> CallRecord:
    assembler = CallAssembler()
    for event in events:
        assembler.apply(event)
    return assembler.records[CALL]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_from_the_manager_interface(scenario: Scenario) -> None:
    record = assembled(ami_events(scenario.rows))
    assert told(record) == lines(scenario.record)
    assert (record.caller_number, record.called_number, record.trunk) == ("0812345678", "1169", "trunk")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_both_sources_say_no_more_than_one(scenario: Scenario) -> None:
    """Whole seconds never override microseconds, and what is heard twice counts once."""
    events = ami_events(scenario.rows) + journal_events(scenario.rows)
    assert told(assembled(events)) == lines(scenario.record)


JOURNAL_KNOWS = [scenario for scenario in SCENARIOS if "ENDED -" in scenario.rows]


@pytest.mark.parametrize("scenario", JOURNAL_KNOWS, ids=[scenario.name for scenario in JOURNAL_KNOWS])
def test_from_the_journal_alone(scenario: Scenario) -> None:
    """With the service away, outcome, ends and talks are the same; only what app_queue alone knows is less exact."""
    both, alone = assembled(ami_events(scenario.rows)), assembled(journal_events(scenario.rows))
    assert (alone.outcome, alone.ended_by, alone.ended_at) == (both.outcome, both.ended_by, both.ended_at)
    assert [(p.queue, p.pass_number, p.status) for p in alone.passes] == [
        (p.queue, p.pass_number, p.status) for p in both.passes
    ]
    assert [(c.agent, c.answered_at.second, c.ended_by) for c in alone.conversations] == [
        (c.agent, c.answered_at.second, c.ended_by) for c in both.conversations
    ]
    assert alone.survey == both.survey


@settings(max_examples=40, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_any_order_any_number_of_times_from_either_source(scenario: Scenario, data: st.DataObject) -> None:
    """The record is a function of the set of facts."""
    events = ami_events(scenario.rows) + journal_events(scenario.rows)
    order = data.draw(st.permutations(range(len(events))))
    repeats = data.draw(st.lists(st.integers(0, len(events) - 1), max_size=10))
    assembler = CallAssembler()
    for index in [*order, *repeats]:
        assembler.apply(events[index])
        if index in repeats:
            assembler.take_dirty()  # building a record in between changes nothing
    assert told(assembler.records[CALL]) == lines(scenario.record)
    assert assembler.records[CALL] == assembled(events)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_a_part_of_the_events_makes_no_double(scenario: Scenario, data: st.DataObject) -> None:
    """Whatever AMI missed, with the journal each thing is there at most once, and an ended call has an outcome."""
    heard, written = ami_events(scenario.rows), journal_events(scenario.rows)
    kept = data.draw(st.sets(st.integers(0, len(heard) - 1)))
    record = assembled([event for index, event in enumerate(heard) if index in kept] + written)
    whole = assembled(heard + written)
    assert len(record.conversations) == len(whole.conversations)
    assert len(record.passes) == len(whole.passes)
    assert len(record.transfers) == len(whole.transfers)
    assert (record.ended_at is None) == (record.outcome is None)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_read_back_from_the_database_it_is_the_same_call(scenario: Scenario) -> None:
    events = ami_events(scenario.rows) + journal_events(scenario.rows)
    record = assembled(events)
    assert assembled(list(events_of(record))) == record
    assert assembled(list(events_of(record)) + events) == record
    for cut in range(1, len(events)):
        early = assembled(events[:cut])
        assert told(assembled(list(events_of(early)) + events[cut:])) == told(assembled(events[: len(events)])), cut


def essence(record: CallRecord) -> list[object]:
    """What must not depend on who told it: all but exact times and rings."""
    return [
        (record.outcome, record.ended_by),
        [(p.queue, p.pass_number, p.status) for p in record.passes],
        [(c.agent, c.ended_by) for c in record.conversations],
        [(t.kind, t.agent, t.to) for t in record.transfers],
        (record.survey, record.callback, record.message),
    ]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("scenario", JOURNAL_KNOWS, ids=[scenario.name for scenario in JOURNAL_KNOWS])
def test_restarted_at_any_moment_the_service_ends_with_the_same_record(scenario: Scenario, data: st.DataObject) -> None:
    """Killed after any event, read back, all of the journal, then AMI again from any later event."""
    heard, written = ami_events(scenario.rows), journal_events(scenario.rows)
    died = data.draw(st.integers(0, len(heard)))
    back = data.draw(st.integers(died, len(heard)))
    assembler = CallAssembler()
    for part in (heard[:died], written, heard[back:]):
        for event in part:
            assembler.apply(event)
        if CALL in assembler.records and data.draw(st.booleans()):
            saved = assembler.records[CALL]
            assembler = CallAssembler()
            assembler.load(saved)
    assert essence(assembler.records[CALL]) == essence(assembled(heard + written))
