"""The Asterisk that belongs to this program: watched while it runs, gone when the program is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dialplan.asterisk.process import AsteriskProcess, PatientProcess
from dialplan.asterisk.supervisor import Supervisor
from hotline.pbx import Pbx

log = logging.getLogger(__name__)


GRACE_SECONDS = 1.0  # Ctrl-C is meant: calls longer than this are hung up


@contextmanager
def watched_asterisk(ready: Pbx, grace_seconds: float = GRACE_SECONDS) -> Iterator[Supervisor]:
    """Runs Asterisk for the length of the block; started again when it dies, and ended however the block is left.

    Calls get ``grace_seconds`` to end before they are hung up.
    """

    def start() -> PatientProcess:
        process = AsteriskProcess(ready.folders)
        process.start()
        return PatientProcess(process, grace_seconds, terminate_seconds=2.0)

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
