"""One line of our own dialplan → one event. Shared by the AMI translator and the journal reader.

Both sources carry the same text for the same fact, so the ``event_id`` made of that text is equal, and a fact that is
heard twice counts once.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from ami_listener.events import (
    AgentLegEnded,
    AgentLegReplaced,
    AssistantAnswered,
    CallAnswered,
    CallArrived,
    CallbackRequested,
    CallbackTried,
    CallEnded,
    CallFoundClosed,
    CallKind,
    CallSpied,
    CallTransferred,
    EndedBy,
    Event,
    LanguageChosen,
    LeaveStatus,
    MenuAnswered,
    MessageLeft,
    OutboundAnswered,
    OutboundDialled,
    OutboundEnded,
    OutboundResult,
    PickUpReason,
    QueueJoined,
    QueueLeft,
    RecordingStarted,
    SpyEnded,
    SpyMode,
    SurveyAnswered,
    SurveyAsked,
    TransferEnded,
    TransferResult,
)
from dialplan.names import JOURNAL_NO_QUEUE, NO_AGENT, Fact, agent_of_interface

LEAVE_STATUS: Final = {
    "CONTINUE": LeaveStatus.ANSWERED,
    "TIMEOUT": LeaveStatus.TIMED_OUT,
    "FULL": LeaveStatus.FULL,
    "JOINEMPTY": LeaveStatus.UNAVAILABLE,
    "LEAVEEMPTY": LeaveStatus.UNAVAILABLE,
    "JOINUNAVAIL": LeaveStatus.UNAVAILABLE,
    "LEAVEUNAVAIL": LeaveStatus.UNAVAILABLE,
    "KEY": LeaveStatus.KEY,
}
_TRANSFER_RESULT: Final = {
    "ANSWER": TransferResult.ANSWERED,
    "BUSY": TransferResult.BUSY,
    "NOANSWER": TransferResult.NO_ANSWER,
    "CANCEL": TransferResult.NO_ANSWER,
}
_OUTBOUND_RESULT: Final = {
    "ANSWER": OutboundResult.ANSWERED,
    "BUSY": OutboundResult.BUSY,
    "NOANSWER": OutboundResult.NO_ANSWER,
    "CANCEL": OutboundResult.CANCELLED,
    "": OutboundResult.CANCELLED,
}
_WITHHELD: Final = frozenset({"", "anonymous", "unknown", "<unknown>", "restricted", "private", "withheld"})
_PICK_UP: Final = {reason.value: reason for reason in PickUpReason}

Build = Callable[[dict[str, Any], str, str, list[str]], Event]


class MalformedFact(ValueError):
    """A fact whose fields are not what the dialplan writes. The message names the field."""


def stable_id(*parts: str) -> str:
    """A short name for a fact, equal in every process and at every reading."""
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def moment(text: str) -> datetime:
    """Epoch seconds with up to six decimals → aware UTC. Raises `MalformedFact`."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise MalformedFact(f"{text!r} is not a time in epoch seconds") from error


def fact_event(fact: str, call_id: str, queue: str, agent: str, at: str, data: str) -> Event:
    """The event of one fact. Arguments as written by the dialplan, ``data`` with ``|`` between its fields.

    Raises `MalformedFact` for anything that the dialplan would not write.
    """
    build = _BUILD.get(fact)
    if build is None:
        raise MalformedFact(f"no such fact: {fact[:40]!r}")
    if not call_id or call_id == JOURNAL_NO_QUEUE:
        raise MalformedFact(f"{fact}: a fact without its call")
    base = {
        "event_id": stable_id(fact, call_id, queue, agent, at, data),
        "occurred_at": moment(at),
        "call_id": call_id,
    }
    queue = "" if queue == JOURNAL_NO_QUEUE else queue
    agent = "" if agent == NO_AGENT else agent_of_interface(agent)
    try:
        return build(base, queue, agent, data.split("|"))
    except (ValueError, IndexError) as error:
        raise MalformedFact(f"{fact}: {len(data.split('|'))} fields do not fit ({type(error).__name__})") from error


def number_or_none(text: str) -> str | None:
    """A caller's number as it came; None when it was withheld."""
    return None if text.strip().lower() in _WITHHELD else text.strip()


def cause_or_none(text: str) -> int | None:
    """A Q.850 cause; 0 and nothing mean that none was told."""
    return int(text) or None if text.isdigit() else None


def _field(fields: list[str], index: int) -> str:
    return fields[index] if len(fields) > index else ""


def _arrived(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return CallArrived(
        **base,
        caller_number=number_or_none(fields[0]),
        called_number=fields[1],
        trunk=fields[2],
        channel=_field(fields, 3) or None,
        callback_of=_field(fields, 4) or None,
    )


def _assistant(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    # A reason that is newer than this reader must not lose the pick-up itself.
    return AssistantAnswered(**base, reason=_PICK_UP.get(fields[0], PickUpReason.NOBODY))


def _menu(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return MenuAnswered(**base, menu=fields[0], key=fields[1], choice=_field(fields, 2) or None)


def _queued(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return QueueJoined(**base, queue=_needed(queue), pass_number=int(fields[0]))


def _left(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    status = LEAVE_STATUS.get(fields[1])
    if status is None:
        raise MalformedFact(f"{Fact.LEFT}: no such status")
    return QueueLeft(**base, queue=_needed(queue), pass_number=int(fields[0]), status=status)


def _answered(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    channel = fields[0] or None
    agent = agent or agent_of_interface(channel or "")
    return CallAnswered(**base, queue=queue, agent=_needed(agent), agent_channel=channel)


def _agent_left(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    agent = agent or agent_of_interface(fields[0])
    return AgentLegEnded(
        **base, agent=_needed(agent), agent_channel=fields[0] or None, cause=cause_or_none(_field(fields, 1))
    )


def _transfer_ended(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    result = _TRANSFER_RESULT.get(fields[1], TransferResult.UNREACHABLE)
    return TransferEnded(**base, to=fields[0] or None, result=result)


def _own(base: dict[str, Any]) -> dict[str, Any]:
    """Base fields of an agent's own call."""
    return {**base, "call_id": None, "outbound_id": base["call_id"]}


def _out_dialled(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    kind, to, channel = CallKind(fields[0]), fields[1], fields[2]
    return OutboundDialled(**_own(base), agent=_needed(agent), kind=kind, to=to, agent_channel=_needed(channel))


def _out_answered(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return OutboundAnswered(**_own(base), agent=_needed(agent), far_channel=fields[0] or None)


def _out_ended(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    result = _OUTBOUND_RESULT.get(fields[0], OutboundResult.UNREACHABLE)
    return OutboundEnded(**_own(base), agent=_needed(agent), result=result, cause=cause_or_none(_field(fields, 1)))


def _spying(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    mode, of, call, channel = fields
    return CallSpied(
        **_spy(base), supervisor=_needed(agent), mode=SpyMode(mode), agent=of, of_call=call, channel=_needed(channel)
    )


def _spy(base: dict[str, Any]) -> dict[str, Any]:
    """Base fields of a supervisor's leg."""
    return {**base, "call_id": None, "spy_id": base["call_id"]}


def _taken_up(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    old, way = fields
    return AgentLegReplaced(
        **(_own(base) if way == "out" else base),
        agent=_needed(agent),
        old_channel=_needed(old),
        queue=queue or None,
    )


def _recording(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return RecordingStarted(
        **base,
        agent=agent,
        queue=queue,
        sides=fields[0] == "sides",
        announced=fields[1] == "announced",
        channel=_needed(fields[2]),
    )


def _survey(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return SurveyAnswered(**base, scale=fields[0], key=_field(fields, 1) or None, meaning=_field(fields, 2) or None)


def _callback(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return CallbackRequested(**base, queue=queue, number=_needed(fields[0]), duplicate=_field(fields, 1) == "duplicate")


def _callback_try(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return CallbackTried(
        **base, request_call_id=_needed(fields[0]), number=None, try_number=int(fields[1]), result=fields[2]
    )


def _message(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    return MessageLeft(**base, path=_needed(fields[0]), seconds=float(_field(fields, 1) or 0), queue=queue or None)


def _ended(base: dict[str, Any], queue: str, agent: str, fields: list[str]) -> Event:
    done = EndedBy.SYSTEM if _field(fields, 1) == EndedBy.SYSTEM else None
    return CallEnded(**base, cause=cause_or_none(fields[0]), ended_by=done)


def _needed(text: str) -> str:
    if not text:
        raise MalformedFact("a field that is needed is empty")
    return text


_BUILD: Final[dict[str, Build]] = {
    Fact.ARRIVED: _arrived,
    Fact.LANGUAGE: lambda base, queue, agent, fields: LanguageChosen(**base, language=_needed(fields[0])),
    Fact.CLOSED: lambda base, queue, agent, fields: CallFoundClosed(**base, reason=_needed(fields[0])),
    Fact.ASSISTANT: _assistant,
    Fact.MENU: _menu,
    Fact.QUEUED: _queued,
    Fact.ANSWERED: _answered,
    Fact.LEFT: _left,
    Fact.AGENT_LEFT: _agent_left,
    Fact.TRANSFER: lambda base, queue, agent, fields: CallTransferred(
        **base, kind="blind", agent=agent, to=fields[0] or None
    ),
    Fact.TRANSFER_ENDED: _transfer_ended,
    Fact.SURVEY_ASKED: lambda base, queue, agent, fields: SurveyAsked(**base, scale=fields[0]),
    Fact.SURVEY: _survey,
    Fact.CALLBACK: _callback,
    Fact.CALLBACK_TRY: _callback_try,
    Fact.MESSAGE: _message,
    Fact.ENDED: _ended,
    Fact.OUT_DIALLED: _out_dialled,
    Fact.OUT_ANSWERED: _out_answered,
    Fact.OUT_ENDED: _out_ended,
    Fact.TAKEN_UP: _taken_up,
    Fact.RECORDING: _recording,
    Fact.SPYING: _spying,
    Fact.SPY_ENDED: lambda base, queue, agent, fields: SpyEnded(**_spy(base), supervisor=_needed(agent)),
}
