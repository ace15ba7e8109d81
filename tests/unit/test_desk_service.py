"""What an agent's desk is told, and when (C1, C3, K3): each step once, of the right agent, and never of the past."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scenarios import CALL, ami_events, moment

from ami_listener.actions import Action, ActionFailed, Reply
from ami_listener.calls import CallAssembler
from ami_listener.events import AgentState, AgentStateChanged, Event, OutboundHeld, StreamInterrupted, StreamResumed
from ami_listener.floor import FloorState
from ami_listener.records import CallRecord
from crm.desk.call_view import view_of
from crm.desk.pop import Pops
from crm.desk.service import Desk
from crm.live import Hub, Listener
from crm.people.numbers import normalise

ARRIVES = """
0.00 ARRIVED - - 0812345678|1169|provider|PJSIP/provider-1
0.01 LANGUAGE - - en
0.02 QUEUED enquiries - 1
0.05 AgentCalled enquiries 1001 -
"""
ANSWERED = (
    ARRIVES
    + """
3.10 ANSWERED enquiries 1001 PJSIP/1001-1
"""
)


class Room:
    """A desk with everything around it, and two pages that listen."""

    def __init__(self, look_up: Callable[[str | None, str], Mapping[str, Any]] | None = None) -> None:
        self.at = moment(0)
        self.hub = Hub()
        self.calls, self.floor = CallAssembler(), FloorState()
        self.asked: list[str | None] = []
        self.sent: list[Action] = []
        self.reply: Reply | ActionFailed = Reply({})
        self.pops = Pops(look_up or self.somsak, lambda: self.at)
        self.desk = Desk(
            hub=self.hub,
            pops=self.pops,
            agent_now=self.floor.agent,
            floor=lambda: self.floor.snapshot(self.at),
            find_call=self.calls.find,
            normalise=normalise,
            send=self.send,
            clock=lambda: self.at,
        )
        self.pages = {agent: self.hub.listen([f"agent/{agent}"]) for agent in ("1001", "1002")}

    def somsak(self, number: str | None, call_id: str = CALL) -> Mapping[str, Any]:
        self.asked.append(number)
        return {"people": [{"id": 7, "display_name": "สมศักดิ์"}]}

    async def send(self, action: Action) -> Reply:
        self.sent.append(action)
        if isinstance(self.reply, ActionFailed):
            raise self.reply
        return self.reply

    def play(self, table: str) -> None:
        for event in ami_events(table):
            self.at = max(self.at, event.occurred_at)
            self.tell(event)

    def tell(self, event: Event) -> None:
        self.calls.apply(event)
        self.floor.apply(event)
        self.desk.happened(event)

    def state(self, state: AgentState, agent: str = "1001", reason: str | None = None) -> None:
        name = f"{agent}{state}{self.at.isoformat()}"
        self.tell(AgentStateChanged(event_id=name, occurred_at=self.at, agent=agent, state=state, pause_reason=reason))

    async def told(self, agent: str = "1001", kind: str | None = None) -> list[Mapping[str, Any]]:
        """Everything this page was told so far."""
        await settled()
        return [message for message in drain(self.pages[agent]) if kind in {None, message["kind"]}]


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0.005)


def drain(listener: Listener) -> list[Mapping[str, Any]]:
    found = []
    while not listener._queue.empty():
        found.append(listener._queue.get_nowait())
    return found


def in_room(play: Callable[[Room], Awaitable[None]], **more: Any) -> None:
    async def run() -> None:
        room = Room(**more)
        try:
            await play(room)
        finally:
            room.desk.close()

    asyncio.run(run())


def test_a_ring_shows_number_queue_language_and_then_the_person() -> None:
    """C1, C3: the telephone rings, and what is known of the number is there."""

    async def play(room: Room) -> None:
        room.play(ARRIVES)
        call, *later = await room.told()
        assert call["kind"] == "call"
        assert call["call"] | {"arrived_at": 0, "rang_at": 0} == {
            "call_id": CALL, "phase": "ringing", "number": "+66812345678", "recognisable": True, "queue": "enquiries",
            "language": "en", "called_number": "1169", "arrived_at": 0, "rang_at": 0, "answered_at": None,
            "held_since": None, "hold_seconds": 0, "agent_ended_at": None, "ended_at": None, "ended_by": None,
            "from_agent": None, "handed_on": None, "is_callback": False, "survey": None,
        }  # fmt: skip
        assert [(m["kind"], m["call_id"], m["profile"]["people"][0]["id"]) for m in later] == [("profile", CALL, 7)]
        assert room.asked == ["+66812345678"]  # once, begun when the call arrived

    in_room(play)


def test_a_profile_that_is_there_comes_with_the_ring() -> None:
    async def play(room: Room) -> None:
        room.play(ARRIVES.rpartition("\n0.05")[0])
        await settled()
        room.play(ARRIVES)
        (call,) = await room.told()
        assert call["profile"]["people"][0]["display_name"] == "สมศักดิ์"

    in_room(play)


def test_each_step_is_told_once_though_heard_twice() -> None:
    async def play(room: Room) -> None:
        room.play(
            ANSWERED + "3.10 AgentConnect enquiries 1001 PJSIP/1001-1\n9.0 AGENTLEFT enquiries 1001 PJSIP/1001-1|16"
        )
        phases = [message["call"]["phase"] for message in await room.told(kind="call")]
        assert phases == ["ringing", "talking", "ended"]

    in_room(play)


def test_only_the_agent_concerned_is_told_and_who_was_slower_stops_ringing() -> None:
    async def play(room: Room) -> None:
        room.play(ARRIVES + "0.05 AgentCalled enquiries 1002 -\n")
        assert [m["call"]["phase"] for m in await room.told("1002", "call")] == ["ringing"]
        room.play(ANSWERED.replace(ARRIVES, ""))
        assert [m["call"]["phase"] for m in await room.told("1002", "call")] == ["missed"]

    in_room(play)


def test_the_survey_is_told_to_who_talked() -> None:
    """H8."""

    async def play(room: Room) -> None:
        room.play(
            ANSWERED
            + "9.0 AGENTLEFT enquiries 1001 PJSIP/1001-1|16\n9.1 SURVEYASKED - - scale-123\n"
            + "12.0 SURVEY - - scale-123|1|impressed|answered\n12.1 ENDED - - 16|system"
        )
        told = [(m["call"]["phase"], m["call"]["survey"]) for m in await room.told(kind="call")]
        assert told[-3:-1] == [("ended", "asked"), ("ended", "impressed")]
        assert not await room.told("1002")

    in_room(play)


def test_who_gets_a_transferred_caller_sees_whose() -> None:
    """K3: blind transfer to a colleague pops there, with the caller's own number."""

    async def play(room: Room) -> None:
        room.play(ANSWERED + "8.0 TRANSFERTO enquiries 1001 1002\n")
        told = await room.told("1002", "call")
        assert [(m["call"]["phase"], m["call"]["number"], m["call"]["from_agent"]) for m in told] == [
            ("ringing", "+66812345678", "1001")
        ]
        room.play("9.0 ANSWERED - 1002 PJSIP/1002-2\n")
        assert [m["call"]["phase"] for m in await room.told("1002", "call")] == ["talking"]

    in_room(play)


def test_a_hidden_number_is_said_to_be_hidden() -> None:
    async def play(room: Room) -> None:
        room.play(ARRIVES.replace("0812345678", ""))
        call = (await room.told(kind="call"))[0]["call"]
        assert (call["number"], call["recognisable"]) == (None, False)
        assert room.asked == [None]

    in_room(play)


def test_what_the_journal_tells_late_is_no_ring() -> None:
    async def play(room: Room) -> None:
        for event in ami_events(ARRIVES):
            room.at = moment(60)
            room.tell(event)
        assert await room.told() == []

    in_room(play)


def test_records_that_cannot_be_reached_do_not_stop_the_ring() -> None:
    def away(number: str | None, call_id: str) -> Mapping[str, Any]:
        raise OSError("away")

    async def play(room: Room) -> None:
        room.play(ARRIVES)
        (call,) = await room.told()
        assert call["call"]["phase"] == "ringing"
        assert "profile" not in call

    in_room(play, look_up=away)


def test_state_is_told_as_asterisk_has_it_and_who_holds_is_on_hold() -> None:
    async def play(room: Room) -> None:
        room.state(AgentState.AVAILABLE)
        room.state(AgentState.PAUSED, reason="lunch")
        told = [(m["state"]["state"], m["state"]["reason"]) for m in await room.told(kind="state")]
        assert told == [("available", None), ("paused", "lunch")]
        assert room.desk.state_of("1009")["state"] == "offline"
        room.state(AgentState.IN_CALL)
        room.play(ANSWERED + "5.0 Hold - 1001 -\n")
        assert [m["state"]["state"] for m in await room.told(kind="state")][-1] == "on_hold"
        assert room.desk.state_of("1001")["since"] == moment(5.0).isoformat()

    in_room(play)


def test_who_holds_an_own_call_is_on_hold() -> None:
    async def play(room: Room) -> None:
        room.state(AgentState.IN_CALL)
        for at, on in ((4.0, True), (5.0, False)):
            held = OutboundHeld(event_id=f"h{at}", occurred_at=moment(at), outbound_id="7.1", agent="1001", on=on)
            room.tell(held)
        told = [(m["state"]["state"], m["state"]["since"]) for m in await room.told(kind="state")]
        assert told[1:] == [("on_hold", moment(4.0).isoformat()), ("in_call", told[0][1])]

    in_room(play)


def test_the_end_of_a_wrap_up_is_asked_of_asterisk() -> None:
    async def play(room: Room) -> None:
        ends_at = moment(30)
        room.reply = Reply({}, ({"Val": f"{ends_at.timestamp():.6f}"},))
        room.state(AgentState.WRAP_UP, reason="wrap-up")
        told = [m["state"]["wrap_up_ends_at"] for m in await room.told(kind="state")]
        assert told == [None, ends_at.isoformat()]
        room.state(AgentState.AVAILABLE)
        assert (await room.told(kind="state"))[-1]["state"]["wrap_up_ends_at"] is None

    in_room(play)


def test_a_wrap_up_without_an_end_is_one_all_the_same() -> None:
    async def play(room: Room) -> None:
        room.reply = ActionFailed(Action(), "Database entry not found")
        room.state(AgentState.WRAP_UP, reason="wrap-up")
        assert [m["state"]["state"] for m in await room.told(kind="state")] == ["wrap_up", "wrap_up"]

    in_room(play)


def test_who_has_no_desk_open_costs_nothing_and_is_told_everything_on_opening_it() -> None:
    async def play(room: Room) -> None:
        room.hub.leave(room.pages["1001"])
        room.desk._find_call = never
        room.play(ANSWERED + "5.0 Hold - 1001 -\n")
        room.state(AgentState.WRAP_UP, reason="wrap-up")
        assert room.sent == []
        room.desk._find_call = room.calls.find
        room.pages["1001"] = room.hub.listen(["agent/1001"])
        ends_at = moment(30)
        room.reply = Reply({}, ({"Val": f"{ends_at.timestamp():.6f}"},))
        view = room.desk.call_of("1001")
        assert view is not None
        assert view.phase.value == "held"
        assert room.desk.opened("1001")["state"] == "wrap_up"
        assert [m["state"]["wrap_up_ends_at"] for m in await room.told(kind="state")] == [ends_at.isoformat()]
        room.play("9.0 ENDED - - 16|\n")  # tells of no agent, and yet concerns this one
        assert [m["call"]["phase"] for m in await room.told(kind="call")] == ["ended"]

    in_room(play)


def never(call_id: str) -> CallRecord | None:
    raise AssertionError(f"{call_id} was looked at for a desk that is not open")


def test_everybody_hears_whether_asterisk_is_heard() -> None:
    async def play(room: Room) -> None:
        floor = room.hub.listen(["floor"])
        assert not room.desk.heard
        room.tell(StreamResumed(event_id="r", occurred_at=room.at, live_calls=frozenset()))
        room.tell(StreamInterrupted(event_id="i", occurred_at=room.at, reason="gone"))
        assert [message["heard"] for message in drain(floor)] == [True, False]

    in_room(play)


def test_a_page_that_was_away_reads_the_same() -> None:
    async def play(room: Room) -> None:
        room.play(ANSWERED)
        told = (await room.told(kind="call"))[-1]["call"]
        view = room.desk.call_of("1001")
        assert view is not None
        assert view.json() == told
        assert await room.desk.profile_of(view) == room.somsak(None)

    in_room(play)


def test_another_call_that_rings_does_not_hide_the_one_that_is_talked_in() -> None:
    async def play(room: Room) -> None:
        room.play(ANSWERED)
        for event in ami_events(ARRIVES, "other.9"):
            room.tell(event)
        view = room.desk.call_of("1001")
        assert view is not None
        assert view.call_id == CALL

    in_room(play)


def test_nobody_is_told_of_a_call_that_never_came_to_them() -> None:
    calls = CallAssembler()
    for event in ami_events(ANSWERED):
        calls.apply(event)
    record = calls.find(CALL)
    assert record is not None
    assert view_of(record, "1009", normalise) is None


@pytest.mark.parametrize("waited", [1, 25])
def test_who_waited_long_is_looked_up_again(waited: int) -> None:
    async def play(room: Room) -> None:
        room.pops.ask(CALL, "+66812345678")
        await settled()
        room.at += timedelta(seconds=waited)
        room.pops.ask(CALL, "+66812345678")
        await settled()
        assert len(room.asked) == (1 if waited < 20 else 2)

    in_room(play)


def test_times_are_told_with_their_zone() -> None:
    async def play(room: Room) -> None:
        room.play(ARRIVES)
        call = (await room.told(kind="call"))[0]["call"]
        assert datetime.fromisoformat(call["arrived_at"]) == moment(0).astimezone(UTC)

    in_room(play)
