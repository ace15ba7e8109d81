"""The assembler around the record: gaps, deaths, callbacks, memory."""

import time

import pytest
from scenarios import CALL, ami_events, journal_events, lines, moment, told

from ami_listener.calls import CallAssembler
from ami_listener.events import AgentStateChanged, EndedBy, Event, Precision, StreamInterrupted, StreamResumed
from ami_listener.records import CallRecord, Outcome

TALKING = """
    0.00 ARRIVED - - 0812345678|1169|trunk|PJSIP/trunk-00000001
    0.01 QUEUED general - 1
    0.02 AgentCalled general 1001 -
    3.00 ANSWERED general 1001 PJSIP/1001-00000001
"""
REST = """
    10.00 AGENTLEFT general 1001 PJSIP/1001-00000001|16
    10.01 LEFT general - 1|CONTINUE
    10.02 SURVEYASKED general - scale-123
    12.00 SURVEY general - scale-123|1|impressed|answered
    13.00 ENDED - - 16|system
"""
WHOLE = """
    answered by agent microsecond 13.00
    pass general/1 0.01-3.00 answered
    ring 1001 0.02-3.00 answered
    talk 1001 3.00-10.00 agent
    survey 10.02 1 impressed
"""


def fed(*batches: list[Event]) -> CallAssembler:
    assembler = CallAssembler()
    for batch in batches:
        for event in batch:
            assembler.apply(event)
    return assembler


def resumed(at: float, live: frozenset[str] = frozenset(), started: float | None = None) -> StreamResumed:
    started_at = None if started is None else moment(started)
    return StreamResumed(event_id=f"r{at}", occurred_at=moment(at), live_calls=live, asterisk_started_at=started_at)


def interrupted(at: float) -> StreamInterrupted:
    return StreamInterrupted(event_id=f"i{at}", occurred_at=moment(at), reason="closed")


def test_asterisk_dies_in_mid_talk() -> None:
    """The call ends when Asterisk was last seen, by failure, and says that this is an estimate."""
    assembler = fed(ami_events(TALKING), [interrupted(20.0), resumed(25.0, started=24.0)])
    assert told(assembler.records[CALL]) == lines("""
        answered by failure estimated 20.00
        pass general/1 0.01-3.00 answered
        ring 1001 0.02-3.00 answered
        talk 1001 3.00-20.00 failure
    """)


def test_asterisk_dies_while_the_caller_waits() -> None:
    assembler = fed(ami_events(TALKING)[:-1], [resumed(25.0, started=24.0)])
    record = assembler.records[CALL]
    assert (record.outcome, record.ended_by, record.precision) == (
        Outcome.FAILED,
        EndedBy.FAILURE,
        Precision.ESTIMATED,
    )
    assert record.ended_at == moment(0.02)


def test_another_calls_events_tell_how_long_asterisk_lived() -> None:
    other = ami_events("7.5 ARRIVED - - 021234567|1169|trunk|PJSIP/trunk-00000009", "1763636400.9")
    assembler = fed(ami_events(TALKING), other, [resumed(25.0, started=24.0)])
    assert assembler.records[CALL].ended_at == moment(7.5)


def test_a_live_call_goes_on() -> None:
    assembler = fed(ami_events(TALKING), [interrupted(5.0), resumed(6.0, live=frozenset({CALL}))], ami_events(REST))
    assert told(assembler.records[CALL]) == lines(WHOLE)


def test_a_call_that_came_after_the_list_was_made_is_not_closed() -> None:
    assembler = fed(ami_events(TALKING), [resumed(2.0)])
    assert assembler.records[CALL].ended_at is None


@pytest.mark.parametrize("journal_first", [True, False])
def test_service_dies_in_mid_call_and_the_journal_fills_in(journal_first: bool) -> None:
    """The record is read back, the journal brings the rest; an estimate made too early is overruled."""
    before = fed(ami_events(TALKING))
    (saved,) = before.take_dirty()
    after = CallAssembler()
    after.load(saved)
    late: list[list[Event]] = [journal_events(TALKING + REST), [resumed(20.0)]]
    for batch in late if journal_first else late[::-1]:
        for event in batch:
            after.apply(event)
    assert told(after.records[CALL]) == lines(WHOLE)
    assert [record.call_id for record in after.take_dirty()] == [CALL]


def test_loading_alone_writes_nothing() -> None:
    (saved,) = fed(ami_events(TALKING + REST)).take_dirty()
    assembler = CallAssembler()
    assembler.load(saved)
    assert assembler.take_dirty() == []
    assert assembler.records[CALL] == saved


def test_facts_before_the_arrival_open_a_provisional_record() -> None:
    """Never lost, never double: the arrival completes it."""
    events = ami_events(TALKING + REST)
    assembler = fed(events[1:])
    record = assembler.records[CALL]
    assert (record.called_number, record.precision) == ("", Precision.ESTIMATED)
    assert record.arrived_at == moment(0.01)
    assembler.apply(events[0])
    assert told(assembler.records[CALL]) == lines(WHOLE)
    assert list(assembler.records) == [CALL]


def test_a_call_is_let_go_after_a_while_and_comes_back_for_a_late_fact() -> None:
    kept: dict[str, CallRecord] = {}
    assembler = CallAssembler(find_record=kept.get, keep_seconds=600)
    for event in ami_events(TALKING + REST):
        assembler.apply(event)
    kept |= {record.call_id: record for record in assembler.take_dirty()}
    for event in ami_events("700.0 ARRIVED - - -|1169|trunk|PJSIP/trunk-00000002", "1763637100.1"):
        assembler.apply(event)
    assembler.take_dirty()
    assert list(assembler.records) == ["1763637100.1"]
    late = "12.50 MESSAGE - - late.wav|3|DTMF"
    for event in journal_events(late):
        assembler.apply(event)
    (record,) = assembler.take_dirty()
    assert told(record) == [*lines(WHOLE), "message late.wav 3"]


def test_memory_is_bounded() -> None:
    assembler = CallAssembler()
    for number in range(300):
        call = f"17636{number:05d}.1"
        for event in ami_events("\n".join(f"{number * 20 + i} {row}" for i, row in enumerate(SHORT)), call):
            assembler.apply(event)
        assembler.take_dirty()
    assert len(assembler.records) < 40


SHORT = ["ARRIVED - - 1|1169|t|c", "QUEUED general - 1", "ENDED - - 16|"]


def test_agents_own_events_are_no_calls() -> None:
    pause = journal_events("")
    assert fed(pause).take_dirty() == []
    state = AgentStateChanged(event_id="s", occurred_at=moment(0), agent="1001", state="paused")  # type: ignore[arg-type]
    assert fed([state]).take_dirty() == []


PLACE = "1763636424.30"  # the leg that waits in the caller's place
CALLBACK_ROWS = f"""
    24.00 ARRIVED - - +66812345678|1169|callback|Local/x@hotline-callback-00000001;2|{CALL}
    24.01 QUEUED general - 3
    24.02 AgentCalled general 1001 -
    30.00 ANSWERED general 1001 PJSIP/1001-00000001
"""


@pytest.mark.parametrize(
    ("result", "outcome"),
    [("connected", Outcome.ANSWERED), ("no_answer", Outcome.TIMED_OUT), ("busy", Outcome.FAILED)],
)
@pytest.mark.parametrize("tries_first", [True, False])
def test_a_callback_is_a_call_of_its_own(result: str, outcome: Outcome, tries_first: bool) -> None:
    """It is answered only when the person who asked was reached; the agent's pick-up alone is not that."""
    asked = ami_events(f"""
        0.00 ARRIVED - - 0812345678|1169|trunk|PJSIP/trunk-00000001
        20.00 CALLBACK general - +66812345678|new
        23.00 ENDED - - 16|system
        30.10 CALLBACKTRY general - {CALL}|1|calling
        40.00 CALLBACKTRY general - {CALL}|1|{result}
    """)
    place = ami_events(CALLBACK_ROWS, PLACE)
    end = ami_events("60.00 AGENTLEFT general 1001 PJSIP/1001-00000001|16\n60.10 ENDED - - 16|", PLACE)
    assembler = fed(asked, place, end) if tries_first else fed(place, end, asked)
    records = assembler.records
    assert set(records) == {CALL, PLACE}
    assert (records[PLACE].callback_of, records[PLACE].outcome) == (CALL, outcome)
    assert records[CALL].outcome is Outcome.CALLBACK
    assert [t.result for t in records[CALL].callback_tries] == ["calling", result]
    assert [t.result for t in records[PLACE].callback_tries] == ["calling", result]


def test_attended_transfer_from_the_journal_alone_finds_who_took_over() -> None:
    """queue_log says that 1001 handed over, not to whom; 1003 was in the call when it ended."""
    assembler = fed(
        journal_events(
            TALKING
            + """
            6.00 ATTENDEDTRANSFER general 1001 BRIDGE|b-1|1|5|1
            6.01 AGENTLEFT general 1001 PJSIP/1001-00000001|16
            11.00 AGENTLEFT - 1003 PJSIP/1003-00000003|16
            11.01 LEFT general - 1|CONTINUE
            11.10 ENDED - - 16|system
            """
        )
    )
    talks = [(c.agent, c.ended_by) for c in assembler.records[CALL].conversations]
    assert talks == [("1001", EndedBy.TRANSFER), ("1003", EndedBy.AGENT)]


def test_a_call_costs_less_than_half_a_millisecond() -> None:
    """Translate, apply and build, building anew for every second event; own CPU time only."""
    assembler, rounds = CallAssembler(), 200
    batches = [ami_events(TALKING + REST, f"{1763636400 + n}.1") for n in range(rounds)]
    began = time.process_time()
    for events in batches:
        for index, event in enumerate(events):
            assembler.apply(event)
            if index % 2:
                assembler.take_dirty()
    per_call_seconds = (time.process_time() - began) / rounds
    assert per_call_seconds < 0.002, f"{per_call_seconds * 1e6:.0f} µs"  # 0.5 ms on a quiet machine, see benchmarks
