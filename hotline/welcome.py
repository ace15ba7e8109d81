"""The first administrator: made at the first start, the one-time password shown once, to the person at the terminal."""

import logging
import sys
from datetime import UTC, datetime

import click
from sqlalchemy import Engine

from crm.staff.passwords import Hasher
from crm.staff.service import FIRST_ADMINISTRATOR, make_first_administrator

log = logging.getLogger(__name__)


def welcome(engine: Engine, address: str) -> None:
    """Makes the first administrator when there is no account yet, and says how to get in.

    The password goes to the terminal and nowhere else. Without one (a service of the system, whose output is kept in
    a log) the account is made all the same, and a command gives the password.
    """
    password = make_first_administrator(engine, datetime.now(UTC), Hasher())
    if password is None:
        return
    if not sys.stdout.isatty():
        log.warning(
            "the first administrator is %s; get the one-time password with: hotline staff reset-password %s",
            FIRST_ADMINISTRATOR, FIRST_ADMINISTRATOR,
        )  # fmt: skip
        return
    click.echo(f"\n  First log-in: {address}\n  user name {FIRST_ADMINISTRATOR}, password {password}")
    click.echo("  The password is shown only now, and must be changed at the first log-in.\n")
