"""``hotline run``."""

import asyncio
import logging
import signal

import click

from dialplan.asterisk import control
from dialplan.asterisk.process import AsteriskProcess
from dialplan.asterisk.supervisor import Supervisor
from hotline import pbx
from hotline.cli import Context
from hotline.logs import set_up
from hotline.service import Service, ServiceError
from hotline.settings import Settings

log = logging.getLogger("hotline.run")


@click.command()
@click.option("--no-asterisk", is_flag=True, help="Never start an Asterisk: wait for the one that runs elsewhere.")
@click.pass_obj
def run(context: Context, no_asterisk: bool) -> None:
    """Answer calls. Starts Asterisk too unless one runs already (hotline asterisk start); Ctrl-C ends all it started.

    With an Asterisk of its own process (hotline asterisk start) this service can be ended and started at any time:
    calls go on, and what happened meanwhile is taken in from the journal.
    """
    settings = context.settings
    set_up(settings.service.log, settings.service.log_level)
    supervisor = None if no_asterisk else start_asterisk(settings)
    try:
        asyncio.run(serve(settings))
    except ServiceError as error:
        raise click.ClickException(str(error)) from error
    finally:
        if supervisor is not None:
            supervisor.stop()


def start_asterisk(settings: Settings) -> Supervisor | None:
    """A watched Asterisk, started again when it dies; None when one runs already, which is left as it is."""
    ready = pbx.prepare(settings, log.info)
    if control.is_running(ready.folders):
        log.info("using the Asterisk that runs already")
        for line in pbx.apply(settings, ready):
            log.info("%s", line)
        return None

    def start() -> AsteriskProcess:
        process = AsteriskProcess(ready.folders)
        process.start()
        return process

    supervisor = Supervisor(
        start,
        on_died=lambda status: log.error("Asterisk has died (%s); it is started again", status),
        on_restarted=lambda: log.warning("Asterisk runs again"),
        on_failed=lambda error: log.error("%s", error),
    )
    supervisor.start()
    return supervisor


async def serve(settings: Settings) -> None:
    """The service until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    service = Service(settings)
    try:
        await service.start()
        await ended.wait()
    finally:
        await service.stop()
