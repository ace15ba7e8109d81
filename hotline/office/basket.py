"""The wiring of baskets: knowledge base, letters, files, the visitor's screen."""

import asyncio
from pathlib import Path

from fastapi import APIRouter

from crm.basket.api import BasketRequests
from crm.basket.desk import Baskets
from crm.basket.letter import Desk
from crm.basket.letters_web import LetterRequests
from crm.basket.mail_domain import MailDomains
from crm.basket.pdf import Printer
from crm.basket.ports import Knowledge
from crm.basket.show_web import VisitorScreen
from crm.basket.web import BasketPages
from crm.live import Hub
from crm.staff.access import Access
from crm.web.pages import find_fonts
from crm.web.shell import House
from hotline.office.basket_knowledge import checked
from hotline.office.mail import MailPart
from hotline.surroundings import Basics

MEGABYTE = 1024 * 1024


def make_baskets(
    around: Basics, hub: Hub, access: Access, house: House, mail: MailPart, knowledge: Knowledge
) -> list[APIRouter]:
    """All pages and requests of baskets."""
    settings, loop = around.settings, asyncio.get_running_loop()
    desk = Desk(
        name_th=settings.site.name_th,
        name_en=settings.site.name_en,
        telephone=settings.numbers[0].number,
        zone=house.zone,
        links=mail.links,
        attached_bytes=settings.mail.attached_mb * MEGABYTE,
    )

    def wake() -> None:
        loop.call_soon_threadsafe(mail.sender.wake)

    baskets = Baskets(
        engine=around.engine,
        hub=hub,
        access=access,
        house=house,
        desk=desk,
        store=mail.store,
        knowledge=knowledge,
        printer=Printer(settings.basket.chromium, find_fonts(Path(__file__).parent)),
        domains=MailDomains(),
        check_file=checked,
        wake=wake,
        mail=bool(settings.mail.server),
        file_mb=settings.basket.file_mb,
        address=lambda: around.settings.address,
        clock=around.clock,
    )
    parts = (BasketRequests, LetterRequests, BasketPages, VisitorScreen)
    return [part(baskets).router for part in parts]
