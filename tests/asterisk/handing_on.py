"""An agent asks a colleague before handing the caller on: both steps, as telephones take them."""

import asyncio

from exchange import Slot
from telephones import Call, final_notify


async def consulted(s: Slot, first: Call, counts: int = 0) -> tuple[Call, Call]:
    """The caller is held, the second agent is called and answers: both ends of that call. ``counts``: the second
    telephone counts its packets from so much higher up than the first."""
    await first.hold()
    consult = await s.exchange.desks.call(s.agents[1], s.agents[0])
    second = await s.rung(1)
    if counts:
        second.audio.sequence = first.audio.sequence + counts
    await second.answer()
    await consult.answered()
    return consult, second


async def joined(s: Slot, first: Call, consult: Call) -> None:
    """REFER with Replaces (RFC 3891): caller and colleague talk, and the first agent is gone."""
    assert await first.refer_attended(consult) == 202
    await s.product.until(lambda: final_notify(first) == "200", 5, "joined")
    await asyncio.gather(first.hang_up(), consult.hang_up())
