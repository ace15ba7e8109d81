"""Every way a call can go: the rows that Asterisk tells, and the record it must become (issue 2, section 3)."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios import CALL, ami_events, journal_events, lines, told

from ami_listener.calls import CallAssembler
from ami_listener.calls_seed import events_of
from ami_listener.events import Event
from ami_listener.records import CallRecord


@dataclass(frozen=True)
class Scenario:
    name: str
    rows: str
    record: str


ARRIVED = "0.00 ARRIVED - - 0812345678|1169|trunk|PJSIP/trunk-00000001\n"

SCENARIOS = [
    Scenario(
        "H1, H7: answered, agent hangs up, survey",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 QueueCallerJoin general - 1
        0.02 ENTERQUEUE general - |0812345678|1
        0.03 AgentCalled general 1001 -
        0.03 AgentCalled general 1002 -
        3.00 ANSWERED general 1001 PJSIP/1001-00000001
        3.01 AgentConnect general 1001 -
        3.01 CONNECT general 1001 3|1763636400.91001|3
        10.00 AgentComplete general 1001 agent
        10.00 COMPLETEAGENT general 1001 3|7|1
        10.01 AGENTLEFT general 1001 PJSIP/1001-00000001|16
        10.02 LEFT general - 1|CONTINUE
        10.03 SURVEYASKED general - scale-123
        12.00 SURVEY general - scale-123|1|impressed|answered
        13.00 ENDED - - 16|system
        13.01 Hangup - - 16
        """,
        """
        answered by agent microsecond 13.00
        pass general/1 0.01-3.00 answered
        ring 1001 0.03-3.00 answered
        ring 1002 0.03-3.00 no
        talk 1001 3.00-10.00 agent
        survey 10.03 1 impressed
        """,
    ),
    Scenario(
        "a browser is loaded anew and goes on with its call on another leg",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.03 AgentCalled general 1001 -
        3.00 ANSWERED general 1001 PJSIP/1001-00000001
        5.00 TAKENUP general 1001 PJSIP/1001-00000001|in
        10.00 AgentComplete general 1001 caller
        10.00 COMPLETECALLER general 1001 3|7|1
        10.00 AGENTLEFT general 1001 PJSIP/1001-00000009|16
        10.00 LEFT general - 1|CONTINUE
        10.03 SURVEYASKED general - scale-123
        13.00 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 13.00
        pass general/1 0.01-3.00 answered
        ring 1001 0.03-3.00 answered
        talk 1001 3.00-10.00 agent
        survey 10.03 - -
        """,
    ),
    Scenario(
        "an agent's browser dies in the call: the caller is answered by another",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.03 AgentCalled general 1001 -
        3.00 ANSWERED general 1001 PJSIP/1001-00000001
        12.00 AGENTLEFT general 1001 PJSIP/1001-00000001|44
        12.01 LEFT general - 1|CONTINUE
        12.20 QUEUED general - 2
        12.30 AgentCalled general 1002 -
        15.00 ANSWERED general 1002 PJSIP/1002-00000002
        20.00 AGENTLEFT general 1002 PJSIP/1002-00000002|16
        20.01 LEFT general - 2|CONTINUE
        20.03 SURVEYASKED general - scale-123
        23.00 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 23.00
        pass general/1 0.01-3.00 answered
        pass general/2 12.20-15.00 answered
        ring 1001 0.03-3.00 answered
        ring 1002 12.30-15.00 answered
        talk 1001 3.00-12.00 failure
        talk 1002 15.00-20.00 agent
        survey 20.03 - -
        """,
    ),
    Scenario(
        "an agent's browser dies in the call, and the caller gives up waiting for another",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.03 AgentCalled general 1001 -
        3.00 ANSWERED general 1001 PJSIP/1001-00000001
        12.00 AGENTLEFT general 1001 PJSIP/1001-00000001|44
        12.01 LEFT general - 1|CONTINUE
        12.20 QUEUED general - 2
        19.00 ENDED - - 16|
        """,
        """
        answered by caller microsecond 19.00
        pass general/1 0.01-3.00 answered
        pass general/2 12.20-19.00 abandoned
        ring 1001 0.03-3.00 answered
        talk 1001 3.00-12.00 failure
        """,
    ),
    Scenario(
        "H7: the caller hangs up first and is not asked",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.03 AgentCalled general 1001 -
        3.00 ANSWERED general 1001 PJSIP/1001-00000001
        9.00 ENDED - - 16|
        9.01 AGENTLEFT general 1001 PJSIP/1001-00000001|16
        9.01 AgentComplete general 1001 caller
        9.01 COMPLETECALLER general 1001 3|6|1
        """,
        """
        answered by caller microsecond 9.00
        pass general/1 0.01-3.00 answered
        ring 1001 0.03-3.00 answered
        talk 1001 3.00-9.00 caller
        """,
    ),
    Scenario(
        "H1: picked up with the stroke of the guard, too late, and again a moment later",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.03 AgentCalled general 1001 -
        9.00 AgentConnect general 1001 -
        9.00 CONNECT general 1001 8|1763636400.91001|8
        9.01 LEFT general - 1|TIMEOUT
        9.01 ASSISTANT general - guard
        9.02 QUEUED general - 2
        9.02 AgentComplete general 1001 caller
        9.02 COMPLETECALLER general 1001 8|0|1
        9.03 AgentCalled general 1001 -
        11.00 ANSWERED general 1001 PJSIP/1001-00000001
        11.01 AgentConnect general 1001 -
        11.01 CONNECT general 1001 1|1763636400.91001|1
        15.00 ENDED - - 16|
        15.01 AGENTLEFT general 1001 PJSIP/1001-00000001|16
        15.01 AgentComplete general 1001 caller
        15.01 COMPLETECALLER general 1001 1|4|1
        """,
        """
        answered by caller microsecond 15.00
        assistant guard 9.01
        pass general/1 0.01-9.01 timed_out
        pass general/2 9.02-11.00 answered
        ring 1001 0.03-9.01 no
        ring 1001 9.03-11.00 answered
        talk 1001 11.00-15.00 caller
        """,
    ),
    Scenario(
        "H1: picked up with the stroke of the guard, too late, and then the caller has enough",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.03 AgentCalled general 1001 -
        9.00 AgentConnect general 1001 -
        9.00 CONNECT general 1001 8|1763636400.91001|8
        9.01 LEFT general - 1|TIMEOUT
        9.01 ASSISTANT general - guard
        9.02 QUEUED general - 2
        9.02 AgentComplete general 1001 agent
        9.02 COMPLETEAGENT general 1001 8|0|1
        9.60 ENDED - - 16|
        """,
        """
        abandoned by caller microsecond 9.60
        assistant guard 9.01
        pass general/1 0.01-9.01 timed_out
        pass general/2 9.02-9.60 abandoned
        ring 1001 0.03-9.01 no
        """,
    ),
    Scenario(
        "abandoned in 3 s",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 AgentCalled general 1001 -
        3.00 ENDED - - 127|
        3.01 QueueCallerAbandon general - 1
        3.01 ABANDON general - 1|1|3
        3.02 Hangup - - 127
        """,
        """
        abandoned by caller microsecond 3.00
        pass general/1 0.01-3.00 abandoned
        ring 1001 0.02-3.00 no
        """,
    ),
    Scenario(
        "H1: guard, then answered: the first pass is neither an abandon nor a time-out",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 AgentCalled general 1001 -
        9.01 AgentRingNoAnswer general 1001 9000
        9.01 RINGNOANSWER general 1001 9000
        9.01 QueueCallerAbandon general - 1
        9.01 EXITWITHTIMEOUT general - 1|1|9
        9.02 LEFT general - 1|TIMEOUT
        9.03 ASSISTANT general - guard
        9.50 QUEUED general - 2
        9.51 ENTERQUEUE general - |0812345678|1
        9.52 AgentCalled general 1001 -
        15.00 ANSWERED general 1001 PJSIP/1001-00000002
        20.00 AGENTLEFT general 1001 PJSIP/1001-00000002|16
        20.01 LEFT general - 2|CONTINUE
        20.02 SURVEYASKED general - scale-123
        28.00 SURVEY general - scale-123|||no_key
        28.50 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 28.50
        assistant guard 9.03
        pass general/1 0.01-9.02 timed_out
        pass general/2 9.50-15.00 answered
        ring 1001 0.02-9.01 no
        ring 1001 9.52-15.00 answered
        talk 1001 15.00-20.00 agent
        survey 20.02 - -
        """,
    ),
    Scenario(
        "guard, then abandoned: what ends the first pass is not taken for the second's end",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 AgentCalled general 1001 -
        9.01 AgentRingNoAnswer general 1001 9000
        9.01 RINGNOANSWER general 1001 9000
        9.01 QueueCallerAbandon general - 1
        9.01 EXITWITHTIMEOUT general - 1|1|9
        9.02 LEFT general - 1|TIMEOUT
        9.03 ASSISTANT general - guard
        9.15 QUEUED general - 2
        9.16 QueueCallerJoin general - 1
        9.16 ENTERQUEUE general - |0812345678|1
        9.17 AgentCalled general 1001 -
        40.00 QueueCallerAbandon general - 1
        40.00 ABANDON general - 1|1|31
        40.01 ENDED - - 16|
        """,
        """
        abandoned by caller microsecond 40.01
        assistant guard 9.03
        pass general/1 0.01-9.02 timed_out
        pass general/2 9.15-40.00 abandoned
        ring 1001 0.02-9.01 no
        ring 1001 9.17-40.00 no
        """,
    ),
    Scenario(
        "guard, then key 1: called back later",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        9.02 LEFT general - 1|TIMEOUT
        9.03 ASSISTANT general - guard
        9.50 QUEUED general - 2
        9.52 AgentCalled general 1001 -
        21.00 LEFT general - 2|KEY
        21.00 RINGCANCELED general 1001 11480
        21.00 EXITWITHKEY general - 1|1|1|11
        21.10 CALLBACK general - +66812345678|new
        24.00 ENDED - - 16|system
        300.0 CALLBACKTRY general - 1763636400.7|1|calling
        310.0 CALLBACKTRY general - 1763636400.7|1|connected
        """,
        """
        callback by system microsecond 24.00
        assistant guard 9.03
        pass general/1 0.01-9.02 timed_out
        pass general/2 9.50-21.00 key
        ring 1001 9.52-21.00 no
        callback +66812345678 21.10
        try 1 calling
        try 1 connected
        """,
    ),
    Scenario(
        "guard, then key 2: a message",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        9.02 LEFT general - 1|TIMEOUT
        9.03 ASSISTANT general - guard
        9.50 QUEUED general - 2
        14.00 LEFT general - 2|KEY
        30.00 MESSAGE general - 2025/11/20/7.wav|12.5|DTMF
        33.00 ENDED - - 16|system
        """,
        """
        message by system microsecond 33.00
        assistant guard 9.03
        pass general/1 0.01-9.02 timed_out
        pass general/2 9.50-14.00 key
        message 2025/11/20/7.wav 12.5
        """,
    ),
    Scenario(
        "closed, message, hung up while speaking",
        ARRIVED
        + """
        0.01 CLOSED - - holiday
        0.02 ASSISTANT - - closed
        20.00 MESSAGE - - 2025/11/20/7.wav|8|HANGUP
        20.01 ENDED - - 16|
        """,
        """
        message by caller microsecond 20.01
        assistant closed 0.02
        message 2025/11/20/7.wav 8
        """,
    ),
    Scenario(
        "closed, no message",
        ARRIVED + "0.01 CLOSED - - hours\n0.02 ASSISTANT - - closed\n15.0 ENDED - - 16|system",
        """
        closed by system microsecond 15.00
        assistant closed 0.02
        """,
    ),
    Scenario(
        "nobody logged in: straight to the second pass, then the caller gives up",
        ARRIVED
        + """
        0.01 ASSISTANT general - nobody
        0.50 QUEUED general - 2
        40.00 ENDED - - 16|
        """,
        """
        abandoned by caller microsecond 40.00
        assistant nobody 0.01
        pass general/2 0.50-40.00 abandoned
        """,
    ),
    Scenario(
        "longest wait is over",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        9.02 LEFT general - 1|TIMEOUT
        9.03 ASSISTANT general - guard
        9.50 QUEUED general - 2
        900.00 EXITWITHTIMEOUT general - 1|1|890
        900.01 LEFT general - 2|TIMEOUT
        905.00 ENDED - - 16|system
        """,
        """
        timed_out by system microsecond 905.00
        assistant guard 9.03
        pass general/1 0.01-9.02 timed_out
        pass general/2 9.50-900.01 timed_out
        """,
    ),
    Scenario(
        "queue full",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 LEFT general - 1|FULL
        0.03 ASSISTANT general - full
        9.00 ENDED - - 16|system
        """,
        """
        failed by system microsecond 9.00
        assistant full 0.03
        pass general/1 0.01-0.02 full
        """,
    ),
    Scenario(
        "two rings missed, another agent answers",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 AgentCalled general 1001 -
        1.00 AgentRingNoAnswer general 1001 1000
        1.00 RINGNOANSWER general 1001 1000
        2.00 AgentCalled general 1001 -
        2.50 AgentRingNoAnswer general 1001 0
        2.50 RINGNOANSWER general 1001 0
        3.50 AgentCalled general 1002 -
        5.00 ANSWERED general 1002 PJSIP/1002-00000002
        5.01 AgentConnect general 1002 -
        5.01 CONNECT general 1002 5|1763636400.91002|1
        8.00 AGENTLEFT general 1002 PJSIP/1002-00000002|16
        8.01 LEFT general - 1|CONTINUE
        8.02 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 8.02
        pass general/1 0.01-5.00 answered
        ring 1001 0.02-1.00 no
        ring 1001 2.00-2.50 no
        ring 1002 3.50-5.00 answered
        talk 1002 5.00-8.00 agent
        """,
    ),
    Scenario(
        "held twice",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        1.00 ANSWERED general 1001 PJSIP/1001-00000001
        2.00 Hold general 1001 -
        3.00 Unhold general 1001 -
        5.00 Hold general 1001 -
        7.00 AGENTLEFT general 1001 PJSIP/1001-00000001|16
        7.01 LEFT general - 1|CONTINUE
        7.02 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 7.02
        pass general/1 0.01-1.00 answered
        talk 1001 1.00-7.00 agent
        hold 1001 2.00-3.00
        hold 1001 5.00-7.00
        """,
    ),
    Scenario(
        "K3: blind transfer, second agent hangs up, survey once at the end",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 AgentCalled general 1001 -
        1.00 ANSWERED general 1001 PJSIP/1001-00000001
        3.50 BlindTransfer general 1001 1003
        3.50 AgentComplete general 1001 transfer
        3.50 BLINDTRANSFER general 1001 1003|hotline-transfer|1|3|1
        3.51 AGENTLEFT general 1001 PJSIP/1001-00000001|16
        3.52 TRANSFERTO general - 1003
        4.50 ANSWERED - 1003 PJSIP/1003-00000003
        7.00 AGENTLEFT - 1003 PJSIP/1003-00000003|16
        7.01 SURVEYASKED general - scale-123
        8.00 SURVEY general - scale-123|2|satisfied|answered
        9.00 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 9.00
        pass general/1 0.01-1.00 answered
        ring 1001 0.02-1.00 answered
        talk 1001 1.00-3.50 transfer
        talk 1003 4.50-7.00 agent
        transfer blind 1001>1003 3.50
        survey 7.01 2 satisfied
        """,
    ),
    Scenario(
        "K3: attended transfer, the second agent finishes in the first's queue call",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        1.00 ANSWERED general 1001 PJSIP/1001-00000001
        2.00 Hold general 1001 -
        6.00 AttendedTransfer general 1001 1003
        6.00 ATTENDEDTRANSFER general 1001 BRIDGE|b-1|1|5|1
        6.01 AGENTLEFT general 1001 PJSIP/1001-00000001|16
        11.00 AGENTLEFT - 1003 PJSIP/1003-00000003|16
        11.01 LEFT general - 1|CONTINUE
        11.02 SURVEYASKED general - scale-123
        12.00 SURVEY general - scale-123|3|not_satisfied|answered
        12.50 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 12.50
        pass general/1 0.01-1.00 answered
        talk 1001 1.00-6.00 transfer
        talk 1003 6.00-11.00 agent
        hold 1001 2.00-6.00
        transfer attended 1001>1003 6.00
        survey 11.02 3 not_satisfied
        """,
    ),
    Scenario(
        "K3: a transfer of a transfer; the caller hangs up in the third talk",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        1.00 ANSWERED general 1001 PJSIP/1001-00000001
        3.00 BlindTransfer general 1001 1002
        3.01 AGENTLEFT general 1001 PJSIP/1001-00000001|16
        3.02 TRANSFERTO general - 1002
        4.00 ANSWERED - 1002 PJSIP/1002-00000002
        6.00 BlindTransfer general 1002 1003
        6.01 AGENTLEFT - 1002 PJSIP/1002-00000002|16
        6.02 TRANSFERTO general - 1003
        7.00 ANSWERED - 1003 PJSIP/1003-00000003
        9.00 ENDED - - 16|
        9.01 AGENTLEFT - 1003 PJSIP/1003-00000003|16
        """,
        """
        answered by caller microsecond 9.00
        pass general/1 0.01-1.00 answered
        talk 1001 1.00-3.00 transfer
        talk 1002 4.00-6.00 transfer
        talk 1003 7.00-9.00 caller
        transfer blind 1001>1002 3.00
        transfer blind 1002>1003 6.00
        """,
    ),
    Scenario(
        "H7: hung up by the caller at once, while the pass through the queue is still new",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 ANSWERED general 1001 PJSIP/1001-00000001
        0.03 ENDED - - 16|
        0.03 AGENTLEFT general 1001 PJSIP/1001-00000001|26
        0.03 AgentComplete general 1001 caller
        """,
        """
        answered by caller microsecond 0.03
        pass general/1 0.01-0.02 answered
        talk 1001 0.02-0.03 caller
        """,
    ),
    Scenario(
        "picked up before app_queue has said that it rings",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        0.02 ANSWERED general 1001 PJSIP/1001-00000001
        0.03 AgentCalled general 1001 -
        0.04 AgentCalled general 1002 -
        0.50 BlindTransfer general 1001 1002
        0.51 AGENTLEFT general 1001 PJSIP/1001-00000001|26
        0.52 TRANSFERTO general - 1002
        0.70 ANSWERED general 1002 PJSIP/1002-00000002
        9.00 ENDED - - 16|
        9.01 AGENTLEFT general 1002 PJSIP/1002-00000002|26
        """,
        """
        answered by caller microsecond 9.00
        pass general/1 0.01-0.02 answered
        ring 1001 0.03-0.03 answered
        ring 1002 0.04-0.04 no
        talk 1001 0.02-0.50 transfer
        talk 1002 0.70-9.00 caller
        transfer blind 1001>1002 0.50
        """,
    ),
    Scenario(
        "K3: sent on twice within a second: two transfers, not one",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        1.00 ANSWERED general 1001 PJSIP/1001-00000001
        3.00 BlindTransfer general 1001 1002
        3.00 AGENTLEFT general 1001 PJSIP/1001-00000001|26
        3.02 TRANSFERTO general - 1002
        3.10 ANSWERED general 1002 PJSIP/1002-00000002
        3.50 BlindTransfer general 1002 1003
        3.50 AGENTLEFT general 1002 PJSIP/1002-00000002|26
        3.52 TRANSFERTO general - 1003
        3.60 ANSWERED general 1003 PJSIP/1003-00000003
        9.00 AGENTLEFT general 1003 PJSIP/1003-00000003|16
        9.01 SURVEYASKED general - scale-123
        9.10 SURVEY general - scale-123|1|impressed|answered
        9.20 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 9.20
        pass general/1 0.01-1.00 answered
        talk 1001 1.00-3.00 transfer
        talk 1002 3.10-3.50 transfer
        talk 1003 3.60-9.00 agent
        transfer blind 1001>1002 3.00
        transfer blind 1002>1003 3.50
        survey 9.01 1 impressed
        """,
    ),
    Scenario(
        "a transfer nobody takes: back in the queue, in the old place",
        ARRIVED
        + """
        0.01 QUEUED general - 1
        1.00 ANSWERED general 1001 PJSIP/1001-00000001
        3.00 BlindTransfer general 1001 1002
        3.01 AGENTLEFT general 1001 PJSIP/1001-00000001|16
        3.02 TRANSFERTO general - 1002
        33.00 QUEUED general - 1
        40.00 ANSWERED general 1001 PJSIP/1001-00000004
        50.00 AGENTLEFT general 1001 PJSIP/1001-00000004|16
        50.01 LEFT general - 1|CONTINUE
        50.10 ENDED - - 16|system
        """,
        """
        answered by agent microsecond 50.10
        pass general/1 0.01-1.00 answered
        pass general/4 33.00-40.00 answered
        talk 1001 1.00-3.00 transfer
        talk 1001 40.00-50.00 agent
        transfer blind 1001>1002 3.00
        """,
    ),
    Scenario(
        "ENDED never came: the channel's end stands in",
        ARRIVED + "0.01 QUEUED general - 1\n4.00 QueueCallerAbandon general - 1\n4.01 Hangup - - 16",
        """
        abandoned by caller microsecond 4.01
        pass general/1 0.01-4.00 abandoned
        """,
    ),
]
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
