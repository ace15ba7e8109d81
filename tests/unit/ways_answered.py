"""Ways of calls that a person answered, and nobody handed on."""

from scenarios import ARRIVED, Scenario

ANSWERED = [
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
]
