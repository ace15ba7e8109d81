"""The wallboard: what a hundred viewers cost the service, and how soon they see a change."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, Section
from benchmarks.trial import percentile

REPOSITORY = Path(__file__).parents[1]
VIEWERS, SECONDS, QUICK_SECONDS, SETTLE_SECONDS = 100, 10.0, 6.0, 2.0
TARGET_PERCENT = 5.0


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """With nobody, with one and with a hundred, side by side."""
    folder.mkdir(parents=True)
    return asyncio.run(_run(folder, QUICK_SECONDS if quick else SECONDS, say))


async def _run(folder: Path, seconds: float, say: Callable[[str], None]) -> Section:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.board_room", str(folder)),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        return await _measured(program, seconds, say)
    finally:
        program.kill()
        await program.wait()


async def _measured(program: asyncio.subprocess.Process, seconds: float, say: Callable[[str], None]) -> Section:
    assert program.stdout
    port = json.loads(await program.stdout.readline())["port"]
    shares: dict[int, float] = {}
    seen: list[dict[str, float]] = []
    sizes: list[int] = []
    for viewers in (0, 1, VIEWERS):
        say(f"{viewers} viewers for {seconds:g} s")
        watchers = [asyncio.create_task(_watch(port, seen, sizes)) for _ in range(viewers)]
        await asyncio.sleep(SETTLE_SECONDS)
        seen.clear()
        sizes.clear()
        began, used = time.monotonic(), await _used(program)
        await asyncio.sleep(seconds)
        shares[viewers] = 100 * (await _used(program) - used) / (time.monotonic() - began)
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
    delays = [one["late"] * 1000 for one in seen]
    messages, size = len(sizes) / VIEWERS / seconds, sum(sizes) / max(len(sizes), 1) / 1000
    cost = shares[VIEWERS] - shares[0]
    return Section(
        "The wallboard",
        [
            Figure(f"{VIEWERS} viewers, of one core", cost, "%", f"≤ {TARGET_PERCENT:g} %", cost <= TARGET_PERCENT),
            Figure("one viewer, of one core", shares[1] - shares[0], "%", "", None),
            Figure("a message written → read by a viewer, p99", percentile(delays, 0.99), "ms", "", None),
        ],
        [
            "Ten queues, sixty agents, 3,000 calls so far and two new ones a second, so that every look finds a change;"
            f" each viewer got {messages:.1f} messages a second of {size:.1f} kB.",
            f"The same program with nobody who looks used {shares[0]:.2f} % of a core, which is taken off.",
        ],
    )  # fmt: skip


async def _used(program: asyncio.subprocess.Process) -> float:
    assert program.stdin
    assert program.stdout
    program.stdin.write(b"\n")
    return float(json.loads(await program.stdout.readline())["cpu"])


async def _watch(port: int, seen: list[dict[str, float]], sizes: list[int]) -> None:
    """A viewer that reads, and no more: what browsers do is not the service's cost."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /wallboard/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
        while line := await reader.readline():
            if line.startswith(b'data: {"now":'):
                told: Any = json.loads(line[6:])["now"]
                seen.append({"late": max(0.0, time.time() - told)})
                sizes.append(len(line))
    finally:
        writer.close()
