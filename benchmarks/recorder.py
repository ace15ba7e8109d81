"""What recording a call costs: processor time per call and lag, with a stream of calls of six changes each.

One JSON line: calls a second asked for, microseconds of processor time per call (loop and writer thread together, less
what the same stream costs without a recorder), lag of each change from its marking to its commit.

    python benchmarks/recorder.py [--rate 50] [--seconds 20] [--url sqlite:////folder/file]
"""

import argparse
import asyncio
import heapq
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from ami_listener.events import EndedBy, LeaveStatus
from ami_listener.records import CallRecord, Conversation, Outcome, QueuePass, Ring, Survey
from crm.calls.store import CallStore
from crm.database import open_engine, upgrade
from crm.recorder import Recorder


def now() -> datetime:
    return datetime.now(UTC)


def changes_of_call(number: int) -> Iterator[CallRecord]:
    """One answered and rated call, yielded after each of its six bursts of facts."""
    caller = f"08{random.randrange(10_000_000, 99_999_999)}"
    call = CallRecord(f"pbx-{time.time():.6f}.{number}", now(), caller, "1169", "provider", language="th")
    yield call
    call.queue = "hotline"
    call.passes.append(QueuePass("hotline", 1, now(), 1))
    call.rings += [Ring("hotline", str(1001 + n), now()) for n in range(2)]
    yield call
    call.rings[0].answered, call.rings[0].ended_at = True, now()
    call.rings[1].answered, call.rings[1].ended_at = False, now()
    call.passes[0].left_at, call.passes[0].status = now(), LeaveStatus.ANSWERED
    call.conversations.append(Conversation("hotline", "1001", now(), agent_channel="PJSIP/1001-00000001"))
    yield call
    call.conversations[0].ended_at, call.conversations[0].ended_by = now(), EndedBy.AGENT
    call.survey = Survey("scale-123", now())
    yield call
    call.survey.answered_at, call.survey.key, call.survey.meaning = now(), "1", "impressed"
    yield call
    call.ended_at, call.ended_by, call.outcome, call.cause = now(), EndedBy.AGENT, Outcome.ANSWERED, 16
    yield call


async def play(rate: float, seconds: float, mark: Callable[[CallRecord, datetime], None]) -> int:
    """Calls arrive at ``rate``; each changes six times within about three seconds."""
    loop = asyncio.get_running_loop()
    begin, arrived, order = loop.time(), 0, 0
    due: list[tuple[float, int, Iterator[CallRecord]]] = []
    while True:
        elapsed = loop.time() - begin
        while arrived < rate * min(elapsed, seconds):
            arrived += 1
            heapq.heappush(due, (elapsed, order := order + 1, changes_of_call(arrived)))
        while due and due[0][0] <= elapsed:
            _at, _order, changes = heapq.heappop(due)
            record = next(changes, None)
            if record is not None:
                mark(record, now())
                heapq.heappush(due, (elapsed + random.uniform(0.2, 0.8), order := order + 1, changes))
        if elapsed > seconds and not due:
            return arrived
        await asyncio.sleep(0.002)


async def measure(url: str, rate: float, seconds: float) -> dict[str, object]:
    before = time.process_time()
    calls = await play(rate, seconds, lambda record, at: None)
    bare_seconds = time.process_time() - before
    engine = open_engine(url)
    upgrade(engine)
    lags: list[float] = []
    recorder = Recorder(CallStore(engine, now), on_recorded=lambda _records, told: lags.extend(told))
    async with recorder:
        before = time.process_time()
        calls = await play(rate, seconds, recorder.mark)
        written = await recorder.flush(30)
        spent = time.process_time() - before
    engine.dispose()
    lags.sort()
    return {
        "calls_per_second": rate,
        "calls": calls,
        "all_written": written,
        "snapshots": recorder.counters.calls_written,
        "batches": recorder.counters.batches,
        "cpu_us_per_call": round((spent - bare_seconds) / calls * 1e6),
        "lag_ms_p50": round(lags[len(lags) // 2] * 1000, 1),
        "lag_ms_p99": round(lags[int(len(lags) * 0.99)] * 1000, 1),
        "database": url.partition(":")[0],
        "cores": os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{Path(folder) / 'hotline.sqlite3'}"
        print(json.dumps(asyncio.run(measure(url, options.rate, options.seconds))))


if __name__ == "__main__":
    main()
