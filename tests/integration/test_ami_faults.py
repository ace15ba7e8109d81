"""Every fault panoramisk 1.4 showed with Asterisk 22, against a server that provokes it. Short times, real sockets."""

import asyncio
import contextlib
import io
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fake_asterisk import FakeAsterisk, fake_asterisk, run, until

from ami_listener import actions
from ami_listener.actions import ActionFailed, AmiDown, AmiRefused, Originate
from ami_listener.client import AmiClient, Message
from ami_listener.settings import AmiSettings


def event(name: str, **headers: object) -> str:
    lines = [f"Event: {name}", "Privilege: call,all", *(f"{key}: {value}" for key, value in headers.items())]
    return "\n".join(lines) + "\n\n"


def settings_for(fake: FakeAsterisk, **changes: Any) -> AmiSettings:
    quick: dict[str, Any] = {
        "reconnect_first_seconds": 0.02,
        "reconnect_max_seconds": 0.05,
        "action_timeout_seconds": 2.0,
        "ping_interval_seconds": 0.5,
        "booted_wait_seconds": 1.0,
    }
    return AmiSettings(username="hotline", secret="right", port=fake.port, **(quick | changes))


class Line:
    """A client, the fake it talks to, and what the client told."""

    def __init__(self, fake: FakeAsterisk, client_options: dict[str, Any], **changes: Any) -> None:
        self.fake = fake
        self.told: list[str] = []
        self.messages: list[Message] = []
        options: dict[str, Any] = {"on_message": self.on_message, "on_connected": self.resync, "on_lost": self.lost}
        self.client = AmiClient(settings_for(fake, **changes), **(options | client_options))

    def on_message(self, message: Message) -> None:
        self.messages.append(message)
        if message.event == "Numbered":
            self.told.append(str(message["Number"]))

    async def resync(self) -> None:
        self.told.append("resync")

    def lost(self, reason: str) -> None:
        self.told.append("lost")


@contextlib.asynccontextmanager
async def line(client_options: dict[str, Any] | None = None, **changes: Any) -> AsyncIterator[Line]:
    async with fake_asterisk() as fake:
        made = Line(fake, client_options or {}, **changes)
        await made.client.start()
        try:
            await made.client.wait_ready(3)
            yield made
        finally:
            await made.client.close()


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (Originate("Local/1@x", application="Wait"), "Originate successfully queued"),
        (actions.AttendedTransfer("PJSIP/1", "c", "2"), "Atxfer successfully queued"),
        (actions.AddAgentToQueue("q", "PJSIP/1"), "Added interface to queue"),
    ],
)
def test_sentences_that_hung_or_dropped_the_connection(action: actions.Action, sentence: str) -> None:
    async def scenario() -> None:
        async with line() as it:
            it.fake.answers[action.name] = f"Response: Success\nActionID: %\nMessage: {sentence}\n\n"
            reply = await it.client.send(action)
            assert reply.message == sentence
            assert it.fake.connections == 1
            (sent,) = it.fake.actions(action.name)
            assert action.name != "Originate" or sent["Async"] == "true"

    run(scenario)


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


# --- losing and finding the connection --------------------------------------------------------------------------------


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


def test_frozen_peer_is_found_within_three_ping_intervals() -> None:
    """At 1 s pings: within 3 s. Here at 0.2 s."""

    async def scenario() -> None:
        async with line(ping_interval_seconds=0.2) as it:
            await until(lambda: len(it.fake.actions("Ping")) == 2)
            await it.client.send(actions.CoreStatus())  # the worst moment: just heard
            it.fake.frozen = True
            frozen_at = time.monotonic()
            await until(lambda: not it.client.connected)
            assert time.monotonic() - frozen_at < 0.2 * 3 + 0.1
            it.fake.frozen = False
            await until(lambda: it.client.ready)
            assert it.told == ["resync", "lost", "resync"]

    run(scenario)


def test_peer_frozen_before_login_is_left_too() -> None:
    async def scenario() -> None:
        async with line(ping_interval_seconds=0.1) as it:
            it.fake.frozen = True
            it.fake.cut()
            await until(lambda: it.fake.connections >= 3)
            it.fake.frozen = False
            await until(lambda: it.client.ready)

    run(scenario)


def test_idle_connection_lives_on_pings() -> None:
    async def scenario() -> None:
        async with line(ping_interval_seconds=0.05) as it:
            await until(lambda: len(it.fake.actions("Ping")) >= 10)
            assert it.fake.connections == 1
            assert it.client.ready

    run(scenario)


def test_wrong_password_is_said_once_and_never_hammered(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with fake_asterisk() as fake:
            fake.password = "other"
            settings = settings_for(fake, refused_first_seconds=0.05, refused_max_seconds=0.2)
            client = AmiClient(settings, lambda message: None)
            started_at = time.monotonic()
            await client.start()
            await until(lambda: client.counters.refused_logins == 4)
            assert time.monotonic() - started_at >= 0.05 + 0.1 + 0.2
            assert not client.connected
            with pytest.raises(AmiDown, match="not sent"):
                await client.send(actions.Ping())
            fake.password = "right"
            await client.wait_ready(3)
            await client.close()

    with caplog.at_level(logging.INFO):
        run(scenario)
    (critical,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "manager.conf" in critical.getMessage()
    assert "right" not in caplog.text


def test_close_during_the_wait_for_reconnection_ends_all() -> None:
    async def scenario() -> None:
        async with line(reconnect_first_seconds=0.1) as it:
            await it.fake.shut()
            await until(lambda: not it.client.connected)
            await it.client.close()
            await it.client.close()
            connections = it.fake.connections
            await it.fake.listen()
            await asyncio.sleep(0.3)  # three times the wait: it would have come by now
            assert it.fake.connections == connections
            assert len(asyncio.all_tasks()) == 1

    run(scenario)


def test_close_fails_what_is_under_way() -> None:
    async def scenario() -> None:
        async with line() as it:
            it.fake.answers["CoreStatus"] = None
            call = asyncio.create_task(it.client.send(actions.CoreStatus()))
            await until(lambda: it.fake.actions("CoreStatus"))
            await it.client.close()
            with pytest.raises(AmiDown, match="closed by us"):
                await call
            assert "lost" not in it.told

    run(scenario)


def test_handler_may_close_its_own_client() -> None:
    async def scenario() -> None:
        async with fake_asterisk() as fake:
            client: AmiClient

            async def on_message(_: Message) -> None:
                await client.close()

            client = AmiClient(settings_for(fake), on_message, interesting={"Numbered"})
            await client.start()
            await client.wait_ready(3)
            fake.say(event("Numbered", Number=1))
            await until(lambda: not client.connected and len(asyncio.all_tasks()) <= 2)
            await fake.shut()
            await until(lambda: len(asyncio.all_tasks()) == 1)

    run(scenario)


def test_asterisk_may_come_later() -> None:
    async def scenario() -> None:
        async with fake_asterisk() as fake:
            client = AmiClient(settings_for(fake), lambda message: None)
            await fake.shut()
            await client.start()
            assert not client.connected
            await fake.listen()
            await client.wait_ready(3)
            await client.close()

    run(scenario)


# --- messages ---------------------------------------------------------------------------------------------------------


def test_messages_wait_for_the_resync_and_keep_their_order() -> None:
    """Those of the old connection come first, requests work meanwhile."""

    async def scenario() -> None:
        it: Line

        async def resync() -> None:
            it.fake.say("".join(event("Numbered", Number=number) for number in range(50)))
            await it.client.send(actions.CoreStatus())
            assert it.told == []
            it.told.append("resync")

        async with fake_asterisk() as fake:
            it = Line(fake, {"on_connected": resync})
            await it.client.start()
            await until(lambda: len(it.told) == 51)
            assert it.told == ["resync", *map(str, range(50))]
            await it.client.close()

    run(scenario)


def test_resync_waits_until_asterisk_is_fully_booted() -> None:
    """Login works before the queues are loaded: what was read then would be empty."""

    async def scenario() -> None:
        async with fake_asterisk() as fake:
            fake.fully_booted = False
            it = Line(fake, {"interesting": {"Numbered"}}, booted_wait_seconds=5)
            await it.client.start()
            await until(lambda: it.client.connected)
            fake.say(event("Numbered", Number=1))
            await it.client.send(actions.Ping())
            assert it.told == []
            fake.say(event("FullyBooted"))
            await until(lambda: it.told == ["resync", "1"])
            await it.client.close()

    run(scenario)


def test_connection_lost_before_boot_holds_nothing_up() -> None:
    async def scenario() -> None:
        async with fake_asterisk() as fake:
            fake.fully_booted = False
            it = Line(fake, {}, booted_wait_seconds=30)
            await it.client.start()
            await until(lambda: it.client.connected)
            fake.fully_booted = True
            fake.cut()
            await it.client.wait_ready(3)
            assert it.told == ["resync"]  # what was never announced is not lost either
            await it.client.close()

    run(scenario)


def test_late_boot_reads_the_state_again() -> None:
    async def scenario() -> None:
        async with fake_asterisk() as fake:
            fake.fully_booted = False
            it = Line(fake, {}, booted_wait_seconds=0.05)
            await it.client.start()
            await it.client.wait_ready(3)
            fake.say(event("FullyBooted"))
            await until(lambda: it.told == ["resync", "resync"])
            await it.client.close()

    run(scenario)


def test_failing_resync_connects_anew() -> None:
    async def scenario() -> None:
        tries: list[int] = []

        async def resync() -> None:
            tries.append(1)
            if len(tries) < 3:
                raise RuntimeError("not yet")

        async with fake_asterisk() as fake:
            it = Line(fake, {"on_connected": resync})
            await it.client.start()
            await it.client.wait_ready(3)
            assert fake.connections == len(tries) == 3
            await it.client.close()

    run(scenario)


@pytest.mark.parametrize("kind", ["plain", "coroutine", "cancelled"])
def test_failing_handler_loses_nothing_else(kind: str) -> None:
    async def scenario() -> None:
        seen: list[str] = []

        def work(message: Message) -> None:
            seen.append(str(message["Number"]))
            if seen[-1] == "3":
                raise asyncio.CancelledError if kind == "cancelled" else RuntimeError

        async def work_later(message: Message) -> None:
            await asyncio.sleep(0)
            work(message)

        options = {"on_message": work if kind == "plain" else work_later, "interesting": {"Numbered"}}
        async with line(options) as it:
            it.fake.say("".join(event("Numbered", Number=number) for number in range(10)))
            await until(lambda: len(seen) == 10)
            assert seen == list(map(str, range(10)))
            assert it.client.counters.handler_errors == 1
            assert it.fake.connections == 1

    run(scenario)


def test_full_queue_drops_and_reads_the_state_again() -> None:
    async def scenario() -> None:
        gate = asyncio.Event()
        told: list[str] = []

        async def slow(message: Message) -> None:
            await gate.wait()
            told.append(str(message["Number"]))

        async def resync() -> None:
            told.append("resync")

        options = {"on_message": slow, "on_connected": resync, "interesting": {"Numbered"}}
        async with line(options, queue_limit=20) as it:
            it.fake.say("".join(event("Numbered", Number=number) for number in range(500)))
            await until(lambda: it.client.must_resync)
            await until(lambda: it.client.counters.messages >= 500)
            dropped = it.client.counters.overflow
            assert dropped >= 475
            assert it.client.counters.waiting <= 21
            gate.set()
            await until(lambda: told.count("resync") == 2 and it.client.ready)
            assert not it.client.must_resync
            it.fake.say(event("Numbered", Number=999))
            await until(lambda: told[-1] == "999")
            numbers = [int(one) for one in told if one != "resync"]
            assert numbers == sorted(numbers)
            assert len(numbers) == 501 - dropped
            assert it.client.counters.overflow == dropped

    run(scenario)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_thai_names_survive_any_packet_size(size: int) -> None:
    async def scenario() -> None:
        async with line() as it:
            names = [f"สมหญิง ใจดี {number}" for number in range(5)]
            raw = "".join(event("Newchannel", CallerIDName=name) for name in names).replace("\n", "\r\n").encode()
            for start in range(0, len(raw), size):
                it.fake.say(raw[start : start + size])
                await asyncio.sleep(0)
            await until(lambda: len([m for m in it.messages if m.event == "Newchannel"]) == 5)
            assert [m["CallerIDName"] for m in it.messages if m.event == "Newchannel"] == names

    run(scenario)


def test_bad_messages_do_not_end_the_connection() -> None:
    async def scenario() -> None:
        async with line() as it:
            it.fake.say(b"Rubbish\r\n\r\n: \r\n\r\nEvent: A\r\nName: \xff\xfe\r\n\r\nResponse: Error\r\n\r\n")
            it.fake.say("Event: UserEvent\nUserEvent: x\nEvent: y\nActionID: a\nActionID: b\n\n")
            it.fake.say("Event: Shutdown\nShutdown: Cleanly\n\n" + event("Numbered", Number=1))
            await until(lambda: "1" in it.told)
            assert [m.event for m in it.messages if m.event != "FullyBooted"] == [
                "A",
                "UserEvent",
                "Shutdown",
                "Numbered",
            ]
            counters = it.client.counters
            assert (counters.malformed, counters.invalid_utf8, counters.orphan_answers) == (2, 1, 1)
            assert len(it.client.last_malformed) == 3
            assert it.fake.connections == 1

    run(scenario)


def test_endless_message_ends_the_connection() -> None:
    async def scenario() -> None:
        async with line(ping_interval_seconds=5) as it:
            for _ in range(20):
                if it.client.connected:
                    it.fake.say(b"x" * 65536)
                    await asyncio.sleep(0.001)
            await until(lambda: it.client.counters.reconnects == 1 and it.client.ready)

    run(scenario)


def test_recording_holds_every_byte() -> None:
    async def scenario() -> None:
        record = io.BytesIO()
        async with line({"record_to": record}) as it:
            it.fake.say(event("Numbered", Number=1))
            await until(lambda: it.told[-1] == "1")
            assert len(record.getvalue()) == it.client.counters.bytes
            assert record.getvalue().startswith(b"Asterisk Call Manager/")
            record.close()  # a recording that ends must not end the listening
            it.fake.say(event("Numbered", Number=2))
            await until(lambda: it.told[-1] == "2")

    run(scenario)


def test_close_delivers_what_has_come() -> None:
    async def scenario() -> None:
        seen: list[str] = []

        async def slow(message: Message) -> None:
            await asyncio.sleep(0.001)
            seen.append(str(message.event))

        async with line({"on_message": slow, "interesting": {"Numbered"}}) as it:
            it.fake.say("".join(event("Numbered", Number=number) for number in range(100)))
            await until(lambda: it.client.counters.messages >= 100)
            await it.client.close()
            assert len(seen) == 100

    run(scenario)
