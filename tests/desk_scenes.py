"""What a desk looks like in the course of a call: events as Asterisk tells them."""

import wave
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from desk_server import AGENT, OTHER, DeskServer, now
from sqlalchemy import Engine, update

from ami_listener.events import (
    AgentLegEnded,
    AgentRang,
    AgentState,
    CallAnswered,
    CallArrived,
    EndedBy,
    Event,
    LanguageChosen,
    QueueJoined,
    SurveyAsked,
)
from ami_listener.records import Callback, CallRecord, Conversation, Message, Outcome, Survey
from crm.callbacks.service import give_up
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.contacts.models import Channel, ContactState, Direction, contacts
from crm.contacts.service import create_contact
from crm.database import writing
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person

CALLER = "+66812345678"
QUEUE = "enquiries"


def made(event: type[Event], call: str, at: datetime | None = None, /, **more: Any) -> Event:
    """One event of a call."""
    moment = at or now()
    return event(event_id=f"{event.__name__}-{call}-{moment.isoformat()}", occurred_at=moment, call_id=call, **more)


def arrive(server: DeskServer, call: str = "main-1.1", caller: str | None = CALLER, ago: float = 2.0) -> None:
    """A call waits in the queue."""
    at = now() - timedelta(seconds=ago)
    server.play(
        made(CallArrived, call, at, caller_number=caller, called_number="1169", trunk="provider"),
        made(LanguageChosen, call, at, language="th"),
        made(QueueJoined, call, at, queue=QUEUE, pass_number=1),
    )


def ring(server: DeskServer, call: str = "main-1.1", agent: str = AGENT) -> None:
    """The agent's telephone rings."""
    server.state(AgentState.RINGING, agent=agent)
    server.play(made(AgentRang, call, queue=QUEUE, agent=agent))


def answer(server: DeskServer, call: str = "main-1.1", agent: str = AGENT, ago: float = 0) -> None:
    """The agent picks up."""
    at = now() - timedelta(seconds=ago)
    server.play(made(CallAnswered, call, at, queue=QUEUE, agent=agent, agent_channel=f"PJSIP/{agent}-1"))
    server.state(AgentState.IN_CALL, agent=agent, ago=ago)


def leave(server: DeskServer, call: str = "main-1.1", agent: str = AGENT) -> None:
    """The agent hangs up first; the caller is asked."""
    channel = f"PJSIP/{agent}-1"
    server.play(
        made(AgentLegEnded, call, agent=agent, agent_channel=channel, cause=16, ended_by=EndedBy.AGENT),
        made(SurveyAsked, call, scale="scale-123"),
    )
    server.state(AgentState.WRAP_UP, "wrap-up", agent=agent)


# --- what waits


def write_calls(engine: Engine, *records: CallRecord) -> None:
    """Calls that are over, as the recorder writes them."""
    with closing(CallStore(engine, now)) as store:
        store.write(Batch(calls=[rows_of(record, normalise) for record in records]))


def over(
    number: str | None, minutes_ago: float, outcome: Outcome = Outcome.ABANDONED, queue: str = QUEUE
) -> CallRecord:
    """A call that ended without anybody."""
    at = now() - timedelta(minutes=minutes_ago)
    record = CallRecord(f"main-{minutes_ago}.{number}", at, number, "1169", "provider", queue=QUEUE, language="th")
    record.ended_at, record.ended_by, record.outcome = at + timedelta(seconds=47), EndedBy.CALLER, outcome
    return record


def person(server: DeskServer, number: str, name: str, **more: Any) -> int:
    """Somebody with this number."""
    first, _, last = name.partition(" ")
    profile = Profile(display_name=name, first_name=first, last_name=last or None, **more)
    with writing(server.engine) as connection:
        return create_person(connection, profile, now(), normalise(number))


def past_contact(
    server: DeskServer,
    person_id: int,
    number: str,
    days_ago: float,
    topic_id: int,
    texts: tuple[str, str],
    meaning: str,
) -> None:
    """A finished record of before, with the caller's answer to the survey. ``texts``: question and answer."""
    call = over(number, days_ago * 1440, Outcome.ANSWERED)
    began = call.arrived_at + timedelta(seconds=6)
    call.conversations = [Conversation(QUEUE, OTHER, began, began + timedelta(minutes=6), EndedBy.AGENT)]
    call.survey = Survey(
        "scale-123", call.arrived_at + timedelta(minutes=7), began + timedelta(minutes=8), "1", meaning
    )
    write_calls(server.engine, call)
    with writing(server.engine) as connection:
        contact = create_contact(
            connection, Channel.TELEPHONE, Direction.INBOUND, began, staff_id=server.staff["prasert"], agent=OTHER,
            number=normalise(number), person_id=person_id, language="th", queue=QUEUE, call_id=call.call_id,
        )  # fmt: skip
        done = {"question": texts[0], "answer": texts[1], "topic_id": topic_id, "outcome": "answered"}
        times = {"talk_ended_at": began + timedelta(minutes=6), "survey_asked_at": began, "finished_at": began}
        values = {**done, **times, "state": ContactState.FINISHED}
        connection.execute(update(contacts).where(contacts.c.id == contact.id).values(**values))


def fill_inbox(server: DeskServer) -> None:
    """Two missed callers, two callbacks, two messages."""
    person(server, "0815550101", "วิภา ศรีสมบัติ")
    person(server, "0815550102", "Somchai Export")
    person(server, "0815550103", "ประยุทธ เกษตรไทย")
    asked = over("0815550102", 34, Outcome.CALLBACK)
    asked.callback = Callback(QUEUE, "+66815550102", asked.arrived_at)
    unreached = over("024567890", 125, Outcome.CALLBACK)
    unreached.callback = Callback(QUEUE, "+6624567890", unreached.arrived_at)
    left = over("0815550103", 55, Outcome.MESSAGE)
    left.message = Message("2026/left.wav", 23.0, left.arrived_at, QUEUE)
    hidden = over(None, 600, Outcome.MESSAGE)
    hidden.message = Message("2026/hidden.wav", 8.0, hidden.arrived_at, None)
    sounds = server.settings.messages_folder / "2026"
    sounds.mkdir(parents=True, exist_ok=True)
    for name, seconds in (("left", 23), ("hidden", 8)):
        with wave.open(str(sounds / f"{name}.wav"), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(b"\0\0" * 8000 * seconds)
    write_calls(server.engine, over("0815550101", 12), over("0815550101", 4), over("0899990000", 21), asked, unreached)
    write_calls(server.engine, left, hidden)
    with writing(server.engine) as connection:
        give_up(connection, unreached.call_id, now())
