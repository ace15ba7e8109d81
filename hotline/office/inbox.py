"""The inbox's wiring: what waits, from every feature that has something to do."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from crm.cards.lists import View, Wanted
from crm.cards.lists import cards as cards_listed
from crm.cards.records import Card
from crm.cards.states import Part
from crm.cards.words import WORDS as CARD_WORDS
from crm.contacts.models import Contact
from crm.contacts.service import unfinished_contacts
from crm.contacts.showing import person_brief
from crm.database import reading
from crm.inbox.live import InboxWatch
from crm.inbox.service import Counts, counts
from crm.inbox.web import InboxPages, Surroundings
from crm.live import Hub
from crm.staff.access import Access, Visitor
from crm.topics.models import Topic
from crm.topics.service import topic_tree
from crm.web.shell import House
from hotline.office.labels import queue_list
from hotline.surroundings import Basics


class Around(Basics, Protocol):
    """What the inbox needs of `hotline.surroundings.Surroundings`."""

    @property
    def called_by_hand(self) -> Callable[[str], None]: ...


def make_inbox(around: Around, hub: Hub, access: Access, house: House) -> tuple[InboxWatch, InboxPages]:
    """What keeps the counts live, and the pages."""
    short_seconds = around.settings.answering.short_abandon_seconds
    loop = asyncio.get_running_loop()

    def count() -> Counts:
        with reading(around.engine) as connection:
            return counts(connection, around.clock(), short_seconds)

    def all_queues() -> Mapping[str, Collection[str]]:
        return {agent.extension: agent.queues for agent in around.settings.agents}

    def changed(call_id: str | None) -> None:
        if call_id is not None:
            loop.call_soon_threadsafe(around.called_by_hand, call_id)
        watch.changed()

    watch = InboxWatch(hub, count, all_queues)
    pages = InboxPages(
        Surroundings(
            engine=around.engine,
            access=access,
            house=house,
            clock=around.clock,
            sounds=around.settings.messages_folder,
            short_seconds=short_seconds,
            queues=lambda: queue_list(around.settings),
            queues_of=lambda extension: all_queues().get(extension, ()),
            own_work=own_work,
            changed=changed,
        )
    )
    return watch, pages


def own_work(connection: Connection, who: Visitor, now: datetime) -> Mapping[str, list[Mapping[str, Any]]]:
    """What waits for this person alone: records to be finished, cards whose next step is theirs, or that are late."""
    tree = topic_tree(connection)
    cards, _ = cards_listed(connection, Wanted(view=View.MINE), who, now, UTC)
    return {
        "unfinished": [_record(connection, one, tree) for one in unfinished_contacts(connection, who.staff_id)],
        "cards": [_card(card, now) for card in cards if card.turn is Part.AGENT or card.is_overdue(now)],
    }


def _card(card: Card, now: datetime) -> Mapping[str, Any]:
    return {
        "id": card.id,
        "number": card.number,
        "caller": card.caller_name or card.caller_number,
        "state": {language: words[f"state_{card.state.value}"] for language, words in CARD_WORDS.items()},
        "to": {language: card.to_name(language) for language in CARD_WORDS},
        "due_at": card.due_at.isoformat() if card.due_at else None,
        "overdue": card.is_overdue(now),
        "incomplete": card.is_incomplete,
        "url": f"/cards/{card.id}",
    }


def _record(connection: Connection, contact: Contact, tree: Mapping[int, Topic]) -> Mapping[str, Any]:
    person = person_brief(connection, contact.person_id)
    topic = tree.get(contact.topic_id) if contact.topic_id is not None else None
    return {
        "id": contact.id,
        "number": contact.number,
        "person_name": person["display_name"] if person else None,
        "at": contact.begun_at.isoformat(),
        "subject": {"th": topic.name("th"), "en": topic.name("en")} if topic else None,
    }
