"""Cards follow what is heard of calls, also when something was not: a gap, a restart, a database away (K3, K4)."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from card_office import CardOffice
from sqlalchemy import Engine, insert
from sqlalchemy.exc import OperationalError

from ami_listener.events import (
    AgentRang,
    CallAnswered,
    CallEnded,
    CallTransferred,
    Event,
    OutboundDialled,
    QueueJoined,
    StreamResumed,
    TransferEnded,
    TransferResult,
)
from ami_listener.records import CallRecord, Conversation, QueuePass, Transfer
from crm.calls.models import conversations, transfers
from crm.cards.follower import CardFollower
from crm.cards.states import Handover
from crm.database import writing


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(engine, tmp_path)
    yield made
    made.close()


class Listening:
    """A follower, the records it is given, and events as they come."""

    def __init__(self, office: CardOffice) -> None:
        self.office = office
        self.records: dict[str, CallRecord] = {}
        self.follower = CardFollower(office.engine, office.book, self.records.get, office.clock)

    def hear(self, event: type[Event], /, **more: Any) -> None:
        values = {"event_id": event.__name__, "occurred_at": self.office.clock(), "call_id": "main-1.1"}
        self.follower.happened(event(**{**values, **more}))

    def look(self) -> None:
        self.office.in_loop(self.follower.look)


@pytest.fixture
def listening(office: CardOffice) -> Listening:
    heard = Listening(office)
    heard.look()
    return heard


def test_a_call_is_followed_as_it_happens(listening: Listening, office: CardOffice) -> None:
    """K3, K4: transferred, rung in vain, back in the queue; then to somebody who answers."""
    record = listening.records["main-1.1"] = office.call()
    listening.hear(CallAnswered, queue="q", agent="1001")
    listening.look()
    assert office.all_cards() == []
    record.transfers.append(Transfer("blind", "1001", "701", office.clock()))
    listening.hear(CallTransferred, kind="blind", agent="1001", to="701")
    listening.look()
    assert office.only_card().handover is Handover.RINGING
    office.clock.forward(seconds=30)
    listening.hear(TransferEnded, to="701", result=TransferResult.NO_ANSWER)
    listening.look()
    assert (office.only_card().handover, office.only_card().reason) == (Handover.FAILED, "no_answer")
    record.passes.append(QueuePass("q", 4, office.clock()))
    listening.hear(QueueJoined, queue="q", pass_number=1)
    record.conversations.append(Conversation("q", "1002", office.clock() + timedelta(seconds=9)))
    listening.hear(CallAnswered, queue="q", agent="1002")
    listening.look()
    assert office.only_card().reason == "no_answer"
    record.ended_at = office.clock() + timedelta(minutes=3)
    listening.hear(CallEnded)
    listening.look()
    assert office.story(office.only_card()) == ["created_by_telephone", "transferred", "transfer_failed"]


def test_other_calls_cost_nothing(listening: Listening) -> None:
    listening.hear(CallAnswered, queue="q", agent="1001")
    listening.hear(CallEnded)
    listening.hear(AgentRang, queue="q", agent="1001")
    assert not listening.follower._due


def test_whom_the_agent_consulted_is_whom_the_call_went_to(listening: Listening, office: CardOffice) -> None:
    """K3: Asterisk tells the trunk's name only."""
    record = listening.records["main-1.1"] = office.call()
    listening.hear(
        OutboundDialled, call_id=None, outbound_id="o", agent="1001", kind="department", to="701", agent_channel="c"
    )
    record.transfers.append(Transfer("attended", "1001", "carrier", office.clock()))
    listening.hear(CallTransferred, kind="attended", agent="1001", to="carrier")
    listening.look()
    assert (office.only_card().department, office.only_card().to_dial) == ("legal", "701")


def stored(office: CardOffice) -> None:
    """A call with a transfer that was recorded and heard by nobody here."""
    record = office.call()
    at = office.clock()
    with writing(office.engine) as connection:
        connection.execute(
            insert(conversations),
            [
                {"call_id": record.call_id, "ordinal": 0, "agent": "1001", "answered_at": record.arrived_at},
                {"call_id": record.call_id, "ordinal": 1, "agent": "carrier", "answered_at": at + timedelta(seconds=5)},
            ],
        )  # fmt: skip
        values = {"call_id": record.call_id, "ordinal": 0, "kind": "blind", "agent": "1001", "to": "701"}
        connection.execute(insert(transfers).values(**values, transferred_at=at))


def test_what_happened_while_we_were_away_is_made_up_for(office: CardOffice) -> None:
    """K4: the service died between the recording and the card."""
    stored(office)
    office.clock.forward(hours=1)
    first = Listening(office)
    first.look()
    card = office.only_card()
    assert (card.handover, card.to_key, card.agent) == (Handover.CONNECTED, "legal", "1001")
    Listening(office).look()
    first.hear(StreamResumed, call_id=None, live_calls=frozenset())
    first.look()
    assert len(office.all_cards()) == 1


def test_but_not_what_was_long_ago(office: CardOffice) -> None:
    stored(office)
    office.clock.forward(days=3)
    Listening(office).look()
    assert office.all_cards() == []


def test_what_rang_when_we_died_is_looked_at_again(office: CardOffice) -> None:
    record = office.call()
    office.transfer(record, "701")
    assert office.only_card().handover is Handover.RINGING
    heard = Listening(office)
    record.conversations.append(Conversation(None, "carrier", office.clock() + timedelta(seconds=3)))
    heard.records["main-1.1"] = record
    heard.look()
    assert office.only_card().handover is Handover.CONNECTED


def test_a_database_that_is_away_loses_nothing(
    listening: Listening, office: CardOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = listening.records["main-1.1"] = office.call()
    record.transfers.append(Transfer("blind", "1001", "701", office.clock()))
    listening.hear(CallTransferred, kind="blind", agent="1001", to="701")
    fails = [True]
    book = listening.follower._book
    write = type(book).write

    def sometimes(*arguments: Any) -> None:
        if fails:
            fails.pop()
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        write(*arguments)

    monkeypatch.setattr(type(book), "write", sometimes)
    with pytest.raises(OperationalError):
        listening.look()
    listening.look()
    assert office.only_card().handover is Handover.RINGING


def test_it_goes_on_by_itself(listening: Listening, office: CardOffice) -> None:
    record = listening.records["main-1.1"] = office.call()
    record.transfers.append(Transfer("blind", "1001", "701", office.clock()))

    async def work() -> None:
        task = asyncio.create_task(listening.follower.run())
        listening.hear(CallTransferred, kind="blind", agent="1001", to="701")
        async with asyncio.timeout(10):
            while not await asyncio.to_thread(office.all_cards):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    office.in_loop(work)
    assert office.only_card().handover is Handover.RINGING
