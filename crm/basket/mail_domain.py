"""Asks the domain name system whether a domain takes mail (RFC 5321, 5.1; RFC 7505). Every doubt is "unknown": a name
server that is away must not keep a letter from being sent."""

import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

RESOLVERS: Final = Path("/etc/resolv.conf")
TIMEOUT_SECONDS: Final = 1.5
KEPT_SECONDS: Final = 600.0
SURELY_THERE: Final = "gmail.com"  # who denies it, knows nothing of mail outside
_MX, _A, _AAAA, _IN = 15, 1, 28, 1
_HEADER: Final = struct.Struct("!6H")
_RECURSION: Final = 0x0100
_NO_SUCH_NAME: Final = 3


class Domain(StrEnum):
    """What is known of a domain."""

    TAKES = "takes"
    NO_SUCH = "no_such"  # there is no such domain
    TAKES_NONE = "takes_none"  # there is, but it takes no mail
    UNKNOWN = "unknown"


class NoAnswer(Exception):
    """The name server is silent, or what it says cannot be read."""


class MailDomains:
    """``servers``: addresses of name servers; those of this machine when None. Answers are kept for some minutes."""

    def __init__(
        self,
        servers: Callable[[], list[tuple[str, int]]] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = servers or (lambda: list(machines_servers()))
        self._timeout, self._clock = timeout_seconds, clock
        self._known: dict[str, tuple[float, Domain]] = {}

    def look_up(self, domain: str) -> Domain:
        """Blocks for some seconds at worst; never raises."""
        now = self._clock()
        if (known := self._known.get(domain)) and now - known[0] < KEPT_SECONDS:
            return known[1]
        try:
            found = self._ask(domain)
        except (NoAnswer, OSError, UnicodeError):
            return Domain.UNKNOWN
        if found is Domain.NO_SUCH and not self._knows_the_world(domain):
            return Domain.UNKNOWN
        if len(self._known) > 1000:
            self._known.clear()
        self._known[domain] = (now, found)
        return found

    def _knows_the_world(self, domain: str) -> bool:
        """Name servers of an inner network deny whatever is outside."""
        return domain != SURELY_THERE and self.look_up(SURELY_THERE) is Domain.TAKES

    def _ask(self, domain: str) -> Domain:
        code, exchanges = self._query(domain, _MX)
        if code == _NO_SUCH_NAME:
            return Domain.NO_SUCH
        if code != 0:
            raise NoAnswer
        if exchanges:
            return Domain.TAKES_NONE if exchanges == ["."] else Domain.TAKES
        for kind in (_A, _AAAA):  # no MX: the domain's own address takes its mail
            code, found = self._query(domain, kind)
            if code == 0 and found:
                return Domain.TAKES
        return Domain.TAKES_NONE

    def _query(self, domain: str, kind: int) -> tuple[int, list[str]]:
        for server in self._servers()[:2]:
            try:
                return _exchange(server, domain, kind, self._timeout)
            except (OSError, NoAnswer):
                continue
        raise NoAnswer


def machines_servers(file: Path = RESOLVERS) -> Iterator[tuple[str, int]]:
    """This machine's name servers."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            yield words[1], 53


def _exchange(server: tuple[str, int], domain: str, kind: int, timeout: float) -> tuple[int, list[str]]:
    """Question and answer by UDP. Raises OSError, NoAnswer."""
    number = secrets.randbelow(1 << 16)
    name = b"".join(bytes([len(part)]) + part for part in (one.encode("idna") for one in domain.split("."))) + b"\0"
    question = name + struct.pack("!2H", kind, _IN)
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as talk:
        talk.settimeout(timeout)
        talk.connect(server)
        talk.send(_HEADER.pack(number, _RECURSION, 1, 0, 0, 0) + question)
        answer = talk.recv(4096)
    try:
        return _read(answer, number, len(question), kind)
    except (struct.error, IndexError) as error:
        raise NoAnswer from error


def _read(answer: bytes, number: int, question_length: int, kind: int) -> tuple[int, list[str]]:
    given, flags, _, count, _, _ = _HEADER.unpack_from(answer)
    if given != number or not flags & 0x8000:
        raise NoAnswer
    at, found = _HEADER.size + question_length, []
    for _ in range(count):
        at = _after_name(answer, at)
        one, _, _, length = struct.unpack_from("!2HIH", answer, at)
        at += 10
        if one == kind:
            found.append("." if kind == _MX and answer[at + 2 : at + length] == b"\0" else "there")
        at += length
    return flags & 0xF, found


def _after_name(answer: bytes, at: int) -> int:
    while True:
        length = answer[at]
        if length >= 0xC0:
            return at + 2
        at += 1 + length
        if length == 0:
            return at
