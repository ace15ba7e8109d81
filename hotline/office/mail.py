"""The wiring of letters: the sender with its servers, the mailbox where they come back, and links to large files."""

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Engine

from crm.files.store import FOLDER, FileStore
from crm.live import Hub
from crm.outbox.links import FileLinks
from crm.outbox.mailbox import BounceReader
from crm.outbox.models import LetterState
from crm.outbox.post_office import PostOffice
from crm.outbox.sender import Sender
from crm.outbox.service import Letter
from crm.outbox.web import LinkedFiles
from crm.settings import MailServer
from dialplan.secrets import own_key
from hotline.settings import Settings
from hotline.surroundings import Basics

LINK_KEY = "links"  # file in the state folder


@dataclass(frozen=True, slots=True)
class MailPart:
    """The pieces for the office. ``links`` and ``store``: for whoever writes letters with files."""

    sender: Sender
    links: FileLinks
    store: FileStore
    routers: list[APIRouter]
    works: list[Callable[[], Coroutine[Any, Any, None]]]


def make_mail(around: Basics, hub: Hub) -> MailPart:
    """Everything about letters."""
    settings = around.settings
    store = FileStore(settings.state / FOLDER)
    lasts = timedelta(days=settings.mail.link_days)
    links = FileLinks(own_key(settings.state, LINK_KEY), lambda: around.settings.address, lasts)

    def changed(letter: Letter, state: LetterState) -> None:
        tell(hub, letter, state.value)

    def returned(letter: Letter) -> None:
        tell(hub, letter, "bounced")

    sender = Sender(around.engine, post_offices(settings, store), changed, around.clock)
    reader = mailbox(settings, around.engine, returned, around.clock)
    return MailPart(
        sender=sender,
        links=links,
        store=store,
        routers=[LinkedFiles(around.engine, links, store, around.clock).router],
        works=[sender.run, reader.run],
    )


def mailbox(
    settings: Settings, engine: Engine, returned: Callable[[Letter], None], clock: Callable[[], datetime]
) -> BounceReader:
    """Where letters come back; ``returned`` is told of each."""
    bounces = settings.bounces
    return BounceReader(engine, bounces, lambda: os.environ.get(bounces.password_env), returned, clock)


def post_offices(settings: Settings, store: FileStore) -> list[PostOffice]:
    """The ways to the mail servers, in their order."""
    mail = settings.mail
    name = settings.site.name_th if settings.site.languages[0] == "th" else settings.site.name_en

    def office(server: MailServer) -> PostOffice:
        return PostOffice(mail, name, lambda: os.environ.get(server.password_env), server=server, read_file=store.read)

    return [office(server) for server in (mail, *settings.mail_servers) if server.server] if mail.server else []


def tell(hub: Hub, letter: Letter, what: str) -> None:
    """Whoever looks at what the letter is about."""
    kind, _, number = (letter.about or "").partition("/")
    if not number.isdigit():
        return
    if kind == "card":
        hub.publish("cards", {"kind": "card", "what": f"letter_{what}", "id": int(number)})
    elif kind == "contact":
        hub.publish(f"contact/{number}", {"kind": "basket", "what": f"letter_{what}", "id": int(number)})
