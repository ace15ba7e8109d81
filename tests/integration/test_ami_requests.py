"""Requests on the manager port: each answer finds its question, and what is not answered fails in time."""

import asyncio

import pytest
from ami_line import event, line
from fake_asterisk import run, until

from ami_listener import actions
from ami_listener.actions import ActionFailed, AmiDown, AmiRefused, Originate


def test_list_returns_all_its_events_and_others_go_to_the_handler() -> None:
    async def scenario() -> None:
        async with line() as it:
            it.fake.answers["CoreShowChannels"] = (
                "Response: Success\nActionID: %\nEventList: start\nMessage: Channels will follow\n\n"
                "Event: CoreShowChannel\nActionID: %\nChannel: a\n\n"
                + event("Numbered", Number=1)
                + "Event: CoreShowChannel\nActionID: %\nChannel: b\n\n"
                "Event: CoreShowChannelsComplete\nActionID: %\nEventList: Complete\nListItems: 2\n\n"
            )
            reply = await it.client.send(actions.ListChannels())
            assert [channel["Channel"] for channel in reply.events] == ["a", "b"]
            await until(lambda: "1" in it.told)
            assert "CoreShowChannel" not in {message.event for message in it.messages}

    run(scenario)


def test_refused_list_fails_at_once() -> None:
    async def scenario() -> None:
        async with line() as it:
            it.fake.answers["DBGet"] = "Response: Error\nActionID: %\nMessage: Database entry not found\n\n"
            with pytest.raises(ActionFailed, match="Database entry not found") as caught:
                await it.client.send(actions.GetFromDatabase("f", "k"))
            assert caught.value.action == actions.GetFromDatabase("f", "k")

    run(scenario)


@pytest.mark.parametrize("answered", [True, False])
def test_originate_outcome_is_matched_by_action_id(answered: bool) -> None:
    async def scenario() -> None:
        async with line() as it:
            verdict = "Success" if answered else "Failure"
            it.fake.answers["Originate"] = (
                event("OriginateResponse", ActionID="someone-else", Response="Failure", Reason=0)
                + "Response: Success\nActionID: %\nMessage: Originate successfully queued\n\n"
                + event("OriginateResponse", ActionID="%", Response=verdict, Reason=4, Uniqueid="9.9")
            )
            action = Originate("PJSIP/1", application="Wait", wait_for_outcome=True)
            if answered:
                assert (await it.client.send(action)).events[0]["Uniqueid"] == "9.9"
            else:
                with pytest.raises(ActionFailed, match="not answered"):
                    await it.client.send(action)
            await until(lambda: [m.event for m in it.messages].count("OriginateResponse") == 2)

    run(scenario)


def test_own_user_event_is_a_fact_not_an_answer() -> None:
    """Asterisk gives the event the request's ActionID."""

    async def scenario() -> None:
        async with line() as it:
            echo = event("UserEvent", UserEvent="Hotline", ActionID="%", Fact="X")
            it.fake.answers["UserEvent"] = echo + "Response: Success\nActionID: %\nMessage: Event Sent\n\n" + echo
            await it.client.send(actions.SendUserEvent("Hotline", {"Fact": "X"}))
            await until(lambda: [m.get("Fact") for m in it.messages].count("X") == 2)

    run(scenario)


def test_late_answer_is_counted_and_harms_nobody() -> None:
    async def scenario() -> None:
        async with line() as it:
            it.fake.answers["QueueStatus"] = None
            with pytest.raises(AmiDown) as caught:
                await it.client.send(actions.QueueStatus(), timeout=0.05)
            assert caught.value.may_have_run
            (sent,) = it.fake.actions("QueueStatus")
            late = sent["ActionID"]
            it.fake.say(
                f"Response: Success\nActionID: {late}\n\n" + event("QueueMember", ActionID=late)
                + event("Numbered", Number=1)
            )  # fmt: skip
            await until(lambda: "1" in it.told)
            assert it.client.counters.orphan_answers == 2
            assert "QueueMember" not in {message.event for message in it.messages}

    run(scenario)


@pytest.mark.parametrize("value", ["x\r\nAction: Originate", "x\nb", "x" * 1100])
def test_refused_requests_are_not_sent(value: str) -> None:
    async def scenario() -> None:
        async with line() as it:
            with pytest.raises(AmiRefused):
                await it.client.send(actions.PutInDatabase("f", "k", value))
            await it.client.send(actions.CoreStatus())
            assert it.fake.actions("DBPut") == []

    run(scenario)


def test_unanswered_request_fails_and_is_not_sent_again() -> None:
    """The fault that made two calls of one."""

    async def scenario() -> None:
        async with line() as it:
            it.fake.answers["Originate"] = None
            call = asyncio.create_task(it.client.send(Originate("PJSIP/1", application="Wait")))
            await until(lambda: it.fake.actions("Originate"))
            it.fake.cut()
            with pytest.raises(AmiDown, match=r"connection lost .* may have run") as caught:
                await call
            assert caught.value.may_have_run
            await until(lambda: it.client.counters.reconnects == 1 and it.client.ready)
            await it.client.send(actions.CoreStatus())
            assert len(it.fake.actions("Originate")) == 1

    run(scenario)


def test_half_answered_request_fails_when_asterisk_dies() -> None:
    async def scenario() -> None:
        async with line() as it:
            it.fake.answers["QueueStatus"] = (
                "Response: Success\nActionID: %\nEventList: start\nMessage: Queue status will follow\n\n"
                "Event: QueueMember\nActionID: %\nQueue: q\n\nEvent: QueueMem"
            )
            call = asyncio.create_task(it.client.send(actions.QueueStatus()))
            await until(lambda: it.client.counters.messages >= 4)
            await it.fake.shut()
            with pytest.raises(AmiDown, match="connection lost"):
                await call
            assert not it.client.connected
            with pytest.raises(AmiDown, match="not sent") as caught:
                await it.client.send(actions.Ping())
            assert not caught.value.may_have_run
            await it.fake.listen()
            await until(lambda: it.client.ready)
            it.fake.say(event("Numbered", Number=1))  # half a message of the old connection is not in front of it
            await until(lambda: it.told == ["resync", "lost", "resync", "1"])

    run(scenario)
