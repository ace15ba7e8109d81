"""First come, first served: scenarios of `test_call_guard.py` about the places in a queue."""

import asyncio
import re

import pytest
from exchange import Scenario, Slot


async def first_come_first_served(s: Slot) -> None:
    """Four callers, one agent: served in the order of arrival through both passes."""
    s.quiet(1)
    calls = []
    for _ in range(4):
        calls.append(await s.call())
        await s.id_of(calls[-1])
        await asyncio.sleep(1.1)
    await asyncio.gather(*(call.answered(12) for call in calls[:3]))  # the fourth is still in its first pass
    served = []
    for _ in range(4):
        leg = await s.rung(seconds=8)
        while leg.ended_at is not None:  # the ring that the change of passes cut short
            leg = await s.rung(seconds=8)
        await leg.answer()
        await asyncio.sleep(0.1)
        served.append(leg.caller)
        await leg.hang_up()
    assert served == [call.caller for call in calls]


def priorities(s: Slot) -> list[int]:
    """Of those who wait, from the head of the queue on, as app_queue has them."""
    return [int(found) for found in re.findall(r"prio: (-?\d+)", s.product.cli(f"queue show {s.queue}"))]


async def fifty_milliseconds_apart_keep_their_places(s: Slot) -> None:
    """Of two who came within one second the first is rung for on, not the second who was still in the first pass."""
    s.quiet(1)
    first = await s.call()
    await s.id_of(first)
    await asyncio.sleep(0.05)
    second = await s.call()
    await s.product.fact(await s.id_of(first), "QUEUED", "1")
    await s.product.fact(await s.id_of(second), "QUEUED", "1")
    assert await s.rung()
    ahead, behind = await s.product.until(lambda: priorities(s) if len(priorities(s)) == 2 else (), 2, "both wait")
    arrived = [s.lines(await s.id_of(call), "ARRIVED")[0].at for call in (first, second)]
    assert ahead - behind == pytest.approx((arrived[1] - arrived[0]) * 1000, abs=2)
    await s.product.fact(await s.id_of(first), "QUEUED", "2", seconds=11)
    leg = await s.rung()
    assert leg.caller == first.caller
    await s.product.fact(await s.id_of(second), "QUEUED", "2", seconds=11)
    assert leg.ended_at is None
    assert await s.product.until(lambda: priorities(s) if len(priorities(s)) == 2 else (), 2, "again") == [
        ahead,
        behind,
    ]
    await leg.answer()
    await asyncio.sleep(0.1)
    await leg.hang_up()
    last = await s.rung(seconds=8)
    assert last.caller == second.caller
    await asyncio.gather(first.hang_up(), second.hang_up())


async def twenty_five_days_without_an_empty_queue(s: Slot) -> None:
    """The end of app_queue's int: who came first stays first, then those equal there, in the order they came in."""
    s.quiet(0, 1)
    day = f"HOTLINE_DAY_{s.queue}"
    first = await s.call()
    await s.product.fact(await s.id_of(first), "QUEUED")
    (head,) = await s.product.until(lambda: priorities(s), 2, "the first waits")
    s.product.cli(f"dialplan set global {day} {int(s.exchange.network.clock()) - 25 * 86400}")
    later = []
    for _ in range(3):
        later.append(await s.call())
        await s.product.until(lambda: len(priorities(s)) > len(later), 2, "one more waits")
    assert priorities(s) == [head, *[-(2**31 - 1)] * 3]
    await first.hang_up()
    s.product.cli(f"queue unpause member PJSIP/{s.agents[0]} queue {s.queue}")
    for call in later:
        leg = await s.rung(seconds=8)
        assert leg.caller == call.caller
        await leg.answer()
        await asyncio.sleep(0.1)
        await leg.hang_up()
    await asyncio.gather(*(call.hang_up() for call in later))
    await s.product.until(lambda: not priorities(s), 2, "an empty queue")
    newest = await s.call()
    (head,) = await s.product.until(lambda: priorities(s), 2, "the next waits")
    assert -86400_000 <= head <= 0
    assert s.product.cli("dialplan show globals").count(f"{day}=") == 1
    await newest.hang_up()


PLACES: list[Scenario] = [
    first_come_first_served,
    fifty_milliseconds_apart_keep_their_places,
    twenty_five_days_without_an_empty_queue,
]
