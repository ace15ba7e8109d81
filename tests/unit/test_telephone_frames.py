"""What a browser may send through to Asterisk: SIP of its own extension, one message a frame."""

import pytest

from crm.telephone.frames import BadFrame, refusal

REGISTER = """REGISTER sip:hotline SIP/2.0
Via: SIP/2.0/WS q4pb5furt.invalid;branch=z9hG4bK5518
Max-Forwards: 69
To: <sip:1001@hotline>
From: "Somsri" <sip:1001@hotline>;tag=4bb1
Call-ID: 5fj2
CSeq: 2 REGISTER
Authorization: Digest algorithm=MD5, username="1001", realm="asterisk", nonce="1/a", uri="sip:hotline", response="ab"
Contact: <sip:h6ahqnh8@q4pb5furt.invalid;transport=ws>;expires=300
Content-Length: 0

"""


def wire(text: str, **changed: str) -> str:
    """The text as it is sent, with some headers changed."""
    for name, value in changed.items():
        header = name.replace("_", "-").title().replace("Id", "ID")
        lines = [f"{header}: {value}" if line.startswith(f"{header}:") else line for line in text.splitlines()]
        text = "\n".join([*lines, ""])
    return text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "frame",
    [
        wire(REGISTER),
        "\r\n\r\n",
        "\r\n",
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/WS x\r\nContent-Length: 0\r\n\r\n",
        "SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\nl: 4\r\n\r\nv=0\n",
        # a request within a call that came in: From is what Asterisk called us
        "BYE sip:asterisk@vm SIP/2.0\r\nFrom: <sip:h6@x.invalid>;tag=1\r\nTo: <sip:081@vm>;tag=2\r\n\r\n",
        "INVITE sip:0812345678@hotline SIP/2.0\r\nf: <sip:1001@hotline>;tag=1\r\nt: <sip:0812345678@hotline>\r\n\r\n",
    ],
)
def test_the_own_extension_passes(frame: str) -> None:
    assert refusal(frame, "1001") is None


@pytest.mark.parametrize(
    "frame",
    [
        wire(REGISTER, to="<sip:1002@hotline>"),
        wire(REGISTER, **{"from": "<sip:1002@hotline>;tag=4"}),
        wire(REGISTER, to="<sip:1002@hotline>", **{"from": "<sip:1002@hotline>;tag=4"}),
        wire(REGISTER, authorization='Digest username="1002", realm="asterisk"'),
        wire(REGISTER).replace("To: <sip:1001@hotline>", "To: <sip:1001@hotline>\r\nt: <sip:1002@hotline>"),
        wire(REGISTER).replace("To: <sip:1001", "To:\r\n  <sip:1002"),
        wire(REGISTER).replace("REGISTER", "INVITE").replace("From: ", 'From: "a" <sip:1002@x>;tag=1\r\nX-From: '),
    ],
)
def test_another_extension_is_refused_in_asterisks_place(frame: str) -> None:
    answer = refusal(frame, "1001")
    assert answer is not None
    assert answer.startswith("SIP/2.0 403 ")
    assert "\r\nVia: SIP/2.0/WS q4pb5furt.invalid;branch=z9hG4bK5518\r\n" in answer
    assert "\r\nCall-Id: 5fj2\r\n" in answer
    assert ";tag=" in next(line for line in answer.split("\r\n") if line.startswith("To: "))
    assert answer.endswith("\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    "frame",
    [
        wire(REGISTER) + wire(REGISTER, to="<sip:1002@hotline>"),  # a second one behind it
        wire(REGISTER, content_length="12"),
        wire(REGISTER).replace("Content-Length: 0", "Content-Length: 0\r\nl: 5"),
        wire(REGISTER).removesuffix("\r\n"),
        "GET / HTTP/1.1\r\n\r\n",
        "hello",
        "REGISTER sip:hotline SIP/2.0\r\nnonsense\r\n\r\n",
        "REGISTER sip:hotline SIP/2.0\r\nTo: <sip:1002@x>\r\n\r\n",  # cannot be answered
        "ACK sip:x SIP/2.0\r\nFrom: <sip:1002@x>;tag=1\r\nTo: <sip:1@x>\r\n\r\n",  # must not be answered
    ],
)
def test_what_is_no_single_message_closes_the_socket(frame: str) -> None:
    with pytest.raises(BadFrame):
        refusal(frame, "1001")


def test_a_thai_name_has_the_length_of_its_bytes() -> None:
    head = "MESSAGE sip:1002@hotline SIP/2.0\r\nFrom: <sip:1001@x>\r\nTo: <sip:1002@x>\r\nContent-Length: 18"
    assert refusal(f"{head}\r\n\r\nสวัสดี", "1001") is None
