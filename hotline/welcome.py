"""The first administrator: made at the first start, the one-time password shown once, to the person at the terminal."""

import logging
import sys
from datetime import UTC, datetime

import click

from crm.staff.passwords import Hasher
from crm.staff.service import FIRST_ADMINISTRATOR, make_first_administrator
from crm.wallboard.key import ScreenKey
from hotline.service import Service
from hotline.settings import Settings

log = logging.getLogger(__name__)


def welcome(service: Service) -> None:
    """Says at the terminal where everything is; makes the first administrator when there is no account yet.

    The password goes to the terminal and nowhere else. Without one (a service of the system, whose output is kept in
    a log) the account is made all the same, and a command gives the password.
    """
    settings = service.settings
    password = make_first_administrator(service.engine, datetime.now(UTC), Hasher())
    if not sys.stdout.isatty():
        if password:
            log.warning(
                "the first administrator is %s; get the one-time password with: hotline staff reset-password %s",
                FIRST_ADMINISTRATOR, FIRST_ADMINISTRATOR,
            )  # fmt: skip
        return
    click.echo(f"\n  Pages: {settings.address}\n  Wallboard for screens without a keyboard: {screen_address(settings)}")
    if password:
        click.echo(f"  First log-in: user name {FIRST_ADMINISTRATOR}, password {password}")
        click.echo("  The password is shown only now, and must be changed at the first log-in.")
    click.echo()


def screen_address(settings: Settings) -> str:
    """Of the wallboard for big screens; whoever has it may look."""
    return f"{settings.address}/wallboard?key={ScreenKey(settings.state).value}"
