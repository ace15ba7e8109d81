"""The letter to a caller who does not exist: to see what a wording makes of it. Pure."""

from datetime import datetime, timedelta

from crm.basket.letter import Composed, Desk, compose
from crm.basket.models import Basket, Item, ItemKind
from crm.basket.records import Round
from crm.basket.wording import Wording
from crm.basket.words import LETTER
from crm.contacts.models import Channel, Contact, ContactState, Direction
from crm.outbox.links import FileLinks
from crm.web.shell import House

NUMBER = 1234


def sample_letter(wording: Wording, language: str, house: House, telephone: str, now: datetime) -> Composed:
    """A letter of today. ``telephone``: of the hotline."""
    words = LETTER[language]
    basket = Basket(
        id=0,
        contact_id=NUMBER,
        recipient_name=words["sample_name"],
        answer=words["sample_answer"],
        items=[_item(words["sample_item"], now)],
    )
    one = Round(
        basket=basket,
        contact=_contact(now),
        person=None,
        agent_th=words["sample_agent"],
        agent_en=words["sample_agent"],
        subject_th=words["sample_about"],
        subject_en=words["sample_about"],
        default_language=language,
        wordings={language: wording},
    )
    desk = Desk(
        name_th=house.name_th,
        name_en=house.name_en,
        telephone=telephone,
        zone=house.zone,
        links=FileLinks("", str, timedelta()),  # not used: the letter has no file
        attached_bytes=0,
    )
    return compose(one, desk, now)


def _contact(now: datetime) -> Contact:
    nothing = dict.fromkeys(Contact.__dataclass_fields__)
    told = {"id": NUMBER, "channel": Channel.TELEPHONE, "direction": Direction.INBOUND, "state": ContactState.DRAFT}
    return Contact(**nothing | told | {"attached_number": False, "begun_at": now, "version": 1, "updated_at": now})  # type: ignore[arg-type]


def _item(title: str, now: datetime) -> Item:
    nothing = dict.fromkeys(Item.__dataclass_fields__)
    told = {"id": 1, "basket_id": 0, "position": 1, "kind": ItemKind.LINK, "title": title, "sensitive": False}
    more = {"url": "https://www.dft.go.th/", "files": (), "checks": (), "added_at": now}
    return Item(**nothing | told | more)  # type: ignore[arg-type]
