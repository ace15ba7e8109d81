"""What breaks a telephone in the page, and what is seen of it: by the caller, on record."""

import os
import signal
import time
from itertools import pairwise
from typing import Any

from playwright.async_api import Browser
from telephone_room import Desk
from telephones import Call

from ami_listener.events import AgentState

SILENCE_SECONDS = 10.0


async def kill(browser: Browser) -> float:
    """As the kernel would when memory is out; when it was."""
    session = await browser.new_browser_cdp_session()
    processes: dict[str, Any] = await session.send("SystemInfo.getProcessInfo")
    number = next(each["id"] for each in processes["processInfo"] if each["type"] == "browser")
    os.kill(number, signal.SIGKILL)
    return time.time()


def silence(call: Call, since: float) -> float:
    """The longest time in which this caller heard nothing at all, not even music; from ``since`` on."""
    times = [since, *(at for at, _ in call.audio.frames if at >= since), call.phone.clock()]
    return max(after - before for before, after in pairwise(times))


async def state_of(s: Desk, extension: str, *wanted: AgentState, seconds: float) -> float:
    """Waits until the agent is on record as this; how long it took."""
    begun = time.monotonic()
    await s.whole.until(lambda: s.whole.states(extension)[-1][0] in wanted, seconds, f"{extension} {wanted}")
    return time.monotonic() - begun
