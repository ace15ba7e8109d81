"""Whether the mail servers take letters from us, and the mailbox lets itself be read: for ``hotline doctor``."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

from crm import database
from crm.files.store import FOLDER, FileStore
from dialplan.asterisk.doctor import Check
from hotline.office.mail import mailbox, post_offices
from hotline.settings import Settings

_REMEDY = "Correct [{section}], or ask with the environment of the service, where the password is"


def check_mail(settings: Settings) -> Iterator[Check]:
    """One check a server and one of the mailbox; nothing when none is set. Nothing is sent, read or marked."""
    for office in post_offices(settings, FileStore(settings.state / FOLDER)):
        fault = asyncio.run(office.fault())
        section = "mail" if office.server == settings.mail else "mail_servers"
        yield _check(f"mail server {office.server.server}", fault, "takes our letters", section)
    if settings.bounces.server:
        engine = database.open_engine(settings.database_url)
        try:
            fault = mailbox(settings, engine, lambda _letter: None, lambda: datetime.now(UTC)).fault()
        finally:
            engine.dispose()
        yield _check(f"mailbox {settings.bounces.server}", fault, "can be read", "bounces")


def _check(name: str, fault: str | None, well: str, section: str) -> Check:
    return Check(name, fault is None, fault or well, _REMEDY.format(section=section) if fault else "")
