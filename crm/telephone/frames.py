"""What a browser may send to Asterisk: SIP requests of its own extension, one a frame. Pure.

Asterisk would refuse a foreign extension itself, for want of its secret; it is refused here before it is asked, so that
a session is never anything but its own telephone.
"""

import re
import secrets
from collections.abc import Sequence
from typing import Final

_COMPACT: Final = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length", "m": "contact", "r": "refer-to",
}  # fmt: skip
_REQUEST: Final = re.compile(r"([A-Z]+) \S+ SIP/2\.0")
_RESPONSE: Final = re.compile(r"SIP/2\.0 \d{3} ?.*")
_USER: Final = re.compile(r"sips?:([^@;>\s]+)@", re.IGNORECASE)
_NAMED: Final = re.compile(r'username\s*=\s*"([^"]*)"', re.IGNORECASE)
_ECHOED: Final = ("via", "from", "to", "call-id", "cseq")

Headers = Sequence[tuple[str, str]]


class BadFrame(Exception):
    """Not one SIP message, or one that cannot be answered: the socket is closed."""


def refusal(frame: str, extension: str) -> str | None:
    """None: the frame may pass. Else the answer to give in Asterisk's place (403).

    Raises BadFrame.
    """
    if not frame.strip("\r\n"):
        return None  # keeps the connection alive (RFC 5626)
    head, separator, body = frame.lstrip("\r\n").partition("\r\n\r\n")
    if not separator:
        raise BadFrame("a message without the end of its head")
    start, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    headers = [_header(line) for line in lines]
    _check_length(headers, body)
    if _RESPONSE.fullmatch(start):
        return None
    request = _REQUEST.fullmatch(start)
    if request is None:
        raise BadFrame("neither a request nor a response")
    if _own(request[1], headers, extension):
        return None
    if request[1] == "ACK":
        raise BadFrame("an ACK of a foreign extension")
    return _forbidden(headers)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise BadFrame("a header without its colon")
    name = name.strip().lower()
    return _COMPACT.get(name, name), value.strip()


def _check_length(headers: Headers, body: str) -> None:
    """What stands behind the body would be a second message, which nobody has looked at."""
    lengths = {value for name, value in headers if name == "content-length"}
    if (lengths or {"0"}) != {str(len(body.encode()))}:
        raise BadFrame("the length of the body is not what is said")


def _own(method: str, headers: Headers, extension: str) -> bool:
    users = {name: [_user(value) for key, value in headers if key == name] for name in ("from", "to")}
    named = [found for name, value in headers if name.endswith("authorization") for found in _NAMED.findall(value)]
    if any(name != extension for name in named):
        return False
    if method == "REGISTER":
        return users["from"] == users["to"] == [extension]
    inside_a_dialog = any(key == "to" and ";tag=" in value for key, value in headers)  # From is then what Asterisk said
    return inside_a_dialog or users["from"] == [extension]


def _user(address: str) -> str | None:
    found = _USER.search(address)
    return found[1] if found else None


def _forbidden(headers: Headers) -> str:
    echoed = [(name, value) for name, value in headers if name in _ECHOED]
    if {name for name, _ in echoed} != set(_ECHOED):
        raise BadFrame("a request that cannot be answered")
    tag = f";tag={secrets.token_hex(5)}"
    lines = [f"{name.title()}: {value}{tag if name == 'to' and ';tag=' not in value else ''}" for name, value in echoed]
    return "\r\n".join(["SIP/2.0 403 Not your extension", *lines, "Content-Length: 0", "", ""])
