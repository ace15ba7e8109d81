"""pyst2's AGI over a socket, made safe: what the dialplan and we say to each other stays in step.

pyst2 0.5.1 needs the main thread (signals), escapes nothing, takes ``HANGUP`` for a reply and loops for ever when the
peer leaves. Its command methods are good and stay; how a line is written and a reply is read is written anew here.
"""

import re
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from asterisk import agi as pyst

COMMAND_BYTES_AT_MOST: Final = 8000  # Asterisk splits a line over 8,191 bytes and runs it as two commands
SHORTEST_ENVIRONMENT_BYTES: Final = 256  # about 500 with everything that Asterisk 20 and later tell of a call
LINE_BYTES_AT_MOST: Final = 262_144
VARIABLE_BYTES_CUT: Final = 1_020  # GET VARIABLE ends at 1,023 bytes, if need be within a letter

_APPLICATION = re.compile(r"[A-Za-z0-9_]+")
_NOT_IN_A_LINE = str.maketrans({"\r": " ", "\n": " ", "\0": " ", "\\": "\\\\", '"': '\\"'})
_BREAK = re.compile(r"[\r\n\0]")
_PAIR = re.compile(r"(\w+)=(\S*)")

Result = dict[str, tuple[str, str]]


class HungUp(pyst.AGIHangup):  # type: ignore[misc]
    """The caller or Asterisk has gone. The flow ends; nothing is wrong."""


class NotAgi(HungUp):
    """Whoever connected is no Asterisk: a port probe, a health check."""


class Silent(HungUp):
    """Asterisk did not answer in time. Its answer may still come, so this connection cannot be used again."""


class CommandRefused(pyst.AGIUsageError):  # type: ignore[misc]
    """The command was not sent: Asterisk would not have understood it as it was meant."""


class Connection(Protocol):
    """What of a socket is used."""

    def recv(self, size: int, /) -> bytes: ...
    def sendall(self, data: bytes, /) -> None: ...
    def setsockopt(self, level: int, option: int, value: bytes, /) -> None: ...


class Agi(pyst.AGI):  # type: ignore[misc]
    """One AGI conversation. Reads the environment when made.

    All methods raise `HungUp` when the caller has gone, `pyst.AGIError` when Asterisk refuses or a command fails.
    A command fails with ``-1`` both when the caller hung up and when, say, a file is missing: which of the two it was
    is asked of Asterisk before an error is raised.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        header_seconds: float = 0.5,
        reply_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # pyst2's own __init__ is left out: it installs a signal handler, which only a main thread may.
        self.env: dict[str, str] = {}
        self.hung_up = False
        self._connection = connection
        self._clock = clock
        self._reply_seconds = reply_seconds
        self._buffer = b""
        self._in_step = True
        self._probing = False
        # The kernel's own time-out: Python's costs one more system call per read and per write.
        # One second is how often we look whether a longer deadline has passed.
        step = struct.pack("ll", *_seconds_microseconds(min(header_seconds, reply_seconds, 1.0)))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, step)
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", *_seconds_microseconds(reply_seconds))
        )
        self._give_up_at = clock() + header_seconds
        self._get_agi_env()

    # -- reading and writing lines

    def _get_agi_env(self) -> None:
        # Asterisk writes the environment line by line: woken once for most of it, not for each
        self._wake_for(SHORTEST_ENVIRONMENT_BYTES)
        try:
            while (end := self._buffer.find(b"\n\n")) < 0:
                self._fill(b"\n\n")
                self._wake_for(1)
                if self._buffer[:4] != b"agi_"[: len(self._buffer)]:
                    raise NotAgi("this is not the AGI protocol")
        except HungUp as error:
            raise NotAgi("no AGI environment came") from error
        header, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        for line in header.decode("utf-8", "replace").split("\n"):
            key, _, value = line.partition(":")
            self.env[key] = value.strip()
        if "agi_request" not in self.env:
            raise NotAgi("the AGI environment has no agi_request")

    def _wake_for(self, size: int) -> None:
        """Reading waits for so many bytes, or the end of its time."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, struct.pack("i", size))

    def _fill(self, until: bytes = b"\n") -> None:
        """Read once more; raises when `until` has not come and the time is over."""
        try:
            data = self._connection.recv(65_536)
        except (BlockingIOError, TimeoutError):
            data = None
        except OSError as error:
            raise self._lost("the connection broke") from error
        if data == b"":
            raise self._lost("the connection was closed")
        if data:
            self._buffer += data
            if until in self._buffer:
                return
        if len(self._buffer) > LINE_BYTES_AT_MOST:
            raise self._lost("a line without an end")
        if self._clock() >= self._give_up_at:
            self._in_step = False
            raise Silent("Asterisk did not answer in time")

    def _lost(self, why: str) -> HungUp:
        self.hung_up, self._in_step = True, False
        return HungUp(why)

    def _line(self) -> str:
        # Bytes are joined before they are decoded: a Thai letter is three bytes and may come in two reads.
        while (end := self._buffer.find(b"\n")) < 0:
            self._fill()
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line.decode("utf-8", "replace").rstrip("\r")

    def _quote(self, string: object) -> str:
        """A value as one quoted word. A line break would start a second command, so it becomes a space."""
        return f'"{str(string).translate(_NOT_IN_A_LINE)}"'

    def send_command(self, command: str, *args: object) -> None:
        """Send one line. Raises `CommandRefused` when Asterisk would read it as something else."""
        line = " ".join([command, *map(str, args)]) if args else command
        if _BREAK.search(line):
            raise CommandRefused("a command must be one line: quote what is put into it")
        data = line.encode("utf-8", "replace")
        if len(data) > COMMAND_BYTES_AT_MOST:
            raise CommandRefused(f"the command has {len(data)} bytes, at most {COMMAND_BYTES_AT_MOST} arrive whole")
        if not self._in_step:
            raise HungUp("the connection is lost")
        try:
            self._connection.sendall(data + b"\n")
        except OSError as error:
            raise self._lost("the connection broke") from error
        self._give_up_at = self._clock() + self._reply_seconds

    # -- replies

    def execute(self, command: str, *args: object, waits_seconds: float = 0.0) -> Result:
        """Send a command and read its reply.

        `waits_seconds`: how long the command itself may take because it waits for the caller or plays something.
        """
        self.send_command(command, *args)
        self._give_up_at += waits_seconds
        return self.get_result()

    def get_result(self, stdin: object = None) -> Result:
        """The reply to the command sent last, as pyst2 gives it: ``{"result": (value, data), ...}``."""
        line = self._reply()
        code, rest = line[:3], line[4:]
        if code == "200":
            return self._success(rest)
        if code == "510":
            raise pyst.AGIInvalidCommand(rest)
        if code == "511":  # not permitted on a channel that is hung up
            self.hung_up = True
            raise HungUp(rest)
        if code == "520":
            raise pyst.AGIUsageError(self._usage(line))
        self._in_step = False
        raise pyst.AGIUnknownError(code, "a reply that is none; the connection is given up")

    def _reply(self) -> str:
        while True:
            line = self._line()
            if line == "HANGUP":  # comes out of turn, before the reply that is waited for
                self.hung_up = True
            elif not line.startswith("100"):
                return line

    def _usage(self, first: str) -> str:
        """A 520 reply: one line, or ``520-`` and all lines to the one that begins with ``520`` and a space."""
        if not first.startswith("520-"):
            return first[4:]
        lines = [first[4:]]
        while not (line := self._line()).startswith("520 "):
            lines.append(line)
        return "\n".join(lines)

    def _success(self, rest: str) -> Result:
        if rest.startswith("result=1 (") and not rest.endswith(")") and ") endpos=" not in rest:
            rest = self._rest_of_value(rest)
        if not rest.startswith("result="):
            self._in_step = False
            raise pyst.AGIUnknownError("200", "a reply without a result; the connection is given up")
        value, _, tail = rest[7:].partition(" ")
        data = ""
        if tail.startswith("("):  # the value may hold brackets itself: to the last one
            data, _, tail = tail[1:].rpartition(")")
        result = {"result": (value, data)}
        if tail:
            result |= {key: (text, "") for key, text in _PAIR.findall(tail)}
        if value == "-1":
            self._failed(rest)
        return result

    def _rest_of_value(self, rest: str) -> str:
        """A value with line breaks in it comes as several lines; the last one ends the bracket."""
        while not rest.endswith(")"):
            rest += "\n" + self._line()
        return rest

    def _failed(self, rest: str) -> None:
        if not self._probing and not self.hung_up:
            self._ask_whether_hung_up()
        if self.hung_up:
            raise HungUp("the caller hung up")
        raise pyst.AGIAppError(f"the command failed: {rest}")

    def _ask_whether_hung_up(self) -> None:
        # CHANNEL STATUS is not permitted after a hangup (511), also where Asterisk sends no HANGUP (AGISIGHUP=no).
        self._probing = True
        try:
            self.execute("CHANNEL STATUS")
        except HungUp:
            self.hung_up = True
        except pyst.AGIError:
            pass
        finally:
            self._probing = False

    # -- commands that pyst2 spells wrong

    def get_variable(self, name: str) -> str:
        """The value of a variable or dialplan function, "" when it has none."""
        value = str(self.execute("GET VARIABLE", self._quote(name))["result"][1])
        if len(value) >= VARIABLE_BYTES_CUT // 4 and len(value.encode("utf-8", "replace")) >= VARIABLE_BYTES_CUT:
            return self._long_variable(name)
        return value

    def _long_variable(self, name: str) -> str:
        value = str(self.execute("GET FULL VARIABLE", self._quote(f"${{{name}}}"))["result"][1])
        return value.rstrip("\ufffd")

    def database_get(self, family: str, key: str) -> str | None:
        """A value of Asterisk's database; None when there is none."""
        value, data = self.execute("DATABASE GET", self._quote(family), self._quote(key))["result"]
        return data if value == "1" else None

    def appexec(self, application: str, options: str = "", *, waits_seconds: float = 0.0) -> str:
        """Run a dialplan application. Raises `pyst.AGIAppError` when Asterisk has none of that name."""
        if not _APPLICATION.fullmatch(application):
            raise CommandRefused(f"{application!r} is not the name of an application")
        result = self.execute("EXEC", application, self._quote(options), waits_seconds=waits_seconds)
        if result["result"][0] == "-2":
            raise pyst.AGIAppError(f"Asterisk has no application {application!r}: load its module")
        return result["result"][0]

    def exec_command(self, command: str, *args: object) -> str:
        """As `appexec`; pyst2's own loses everything after the first space."""
        return self.appexec(command, ",".join(map(str, args)))

    def stream_file(self, filename: str, escape_digits: Any = "", sample_offset: int = 0) -> str:
        """Play a file; the key that interrupted it, or ""."""
        keys = "".join(map(str, escape_digits))
        result = self.execute(
            "STREAM FILE", self._quote(filename), self._quote(keys), int(sample_offset), waits_seconds=3600
        )
        code = result["result"][0]
        return "" if code == "0" else chr(int(code))

    def get_data(self, filename: str, timeout: int = 2000, max_digits: int = 255) -> str:
        """Play a file ("": none) and read keys up to ``#``; `timeout` in ms, for the first and each later key."""
        result = self.execute(
            "GET DATA", self._quote(filename), int(timeout), int(max_digits), waits_seconds=3600 + timeout / 1000
        )
        return result["result"][0]


def _seconds_microseconds(seconds: float) -> tuple[int, int]:
    return int(seconds), int(seconds % 1 * 1_000_000)
