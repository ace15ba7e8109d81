"""Faults of the connection to the manager port: frozen, cut, refused, late; found in time and mended."""

import asyncio
import logging
import time

import pytest
from ami_line import event, line, settings_for
from fake_asterisk import fake_asterisk, run, until

from ami_listener import actions
from ami_listener.actions import AmiDown, Originate
from ami_listener.client import AmiClient, Message


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
