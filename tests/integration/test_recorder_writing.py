"""The recorder: what waits, what is written first, what becomes of it when the database is away."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from recorded_calls import NOON, full_call, growing_call, now
from sqlalchemy import Engine

from ami_listener.records import (
    CallRecord,
)
from crm.calls.store import Batch, CallStore
from crm.calls.stored import load_calls, load_position
from crm.recorder import Recorder


class Gate:
    """A writer that writes only when let, and can be told to fail."""

    def __init__(self, store: CallStore) -> None:
        self.store, self.open, self.error = store, threading.Event(), None
        self.batches: list[Batch] = []
        self.open.set()

    def write(self, batch: Batch) -> Sequence[str]:
        assert self.open.wait(30)
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        return self.store.write(batch)

    def close(self) -> None:
        self.store.close()


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def _records_as_they_grow(engine: Engine) -> None:
    heard: list[tuple[str, float]] = []

    def hear(records: list[CallRecord], lags: list[float]) -> None:
        heard.extend(zip((one.call_id for one in records), lags, strict=True))

    recorder = Recorder(CallStore(engine, now), on_recorded=hear)
    final = []
    async with recorder:
        for n in range(20):
            for snapshot in growing_call(f"pbx-{n:02}"):
                recorder.mark(snapshot)
                await asyncio.sleep(0)
            final.append(snapshot)
        recorder.read_up_to("20")
        assert await recorder.flush(20)
        assert recorder.healthy
        assert recorder.waiting == 0
    assert load_calls(engine, [one.call_id for one in final]) == final
    assert load_position(engine) == "20"
    assert {call_id for call_id, _lag in heard} == {one.call_id for one in final}
    assert all(0 <= lag < 20 for _call_id, lag in heard)


def test_calls_are_recorded_as_they_grow(engine: Engine) -> None:
    asyncio.run(_records_as_they_grow(engine))


async def _tells_each_lag(engine: Engine) -> None:
    told: list[float] = []
    at = now()
    async with Recorder(CallStore(engine, now), on_recorded=lambda _records, lags: told.extend(lags)) as recorder:
        for seconds in (0, 100, 10):  # the second waits with the first, and its older time counts
            recorder.mark(growing_call("first" if seconds else "second")[0], at - timedelta(seconds=seconds))
        assert await recorder.flush(20)
    assert [round(lag, -1) for lag in told] == [0, 100]


def test_each_record_has_a_lag_of_its_own(sqlite_engine: Engine) -> None:
    """From the oldest change that a transaction brings of it, not from the oldest of all that it brings."""
    asyncio.run(_tells_each_lag(sqlite_engine))


async def _gathers(engine: Engine) -> None:
    gate = Gate(CallStore(engine, now))
    async with Recorder(gate) as recorder:
        gate.open.clear()
        recorder.mark(growing_call("first")[0])
        await until(lambda: recorder._in_flight is not None)
        for snapshot in growing_call("first")[1:] + growing_call("second"):
            recorder.mark(snapshot)
        assert recorder.waiting == 3
        gate.open.set()
        assert await recorder.flush(20)
    assert [[call.call_id for call in batch.calls] for batch in gate.batches] == [["first"], ["first", "second"]]
    assert load_calls(engine, ["first", "second"]) == [growing_call("first")[-1], growing_call("second")[-1]]


def test_what_changes_during_a_write_goes_with_the_next_and_only_the_newest_counts(sqlite_engine: Engine) -> None:
    asyncio.run(_gathers(sqlite_engine))


async def _position_last(engine: Engine) -> None:
    gate = Gate(CallStore(engine, now))
    async with Recorder(gate, batch_calls=10) as recorder:
        gate.open.clear()
        for n in range(25):
            recorder.mark(growing_call(f"pbx-{n}")[-1])
        recorder.read_up_to("25")
        gate.open.set()
        assert await recorder.flush(20)
    assert [(len(batch.calls), batch.position) for batch in gate.batches] == [(10, None), (10, None), (5, "25")]


def test_the_position_is_never_ahead_of_the_calls(sqlite_engine: Engine) -> None:
    asyncio.run(_position_last(sqlite_engine))


async def _listener_fails(engine: Engine) -> None:
    def fail(_records: list[CallRecord], _lags: list[float]) -> None:
        raise RuntimeError("a fault elsewhere")

    async with Recorder(CallStore(engine, now), on_recorded=fail) as recorder:
        for n in range(3):
            recorder.mark(growing_call(f"pbx-{n}")[-1])
            assert await recorder.flush(20)
    assert len(load_calls(engine, [f"pbx-{n}" for n in range(3)])) == 3


def test_a_listener_that_fails_does_not_stop_the_recording(sqlite_engine: Engine) -> None:
    asyncio.run(_listener_fails(sqlite_engine))


async def _refused(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    bad, unfit, good = full_call("bad"), full_call("unfit"), full_call("good")
    bad.arrived_at = datetime(2026, 11, 20)  # noqa: DTZ001
    unfit.passes = None  # type: ignore[assignment]
    bad.callback = unfit.callback = None
    async with Recorder(CallStore(engine, now)) as recorder:
        for one in (bad, unfit, good):
            recorder.mark(one)
        recorder.read_up_to("3")
        assert not await recorder.flush(20)
        assert not recorder.healthy
        assert recorder.waiting == recorder.counters.refused == 2
        assert load_calls(engine, ["bad", "unfit", "good"]) == [good]
        assert load_position(engine) is None
        bad.arrived_at, unfit.passes = NOON, []  # mended
        recorder.mark(bad)
        recorder.mark(unfit)
        assert await recorder.flush(20)
        assert recorder.healthy
    assert len(load_calls(engine, ["bad", "unfit", "good"])) == 3
    assert "0812345678" not in caplog.text
    assert "the database refuses call bad" in caplog.text


def test_refused_calls_are_kept_and_named_and_the_rest_is_written(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(_refused(sqlite_engine, caplog))


async def _closes_with_work(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate(CallStore(engine, now))
    gate.error = OSError("away")  # type: ignore[assignment]
    recorder = Recorder(gate)
    recorder.start()
    recorder.mark(full_call())
    with caplog.at_level(logging.ERROR):
        assert not await recorder.close(0.3)
    assert "stopped with 1 calls not recorded" in caplog.text


def test_closing_without_a_database_says_what_is_lost_in_memory(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(_closes_with_work(sqlite_engine, caplog))
