"""The service as `hotline run` runs it, that besides writes down event lags: ``python -m benchmarks.serve FILE``."""

import asyncio
import signal
import sys
from array import array
from pathlib import Path

import uvloop

from ami_listener.records import CallRecord
from hotline.logs import set_up
from hotline.service import Service
from hotline.settings import load


class Measured(Service):
    """Keeps the lag of every record: from when Asterisk says that its oldest change happened to after the commit."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.lags = array("d")

    def _recorded(self, records: list[CallRecord], lags_seconds: list[float]) -> None:
        super()._recorded(records, lags_seconds)
        self.lags.extend(lags_seconds)


async def serve(path: Path) -> None:
    """Until SIGTERM; SIGUSR1 writes the lags since the last time into the file ``lags`` beside the settings."""
    settings = load(path)
    set_up("text", "INFO")
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    service = Measured(settings)

    def write_lags() -> None:
        temporary = path.parent / "lags.new"
        temporary.write_bytes(service.lags.tobytes())
        temporary.replace(path.parent / "lags")
        service.lags = array("d")

    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, write_lags)
    try:
        await service.start()
        await service.ami.wait_ready(30)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await ended.wait()
    finally:
        await service.stop()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
