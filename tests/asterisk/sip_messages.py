"""SIP messages (RFC 3261) as text: read, written, and signed with digest authentication (RFC 7616, MD5 as Asterisk)."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, UPDATE, INFO, MESSAGE"
_SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "r": "refer-to"}


@dataclass
class Message:
    """A request or a response."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @classmethod
    def parse(cls, data: bytes) -> "Message":
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        start, *lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        pairs = (line.partition(":")[::2] for line in lines)
        return cls(start, [(name.strip(), value.strip()) for name, value in pairs], body)

    def encode(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()

    @property
    def is_response(self) -> bool:
        return self.start.startswith("SIP/2.0")

    @property
    def status(self) -> int:
        return int(self.start.split()[1])

    @property
    def method(self) -> str:
        return self["cseq"].split()[1] if self.is_response else self.start.split()[0]

    @property
    def sequence(self) -> int:
        return int(self["cseq"].split()[0])

    @property
    def branch(self) -> str:
        match = re.search(r"branch=([^;,\s]+)", self["via"])
        return match[1] if match else ""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if _SHORT.get(key.lower(), key.lower()) == name]

    def __getitem__(self, name: str) -> str:
        return next(iter(self.all(name)), "")


def tag_of(address: str) -> str:
    match = re.search(r";tag=([^;\s]+)", address)
    return match[1] if match else ""


def uri_of(address: str) -> str:
    match = re.search(r"<([^>]+)>", address)
    return match[1] if match else address.partition(";")[0].strip()


def user_of(address: str) -> str:
    match = re.search(r"sips?:([^@;>]+)@", address)
    return match[1] if match else ""


def display_of(address: str) -> str:
    match = re.match(r'\s*"((?:[^"\\]|\\.)*)"', address)
    return match[1].replace('\\"', '"') if match else address.partition("<")[0].strip()


def digest(challenge: str, method: str, uri: str, user: str, password: str) -> str:
    """Value of the Authorization header that answers a challenge."""
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))

    def h(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    first, second = h(f"{user}:{given['realm']}:{password}"), h(f"{method}:{uri}")
    answer = f'Digest username="{user}", realm="{given["realm"]}", nonce="{given["nonce"]}", uri="{uri}", algorithm=MD5'
    if "qop" not in given:
        response = h(f"{first}:{given['nonce']}:{second}")
        return f'{answer}, response="{response}"'
    own = secrets.token_hex(8)
    response = h(f"{first}:{given['nonce']}:00000001:{own}:auth:{second}")
    answer += f', response="{response}", qop=auth, nc=00000001, cnonce="{own}"'
    return answer + (f', opaque="{given["opaque"]}"' if "opaque" in given else "")


def session_description(address: str, port: int, version: int, direction: str = "sendrecv") -> str:
    """SDP of one PCMU stream with RFC 4733 keys."""
    lines = (
        "v=0", f"o=telephone 1 {version} IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0",
        f"m=audio {port} RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16", "a=ptime:20", f"a={direction}",
    )  # fmt: skip
    return "\r\n".join(lines) + "\r\n"


def media_address(sdp: str) -> tuple[str, int] | None:
    """Where the other side wants its audio."""
    address, port = re.search(r"^c=IN IP4 (\S+)", sdp, re.M), re.search(r"^m=audio (\d+)", sdp, re.M)
    return (address[1], int(port[1])) if address and port else None
