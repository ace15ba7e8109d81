"""The stream of a board: everything first, then what changed; one producer for all; failures are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from board_app import DATA, THAI

from crm.wallboard.board import BoardData, BoardSettings
from crm.wallboard.key import anyone
from crm.wallboard.producer import Producer, Variant
from crm.wallboard.web import Wallboard


class Source:
    """Data that a test changes, and how often it was asked for."""

    def __init__(self) -> None:
        self.data = DATA
        self.asked = 0
        self.error: Exception | None = None

    def __call__(self) -> BoardData:
        self.asked += 1
        if self.error:
            raise self.error
        return self.data

    def wait(self, count: int) -> None:
        queue = replace(self.data.queues[0], waiting=count)
        self.data = replace(self.data, queues=(queue, *self.data.queues[1:]))


Story = Callable[[Source, Producer], Coroutine[Any, Any, None]]


def play(story: Story, interval: float = 0.01, heartbeat: float = 5.0) -> Source:
    """Run a story about a source and its producer."""
    source = Source()

    async def run() -> None:
        board = Wallboard(source, BoardSettings(), door=anyone, interval_seconds=interval, heartbeat_seconds=heartbeat)
        async with asyncio.timeout(20):
            await story(source, board.producer)
        await board.close()

    asyncio.run(run())
    return source


async def message(stream: AsyncIterator[str]) -> dict[str, Any]:
    """The next message, retry lines passed over."""
    while True:
        text = await anext(stream)
        if text.startswith("data: "):
            decoded: dict[str, Any] = json.loads(text.removeprefix("data: "))
            return decoded


async def until(stream: AsyncIterator[str], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    while True:
        found = await message(stream)
        if wanted(found):
            return found


def test_everything_first_then_only_what_changed() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        first = await message(stream)
        assert set(first["parts"]) == {
            *("date", "heard", "waiting", "within", "answered", "satisfaction", "agents", "today", "chart")
        }
        source.wait(9)
        second = await message(stream)
        assert set(second["parts"]) == {"waiting"}
        assert second["fresh"] is True

    play(story)


def test_one_producer_for_all_viewers() -> None:
    async def story(source: Source, producer: Producer) -> None:
        streams = [producer.watch(THAI) for _ in range(50)]
        first = await asyncio.gather(*(message(stream) for stream in streams))
        assert len({json.dumps(one["parts"]) for one in first}) == 1
        asked = source.asked
        source.wait(9)
        second = await asyncio.gather(*(message(stream) for stream in streams))
        assert all(set(one["parts"]) == {"waiting"} for one in second)
        assert source.asked - asked < 25  # not once a viewer
        assert producer.viewers == 50

    play(story)


def test_pushes_no_faster_than_the_interval() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        await message(stream)
        started = asyncio.get_running_loop().time()
        for count in range(10, 14):
            source.wait(count)
            await message(stream)
        assert asyncio.get_running_loop().time() - started >= 3 * 0.2

    play(story, interval=0.2)


def test_heartbeat_when_nothing_changes() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        first = await message(stream)
        beat = await message(stream)
        assert beat["parts"] == {}
        assert beat["now"] >= first["now"]

    play(story, heartbeat=0.05)


def test_failing_data_is_told_and_so_is_its_return(caplog: pytest.LogCaptureFixture) -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        assert (await message(stream))["fresh"] is True
        source.error = OSError("database away")
        assert (await until(stream, lambda one: not one["fresh"]))["parts"] == {}
        source.error = None
        await until(stream, lambda one: bool(one["fresh"]))
        source.error = OSError("again")
        await until(stream, lambda one: not one["fresh"])
        source.error = None
        source.wait(9)
        assert "waiting" in (await until(stream, lambda one: bool(one["fresh"])))["parts"]

    play(story)
    assert sum("gets no data" in record.message for record in caplog.records) == 2  # once a failure, not once a try


def test_a_slow_viewer_gets_everything_it_missed() -> None:
    async def story(source: Source, producer: Producer) -> None:
        slow, quick = producer.watch(THAI), producer.watch(THAI)
        await message(slow)
        await message(quick)
        source.wait(9)
        await message(quick)
        source.data = replace(source.data, heard=False)
        await message(quick)
        assert len((await message(slow))["parts"]) == 9

    play(story)


def test_boards_are_apart() -> None:
    async def story(source: Source, producer: Producer) -> None:
        general, technical = producer.watch(Variant("en", "general")), producer.watch(Variant("en", "technical"))
        await message(general)
        await message(technical)
        source.wait(9)
        assert set((await message(general))["parts"]) == {"waiting"}
        assert (await message(technical))["parts"] == {}  # a heartbeat

    play(story, heartbeat=0.5)


def test_nothing_is_asked_when_nobody_watches() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        await message(stream)
        await stream.aclose()
        assert producer.viewers == 0
        asked = source.asked
        await asyncio.sleep(0.1)
        assert source.asked == asked
        await message(producer.watch(THAI))
        assert source.asked > asked

    play(story)


def test_data_may_come_from_a_thread() -> None:
    async def run() -> None:
        board = Wallboard(lambda: asyncio.to_thread(lambda: DATA), BoardSettings(), door=anyone, interval_seconds=0.01)
        assert (await message(board.producer.watch(THAI)))["parts"]
        await board.close()

    asyncio.run(run())


def test_close_ends_every_stream() -> None:
    async def story(source: Source, producer: Producer) -> None:
        stream = producer.watch(THAI)
        await message(stream)
        await producer.close()
        assert [text async for text in stream] == []

    play(story)
