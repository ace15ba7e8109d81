"""Wiring of what is kept of people and of their contacts: people, subjects, scripts, standards, records of service."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

from fastapi import APIRouter

from ami_listener.floor import FloorSnapshot
from ami_listener.records import CallRecord
from crm.autosave.web import session_router
from crm.basket.history import letter_history
from crm.cards.history import card_history
from crm.contacts.history import call_history, contact_history
from crm.contacts.keeper import ContactKeeper
from crm.contacts.keeping import Kept
from crm.contacts.web import ContactsApi
from crm.live import Hub
from crm.people.api import PeopleApi
from crm.people.numbers import Number
from crm.people.web import PeoplePages
from crm.scripts.web import scripts_router
from crm.staff.access import Access
from crm.standards.web import standards_router
from crm.topics.web import topics_router
from crm.web.shell import House
from crm.web.streams import Streams
from hotline.our_numbers import OurNumbers
from hotline.surroundings import Basics


class Around(Basics, Protocol):
    """What the records need of `hotline.surroundings.Surroundings`."""

    @property
    def floor(self) -> Callable[[], FloorSnapshot]: ...
    @property
    def find_call(self) -> Callable[[str], CallRecord | None]: ...


class Records:
    """``routers`` for the application, `keeper` hears every event, ``works`` that go on by themselves, ``endings``."""

    def __init__(self, around: Around, hub: Hub, access: Access, house: House) -> None:
        self._around = around
        self._numbers = OurNumbers(lambda: around.settings)
        language = house.languages[0]
        streams = Streams(hub)
        self.keeper = ContactKeeper(
            around.engine, around.find_call, self.normalise, self._kept, around.clock, self._departments
        )
        self.contacts = ContactsApi(
            around.engine,
            hub,
            access,
            streams,
            around.clock,
            house.zone,
            normalise=self.normalise,
            floor=around.floor,
            keep_now=self.keeper.keep_now,
            default_language=language,
        )
        self.people = PeopleApi(
            around.engine,
            hub,
            access,
            streams,
            around.clock,
            house.zone,
            country=around.settings.site.country,
            extensions=self._extensions,
            default_language=language,
        )
        sources = (contact_history, call_history, card_history, letter_history)
        self.routers: list[APIRouter] = [
            PeoplePages(self.people, access, house, sources).router,
            session_router(access),
            self.people.router,
            self.contacts.router,
            topics_router(around.engine, access, around.clock, language),
            scripts_router(around.engine, access, around.clock, house.name, language),
            standards_router(around.engine, access, around.clock, house.zone, language),
        ]
        self.works: list[Callable[[], Coroutine[Any, Any, None]]] = [self.keeper.run]
        self.endings: list[Callable[[], Awaitable[None]]] = [streams.close]

    def normalise(self, raw: str | None) -> Number:
        """A number in its one form, here."""
        return self._numbers(raw)

    def _kept(self, kept: Kept) -> None:
        self.contacts.kept(kept)

    def _extensions(self) -> set[str]:
        return {agent.extension for agent in self._around.settings.agents}

    def _departments(self) -> Mapping[str, str]:
        """Where calls are handed to → what the office is called."""
        return {one.extension: one.label_th or one.name for one in self._around.settings.departments}
