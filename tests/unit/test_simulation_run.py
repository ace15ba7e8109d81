"""A simulation ends when it is told to, whatever happens in the same moment."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dialplan.asterisk.layout import AsteriskFolders
from hotline.simulation.configuration import SimulationTarget
from hotline.simulation.run import Simulation


@pytest.mark.parametrize("turns", range(8))
def test_a_cancellation_that_meets_an_event_is_not_lost(turns: int) -> None:
    """Ctrl-C in the demo, some turns of the event loop after a call changed."""
    nothing: Any = None
    simulation = Simulation(cast(SimulationTarget, nothing), cast(AsteriskFolders, nothing))
    cast(Any, simulation)._network = SimpleNamespace(running=True)

    async def play() -> None:
        waiting = asyncio.create_task(simulation._wait(lambda: False, time.monotonic() + 60))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        simulation._changed.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting], timeout=1)
        assert waiting.cancelled()

    asyncio.run(play())
