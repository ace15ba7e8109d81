"""When Python looks for garbage: in small bites, and in whole only while nobody is on the line.

Python's own collector goes through all that lives whenever enough has been made. With ten minutes of calls in memory
that stopped the service for 0.2 s, several times a minute, and callers waited for it. Nearly everything is freed by
counting references anyway; what the collector is needed for are the few circles (tracebacks, tasks).
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

BITE_SECONDS: Final = 0.5
QUIET_SECONDS: Final = 600.0
LONGEST_SECONDS: Final = 3600.0


async def collect(
    quiet: Callable[[], bool],
    *,
    bite_seconds: float = BITE_SECONDS,
    quiet_seconds: float = QUIET_SECONDS,
    longest_seconds: float = LONGEST_SECONDS,
) -> None:
    """Until it is cancelled: looks through what is new every ``bite_seconds`` and puts aside what survived; through
    all of it ``quiet_seconds`` after the last time, once ``quiet`` says so, and after ``longest_seconds`` anyway."""
    clock = asyncio.get_running_loop().time
    with _by_hand():
        whole_at = float("-inf")
        while True:
            since = clock() - whole_at
            if since >= longest_seconds or (since >= quiet_seconds and quiet()):
                gc.unfreeze()
                gc.collect()
                whole_at = clock()
            else:
                gc.collect(1)
            gc.freeze()
            await asyncio.sleep(bite_seconds)


@contextmanager
def _by_hand() -> Iterator[None]:
    """Within it Python collects nothing by itself; afterwards as before."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()
