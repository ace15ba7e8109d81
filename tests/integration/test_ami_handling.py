"""What comes from the manager port: nothing is lost or out of order, whatever it is and whoever fails at it."""

import asyncio
import io

import pytest
from ami_line import Line, event, line
from fake_asterisk import fake_asterisk, run, until

from ami_listener import actions
from ami_listener.client import Message
from ami_listener.reading import Pace


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


@pytest.mark.parametrize("busy", [True, False])
def test_a_busy_connection_says_when_all_of_a_read_is_delivered(busy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was gathered by resting need not be gathered once more; a quiet connection has not gathered anything."""

    def rest_after(pace: Pace, _events: int, _now: float) -> float:
        pace.busy = busy
        return 0.005

    async def scenario() -> None:
        async with fake_asterisk() as fake:
            it: Line = Line(fake, {"on_read": lambda: it.told.append("read")})
            monkeypatch.setattr(Pace, "rest_after", rest_after)
            await it.client.start()
            await it.client.wait_ready(3)
            it.told.clear()
            fake.say("".join(event("Numbered", Number=number) for number in range(3)))
            await until(lambda: it.told[:3] == ["0", "1", "2"])
            await it.client.send(actions.Ping())
            await it.client.caught_up()
            assert ("read" in it.told) is busy
            assert it.told[3:] == ["read"] * (len(it.told) - 3)
            await it.client.close()

    run(scenario)


def test_an_error_on_reading_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def rest_after(pace: Pace, _events: int, _now: float) -> float:
        pace.busy = True
        return 0.005

    def fails() -> None:
        raise RuntimeError("whoever is told")

    async def scenario() -> None:
        async with fake_asterisk() as fake:
            it = Line(fake, {"on_read": fails})
            monkeypatch.setattr(Pace, "rest_after", rest_after)
            await it.client.start()
            for number in range(3):
                await it.client.wait_ready(3)
                fake.say(event("Numbered", Number=number))
                await until(lambda number=number: str(number) in it.told)  # type: ignore[misc]
            await it.client.close()

    run(scenario)
