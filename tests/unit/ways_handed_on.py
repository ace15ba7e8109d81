"""Ways of calls that an agent handed on (K3)."""

from scenarios import ARRIVED, Scenario

HANDED_ON = [
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
]
