"""One request to Asterisk from a command that does not stay."""

import asyncio

import click

from ami_listener.actions import Action, AmiError, Reply
from ami_listener.client import AmiClient
from ami_listener.settings import AmiSettings
from dialplan.secrets import Secrets
from hotline.settings import Settings

CONNECT_SECONDS = 5.0


def ami_settings(settings: Settings) -> AmiSettings:
    """How to reach the manager port of this installation."""
    secrets = Secrets.load(settings.state, settings)
    return AmiSettings(username="hotline", secret=secrets.ami, port=settings.ports.ami)


def ask_asterisk(settings: Settings, action: Action) -> Reply:
    """Sends one request and returns the answer. Ends with a plain message when Asterisk is away or refuses."""

    async def work() -> Reply:
        client = AmiClient(ami_settings(settings), lambda message: None, interesting=())
        await client.start()
        try:
            await client.wait_ready(CONNECT_SECONDS)
            return await client.send(action)
        finally:
            await client.close()

    try:
        return asyncio.run(work())
    except TimeoutError:
        raise click.ClickException("Asterisk does not answer; is it running? hotline asterisk status") from None
    except AmiError as error:
        raise click.ClickException(str(error)) from error
