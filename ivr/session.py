"""A call as a flow sees it: who calls whom, variables, prompts and keys."""

import logging
from collections.abc import Iterable, Sequence
from typing import Final, Protocol
from urllib.parse import unquote_plus

from asterisk import agi as pyst

from dialplan.names import Variable
from ivr.agi import Agi

log = logging.getLogger(__name__)

PROMPT_FOLDER: Final = "hotline"  # below Asterisk's sounds folder of each language
KEYS: Final = "0123456789*#"
DISPLAY_NAME_LETTERS: Final = 80  # more than any desk phone shows
_PRESENTATION_MASK: Final = 0x60  # bits 6 and 7 of the presentation indicator (Q.931, 4.5.10)
_PRESENTATION_RESTRICTED: Final = 0x20


class CallSession(Protocol):
    """One call in the hands of one flow. Methods raise `ivr.agi.HungUp` when the caller has gone."""

    @property
    def call_id(self) -> str:
        """The call's name everywhere: uniqueid of the caller's leg."""

    @property
    def caller_number(self) -> str | None:
        """As the network gave it; None when it gave none or the caller withholds it."""

    @property
    def called_number(self) -> str | None:
        """The number that was called."""

    @property
    def language(self) -> str:
        """``th`` or ``en`` (what Asterisk calls ``en_GB`` is ``en``)."""

    @property
    def queue(self) -> str | None:
        """Name of the queue, where the dialplan said so."""

    def argument(self, name: str) -> str | None:
        """What the dialplan wrote behind the ``?`` of the route."""

    def get(self, variable: Variable) -> str | None:
        """The value of a channel variable; None when it is empty."""

    def set(self, variable: Variable | str, value: str, *, inherited: bool = False) -> None:
        """Set a channel variable or function. `inherited`: the agent's leg and all others get it too."""

    def play(self, prompts: Sequence[str], interrupt_keys: str = "") -> str | None:
        """Play prompts; the key that interrupted them, or None."""

    def read_digits(self, prompts: Sequence[str], *, at_most: int, timeout_seconds: float) -> str:
        """Play prompts and read keys to ``#``, or until so many, or none for so long."""

    def set_caller_name(self, name: str) -> None:
        """What telephones show as the caller's name (C1)."""

    def set_caller_number(self, number: str) -> None:
        """What telephones show as the caller's number."""


class AgiSession:
    """`CallSession` over FastAGI.

    Nothing is asked of Asterisk to know who calls whom: it is in the environment, or behind the ``?`` of the route
    (``agi://host/announce?call=1700000000.12&queue=general&called=1169&language=th``), which goes first. The whisper
    leg must give ``call`` (or the first AGI argument), since it is not the caller's own.
    """

    def __init__(self, agi: Agi, languages: Sequence[str] = ("th", "en")) -> None:
        self._agi = agi
        self._languages = languages
        self.route, self._arguments = parse_request(agi.env["agi_request"])

    @property
    def call_id(self) -> str:
        env = self._agi.env
        return self._arguments.get("call") or env.get("agi_arg_1") or env.get("agi_uniqueid", "")

    @property
    def caller_number(self) -> str | None:
        try:
            presentation = int(self._agi.env.get("agi_callingpres", "0"))
        except ValueError:
            presentation = 0
        if presentation & _PRESENTATION_MASK == _PRESENTATION_RESTRICTED:
            return None
        number = self._agi.env.get("agi_callerid")
        return None if not number or number == "unknown" else number

    @property
    def called_number(self) -> str | None:
        env = self._agi.env
        return self._arguments.get("called") or _number(env.get("agi_dnid")) or _number(env.get("agi_extension"))

    @property
    def language(self) -> str:
        wanted = (self._arguments.get("language") or self._agi.env.get("agi_language", ""))[:2].lower()
        return wanted if wanted in self._languages else self._languages[0]

    @property
    def queue(self) -> str | None:
        return self._arguments.get("queue")

    def argument(self, name: str) -> str | None:
        return self._arguments.get(name)

    def get(self, variable: Variable) -> str | None:
        return self._agi.get_variable(variable.value) or None

    def set(self, variable: Variable | str, value: str, *, inherited: bool = False) -> None:
        self._agi.set_variable(f"__{variable}" if inherited else str(variable), value)

    def play(self, prompts: Sequence[str], interrupt_keys: str = "") -> str | None:
        for prompt in prompts:
            try:
                key = self._agi.stream_file(playback([prompt]), interrupt_keys)
            except pyst.AGIHangup:
                raise
            except pyst.AGIAppError:  # the rest is still worth hearing
                log.error("prompt %r cannot be played: build the prompts again", prompt)
                continue
            if key:
                return key
        return None

    def read_digits(self, prompts: Sequence[str], *, at_most: int, timeout_seconds: float) -> str:
        # GET DATA plays one file only; a key pressed during an earlier one is the first of the answer.
        first = self.play(prompts[:-1], KEYS) or ""
        if first == "#" or len(first) >= at_most:
            return first.rstrip("#")
        file = playback(prompts[-1:]) if prompts and not first else ""
        wait_ms = int(timeout_seconds * 1000)
        try:
            return first + self._agi.get_data(file, wait_ms, at_most - len(first))
        except pyst.AGIHangup:
            raise
        except pyst.AGIAppError:
            log.error("prompt %r cannot be played: build the prompts again", prompts[-1])
            return first + self._agi.get_data("", wait_ms, at_most - len(first))

    def set_caller_name(self, name: str) -> None:
        self._agi.set_variable("CALLERID(name)", printable(name))

    def set_caller_number(self, number: str) -> None:
        self._agi.set_variable("CALLERID(num)", printable(number))


def playback(prompts: Iterable[str]) -> str:
    """Prompt ids as the dialplan's Playback takes them: ``hotline/a&hotline/b``."""
    return "&".join(f"{PROMPT_FOLDER}/{prompt}" for prompt in prompts)


def printable(text: str) -> str:
    """Text for a telephone's display: no control characters, no longer than any display."""
    kept = "".join(letter if letter >= " " and letter != "\x7f" else " " for letter in text)
    return " ".join(kept.split())[:DISPLAY_NAME_LETTERS].strip()


def parse_request(request: str) -> tuple[str, dict[str, str]]:
    """``agi://host:port/route?name=value&…`` → route and arguments. A request without a route gives ``""``."""
    path, _, query = request.partition("://")[2].partition("?")
    route = path.partition("/")[2].strip("/")
    pairs = (part.partition("=") for part in query.split("&") if part)
    return route, {name: unquote_plus(value) for name, _, value in pairs}


def _number(extension: str | None) -> str | None:
    """An extension that is a number, not the name of a step in the dialplan."""
    return extension if extension and extension.lstrip("+").isdigit() else None
