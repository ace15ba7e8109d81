"""``hotline run``."""

import asyncio
import logging
import signal
from contextlib import ExitStack

import click
import uvloop

from dialplan.asterisk import control
from hotline import pbx
from hotline.asterisk_process import watched_asterisk
from hotline.certificate import BadCertificate
from hotline.cli import Context
from hotline.logs import set_up
from hotline.pages import PortTaken
from hotline.service import Service, ServiceError
from hotline.settings import Settings
from hotline.welcome import welcome

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
    try:
        with ExitStack() as stack:
            if not no_asterisk:
                _asterisk_there(settings, stack)
            uvloop.run(serve(settings))
    except (ServiceError, PortTaken, BadCertificate) as error:
        raise click.ClickException(str(error)) from error


def _asterisk_there(settings: Settings, stack: ExitStack) -> None:
    """An Asterisk of ours until the end, unless one runs already: that is brought up to date and left running."""
    ready = pbx.prepare_prompts(settings) if control.is_running(settings.asterisk_folders()) else None
    if ready is None:
        stack.enter_context(watched_asterisk(pbx.prepare(settings, log.info)))
        return
    log.info("using the Asterisk that runs already")
    for line in pbx.apply(settings, ready):
        log.info("%s", line)


async def serve(settings: Settings) -> None:
    """The service until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    service = Service(settings)
    ending = asyncio.create_task(ended.wait())
    starting = asyncio.create_task(service.start())  # may wait for the database, and must be ended then too
    try:
        await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asyncio.to_thread(welcome, service)
            await ending
    finally:
        for task in (starting, ending):
            task.cancel()
        await asyncio.wait({starting, ending})
        await service.stop()
