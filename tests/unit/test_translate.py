"""AMI message → events: header names, member states, what must not disturb."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from scenarios import CALL, messages, moment

from ami_listener.events import (
    AgentState,
    AgentStateChanged,
    AssistantAnswered,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallKind,
    CallTransferred,
    EndedBy,
    OutboundDialled,
    OutboundEnded,
    OutboundHeld,
    OutboundResult,
    PickUpReason,
    TalkKeyPressed,
    TransferEnded,
    TransferResult,
)
from ami_listener.facts import LEAVE_STATUS, MalformedFact, fact_event, number_or_none
from ami_listener.translate import WANTED_EVENTS, Translator, resync_of
from dialplan.names import Fact

NOW = datetime(2025, 11, 20, 11, 0, tzinfo=UTC)
DATA = {
    Fact.ARRIVED: "0812345678|1169|trunk|PJSIP/trunk-1",
    Fact.LANGUAGE: "en",
    Fact.CLOSED: "hours",
    Fact.ASSISTANT: "guard",
    Fact.MENU: "matter|2|technical",
    Fact.QUEUED: "1",
    Fact.ANSWERED: "PJSIP/1001-00000001",
    Fact.LEFT: "1|CONTINUE",
    Fact.AGENT_LEFT: "PJSIP/1001-00000001|16",
    Fact.TRANSFER: "1003",
    Fact.TRANSFER_ENDED: "1003|BUSY",
    Fact.SURVEY_ASKED: "scale-123",
    Fact.SURVEY: "scale-123|1|impressed|answered",
    Fact.CALLBACK: "+66812345678|new",
    Fact.CALLBACK_TRY: "1763636400.1|1|calling",
    Fact.MESSAGE: "a.wav|3.5|DTMF",
    Fact.ENDED: "16|system",
    Fact.RECORDING: "sides|announced|PJSIP/trunk-00000001",
    Fact.OUT_DIALLED: "outside|0812345678|PJSIP/1001-00000001",
    Fact.OUT_ANSWERED: "PJSIP/trunk-00000002",
    Fact.OUT_ENDED: "ANSWER|16",
    Fact.SPYING: "whisper|1001|1763636400.1|PJSIP/1009-00000003",
    Fact.SPY_ENDED: "1001|1763636400.1",
    Fact.TAKEN_UP: "PJSIP/1001-00000001|in",
}
OWN = (Fact.OUT_DIALLED, Fact.OUT_ANSWERED, Fact.OUT_ENDED, Fact.SPYING, Fact.SPY_ENDED)


def translator() -> Translator:
    return Translator(clock=lambda: NOW)


@pytest.mark.parametrize("fact", list(Fact))
def test_every_fact_of_the_dialplan_is_an_event(fact: Fact) -> None:
    event = fact_event(fact, CALL, "general", "1001", "1763636400.123456", DATA[fact])
    assert event.call_id == (None if fact in OWN else CALL)
    assert event.occurred_at == datetime.fromtimestamp(1763636400, UTC).replace(microsecond=123456)
    assert event == fact_event(fact, CALL, "general", "1001", "1763636400.123456", DATA[fact])
    later = fact_event(fact, CALL, "general", "1001", "1763636400.123457", DATA[fact])
    assert later.event_id != event.event_id


def test_an_agents_own_call_is_no_callers_call() -> None:
    """It has a name of its own, and no figure of callers takes it in; what follows on its leg is no caller's end."""
    begun = fact_event(Fact.OUT_DIALLED, CALL, "NONE", "1001", "1763636400.1", DATA[Fact.OUT_DIALLED])
    assert begun == OutboundDialled(
        event_id=begun.event_id,
        occurred_at=begun.occurred_at,
        outbound_id=CALL,
        agent="1001",
        kind=CallKind.OUTSIDE,
        to="0812345678",
        agent_channel="PJSIP/1001-00000001",
    )
    told = translator()
    headers = {"UserEvent": "Hotline", "Call": CALL, "Queue": "NONE", "Agent": "1001", "At": "1763636400.1"}
    assert told.translate({"Event": "UserEvent", **headers, "Fact": "OUTDIALLED", "Data": DATA[Fact.OUT_DIALLED]})
    assert told.translate({"Event": "Hangup", "Uniqueid": CALL, "Cause": "16", "Timestamp": "1763636401.5"}) == []


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("ANSWER", OutboundResult.ANSWERED), ("BUSY", OutboundResult.BUSY), ("NOANSWER", OutboundResult.NO_ANSWER),
        ("CANCEL", OutboundResult.CANCELLED), ("", OutboundResult.CANCELLED),
        ("CHANUNAVAIL", OutboundResult.UNREACHABLE), ("CONGESTION", OutboundResult.UNREACHABLE),
    ],
)  # fmt: skip
def test_what_became_of_an_agents_own_call(status: str, result: OutboundResult) -> None:
    event = fact_event(Fact.OUT_ENDED, CALL, "NONE", "1001", "1763636400.1", f"{status}|16")
    assert isinstance(event, OutboundEnded)
    assert (event.result, event.cause) == (result, 16)


@pytest.mark.parametrize("fact", [Fact.ARRIVED, Fact.QUEUED, Fact.LEFT, Fact.ANSWERED, Fact.CALLBACK, Fact.MESSAGE])
@pytest.mark.parametrize("data", ["", "|", "x"])
def test_what_the_dialplan_would_not_write_is_refused(fact: Fact, data: str) -> None:
    if (fact, data) in {(Fact.ANSWERED, "x"), (Fact.CALLBACK, "x"), (Fact.MESSAGE, "x")}:
        data = ""
    agent = "NONE"
    with pytest.raises(MalformedFact):
        fact_event(fact, CALL, "general", agent, "1763636400.123456", data)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("ANSWER", TransferResult.ANSWERED), ("BUSY", TransferResult.BUSY), ("NOANSWER", TransferResult.NO_ANSWER),
        ("CANCEL", TransferResult.NO_ANSWER), ("CHANUNAVAIL", TransferResult.UNREACHABLE),
        ("CONGESTION", TransferResult.UNREACHABLE), ("SOMETHING", TransferResult.UNREACHABLE),
    ],
)  # fmt: skip
def test_the_end_of_a_blind_transfer_says_why(status: str, result: TransferResult) -> None:
    event = fact_event(Fact.TRANSFER_ENDED, CALL, "general", "NONE", "1763636400.1", f"701|{status}")
    assert isinstance(event, TransferEnded)
    assert (event.to, event.result) == ("701", result)


@pytest.mark.parametrize("at", ["", "x", "1e400", "-", "99999999999999999"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(MalformedFact):
        fact_event(Fact.LANGUAGE, CALL, "general", "NONE", at, "th")


@pytest.mark.parametrize("number", ["", "anonymous", "Anonymous", "<unknown>", "Restricted"])
def test_withheld_numbers_are_unknown(number: str) -> None:
    """C1: unknown is None, not a word that looks like a number."""
    assert number_or_none(number) is None
    event = fact_event(Fact.ARRIVED, CALL, "NONE", "NONE", "1763636400.1", f"{number}|1169|trunk|c")
    assert isinstance(event, CallArrived)
    assert event.caller_number is None


def test_a_reason_newer_than_this_program_still_counts_as_pick_up() -> None:
    event = fact_event(Fact.ASSISTANT, CALL, "general", "NONE", "1763636400.1", "something-new")
    assert isinstance(event, AssistantAnswered)
    assert event.reason is PickUpReason.NOBODY


def test_statuses_of_app_queue_are_all_known() -> None:
    assert set(LEAVE_STATUS) >= {"TIMEOUT", "FULL", "JOINEMPTY", "LEAVEEMPTY", "CONTINUE"}
    assert set(LEAVE_STATUS) >= {"JOINUNAVAIL", "LEAVEUNAVAIL"}


def member(
    queue: str, status: int, name: str = "QueueMemberStatus", agent: str = "1001", **more: str
) -> dict[str, Any]:
    common = {"Queue": queue, "Interface": f"PJSIP/{agent}", "Status": str(status), "Paused": "0", "PausedReason": ""}
    return {"Event": name, "Timestamp": "1763636400.5", **common, **more}


@pytest.mark.parametrize(
    ("status", "paused", "reason", "state"),
    [
        (0, "0", "", AgentState.AVAILABLE),
        (1, "0", "", AgentState.AVAILABLE),
        (2, "0", "", AgentState.IN_CALL),
        (3, "0", "", AgentState.IN_CALL),
        (4, "0", "", AgentState.OFFLINE),
        (5, "0", "", AgentState.OFFLINE),
        (6, "0", "", AgentState.RINGING),
        (7, "0", "", AgentState.IN_CALL),
        (8, "0", "", AgentState.ON_HOLD),
        (1, "1", "wrap-up", AgentState.WRAP_UP),
        (1, "1", "lunch", AgentState.PAUSED),
        (2, "1", "wrap-up", AgentState.IN_CALL),
        (5, "1", "lunch", AgentState.OFFLINE),
    ],
)
def test_member_status_is_agent_state(status: int, paused: str, reason: str, state: AgentState) -> None:
    (event,) = translator().translate(member("general", status, Paused=paused, PausedReason=reason))
    assert isinstance(event, AgentStateChanged)
    assert (event.agent, event.state) == ("1001", state)
    assert event.pause_reason == (reason if state in (AgentState.PAUSED, AgentState.WRAP_UP) else None)


def test_an_agent_of_several_queues_has_one_state() -> None:
    heard = translator()
    said = [
        (event.state, event.queues)
        for message in [
            member("general", 1),
            member("technical", 1),
            member("general", 6),
            member("technical", 6),
            member("general", 1, Paused="1", PausedReason="lunch"),
            member("technical", 1),
            member("technical", 1, Paused="1", PausedReason="lunch"),
            member("technical", 1, "QueueMemberRemoved"),
            member("general", 1, "QueueMemberRemoved"),
        ]
        for event in heard.translate(message)
        if isinstance(event, AgentStateChanged)
    ]
    both = ("general", "technical")
    assert said == [
        (AgentState.AVAILABLE, ("general",)),
        (AgentState.AVAILABLE, both),
        (AgentState.RINGING, both),
        (AgentState.AVAILABLE, both),
        (AgentState.PAUSED, both),
        (AgentState.PAUSED, ("general",)),
        (AgentState.OFFLINE, ()),
    ]


def test_members_who_are_not_listed_any_more_are_gone() -> None:
    """A list after a login replaces what was known: someone removed meanwhile is offline."""
    heard = translator()
    for agent in ("1001", "1002"):
        heard.translate(member("general", 1, agent=agent))
    heard.translate({"Event": "QueueParams", "Queue": "general"})
    listed = member("general", 1, "QueueMember", Location="PJSIP/1001")
    del listed["Interface"], listed["Timestamp"]
    heard.translate(listed)
    (gone,) = heard.translate({"Event": "QueueStatusComplete"})
    assert isinstance(gone, AgentStateChanged)
    assert (gone.agent, gone.state, gone.occurred_at) == ("1002", AgentState.OFFLINE, NOW)


def test_unknown_events_are_counted_and_dropped() -> None:
    heard = translator()
    assert heard.translate({"Event": "VarSet", "Variable": "X"}) == []
    assert heard.translate({"Event": "UserEvent", "UserEvent": "Somebody"}) == []
    assert heard.translate({"Response": "Success"}) == []
    assert heard.unknown == {"VarSet": 1, "UserEvent": 1}
    assert not heard.malformed


@pytest.mark.parametrize(
    "message",
    [
        {"Event": "AgentCalled"},
        {"Event": "AgentCalled", "Uniqueid": "1.1", "Queue": "q", "Interface": "", "Timestamp": "1763636400.5"},
        {"Event": "AgentConnect", "Uniqueid": "1.1", "Queue": "q", "Interface": "PJSIP/1001", "Timestamp": "noon"},
        {"Event": "UserEvent", "UserEvent": "Hotline", "Fact": "NEWS", "Call": "1.1", "At": "1763636400.5"},
        {"Event": "UserEvent", "UserEvent": "Hotline", "Fact": "ARRIVED", "Call": ["1.1", "2.2"], "At": "1763636400.5"},
        {"Event": "QueueMemberStatus", "Queue": "q", "Interface": "PJSIP/1001", "Status": "well", "Paused": "0"},
    ],
)
def test_malformed_known_events_are_kept_raw_and_counted(message: dict[str, Any]) -> None:
    heard = translator()
    assert heard.translate(message) == []
    assert heard.malformed == {message["Event"]: 1}
    assert list(heard.malformed_raw) == [message]


def test_only_the_last_hundred_are_kept() -> None:
    heard = translator()
    for number in range(150):
        heard.translate({"Event": "AgentCalled", "Number": str(number)})
    assert heard.malformed["AgentCalled"] == 150
    assert [message["Number"] for message in heard.malformed_raw] == [str(number) for number in range(50, 150)]


def test_keys_in_lower_case_are_the_same() -> None:
    (message,) = messages("0.0 ARRIVED - - 0812345678|1169|trunk|c")
    lowered = {key.lower(): value for key, value in message.items()}
    assert translator().translate(lowered) == translator().translate(message)


def test_an_event_header_brought_by_a_user_event_changes_nothing() -> None:
    """A caller's name may carry whatever it likes; the first value is Asterisk's own."""
    (message,) = messages("0.0 ARRIVED - - 0812345678|1169|trunk|c")
    heard = translator()
    assert heard.translate({**message, "Event": ["UserEvent", "Hangup"]}) == translator().translate(message)


def test_calls_that_are_not_ours_are_left_alone() -> None:
    """Agents calling each other, holding and transferring: no call of the hotline."""
    rows = "1.0 Hold q 1001 -\n2.0 BlindTransfer q 1001 1003\n3.0 AttendedTransfer q 1001 1003\n4.0 Hangup - - 16"
    heard = translator()
    assert [heard.translate(message) for message in messages(rows)] == [[], [], [], []]
    assert not heard.malformed
    heard.watch([CALL])
    assert [len(heard.translate(message)) for message in messages(rows)] == [1, 1, 2, 1]


def test_a_callers_own_hold_is_not_the_agents() -> None:
    heard = translator()
    heard.watch([CALL])
    (message,) = messages("1.0 Hold q 1001 -")
    assert heard.translate({**message, "Channel": "PJSIP/trunk-00000001", "Uniqueid": CALL}) == []


def test_the_hold_of_an_agents_own_call() -> None:
    """Told of the leg that called, and of the one that has its place after a reload; of nobody else's."""
    told = translator()
    own = {"Event": "UserEvent", "UserEvent": "Hotline", "Call": CALL, "Queue": "NONE", "Agent": "1001"}
    dialled = {"Fact": "OUTDIALLED", "At": "1763636400.1", "Data": DATA[Fact.OUT_DIALLED]}
    (hold,) = messages("1.0 Hold q 1001 -")
    leg = {**hold, "Linkedid": CALL, "Channel": "PJSIP/1001-00000001", "Uniqueid": CALL}
    assert told.translate(leg) == []
    told.translate(own | dialled)
    for event, on in (("Hold", True), ("Unhold", False)):
        (held,) = told.translate({**leg, "Event": event})
        assert isinstance(held, OutboundHeld)
        assert (held.call_id, held.outbound_id, held.agent, held.on) == (None, CALL, "1001", on)
    assert told.translate({**leg, "Uniqueid": f"{CALL}9", "Channel": "PJSIP/1001-00000009"})
    assert told.translate({**leg, "Channel": "PJSIP/1002-00000002"}) == []
    told.translate(own | {"Fact": "OUTENDED", "At": "1763636402.1", "Data": "ANSWER|16"})
    assert told.translate(leg) == []


@pytest.mark.parametrize("callers_leg", ["transferee", "transfertarget"])
def test_attended_transfer_finds_the_new_person_whichever_call_it_came_from(callers_leg: str) -> None:
    """K3: telephones transfer from the first or from the second call; the caller's leg is the one that is known."""
    heard = translator()
    heard.watch([CALL])
    (message,) = messages("6.0 AttendedTransfer q 1001 1003")
    if callers_leg == "transfertarget":
        for end in ("Uniqueid", "Channel"):
            one, other = f"Transferee{end}", f"TransferTarget{end}"
            message[one], message[other] = message[other], message[one]
    moved, answered = heard.translate(message)
    assert isinstance(moved, CallTransferred)
    assert isinstance(answered, CallAnswered)
    assert (moved.agent, moved.to, moved.kind, moved.call_id) == ("1001", "1003", "attended", CALL)
    assert (answered.agent, answered.agent_channel, answered.queue) == ("1003", "PJSIP/1003-00000003", "")
    assert moved.event_id != answered.event_id


def own_call(fact: str, at: str, data: str) -> dict[str, str]:
    """A fact of the call by which agent 1001 asks somebody."""
    own = {"Event": "UserEvent", "UserEvent": "Hotline", "Call": "main-9.9", "Queue": "NONE", "Agent": "1001"}
    return {**own, "Fact": fact, "At": at, "Data": data}


@pytest.mark.parametrize("picked_up", ["before", "after", "outside"])
def test_a_transfer_in_the_moment_in_which_the_colleague_picks_up_finds_the_colleague(picked_up: str) -> None:
    """K3: that telephone is in no talk yet, so Asterisk does not name it; the call that it was asked by is known."""
    heard = translator()
    heard.watch([CALL])
    kind = "outside" if picked_up == "outside" else "agent"
    heard.translate(own_call("OUTDIALLED", "1763636404.1", f"{kind}|1003|PJSIP/1001-00000008"))
    (message,) = messages("6.0 AttendedTransfer q 1001 1003")
    message = {name: value for name, value in message.items() if not name.startswith("TransferTarget")}
    message |= {"SecondTransfererLinkedid": "main-9.9", "DestType": "App", "DestApp": "Dial"}
    answer = own_call("OUTANSWERED", "1763636406.2", "PJSIP/1003-00000003")
    over = own_call("OUTENDED", "1763636406.1", "ANSWER|16")
    order = [answer, message, over] if picked_up == "before" else [message, over, answer]
    told = [event for each in order for event in heard.translate(each)]
    (moved,) = [event for event in told if isinstance(event, CallTransferred)]
    assert (moved.agent, moved.to, moved.kind, moved.call_id) == ("1001", "1003", "attended", CALL)
    talks = [(x.call_id, x.agent, x.agent_channel) for x in told if isinstance(x, CallAnswered)]
    assert talks == ([] if picked_up == "outside" else [(CALL, "1003", "PJSIP/1003-00000003")])
    assert not [x for x in heard.translate(answer) if isinstance(x, CallAnswered)], "told once"


def test_who_is_joined_with_a_telephone_that_still_rings_was_meant_for_that_one() -> None:
    """Asterisk makes a blind transfer to a name of its own of it."""
    heard = translator()
    heard.watch([CALL])
    (message,) = messages("2.0 BlindTransfer q 1001 1003")
    message |= {"Extension": "external_replaces"}
    assert [event.to for event in heard.translate(message) if isinstance(event, CallTransferred)] == [None]
    heard.translate(own_call("OUTDIALLED", "1763636401.1", "agent|1003|PJSIP/1001-00000008"))
    assert [event.to for event in heard.translate(message) if isinstance(event, CallTransferred)] == ["1003"]


def test_a_key_in_a_recorded_talk_is_told_and_never_which() -> None:
    """The caller's, an agent's; of calls that are not recorded none."""
    heard = translator()
    heard.watch([CALL])
    key = {"Event": "DTMFEnd", "Timestamp": "1763636406.5", "Digit": "4", "Direction": "Received", "Linkedid": CALL}
    caller = key | {"Uniqueid": CALL, "Channel": "PJSIP/trunk-00000001"}
    agent = key | {"Uniqueid": f"{CALL}9", "Channel": "PJSIP/1001-00000009"}
    assert heard.translate(caller) == []
    fact = {"Event": "UserEvent", "UserEvent": "Hotline", "Call": CALL, "Queue": "q", "Agent": "1001"}
    heard.translate(fact | {"Fact": "RECORDING", "At": "1763636405.1", "Data": DATA[Fact.RECORDING]})
    told = [*heard.translate(caller), *heard.translate(agent)]
    assert [(x.call_id, x.of_call, x.agent) for x in told if isinstance(x, TalkKeyPressed)] == [
        (None, CALL, None), (None, CALL, "1001"),
    ]  # fmt: skip
    assert not any(getattr(event, name.name) == "4" for event in told for name in fields(event))
    assert heard.translate(agent | {"Direction": "Sent"}) == []
    assert heard.translate(caller | {"Uniqueid": "1.1", "Linkedid": "1.1"}) == []
    heard.translate(fact | {"Fact": "ENDED", "At": "1763636407.1", "Data": "16|"})
    assert heard.translate(caller) == []


def test_transfers_that_failed_are_none() -> None:
    heard = translator()
    heard.watch([CALL])
    for message in messages("2.0 BlindTransfer q 1001 1003\n3.0 AttendedTransfer q 1001 1003"):
        assert heard.translate({**message, "Result": "Fail"}) == []


def test_who_picked_up_with_the_stroke_of_the_guard_is_no_answer() -> None:
    """app_queue says "connected" of a leg that our dialplan has ended at once; the next ring may be answered."""
    told = translator()
    leg = {"Uniqueid": CALL, "Queue": "general", "Interface": "PJSIP/1001", "Timestamp": "1763636409.0"}
    late = {"Event": "UserEvent", "UserEvent": "HotlineTooLate", "Call": CALL, "Agent": "1001"}
    assert told.translate(late) == []
    assert told.translate({"Event": "AgentConnect", **leg}) == []
    assert told.translate({"Event": "AgentComplete", **leg, "Reason": "caller"}) == []
    assert [type(event) for event in told.translate({"Event": "AgentConnect", **leg})] == [CallAnswered]
    told.translate(late)  # and of a call that is over nothing is kept
    told.translate({"Event": "UserEvent", "UserEvent": "Hotline", "Fact": "ENDED", "Call": CALL, "Queue": "NONE",
                    "Agent": "NONE", "At": "1763636410.0", "Data": "16|"})  # fmt: skip
    assert len(told.translate({"Event": "AgentConnect", **leg})) == 1


def test_an_end_is_told_once() -> None:
    rows = "0.0 ARRIVED - - 1|1169|t|c\n1.0 ENDED - - 16|system\n1.01 Hangup - - 16"
    heard = translator()
    events = [event for message in messages(rows) for event in heard.translate(message)]
    ended = [event for event in events if isinstance(event, CallEnded)]
    assert [(event.cause, event.ended_by, event.occurred_at) for event in ended] == [(16, EndedBy.SYSTEM, moment(1.0))]


def test_lists_after_login_are_one_picture() -> None:
    entry = {"Event": "QueueEntry", "Queue": "general", "Uniqueid": "1.1", "Wait": "6", "Position": "1"}
    channel = {"Event": "CoreShowChannel", "BridgeId": "", "Channel": "PJSIP/trunk-1", "Linkedid": "1.1"}
    talk = {"Event": "CoreShowChannel", "BridgeId": "b"}
    caller = {**talk, "Channel": "PJSIP/trunk-2", "Uniqueid": "2.1", "Linkedid": "2.1"}
    person = {**talk, "Channel": "PJSIP/1001-2", "Uniqueid": "2.2", "Linkedid": "2.1"}
    picture = resync_of([entry, {**channel, "Uniqueid": "1.1"}, caller, person], NOW)
    assert [(call.call_id, (NOW - call.arrived_at).seconds) for call in picture.waiting] == [("1.1", 6)]
    assert [(call.call_id, call.agent) for call in picture.talking] == [("2.1", "1001")]
    assert picture.live_calls == {"1.1", "2.1", "2.2"}


def test_wanted_events_are_spelled_as_asterisk_spells_them() -> None:
    assert {"UserEvent", "AgentCalled", "QueueMemberPause", "AttendedTransfer", "Unhold"} <= WANTED_EVENTS
    assert "VarSet" not in WANTED_EVENTS
