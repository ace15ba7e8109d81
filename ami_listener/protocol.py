"""Bytes of the manager interface to messages and back. No sockets, no clock.

Asterisk's stream is a greeting line, then blocks of ``Key: value`` lines, each ended by an empty line. Bytes are joined
before they are decoded, because TCP cuts inside Thai letters.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeVar

from ami_listener.actions import AmiRefused, Headers

END: Final = b"\r\n\r\n"
GREETING: Final = b"Asterisk Call Manager/"
MAX_UNFINISHED_BYTES: Final = 1 << 20
# Asterisk reads lines into 1,025 bytes. What it does with a longer one differs between versions, up to taking
# the rest for a new header.
MAX_LINE_BYTES: Final = 1_022

_USER_EVENT: Final = b"Event: UserEvent"
_LAST_OF_CHANNEL: Final = b"\r\nLinkedid: "

T = TypeVar("T")


class MessageTooLong(Exception):
    """The peer has sent a megabyte without ending a message: this is not Asterisk's manager interface."""


class Message(dict[str, str | list[str]]):
    """One event or response: keys as Asterisk sent them, a repeated key's values in a list. Read-only. Of a UserEvent
    the state of its channel is left out, but for Linkedid.

    Look-ups find any spelling; the sent spelling is fastest. (A dict, because it is made thousands of times a second.)
    """

    __slots__ = ()

    def __missing__(self, key: str) -> str | list[str]:
        wanted = key.lower()
        for sent, value in self.items():
            if sent.lower() == wanted:
                return value
        raise KeyError(key)

    def get(self, key: str, default: T = None) -> str | list[str] | T:  # type: ignore[assignment]
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def first(self, key: str) -> str | None:
        """The value; of a repeated key the first, which is Asterisk's own: what a UserEvent brings comes later."""
        value = self.get(key)
        return value[0] if isinstance(value, list) else value

    @property
    def event(self) -> str | None:
        """The event's name; None for a response."""
        return self.first("Event")

    def _read_only(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a message is what Asterisk said: it cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _read_only
    update = setdefault = pop = popitem = clear = _read_only


@dataclass(slots=True)
class DecoderCounters:
    """What went through a decoder."""

    received_bytes: int = 0
    messages: int = 0  # parsed
    skipped: int = 0  # events nobody is interested in, left unparsed
    malformed: int = 0  # neither event nor response: dropped
    invalid_utf8: int = 0  # delivered, with replacement characters
    # The last malformed or badly encoded blocks as they came. May hold personal data: never for a log.
    last_raw: deque[bytes] = field(default_factory=lambda: deque(maxlen=20))


class Decoder:
    """Takes bytes as they come, gives messages in order.

    ``interesting``: names of the events wanted (None: all). Others are skipped unparsed, unless they carry an
    ActionID and so may belong to an answer.
    """

    def __init__(self, interesting: Iterable[str] | None = None, counters: DecoderCounters | None = None) -> None:
        self.counters = counters or DecoderCounters()
        self.version: str | None = None
        self._interesting = None if interesting is None else frozenset(name.encode() for name in interesting)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Messages that ``data`` completes. Raises :class:`MessageTooLong`."""
        self.counters.received_bytes += len(data)
        buffer = self._buffer
        searched = max(0, len(buffer) - len(END) + 1)
        buffer += data
        end = buffer.rfind(END, searched)
        if end < 0:
            if len(buffer) > MAX_UNFINISHED_BYTES:
                raise MessageTooLong(f"{len(buffer)} bytes without the end of a message")
            return []
        blocks = bytes(buffer[:end]).split(END)
        del buffer[: end + len(END)]
        return self._messages(blocks)

    def _messages(self, blocks: list[bytes]) -> list[Message]:
        interesting = self._interesting
        messages = []
        skipped = 0
        for block in blocks:
            if (
                interesting is not None
                and block.startswith(b"Event: ")
                and block.split(b"\r\n", 1)[0][7:] not in interesting
                and b"\r\nActionID: " not in block
            ):
                skipped += 1
                continue
            message = self._parse(block)
            if message is not None:
                messages.append(message)
        self.counters.messages += len(messages)
        self.counters.skipped += skipped
        return messages

    def _parse(self, block: bytes) -> Message | None:
        if block.startswith(_USER_EVENT):
            block = _without_channel(block)
        try:
            text = block.decode()
        except UnicodeDecodeError:
            self.counters.invalid_utf8 += 1
            self.counters.last_raw.append(block)
            text = block.decode(errors="replace")
        lines = text.split("\r\n")
        try:
            message = Message([line.split(": ", 1) for line in lines])
        except ValueError:  # a line without ": "
            return self._parse_slowly(block, lines)
        if len(message) != len(lines) or not ("Event" in message or "Response" in message):
            return self._parse_slowly(block, lines)
        return message

    def _parse_slowly(self, block: bytes, lines: list[str]) -> Message | None:
        fields: dict[str, str | list[str]] = {}
        for line in lines:
            key, colon, value = line.partition(": ")
            if not colon:
                key, colon, value = line.partition(":")
            if not colon:
                self._greeted(line)
                continue
            if key in fields:
                before = fields[key]
                fields[key] = [*before, value] if isinstance(before, list) else [before, value]
            else:
                fields[key] = value
        message = Message(fields)
        if message.first("Event") or message.first("Response"):
            return message
        if any(lines):
            self.counters.malformed += 1
            self.counters.last_raw.append(block)
        return None

    def _greeted(self, line: str) -> None:
        greeting = GREETING.decode()
        if self.version is None and line.startswith(greeting):
            self.version = line.removeprefix(greeting).strip()


def _without_channel(user_event: bytes) -> bytes:
    """Twenty lines on the state of the channel come before what the dialplan says; of them, only the last is read."""
    last = user_event.find(_LAST_OF_CHANNEL)
    return user_event if last < 0 else _USER_EVENT + user_event[last:]


def check_headers(headers: Headers) -> None:
    """Raises :class:`AmiRefused` for what would reach Asterisk as something else than was meant."""
    for key, value in headers:
        if any(letter in key + value for letter in "\r\n\0"):
            raise AmiRefused(f"header {key!r}: a line break would start a header of its own; take it out")
        if not key or ":" in key or " " in key:
            raise AmiRefused(f"header {key!r} is not a name")
        try:
            size = len(f"{key}: {value}".encode())
        except UnicodeEncodeError as error:
            raise AmiRefused(f"header {key!r} is not valid Unicode; normalise it first") from error
        if size > MAX_LINE_BYTES:
            raise AmiRefused(f"header {key!r}: {size} bytes; Asterisk reads {MAX_LINE_BYTES} in a line")


def replay(data: bytes, chunk_sizes: Iterable[int], interesting: Iterable[str] | None = None) -> list[Message]:
    """Messages of a recording, fed in chunks of the given sizes (the rest at once): a connection without a socket."""
    decoder = Decoder(interesting)
    return [message for chunk in _chunks(data, chunk_sizes) for message in decoder.feed(chunk)]


def _chunks(data: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    position = 0
    for size in sizes:
        if position >= len(data):
            return
        yield data[position : position + size]
        position += size
    yield data[position:]
