"""Calls as readable tables: rows as Asterisk tells them, above the record they must become.

A row is ``seconds word queue agent data`` (``-`` for nothing). A word of `dialplan.names.Fact` is told twice, as
UserEvent and as journal line; an AMI event's name by AMI only; app_queue's words (CONNECT …) by the journal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ami_listener.events import Event
from ami_listener.journal import events_of_lines
from ami_listener.records import CallRecord
from ami_listener.translate import Translator
from dialplan.names import Fact

CALL = "1763636400.7"
START = 1763636400.25  # not on a whole second, as in life
FACTS = {fact.value for fact in Fact}
JOURNAL = {"ENTERQUEUE", "CONNECT", "RINGNOANSWER", "RINGCANCELED", "COMPLETEAGENT", "COMPLETECALLER"}
JOURNAL |= {"BLINDTRANSFER", "ATTENDEDTRANSFER", "ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY"}
ARRIVED = "0.00 ARRIVED - - 0812345678|1169|trunk|PJSIP/trunk-00000001\n"


@dataclass(frozen=True)
class Scenario:
    """One way of a call: what is told of it, and the record it must become (as `told` writes it)."""

    name: str
    rows: str
    record: str


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(START, UTC) + timedelta(seconds=seconds)


def rows(table: str) -> list[tuple[float, str, str, str, str]]:
    split = [line.split() for line in table.strip().splitlines() if line.strip() and not line.strip().startswith("#")]
    return [(float(r[0]), r[1], r[2], r[3], "" if r[4] == "-" else r[4]) for r in split]


def messages(table: str, call: str = CALL) -> list[dict[str, str]]:
    """What AMI sends of it, with the keys in Asterisk's own spelling."""
    return [_message(row, call) for row in rows(table) if row[1] not in JOURNAL]


def journal(table: str, call: str = CALL) -> list[str]:
    """The lines of queue_log."""
    lines = []
    for seconds, word, queue, agent, data in rows(table):
        second = int(START + seconds)
        head = f"{second}|{call}|{_none(queue)}|{_none(agent)}|{word}|"
        if word in FACTS:
            lines.append(f"{head}{START + seconds:.6f}|{data}")
        elif word in JOURNAL:
            lines.append(head + data)
    return lines


def ami_events(table: str, call: str = CALL) -> list[Event]:
    translator = Translator(clock=lambda: moment(0))
    return [event for message in messages(table, call) for event in translator.translate(message)]


def journal_events(table: str, call: str = CALL) -> list[Event]:
    return list(events_of_lines(journal(table, call)))


def _none(text: str) -> str:
    return "NONE" if text == "-" else text


def _message(row: tuple[float, str, str, str, str], call: str) -> dict[str, str]:
    seconds, word, queue, agent, data = row
    stamp = f"{START + seconds:.6f}"
    common = {"Timestamp": stamp, "Channel": "PJSIP/trunk-00000001", "Uniqueid": call, "Linkedid": call}
    leg = {"DestChannel": f"PJSIP/{agent}-0000000{agent[-1]}", "DestUniqueid": f"1763636400.9{agent}"}
    if word in FACTS:
        fact = {"Fact": word, "Call": call, "Queue": _none(queue), "Agent": _none(agent), "At": stamp, "Data": data}
        return {"Event": "UserEvent", **common, "UserEvent": "Hotline", **fact}
    if word in ("AgentCalled", "AgentRingNoAnswer", "AgentConnect", "AgentComplete"):
        more = {"AgentRingNoAnswer": "RingTime", "AgentComplete": "Reason"}.get(word, "Note")
        member = {"Queue": queue, "Interface": f"PJSIP/{agent}", "MemberName": agent}
        return {"Event": word, **common, **leg, **member, more: data}
    if word in ("QueueCallerJoin", "QueueCallerAbandon"):
        return {"Event": word, **common, "Queue": queue, "Position": data or "1"}
    if word in ("Hold", "Unhold"):
        agents = {"Channel": leg["DestChannel"], "Uniqueid": leg["DestUniqueid"]}
        return {"Event": word, **common, **agents}
    if word == "BlindTransfer":
        who = {"TransfererChannel": leg["DestChannel"], "TransfererLinkedid": call, "TransfereeUniqueid": call}
        return {"Event": word, "Timestamp": stamp, "Result": "Success", **who, "Extension": data}
    if word == "AttendedTransfer":
        who = {"OrigTransfererChannel": leg["DestChannel"], "OrigTransfererLinkedid": call}
        who |= {"TransfereeUniqueid": call, "TransfereeChannel": common["Channel"], "TransfereeLinkedid": call}
        who |= {"TransferTargetChannel": f"PJSIP/{data}-0000000{data[-1]}", "TransferTargetUniqueid": "1763636405.1"}
        return {"Event": word, "Timestamp": stamp, "Result": "Success", **who}
    assert word == "Hangup", word
    return {"Event": word, **common, "Cause": data}


def told(record: CallRecord) -> list[str]:
    """A record as lines that a person can compare with the rows."""
    lines = [f"{record.outcome or 'open'} by {record.ended_by or '-'} {record.precision} {_span(record.ended_at)}"]
    if record.assistant_answered_at:
        lines.append(f"assistant {record.assistant_reason} {_at(record.assistant_answered_at)}")
    lines += [
        f"pass {p.queue}/{p.pass_number} {_at(p.joined_at)}-{_at(p.left_at)} {p.status or '-'}" for p in record.passes
    ]
    for r in record.rings:
        how = {None: "ringing", True: "answered", False: "no"}[r.answered]
        lines.append(f"ring {r.agent} {_at(r.rang_at)}-{_at(r.ended_at)} {how}" + ("" if _exact(r) else " ~"))
    lines += [
        f"talk {c.agent} {_at(c.answered_at)}-{_at(c.ended_at)} {c.ended_by or '-'}" for c in record.conversations
    ]
    lines += [f"hold {h.agent} {_at(h.held_at)}-{_at(h.resumed_at)}" for h in record.holds]
    lines += [f"transfer {t.kind} {t.agent}>{t.to} {_at(t.transferred_at)}" for t in record.transfers]
    if record.survey:
        lines.append(f"survey {_at(record.survey.asked_at)} {record.survey.key or '-'} {record.survey.meaning or '-'}")
    if record.callback:
        lines.append(f"callback {record.callback.number} {_at(record.callback.requested_at)}")
    lines += [f"try {t.try_number} {t.result}" for t in record.callback_tries]
    if record.message:
        lines.append(f"message {record.message.path} {record.message.seconds:g}")
    return lines


def _exact(ring: object) -> bool:
    return getattr(ring, "precision", None) == "microsecond"


def _at(at: datetime | None) -> str:
    return "…" if at is None else f"{(at - moment(0)).total_seconds():.2f}"


def _span(at: datetime | None) -> str:
    return _at(at)


def lines(expected: str) -> list[str]:
    return [line.strip() for line in expected.strip().splitlines()]


def shuffled(events: Iterable[Event], order: list[int]) -> list[Event]:
    """The events in the order of the sort keys given, repeated as often as there are keys."""
    listed = list(events)
    return [listed[index % len(listed)] for index in order] + listed
