"""What servers say of a letter, and letters that come back, are understood."""

import pytest

from crm.outbox.bounces import read_bounce
from crm.outbox.reasons import Reason, reason_for
from crm.outbox.sender import TOO_LATE

OURS = "0123456789abcdef0123456789abcdef"
POSTFIX = f"""\
From: MAILER-DAEMON@mail.test (Mail Delivery System)
To: 1169@hotline.test
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.test

Final-Recipient: rfc822; nobody@example.test
Action: {{action}}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown

--b
Content-Type: text/rfc822-headers

Message-ID: <{OURS}@hotline.test>
Subject: hello

--b--
"""
PLAIN = f"""\
From: Mail Delivery System <Mailer-Daemon@exim.test>
To: 1169@hotline.test
Subject: Mail delivery failed: returning message to sender

This message was created automatically. A message that you sent could not be delivered: mailbox is full

Message-ID: <{OURS}@hotline.test>
"""
ANSWER = f"""\
From: somebody@example.test
To: 1169@hotline.test
Subject: Re: documents
In-Reply-To: <{OURS}@hotline.test>

thank you
"""


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("550 5.1.1 <a@b.test>: Recipient address rejected: User unknown", Reason.NO_MAILBOX),
        ("550 no such user", Reason.NO_MAILBOX),
        ("550 5.1.2 Host unknown", Reason.NO_DOMAIN),
        ("450 4.2.2 mailbox over quota", Reason.FULL),
        ("552 5.3.4 Message size exceeds fixed limit", Reason.TOO_BIG),
        ("554 5.7.1 looks like spam", Reason.UNWANTED),
        ("550 relay not permitted", Reason.NOT_OURS),
        ("503 5.7.1 Relay not allowed", Reason.NOT_OURS),
        ("535 5.7.8 Error: authentication failed", Reason.NOT_OURS),
        ("451 not now", Reason.AWAY),
        ("[Errno 111] Connect call failed ('127.0.0.1', 25)", Reason.AWAY),
        (TOO_LATE, Reason.LATE),
        ("a file of this letter is not there any more", Reason.FILE_GONE),
        ("554 no", Reason.OTHER),
    ],
)
def test_refusals_are_told_in_words(answer: str, reason: Reason) -> None:
    """H6: the agent reads what to do, not a number."""
    assert reason_for(answer) is reason


def test_a_delivery_report_names_the_letter_and_the_reason() -> None:
    bounce = read_bounce(POSTFIX.format(action="failed").encode())
    assert bounce is not None
    assert bounce.message_ids == (OURS,)
    assert bounce.why == "550 5.1.1 <nobody@example.test>: Recipient address rejected: User unknown"
    assert reason_for(bounce.why) is Reason.NO_MAILBOX


@pytest.mark.parametrize(
    "text",
    [POSTFIX.format(action="delayed"), POSTFIX.format(action="delivered"), ANSWER, "", "\x00\xff broken", PLAIN[:200]],
)
def test_other_letters_bring_nothing_back(text: str) -> None:
    assert read_bounce(text.encode()) is None


def test_a_report_of_before_there_were_standards_is_understood() -> None:
    bounce = read_bounce(PLAIN.encode())
    assert bounce is not None
    assert bounce.message_ids == (OURS,)
