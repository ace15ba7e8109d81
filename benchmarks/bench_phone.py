"""The telephone in the page: from a caller's INVITE to the ring in the page, and from the click to the agent's voice.

The whole product, real Chromium, a caller who is a SIP telephone of the tests (their clock is this machine's, as is the
browser's). The agent's microphone sings a tone, so that the caller can tell the first packet from the first sound.
"""

import asyncio
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, Section
from benchmarks.rig import busy_seconds
from benchmarks.trial import percentile

CALLS, QUICK_CALLS = 50, 15
RELOADS, QUICK_RELOADS = 10, 4
RING_TARGET_MS, ANSWER_TARGET_MS = 15.0, 150.0
REPOSITORY = Path(__file__).parents[1]


@dataclass
class Measured:
    """Seconds, one of each a call."""

    ring: list[float] = field(default_factory=list)
    packet: list[float] = field(default_factory=list)  # click → first packet of the agent's at the caller
    voice: list[float] = field(default_factory=list)  # click → first frame in which the caller hears the agent
    heard: list[float] = field(default_factory=list)  # click → first packet of the caller's in the page
    reload: list[float] = field(default_factory=list)  # the longest time a caller hears nothing when the page reloads
    cut: list[float] = field(default_factory=list)  # socket cut → can ring again


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Makes the calls, one after the other."""
    for part in ("tests", "tests/asterisk", "tests/browser"):
        sys.path.insert(0, str(REPOSITORY / part))
    room: Any = importlib.import_module("telephone_room")
    folder.mkdir(parents=True)
    queues = [{"name": "q00", "wrap_up_seconds": 0}]
    settings = room.room_settings(folder, root, 1, queues=queues, service={"log_level": "INFO"})
    calls, reloads = (QUICK_CALLS, QUICK_RELOADS) if quick else (CALLS, RELOADS)
    with room.staffed(settings, root) as whole:
        before = busy_seconds()
        measured = asyncio.run(_measure(room, whole, calls, reloads, say))
        used = busy_seconds() - before
    return report(measured, used)


async def _measure(room: Any, whole: Any, calls: int, reloads: int, say: Callable[[str], None]) -> Measured:
    measured = Measured()
    async with room.opened(whole) as opened:
        desk = room.Desk(opened, 0)
        seat = await opened.sit(desk.agent(1))
        for number in range(calls + 1):
            await _one_call(room, desk, seat, number + 1, measured if number else Measured())  # the first warms up
            if number % 10 == 0:
                say(f"call {number} of {calls}")
        for _ in range(reloads):
            await _one_cut(seat, measured)
            await _one_reload(room, desk, seat, measured)
        await opened.leave()
    return measured


async def _one_call(room: Any, desk: Any, seat: Any, number: int, measured: Measured) -> None:
    call = await desk.call()
    ringing = await seat.until("ringing", number)
    await asyncio.sleep(0.3)
    clicked = await seat.order(
        "(() => { const at = (performance.timeOrigin + performance.now()) / 1000; phone.answer(); return at; })()"
    )
    await call.answered()
    sound = await seat.until("sound", number)
    await room.heard(call, room.AGENT)
    tones = call.audio.tone_times(room.AGENT, 0.5, since=clicked)
    measured.ring.append(ringing["at"] - call.began_at)
    measured.packet.append(next(at for at, _ in call.audio.frames if at >= clicked) - clicked)
    measured.voice.append(tones[0] - clicked)
    measured.heard.append(sound["at"] - clicked)
    await seat.order("phone.hangUp()")
    await call.hang_up()
    await desk.whole.until(lambda: desk.whole.channels() == 0, 10, "the call over")


async def _one_cut(seat: Any, measured: Measured) -> None:
    number = len(await seat.events("registered"))
    await seat.order("phone.station.line.socket.socket.close()")
    back = await seat.until("registered", number + 1)
    away = (await seat.events("unregistered"))[-1]
    measured.cut.append(back["at"] - away["at"])


async def _one_reload(room: Any, desk: Any, seat: Any, measured: Measured) -> None:
    call = await desk.call()
    await seat.until("ringing", len(await seat.events("answered")) + 1)
    await seat.order("phone.answer()")
    await call.answered()
    await room.heard(call, room.AGENT)
    since = call.phone.clock()
    await seat.page.reload()
    await seat.until("taken-up")
    await room.heard(call, room.AGENT)
    times = [since, *(at for at, _ in call.audio.frames if at >= since)]
    measured.reload.append(max(after - before for before, after in pairwise(times)))
    await seat.order("phone.hangUp()")
    await call.hang_up()
    await desk.whole.until(lambda: desk.whole.channels() == 0, 10, "the call over")
    await seat.page.reload()
    await seat.until("registered")


def _figures(name: str, values: list[float], target_ms: float | None = None) -> list[Figure]:
    ordered = sorted(values)
    late = percentile(ordered, 0.95) * 1000
    target, met = (f"≤ {target_ms:g} ms", late <= target_ms) if target_ms else ("", None)
    return [
        Figure(f"{name}, p95", late, "ms", target, met),
        Figure(f"{name}, p50", percentile(ordered, 0.5) * 1000, "ms", "", None),
    ]


def report(measured: Measured, used_seconds: float) -> Section:
    """The figures of this module."""
    return Section(
        "The telephone in the page",
        figures=[
            *_figures("a caller's INVITE → the page rings", measured.ring, RING_TARGET_MS),
            *_figures("click on answer → the agent's first packet at the caller", measured.packet, ANSWER_TARGET_MS),
            *_figures("click on answer → the caller hears the agent", measured.voice),
            *_figures("click on answer → the caller's first packet in the page", measured.heard),
            *_figures("silence at the caller when the page is loaded anew in the call", measured.reload),
            *_figures("web socket cut → can be rung again", measured.cut),
        ],
        notes=[
            f"{len(measured.ring)} calls one after the other, {len(measured.reload)} reloads; slowest ring"
            f" {max(measured.ring) * 1000:.0f} ms, slowest answer {max(measured.packet) * 1000:.0f} ms.",
            "From the INVITE of a SIP trunk through the whole dialplan (caller looked up by the service, queue) and our"
            " own web socket to the event in a page of real Chromium; audio is G.711 over DTLS-SRTP.",
            f"The processors of this machine worked {used_seconds:.0f} s meanwhile, all programs together.",
        ],
    )
