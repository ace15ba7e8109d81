"""Ways of calls that nobody answered: given up, called back later, a message, closed doors."""

from scenarios import ARRIVED, Scenario

UNANSWERED = [
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
        "ENDED never came: the channel's end stands in",
        ARRIVED + "0.01 QUEUED general - 1\n4.00 QueueCallerAbandon general - 1\n4.01 Hangup - - 16",
        """
        abandoned by caller microsecond 4.01
        pass general/1 0.01-4.00 abandoned
        """,
    ),
]
