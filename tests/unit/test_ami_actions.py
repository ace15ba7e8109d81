"""Requests to Asterisk: what each one says, and what is never sent."""

import asyncio
import dataclasses

import pytest

from ami_listener import actions, recording_actions
from ami_listener.actions import Action, ActionFailed, AmiRefused, Answer, Originate, Reply
from ami_listener.manager import PendingAction
from ami_listener.protocol import MAX_LINE_BYTES, Message, check_headers
from ami_listener.settings import AmiSettings

TABLE: list[tuple[Action, str]] = [
    (
        actions.PauseAgent("PJSIP/1001", True, "tea", "general-th"),
        "QueuePause|Interface: PJSIP/1001|Paused: true|Reason: tea|Queue: general-th",
    ),
    (actions.PauseAgent("PJSIP/1001", False), "QueuePause|Interface: PJSIP/1001|Paused: false"),
    (
        actions.AddAgentToQueue("q", "PJSIP/1", member_name="สมหญิง", penalty=0, state_interface="PJSIP/1"),
        "QueueAdd|Queue: q|Interface: PJSIP/1|MemberName: สมหญิง|Penalty: 0|StateInterface: PJSIP/1",
    ),
    (actions.SetPenalty("PJSIP/1", 2, "q"), "QueuePenalty|Interface: PJSIP/1|Penalty: 2|Queue: q"),
    (actions.RemoveAgentFromQueue("q", "PJSIP/1"), "QueueRemove|Queue: q|Interface: PJSIP/1"),
    (actions.QueueStatus(), "QueueStatus"),
    (actions.QueueStatus(queue="q"), "QueueStatus|Queue: q"),
    (
        Originate("PJSIP/1", context="c", exten="5", variables={"A": "1", "B": 'x,"y"\\'}, timeout_seconds=2.5),
        "Originate|Channel: PJSIP/1|Context: c|Exten: 5|Priority: 1|Timeout: 2500|Async: true"
        '|Variable: A=1|Variable: B=x\\,\\"y\\"\\\\',
    ),
    (
        Originate("PJSIP/1", application="Wait", data="5", caller_id="<1169>", channel_id="c-1", wait_for_outcome=True),
        "Originate|Channel: PJSIP/1|Application: Wait|Data: 5|CallerID: <1169>|ChannelId: c-1|Timeout: 30000"
        "|Async: true",
    ),
    (actions.Hangup("PJSIP/1-2", 16), "Hangup|Channel: PJSIP/1-2|Cause: 16"),
    (actions.Redirect("a", "ctx", "s"), "Redirect|Channel: a|Context: ctx|Exten: s|Priority: 1"),
    (actions.BlindTransfer("a", "ctx", "s"), "BlindTransfer|Channel: a|Context: ctx|Exten: s"),
    (actions.AttendedTransfer("a", "ctx", "s"), "Atxfer|Channel: a|Context: ctx|Exten: s"),
    (recording_actions.MuteRecording("a", 1), "MixMonitorMute|Channel: a|State: 1|Direction: both"),
    (recording_actions.BeginRecording("a", "", "abr(x)t(y)"), "MixMonitor|Channel: a|File: |Options: abr(x)t(y)"),
    (recording_actions.EndRecording("a"), "StopMixMonitor|Channel: a"),
    (actions.SetVariable("X", "ค่า", "a"), "Setvar|Variable: X|Value: ค่า|Channel: a"),
    (actions.GetVariable("X", "a"), "Getvar|Variable: X|Channel: a"),
    (actions.ListChannels(), "CoreShowChannels"),
    (actions.ListRegistrations(), "PJSIPShowRegistrationsOutbound"),
    (actions.PutInDatabase("f", "k", "v"), "DBPut|Family: f|Key: k|Val: v"),
    (actions.GetFromDatabase("f", "k"), "DBGet|Family: f|Key: k"),
    (actions.DeleteFromDatabase("f", "k"), "DBDel|Family: f|Key: k"),
    (actions.Ping(), "Ping"),
    (actions.CoreStatus(), "CoreStatus"),
    (actions.Command("core show uptime"), "Command|Command: core show uptime"),
    (actions.Reload("app_queue.so"), "Reload|Module: app_queue.so"),
    (actions.SendUserEvent("Hotline", {"Fact": "X"}), "UserEvent|UserEvent: Hotline|Fact: X"),
]


@pytest.mark.parametrize(("action", "expected"), TABLE, ids=[type(action).__name__ for action, _ in TABLE])
def test_headers(action: Action, expected: str) -> None:
    headers = action.to_headers()
    check_headers(headers)
    assert headers[0][0] == "Action"
    assert "|".join([headers[0][1], *(f"{key}: {value}" for key, value in headers[1:])]) == expected


def test_table_names_every_action() -> None:
    made = {type(action) for action, _ in TABLE}
    known = {
        kind for kind in (vars(actions) | vars(recording_actions)).values()
        if isinstance(kind, type) and issubclass(kind, Action) and kind.name
    }  # fmt: skip
    assert known == made
    assert all(dataclasses.fields(kind) is not None and kind.__doc__ for kind in known)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"exten": "5"}, {"context": "c", "application": "Wait"}, {"exten": "5", "context": "c", "application": "W"}],
)
def test_originate_goes_to_one_place(arguments: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="Originate"):
        Originate("PJSIP/1", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", ["a\r\nAction: Hangup", "a\nb", "a\rb", "a\0b", "ก" * (MAX_LINE_BYTES // 3), "\ud800"], ids=ascii
)
def test_what_would_mean_something_else_is_refused(value: str) -> None:
    for action in (actions.PutInDatabase("f", "k", value), Originate("P/1", application="W", variables={"A": value})):
        with pytest.raises(AmiRefused):
            check_headers(action.to_headers())


@pytest.mark.parametrize("name", ["", "A: b", "A\r\nAction", "A b"])
def test_header_names_are_checked_too(name: str) -> None:
    with pytest.raises(AmiRefused):
        check_headers(actions.SendUserEvent("X", {name: "v"}).to_headers())


def test_longest_line_passes() -> None:
    check_headers([("Val", "x" * (MAX_LINE_BYTES - len("Val: ")))])


def test_secret_is_in_no_repr() -> None:
    settings = AmiSettings(username="hotline", secret="s3cret-word")
    assert "s3cret-word" not in repr(settings)
    assert "hotline" in repr(settings)


@pytest.mark.parametrize("wrong", [{"secret": ""}, {"username": ""}, {"ping_interval_seconds": 0}, {"queue_limit": -1}])
def test_settings_name_what_is_wrong(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AmiSettings(**({"username": "a", "secret": "b"} | wrong))  # type: ignore[arg-type]


def test_failure_carries_the_reason() -> None:
    error = ActionFailed(actions.Ping(), "Permission denied")
    assert (str(error), error.message, error.action) == ("Ping: Permission denied", "Permission denied", actions.Ping())


def test_reply_text() -> None:
    assert Reply({"Message": ["one", "two"]}).message == "one"
    assert Reply({"Output": ["a", "b"]}).output == "a\nb"
    assert Reply({"Output": "a"}).output == "a"
    assert (Reply({}).message, Reply({}).output) == ("", "")


def test_wants_only_its_own_events() -> None:
    """Our own UserEvents carry the request's ActionID; they are facts, not answers."""

    async def scenario() -> None:
        assert PendingAction([("Action", "A")], Answer.LIST).wants("CoreShowChannel")
        assert not PendingAction([("Action", "A")], Answer.LIST).wants("UserEvent")
        assert not PendingAction([("Action", "A")]).wants("CoreShowChannel")
        pending = PendingAction([("Action", "A")], Answer.OUTCOME)
        assert pending.wants("OriginateResponse")
        # The outcome may overtake the response.
        assert not pending.add_message(Message({"Event": "OriginateResponse", "Response": "Success"}))
        assert pending.add_message(Message({"Response": "Success"}))

    asyncio.run(scenario())
