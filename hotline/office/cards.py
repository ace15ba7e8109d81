"""The wiring of transfer cards: directory, cards, their letters, and what goes on by itself."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from fastapi import APIRouter

from ami_listener.events import Event
from ami_listener.floor import FloorSnapshot
from ami_listener.records import CallRecord
from crm.calendar.service import CalendarService
from crm.cards.api import CardRequests
from crm.cards.events import CardEvents
from crm.cards.follower import CardFollower
from crm.cards.house import CardHouse
from crm.cards.keeper import CardKeeper
from crm.cards.link_web import LinkPages
from crm.cards.links import Links
from crm.cards.service import Cards
from crm.cards.transfers import TransferBook
from crm.cards.web import CardPages
from crm.directory.web import DirectoryPages
from crm.live import Hub
from crm.staff.access import Access
from crm.web.shell import House
from dialplan.secrets import own_key
from hotline.office.mail import LINK_KEY
from hotline.our_numbers import OurNumbers
from hotline.surroundings import Basics


class Around(Basics, Protocol):
    """What cards need of `hotline.surroundings.Surroundings`."""

    @property
    def floor(self) -> Callable[[], FloorSnapshot]: ...
    @property
    def find_call(self) -> Callable[[str], CallRecord | None]: ...
    @property
    def calendar(self) -> CalendarService: ...


@dataclass(frozen=True, slots=True)
class CardsPart:
    """The pieces for the office. ``cards``: for the desk and others."""

    cards: Cards
    routers: list[APIRouter]
    happened: Callable[[Event], None]
    works: list[Callable[[], Coroutine[Any, Any, None]]]
    close: Callable[[], Awaitable[None]]


def make_cards(
    around: Around,
    hub: Hub,
    access: Access,
    house: House,
    settled: Callable[[str, str], None] = lambda _kind, _result: None,
) -> CardsPart:
    """Everything about transfer cards. ``settled``: told of each transfer whose end is known, for the figures."""
    settings, clock = around.settings, around.clock
    links = _links(around)
    card_house = CardHouse(
        site=lambda: around.settings,
        times=settings.cards,
        opening=lambda: around.calendar.opening,
        links=links,
        zone=house.zone,
    )
    cards = Cards(around.engine, hub, card_house, clock)

    numbers = OurNumbers(lambda: around.settings)
    follower = CardFollower(around.engine, TransferBook(cards, numbers, settled), around.find_call, clock)
    pages = CardPages(cards, access, house, mail=bool(settings.mail.server))
    events = CardEvents(hub, access)
    directory = DirectoryPages(around.engine, access, house, lambda: around.settings, around.floor, clock)
    return CardsPart(
        cards=cards,
        routers=[
            directory.router,
            events.router,  # before the pages: /cards/events is not a card
            CardRequests(cards, access, pages.pages, around.floor).router,
            pages.router,
            LinkPages(cards, links, house).router,
        ],
        happened=follower.happened,
        works=[follower.run, CardKeeper(cards).run],
        close=events.close,
    )


def _links(around: Around) -> Links:
    settings = around.settings
    lasts = timedelta(days=settings.cards.link_days)
    return Links(own_key(settings.state, LINK_KEY), lambda: around.settings.address, lasts)
