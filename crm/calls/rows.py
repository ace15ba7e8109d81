"""A call as rows of the database, and back. Pure: what is equal in memory is equal in rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping

from ami_listener.events import EndedBy, LeaveStatus, PickUpReason, Precision
from ami_listener.records import (
    Callback,
    CallRecord,
    Conversation,
    Hold,
    MenuKey,
    Message,
    Outcome,
    QueuePass,
    Ring,
    Survey,
    Transfer,
)
from crm.calls.models import CallbackState
from crm.people.numbers import Number, NumberKind

Row = dict[str, Any]
StoredRow = Mapping[str, Any] | RowMapping
LONGEST_TEXT: Final = 512  # what came from outside: a number, a key, a file name


@dataclass(frozen=True, slots=True)
class CallRows:
    """One call as rows: ``tables`` maps table name → rows; every table is there, ``calls`` with exactly one row."""

    call_id: str
    ended: bool
    tables: dict[str, list[Row]]

    @property
    def call_row(self) -> Row:
        """The row of the call itself."""
        return self.tables["calls"][0]


def clean(text: str | None) -> str | None:
    """``text`` from outside as every database takes it: no NUL, no halves of characters, not endless."""
    if text is None or (text.isascii() and "\0" not in text and len(text) <= LONGEST_TEXT):
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:LONGEST_TEXT]


def rows_of(record: CallRecord, normalise: Callable[[str | None], Number]) -> CallRows:
    """All rows of ``record``. ``normalise``: see `crm.people.numbers.normalise`."""
    call_id = record.call_id
    tables = {
        "calls": [_call_row(record, normalise(record.caller_number))],
        "queue_passes": [_pass_row(call_id, n, one) for n, one in enumerate(record.passes)],
        "rings": [_ring_row(call_id, n, one) for n, one in enumerate(record.rings)],
        "conversations": [_conversation_row(call_id, n, one) for n, one in enumerate(record.conversations)],
        "holds": [_hold_row(call_id, n, one) for n, one in enumerate(record.holds)],
        "transfers": [_transfer_row(call_id, n, one) for n, one in enumerate(record.transfers)],
        "menu_keys": [_menu_row(call_id, n, one) for n, one in enumerate(record.menu_keys)],
        "callbacks": [_callback_row(call_id, record.callback)] if record.callback else [],
        "messages": [_message_row(call_id, record.message)] if record.message else [],
    }
    return CallRows(call_id, record.ended_at is not None, tables)


def _call_row(record: CallRecord, number: Number) -> Row:
    survey = record.survey
    return {
        "call_id": record.call_id,
        "arrived_at": record.arrived_at,
        "caller_number": None if number.kind is NumberKind.WITHHELD else clean(record.caller_number),
        "caller_e164": number.recognisable,
        "called_number": clean(record.called_number),
        "trunk": record.trunk,
        "callback_of": record.callback_of,
        "language": record.language,
        "queue": record.queue,
        "closed_reason": clean(record.closed_reason),
        "assistant_answered_at": record.assistant_answered_at,
        "assistant_reason": record.assistant_reason,
        "agent_answered_at": record.agent_answered_at,
        "agent": record.agent,
        "ended_at": record.ended_at,
        "ended_by": record.ended_by,
        "outcome": record.outcome,
        "cause": record.cause,
        "precision": record.precision,
        "survey_scale": survey.scale if survey else None,
        "survey_asked_at": survey.asked_at if survey else None,
        "survey_answered_at": survey.answered_at if survey else None,
        "survey_key": clean(survey.key) if survey else None,
        "survey_meaning": survey.meaning if survey else None,
    }


def _pass_row(call_id: str, ordinal: int, one: QueuePass) -> Row:
    return {
        "call_id": call_id,
        "ordinal": ordinal,
        "queue": one.queue,
        "pass_number": one.pass_number,
        "joined_at": one.joined_at,
        "position": one.position,
        "left_at": one.left_at,
        "status": one.status,
    }


def _ring_row(call_id: str, ordinal: int, one: Ring) -> Row:
    return {
        "call_id": call_id,
        "ordinal": ordinal,
        "queue": one.queue,
        "agent": one.agent,
        "rang_at": one.rang_at,
        "ended_at": one.ended_at,
        "answered": one.answered,
        "precision": one.precision,
    }


def _conversation_row(call_id: str, ordinal: int, one: Conversation) -> Row:
    return {
        "call_id": call_id,
        "ordinal": ordinal,
        "queue": one.queue,
        "agent": one.agent,
        "answered_at": one.answered_at,
        "ended_at": one.ended_at,
        "ended_by": one.ended_by,
        "agent_channel": one.agent_channel,
    }


def _hold_row(call_id: str, ordinal: int, one: Hold) -> Row:
    return {
        "call_id": call_id,
        "ordinal": ordinal,
        "agent": one.agent,
        "held_at": one.held_at,
        "resumed_at": one.resumed_at,
    }


def _transfer_row(call_id: str, ordinal: int, one: Transfer) -> Row:
    return {
        "call_id": call_id,
        "ordinal": ordinal,
        "kind": one.kind,
        "agent": one.agent,
        "to": clean(one.to),
        "transferred_at": one.transferred_at,
    }


def _menu_row(call_id: str, ordinal: int, one: MenuKey) -> Row:
    return {
        "call_id": call_id,
        "ordinal": ordinal,
        "menu": one.menu,
        "key": clean(one.key),
        "choice": clean(one.choice),
        "pressed_at": one.pressed_at,
    }


def _callback_row(call_id: str, one: Callback) -> Row:
    return {
        "call_id": call_id,
        "number": clean(one.number),
        "queue": one.queue,
        "requested_at": one.requested_at,
        "state": CallbackState.DUPLICATE if one.duplicate else CallbackState.WAITING,
    }


def _message_row(call_id: str, one: Message) -> Row:
    return {
        "call_id": call_id,
        "path": clean(one.path),
        "seconds": one.seconds,
        "left_at": one.left_at,
        "queue": one.queue,
        "state": "new",
    }


# --- and back ---------------------------------------------------------------------------------------------------------


def record_of(call: StoredRow, parts: Mapping[str, Iterable[StoredRow]]) -> CallRecord:
    """The record whose rows these are; ``parts``: table name → rows of this call in the order of ``ordinal``."""
    callback = next(iter(parts.get("callbacks", ())), None)
    message = next(iter(parts.get("messages", ())), None)
    return CallRecord(
        call_id=call["call_id"],
        arrived_at=call["arrived_at"],
        caller_number=call["caller_number"],
        called_number=call["called_number"],
        trunk=call["trunk"],
        callback_of=call["callback_of"],
        language=call["language"],
        queue=call["queue"],
        closed_reason=call["closed_reason"],
        assistant_answered_at=call["assistant_answered_at"],
        assistant_reason=PickUpReason(call["assistant_reason"]) if call["assistant_reason"] else None,
        ended_at=call["ended_at"],
        ended_by=_ended_by(call["ended_by"]),
        outcome=Outcome(call["outcome"]) if call["outcome"] else None,
        cause=call["cause"],
        precision=Precision(call["precision"]),
        passes=[_pass_of(row) for row in parts.get("queue_passes", ())],
        rings=[_ring_of(row) for row in parts.get("rings", ())],
        conversations=[_conversation_of(row) for row in parts.get("conversations", ())],
        holds=[Hold(row["agent"], row["held_at"], row["resumed_at"]) for row in parts.get("holds", ())],
        transfers=[
            Transfer(row["kind"], row["agent"], row["to"], row["transferred_at"]) for row in parts.get("transfers", ())
        ],
        menu_keys=[
            MenuKey(row["menu"], row["key"], row["choice"], row["pressed_at"]) for row in parts.get("menu_keys", ())
        ],
        survey=_survey_of(call),
        callback=_callback_of(callback) if callback else None,
        message=_message_of(message) if message else None,
    )


def _ended_by(value: str | None) -> EndedBy | None:
    return EndedBy(value) if value else None


def _pass_of(row: StoredRow) -> QueuePass:
    return QueuePass(
        queue=row["queue"],
        pass_number=row["pass_number"],
        joined_at=row["joined_at"],
        position=row["position"],
        left_at=row["left_at"],
        status=LeaveStatus(row["status"]) if row["status"] else None,
    )


def _ring_of(row: StoredRow) -> Ring:
    return Ring(
        queue=row["queue"],
        agent=row["agent"],
        rang_at=row["rang_at"],
        ended_at=row["ended_at"],
        answered=row["answered"],
        precision=Precision(row["precision"]),
    )


def _conversation_of(row: StoredRow) -> Conversation:
    return Conversation(
        queue=row["queue"],
        agent=row["agent"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        ended_by=_ended_by(row["ended_by"]),
        agent_channel=row["agent_channel"],
    )


def _survey_of(call: StoredRow) -> Survey | None:
    asked_at: datetime | None = call["survey_asked_at"]
    if asked_at is None:
        return None
    return Survey(
        scale=call["survey_scale"],
        asked_at=asked_at,
        answered_at=call["survey_answered_at"],
        key=call["survey_key"],
        meaning=call["survey_meaning"],
    )


def _callback_of(row: StoredRow) -> Callback:
    return Callback(
        queue=row["queue"],
        number=row["number"],
        requested_at=row["requested_at"],
        duplicate=row["state"] == CallbackState.DUPLICATE,
    )


def _message_of(row: StoredRow) -> Message:
    return Message(path=row["path"], seconds=row["seconds"], left_at=row["left_at"], queue=row["queue"])
