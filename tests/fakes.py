"""Stand-ins for what is outside a unit: the caller in a flow's hands, Asterisk at the other end of AGI."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from dialplan.names import Variable
from ivr.ports import CallerName, NormalNumber


@dataclass
class FakeSession:
    """A `CallSession` that remembers what was done; `keys` are what the caller presses, one entry a question."""

    call_id: str = "1700000000.1"
    caller_number: str | None = "0812345678"
    called_number: str | None = "1169"
    language: str = "th"
    queue: str | None = "general"
    arguments: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    inherited: set[str] = field(default_factory=set)
    played: list[list[str]] = field(default_factory=list)
    commands: int = 0

    def argument(self, name: str) -> str | None:
        return self.arguments.get(name)

    def get(self, variable: Variable) -> str | None:
        self.commands += 1
        return self.variables.get(variable.value) or None

    def set(self, variable: Variable | str, value: str, *, inherited: bool = False) -> None:
        self.commands += 1
        self.variables[str(variable)] = value
        if inherited:
            self.inherited.add(str(variable))

    def play(self, prompts: Sequence[str], interrupt_keys: str = "") -> str | None:
        self.commands += len(prompts)
        self.played.append(list(prompts))
        return self.keys.pop(0) if interrupt_keys and self.keys else None

    def read_digits(self, prompts: Sequence[str], *, at_most: int, timeout_seconds: float) -> str:
        self.commands += 1
        self.played.append(list(prompts))
        return self.keys.pop(0)[:at_most] if self.keys else ""

    def set_caller_name(self, name: str) -> None:
        self.set("CALLERID(name)", name)

    def set_caller_number(self, number: str) -> None:
        self.set("CALLERID(num)", number)


@dataclass(frozen=True)
class FakeNumbers:
    """A small number plan of Thailand."""

    def normalise(self, raw: str | None, country: str) -> NormalNumber:
        assert country == "TH"
        if not raw:
            return NormalNumber("anonymous", None)
        if raw.startswith("+") and not raw.startswith("+66"):
            return NormalNumber("e164", raw)
        national = "0" + raw[3:] if raw.startswith("+66") else raw
        if national.startswith("0") and len(national) in (9, 10):
            return NormalNumber("e164", "+66" + national[1:], national)
        kind = {3: "short", 4: "internal"}.get(len(raw), "unknown")
        return NormalNumber(kind, raw)  # type: ignore[arg-type]


@dataclass
class FakeDirectory:
    """People by number; `asked` is what was looked up."""

    people: dict[str, CallerName] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)

    def find(self, number: str | None) -> CallerName | None:
        self.asked.append(number)
        return self.people.get(number or "")


class FakeVoice:
    """Prompt ids that show what was asked for."""

    def number(self, language: str, n: int, /) -> list[str]:
        return [f"{language}-number-{n}"]

    def position(self, language: str, n: int, /) -> list[str]:
        return [f"{language}-position-{n}"]

    def minutes(self, language: str, m: int, /) -> list[str]:
        return [f"{language}-minutes-{m}"]

    def digits(self, language: str, text: str, /) -> list[str]:
        return [f"{language}-digit-{digit}" for digit in text]

    def opening(self, language: str, opens_at: datetime, now: datetime, /) -> list[str]:
        return [f"{language}-opens", f"{opens_at:%H%M}"]


def agi_environment(request: str = "agi://127.0.0.1:4573/identify", **values: str) -> bytes:
    """What Asterisk sends first; `values` without the ``agi_``."""
    env = {
        "network": "yes",
        "network_script": request.rpartition("/")[2],
        "request": request,
        "channel": "PJSIP/trunk-00000001",
        "language": "th",
        "type": "PJSIP",
        "uniqueid": "1700000000.1",
        "version": "22.10.1",
        "callerid": "0812345678",
        "calleridname": "unknown",
        "callingpres": "0",
        "dnid": "1169",
        "rdnis": "unknown",
        "context": "hotline-call",
        "extension": "1169",
        "priority": "7",
        "enhanced": "0.0",
        "accountcode": "",
        "threadid": "139",
    }
    lines = [f"agi_{name}: {value}" for name, value in (env | values).items()]
    return "\n".join([*lines, "", ""]).encode()


class FakeConnection:
    """A socket's place in `ivr.agi.Agi`: gives the chunks it was made with, then what `answer` says to each line sent.

    A chunk may be an exception, which is raised. With nothing left it is as if the peer had closed.
    """

    def __init__(
        self,
        chunks: Iterable[bytes | Exception],
        answer: Callable[[bytes], Iterable[bytes | Exception]] | None = None,
    ) -> None:
        self._chunks = list(chunks)
        self._answer = answer
        self.sent = b""

    def recv(self, size: int, /) -> bytes:
        if not self._chunks:
            return b""
        chunk = self._chunks.pop(0)
        if isinstance(chunk, Exception):
            raise chunk
        assert len(chunk) <= size
        return chunk

    def sendall(self, data: bytes, /) -> None:
        self.sent += data
        if self._answer is not None:
            self._chunks += list(self._answer(data.rstrip(b"\n")))

    def setsockopt(self, level: int, option: int, value: bytes, /) -> None:
        assert value

    @property
    def lines(self) -> list[str]:
        """The commands that were sent."""
        return self.sent.decode().splitlines()


def one_byte_at_a_time(stream: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in stream]


def split_everywhere(stream: bytes, start: int = 0) -> Iterable[list[bytes]]:
    """The stream in two parts, cut at every byte from `start` on, then byte by byte."""
    yield from ([stream[:at], stream[at:]] for at in islice(range(len(stream)), max(start, 1), None))
    yield one_byte_at_a_time(stream)


@dataclass
class FakeAsterisk:
    """Answers AGI commands as Asterisk 22 does, from variables and a table of files."""

    variables: dict[str, str] = field(default_factory=dict)
    said: list[list[str]] = field(default_factory=list)

    def __call__(self, line: bytes) -> list[bytes]:
        words = asterisk_words(line)
        self.said.append(words)
        return [self._reply(words).encode() + b"\n"]

    def _reply(self, words: list[str]) -> str:
        match [word.upper() for word in words[:2]]:
            case ["SET", "VARIABLE"]:
                self.variables[words[2].lstrip("_")] = words[3]
                return "200 result=1"
            case ["GET", "VARIABLE"]:
                value = self.variables.get(words[2])
                return f"200 result=1 ({value})" if value else "200 result=0"
            case ["STREAM", "FILE"]:
                return "200 result=0 endpos=8000"
            case ["GET", "DATA"]:
                return "200 result= (timeout)"
            case ["CHANNEL", "STATUS"]:
                return "200 result=6"
        return "510 Invalid or unknown command"


def asterisk_words(line: bytes) -> list[str]:
    """How Asterisk reads a command line (``parse_args`` in ``res_agi.c``): words, quotes, backslashes."""
    words: list[bytearray] = []
    quoted = escaped = False
    between = True
    for byte in line:
        character = bytes([byte])
        if character == b'"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append(bytearray())
                between = False
        elif character in (b" ", b"\t") and not quoted and not escaped:
            between = True
        elif character == b"\\" and not escaped:
            escaped = True
            continue
        else:
            if between:
                words.append(bytearray())
                between = False
            words[-1] += character
        escaped = False
    return [word.decode() for word in words]
