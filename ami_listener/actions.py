"""What may be asked of Asterisk, typed. Standard library only.

A request is a frozen dataclass with ``to_headers()``. The client sends it and answers with a :class:`Reply`, or raises
:class:`ActionFailed` (Asterisk said no), :class:`AmiRefused` (we send no such thing) or :class:`AmiDown` (no answer).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import ClassVar

Headers = list[tuple[str, str]]


class AmiError(Exception):
    """Base of what can go wrong with a request."""


class AmiRefused(AmiError):
    """The request is not sendable as it stands: a line break, or a line longer than Asterisk reads."""


class AmiDown(AmiError):
    """No answer. ``may_have_run``: it was sent, so Asterisk may have done it; never send it again blindly."""

    def __init__(self, message: str, *, may_have_run: bool) -> None:
        super().__init__(message)
        self.may_have_run = may_have_run


class ActionFailed(AmiError):
    """Asterisk refused the request; ``message`` is its own reason."""

    def __init__(self, action: "Action", message: str) -> None:
        super().__init__(f"{action.name}: {message}")
        self.action = action
        self.message = message


class Answer(StrEnum):
    """What Asterisk answers a request with."""

    ONE = "one"  # a response
    LIST = "list"  # a response, events, and one that says Complete
    OUTCOME = "outcome"  # a response at once, and an OriginateResponse when the call was answered or given up


@dataclass(frozen=True, slots=True)
class Reply:
    """Asterisk's answer: the response's headers and, for lists, the events that followed (without the closing one).

    For an ``Originate`` with ``wait_for_outcome`` the one event is its OriginateResponse.
    """

    headers: Mapping[str, str | list[str]]
    events: tuple[Mapping[str, str | list[str]], ...] = ()

    @property
    def message(self) -> str:
        """Asterisk's sentence, empty when it gave none."""
        return _first(self.headers.get("Message"))

    @property
    def output(self) -> str:
        """Text of a :class:`Command`, its lines joined with line feeds."""
        found = self.headers.get("Output", "")
        return found if isinstance(found, str) else "\n".join(found)


def _first(value: str | list[str] | None) -> str:
    if isinstance(value, list):
        return value[0]
    return value or ""


@dataclass(frozen=True, slots=True)
class Action:
    """Base of all requests. A field's header is its name, capitalised (``member_name``: MemberName), or ``spelled``."""

    name: ClassVar[str] = ""
    spelled: ClassVar[Mapping[str, str]] = {}

    @property
    def answer(self) -> Answer:
        return Answer.ONE

    def to_headers(self) -> Headers:
        """The request's header lines without ActionID. None is left out, truth is spelled true and false."""
        headers = [("Action", self.name)]
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None:
                header = self.spelled.get(item.name) or item.name.title().replace("_", "")
                headers.append((header, str(value).lower() if isinstance(value, bool) else str(value)))
        return headers


@dataclass(frozen=True, slots=True)
class ListAction(Action):
    """Base of requests answered with a list of events."""

    @property
    def answer(self) -> Answer:
        return Answer.LIST


# --- agents and queues ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PauseAgent(Action):
    """Pause (or bring back) a queue member, in one queue or in all (``queue`` None)."""

    name: ClassVar[str] = "QueuePause"
    interface: str
    paused: bool
    reason: str | None = None
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class AddAgentToQueue(Action):
    """Make an interface a member of a queue. Fails when it is one already."""

    name: ClassVar[str] = "QueueAdd"
    queue: str
    interface: str
    member_name: str | None = None
    penalty: int | None = None
    paused: bool | None = None
    reason: str | None = None
    state_interface: str | None = None


@dataclass(frozen=True, slots=True)
class SetPenalty(Action):
    """How late a member is rung: those with less come first; in one queue or in all (``queue`` None)."""

    name: ClassVar[str] = "QueuePenalty"
    interface: str
    penalty: int
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveAgentFromQueue(Action):
    """End a membership. Fails when there is none."""

    name: ClassVar[str] = "QueueRemove"
    queue: str
    interface: str


@dataclass(frozen=True, slots=True)
class QueueStatus(ListAction):
    """QueueParams, QueueMember and QueueEntry of one queue or of all."""

    name: ClassVar[str] = "QueueStatus"
    queue: str | None = None
    member: str | None = None


# --- calls ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Originate(Action):
    """Call ``channel`` and connect it to an extension (``context``, ``exten``) or to an ``application``.

    Always asynchronous: Asterisk would otherwise hold this connection until the far end answers. The reply means only
    that Asterisk has taken the request; with ``wait_for_outcome`` it means the far end has answered, and
    :class:`ActionFailed` that it has not. ``channel_id``: the uniqueid the new channel shall have, by which a request
    that got no answer can be looked for before it is made again.
    """

    name: ClassVar[str] = "Originate"
    channel: str
    context: str | None = None
    exten: str | None = None
    priority: int = 1
    application: str | None = None
    data: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    caller_id: str | None = None
    timeout_seconds: float = 30.0
    channel_id: str | None = None
    wait_for_outcome: bool = False

    def __post_init__(self) -> None:
        if (self.exten is None) == (self.application is None):
            raise ValueError("Originate: name either an extension or an application")
        if (self.exten is None) != (self.context is None):
            raise ValueError("Originate: an extension needs its context, an application has none")

    @property
    def answer(self) -> Answer:
        return Answer.OUTCOME if self.wait_for_outcome else Answer.ONE

    def to_headers(self) -> Headers:
        headers = [("Action", self.name), ("Channel", self.channel)]
        if self.context is not None and self.exten is not None:
            headers += [("Context", self.context), ("Exten", self.exten), ("Priority", str(self.priority))]
        optional = {
            "Application": self.application,
            "Data": self.data,
            "CallerID": self.caller_id,
            "ChannelId": self.channel_id,
        }
        headers += [(header, value) for header, value in optional.items() if value is not None]
        headers += [("Timeout", str(round(self.timeout_seconds * 1000))), ("Async", "true")]
        return headers + [("Variable", f"{name}={_escape(value)}") for name, value in self.variables.items()]


def _escape(value: str) -> str:
    """Asterisk cuts ``Variable:`` at commas, like the arguments of an application, and takes quotes away."""
    return "".join(f"\\{letter}" if letter in '\\",' else letter for letter in value)


@dataclass(frozen=True, slots=True)
class Hangup(Action):
    """End a channel. ``cause``: Q.850."""

    name: ClassVar[str] = "Hangup"
    channel: str
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class Redirect(Action):
    """Send a channel to another place in the dialplan."""

    name: ClassVar[str] = "Redirect"
    channel: str
    context: str
    exten: str
    priority: int = 1


@dataclass(frozen=True, slots=True)
class BlindTransfer(Action):
    """Transfer whoever ``channel`` talks to, as if ``channel`` had done it."""

    name: ClassVar[str] = "BlindTransfer"
    channel: str
    context: str
    exten: str


@dataclass(frozen=True, slots=True)
class AttendedTransfer(Action):
    """Start an attended transfer by ``channel``; the reply says that it was queued, not that it happened."""

    name: ClassVar[str] = "Atxfer"
    channel: str
    context: str
    exten: str


@dataclass(frozen=True, slots=True)
class SetVariable(Action):
    """Set a channel variable or function; a global variable when ``channel`` is None."""

    name: ClassVar[str] = "Setvar"
    variable: str
    value: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class GetVariable(Action):
    """Read a channel variable or function, or a global variable: header ``Value`` of the reply."""

    name: ClassVar[str] = "Getvar"
    variable: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class ListChannels(ListAction):
    """Every channel there is, one CoreShowChannel each."""

    name: ClassVar[str] = "CoreShowChannels"


@dataclass(frozen=True, slots=True)
class ListRegistrations(ListAction):
    """Every registration of ours at a provider, one OutboundRegistrationDetail each."""

    name: ClassVar[str] = "PJSIPShowRegistrationsOutbound"


# --- Asterisk's own database ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PutInDatabase(Action):
    """Write one entry of Asterisk's database."""

    name: ClassVar[str] = "DBPut"
    spelled: ClassVar[Mapping[str, str]] = {"value": "Val"}
    family: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class GetFromDatabase(ListAction):
    """Read one entry: header ``Val`` of the one event. Fails when there is none."""

    name: ClassVar[str] = "DBGet"
    family: str
    key: str


@dataclass(frozen=True, slots=True)
class DeleteFromDatabase(Action):
    """Delete one entry. Fails when there is none."""

    name: ClassVar[str] = "DBDel"
    family: str
    key: str


# --- Asterisk itself --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ping(Action):
    """Is somebody there?"""

    name: ClassVar[str] = "Ping"


@dataclass(frozen=True, slots=True)
class CoreStatus(Action):
    """Start and reload times, calls now and so far."""

    name: ClassVar[str] = "CoreStatus"


@dataclass(frozen=True, slots=True)
class Command(Action):
    """A console command, for diagnosis only: its text is for people. See :attr:`Reply.output`."""

    name: ClassVar[str] = "Command"
    command: str


@dataclass(frozen=True, slots=True)
class Reload(Action):
    """Reload one module, or all."""

    name: ClassVar[str] = "Reload"
    module: str | None = None


@dataclass(frozen=True, slots=True)
class SendUserEvent(Action):
    """Have Asterisk tell every listener, this one too, an event of ours."""

    name: ClassVar[str] = "UserEvent"
    user_event: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_headers(self) -> Headers:
        return [("Action", self.name), ("UserEvent", self.user_event), *self.headers.items()]
