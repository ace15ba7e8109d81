"""The Asterisk that belongs to this program: watched while it runs, gone when the program is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dialplan.asterisk.process import AsteriskProcess
from dialplan.asterisk.supervisor import Supervisor
from hotline.pbx import Pbx

log = logging.getLogger(__name__)


GRACE_SECONDS = 1.0  # Ctrl-C is meant: calls longer than this are hung up


class _Stoppable:
    """An AsteriskProcess that knows how much time calls get to end."""

    def __init__(self, process: AsteriskProcess, grace_seconds: float) -> None:
        self._process = process
        self._grace_seconds = grace_seconds

    def wait(self) -> int | None:
        return self._process.wait()

    def stop(self) -> int | None:
        return self._process.stop(self._grace_seconds, terminate_seconds=2.0)


@contextmanager
def watched_asterisk(ready: Pbx, grace_seconds: float = GRACE_SECONDS) -> Iterator[Supervisor]:
    """Runs Asterisk for the length of the block; started again when it dies, and ended however the block is left.

    Calls get ``grace_seconds`` to end before they are hung up.
    """

    def start() -> _Stoppable:
        process = AsteriskProcess(ready.folders)
        process.start()
        return _Stoppable(process, grace_seconds)

    supervisor = Supervisor(
        start,
        on_died=lambda status: log.error("Asterisk has died (%s); it is started again", status),
        on_restarted=lambda: log.warning("Asterisk runs again"),
        on_failed=lambda error: log.error("%s", error),
    )
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
