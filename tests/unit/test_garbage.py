"""Garbage is looked for in bites while calls are on the line, and in whole when nobody is."""

import asyncio
import gc
import weakref
from contextlib import suppress

from hotline.garbage import collect


class Circle:
    """Something that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


async def gone(what: "weakref.ref[Circle]") -> bool:
    """Whether it is freed before a second is over."""
    for _ in range(1000):
        if what() is None:
            return True
        await asyncio.sleep(0.001)
    return False


async def _plays() -> None:
    busy = True
    collecting = asyncio.create_task(collect(lambda: not busy, bite_seconds=0.002, quiet_seconds=0.01))
    try:
        await asyncio.sleep(0)
        assert not gc.isenabled()
        assert await gone(weakref.ref(Circle())), "what is new is looked through"
        old = Circle()
        set_aside, was = gc.get_freeze_count, gc.get_freeze_count()
        while set_aside() == was:
            await asyncio.sleep(0.001)
        watched = weakref.ref(old)
        del old
        busy = False
        assert await gone(watched), "what was put aside is looked through when nobody is on the line"
    finally:
        collecting.cancel()
        with suppress(asyncio.CancelledError):
            await collecting


def test_new_garbage_in_bites_and_the_rest_when_quiet() -> None:
    asyncio.run(_plays())
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
