"""Letters that bring back a letter of ours, in the forms that mail servers write, in Thai and English; and letters that
only look like it."""

import base64
from typing import Final

_THAI_BODY: Final = "ไม่พบที่อยู่\n\nข้อความของคุณส่งไปไม่ถึง somchai@example.test เนื่องจากไม่พบที่อยู่นี้ หรือที่อยู่ไม่สามารถรับอีเมลได้\n"
_BASE64_THAI: Final = base64.encodebytes(_THAI_BODY.encode()).decode()
_REPORT: Final = """\
From: {sender}
To: 1169@hotline.test
Subject: {subject}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
{body}
--b
Content-Type: message/delivery-status

{status}
--b
Content-Type: {kind}

Received: by mail.example.test; Thu, 26 Nov 2026 12:00:00 +0700
Message-ID: <OURS@hotline.test>
From: =?utf-8?b?4Liq4Liy4Lii4LiV4Lij4LiH?= <1169@hotline.test>
Subject: =?utf-8?b?4LmA4Lit4LiB4Liq4Liy4Lij?=

{copy}
--b--
"""
_POSTFIX: Final = _REPORT.format(
    sender="MAILER-DAEMON@mail.example.test (Mail Delivery System)",
    subject="Undelivered Mail Returned to Sender",
    body="Content-Type: text/plain; charset=us-ascii\n\nI'm sorry to have to inform you that your message could not\n"
    "be delivered to one or more recipients. It's attached below.\n",
    status="Reporting-MTA: dns; mail.example.test\nX-Postfix-Queue-ID: 4T2x\n\n"
    "Final-Recipient: rfc822; somchai@example.test\nOriginal-Recipient: rfc822;somchai@example.test\n"
    "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.test\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <somchai@example.test>: Recipient address\n    rejected: User unknown\n",
    kind="text/rfc822-headers",
    copy="",
)
_EXCHANGE_TH: Final = _REPORT.format(
    sender='"Microsoft Outlook" <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@moc.example.test>',
    subject="=?utf-8?b?" + base64.b64encode("ไม่สามารถส่งได้: เอกสาร".encode()).decode() + "?=",
    body='Content-Type: multipart/alternative; boundary="c"\n\n--c\nContent-Type: text/plain; charset="utf-8"\n'
    f'Content-Transfer-Encoding: base64\n\n{_BASE64_THAI}\n--c\nContent-Type: text/html; charset="utf-8"\n'
    f"Content-Transfer-Encoding: base64\n\n{_BASE64_THAI}\n--c--\n",
    status="Reporting-MTA: dns;SG2PR03MB1234.apcprd03.prod.example.test\nReceived-From-MTA: dns;mail.hotline.test\n\n"
    "Final-Recipient: rfc822;somchai@moc.example.test\nAction: failed\nStatus: 5.1.10\n"
    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient somchai@moc.example.test not found\n"
    " by SMTP address lookup\n",
    kind="message/rfc822",
    copy="สวัสดี",
)
_GMAIL: Final = _REPORT.format(
    sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    subject="Delivery Status Notification (Failure)",
    body='Content-Type: text/plain; charset="UTF-8"\n\n** Address not found **\n\nYour message wasn\'t delivered.\n',
    status="Reporting-MTA: dns; googlemail.com\nArrival-Date: Thu, 26 Nov 2026 05:00:00 -0800 (PST)\n\n"
    "Final-Recipient: rfc822; somchai@gmail.com\nAction: failed\nStatus: 5.2.2\n"
    "Remote-MTA: dns; gmail-smtp-in.l.google.com. (172.217.1.1, the server for the domain gmail.com.)\n"
    "Diagnostic-Code: smtp; 552-5.2.2 The email account that you tried to reach is over quota. Please direct\n"
    " 552-5.2.2 the recipient to\n 552 5.2.2  https://support.google.com/mail/?p=OverQuotaPerm\n",
    kind="message/rfc822",
    copy="hello",
)
_GMAIL_TH: Final = _REPORT.format(
    sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    subject="Delivery Status Notification (Failure)",
    body=f'Content-Type: text/plain; charset="UTF-8"\nContent-Transfer-Encoding: base64\n\n{_BASE64_THAI}',
    status="Reporting-MTA: dns; googlemail.com\n\nFinal-Recipient: rfc822; somchai@gmial.test\nAction: failed\n"
    "Status: 4.0.0\nDiagnostic-Code: smtp; DNS Error: DNS type 'mx' lookup of gmial.test responded with code NXDOMAIN\n"
    " Domain name not found: gmial.test\n",
    kind="message/rfc822",
    copy="สวัสดี",
)
_TOO_LATE: Final = _POSTFIX.replace("Status: 5.1.1", "Status: 4.4.1").replace(
    "smtp; 550 5.1.1 <somchai@example.test>: Recipient address\n    rejected: User unknown",
    "X-Postfix; connect to mx.example.test[192.0.2.1]:25: Connection timed out",
)
_TWO_PEOPLE: Final = _POSTFIX.replace(
    "Final-Recipient",
    "Final-Recipient: rfc822; other@example.test\nAction: relayed\nStatus: 2.0.0\n\nFinal-Recipient",
    1,
)
_ALL_ALPHABETS: Final = _POSTFIX.replace("message/delivery-status", "message/global-delivery-status").replace(
    "rfc822; somchai", "utf-8; สมชาย"
)
_EXIM: Final = """\
From: Mail Delivery System <Mailer-Daemon@exim.example.test>
To: 1169@hotline.test
X-Failed-Recipients: somchai@example.test
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  somchai@example.test
    host mx.example.test [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<somchai@example.test>:
    550 5.1.1 <somchai@example.test>: no such user here

------ This is a copy of the message, including all the headers. ------

Message-ID: <OURS@hotline.test>
Subject: hello
"""
_QMAIL: Final = """\
From: MAILER-DAEMON@qmail.example.test
To: 1169@hotline.test
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<somchai@example.test>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.7.1 Message rejected as spam by content filter
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Message-ID: <OURS@hotline.test>
"""
# Form → the letter, and the reason that the agent reads.
FORMS: Final = {
    "postfix": (_POSTFIX, "no_mailbox"),
    "exchange_th": (_EXCHANGE_TH, "no_mailbox"),
    "gmail": (_GMAIL, "full"),
    "gmail_th": (_GMAIL_TH, "no_domain"),
    "never_reached": (_TOO_LATE, "never_reached"),
    "two_people": (_TWO_PEOPLE, "no_mailbox"),
    "all_alphabets": (_ALL_ALPHABETS, "no_mailbox"),
    "exim": (_EXIM, "no_mailbox"),
    "qmail": (_QMAIL, "unwanted"),
}
_ANSWER: Final = """\
Return-Path: <{path}>
From: {sender}
To: 1169@hotline.test
Subject: {subject}
In-Reply-To: <OURS@hotline.test>
Content-Type: text/plain; charset=utf-8
{more}

{text}
"""
# They name a letter of ours, and it has not come back.
HARMLESS: Final = {
    "answer": _ANSWER.format(path="a@b.test", sender="a@b.test", subject="Re: เอกสาร", more="", text="ขอบคุณครับ"),
    "absence": _ANSWER.format(
        path="", sender="somchai@example.test", subject="ไม่อยู่ที่ทำงาน", more="Auto-Submitted: auto-replied",
        text="550 เมตรจากที่นี่ ดิฉันลาพักร้อนถึงวันจันทร์",
    ),
    "delay": _POSTFIX.replace("Action: failed", "Action: delayed").replace("5.1.1", "4.4.1"),
    "delivered": _POSTFIX.replace("Action: failed", "Action: delivered (to mailbox)").replace("5.1.1", "2.0.0"),
    "warning": _EXIM.replace("delivery failed: returning message to sender", "delivery delayed 24 hours"),
    "read": _ANSWER.format(
        path="", sender="somchai@example.test", subject="Read: เอกสาร", more="MIME-Version: 1.0", text="อ่านแล้ว"
    ).replace(
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: message/disposition-notification",
    ),
}  # fmt: skip
ORDINARY: Final = """\
From: Somebody <somebody@example.test>
To: 1169@hotline.test
Subject: ขอสอบถามเรื่องการส่งออก NUMBER
Message-ID: <NUMBER-0123456789abcdef0123456789abcde@example.test>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

สวัสดีครับ ขอสอบถามเรื่องการส่งออกผลไม้
""".encode()


def report(form: str, message_id: str) -> bytes:
    """The letter of this form that brings back this one."""
    return FORMS[form][0].replace("OURS", message_id).encode()
