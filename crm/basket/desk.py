"""What all requests of baskets share: whose basket, may they, in which words; one transaction a change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fastapi import HTTPException, Request
from sqlalchemy import Connection, Engine

from crm.basket.letter import Desk
from crm.basket.mail_domain import MailDomains
from crm.basket.pdf import Printer
from crm.basket.ports import Knowledge
from crm.basket.records import Round, UnknownItem, get_basket, round_of
from crm.basket.sending import about, problems_of
from crm.basket.service import Refused
from crm.basket.showing import basket_json
from crm.basket.words import WORDS
from crm.contacts.models import Contact
from crm.contacts.service import UnknownContactError, get_contact, may_change
from crm.database import reading, writing
from crm.files.store import FileStore
from crm.live import Hub
from crm.outbox.service import NotPossible, letters_about, live_links
from crm.staff.access import Access, Visitor
from crm.web.dates import short_date
from crm.web.pages import language_of
from crm.web.shell import House

_MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was brought: its safe name and its type, found by its content."""

    name: str
    media_type: str


class FileRefused(Exception):
    """A file of this kind is not taken; ``code`` is a word to be looked up."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Baskets:
    """Given once. ``check_file``: looks at a stored file and the name it came with, raises FileRefused; ``wake``: there
    is a new letter, from any thread; ``mail``: whether letters are sent at all; ``address``: of our pages."""

    engine: Engine
    hub: Hub
    access: Access
    house: House
    desk: Desk
    store: FileStore
    knowledge: Knowledge
    printer: Printer
    domains: MailDomains
    check_file: Callable[[Path, str], Taken]
    wake: Callable[[], None]
    mail: bool
    file_mb: int
    address: Callable[[], str]
    clock: Callable[[], datetime]

    @property
    def file_bytes(self) -> int:
        """Largest file that may be dropped in."""
        return self.file_mb * _MEGABYTE

    def language(self, request: Request, who: Visitor | None) -> str:
        """Of whoever asks."""
        wanted = request.query_params.get("lang") or (who.language if who else None)
        return language_of(wanted, request.headers.get("accept-language"), self.house.languages[0])

    def contact(self, connection: Connection, contact_id: int) -> Contact:
        """Any record of service. Raises HTTPException 404."""
        try:
            return get_contact(connection, contact_id)
        except UnknownContactError:
            raise Refused("no_contact") from None

    def round(self, connection: Connection, contact: Contact, *, lock: bool = False) -> Round:
        """The basket with all that its letter is made of."""
        basket = get_basket(connection, contact.id, lock=lock)
        return round_of(connection, contact, basket, self.house.languages[0])

    def subject(self, connection: Connection, contact: Contact, language: str) -> str:
        """The name of its topic; empty when none was chosen."""
        one = self.round(connection, contact)
        return one.subject_th if language == "th" else one.subject_en

    @contextmanager
    def looking(self, request: Request, who: Visitor | None) -> Iterator[Connection]:
        """Reads; what is refused is told in words."""
        with self.in_words(request, who), reading(self.engine) as connection:
            yield connection

    @contextmanager
    def changing(self, request: Request, who: Visitor, contact_id: int) -> Iterator[tuple[Connection, Contact]]:
        """One change of an own contact's basket, told to whoever looks when it is kept."""
        with self.in_words(request, who):
            with writing(self.engine) as connection:
                contact = self.contact(connection, contact_id)
                if not may_change(contact, who):
                    raise Refused("not_yours")
                yield connection, contact
            self.tell(contact_id, "changed")

    @contextmanager
    def in_words(self, request: Request, who: Visitor | None) -> Iterator[None]:
        """What is refused is told in words, in the language of whoever asks."""
        try:
            yield
        except Refused as refused:
            status = {"no_contact": 404, "not_yours": 403, "not_second": 403}.get(refused.code, 409)
            raise self.refusal(refused.code, request, who, status) from None
        except UnknownItem:
            raise self.refusal("no_item", request, who, 404) from None
        except NotPossible:
            raise self.refusal("not_possible", request, who, 409) from None
        except LookupError:
            raise self.refusal("no_letter", request, who, 404) from None

    def refusal(self, code: str, request: Request, who: Visitor | None, status: int) -> HTTPException:
        """An answer that says what to do."""
        text = (
            WORDS[self.language(request, who)][f"problem_{code}"].format(title="", megabytes=self.file_mb).rstrip(": ")
        )
        detail: Any = {"detail": text, "code": code}
        return HTTPException(status, detail)

    def tell(self, contact_id: int, what: str) -> None:
        """Whoever has the contact open."""
        self.hub.publish(f"contact/{contact_id}", {"kind": "basket", "what": what, "id": contact_id})

    def answer(self, request: Request, who: Visitor, contact_id: int) -> dict[str, Any]:
        """The basket as it stands, for whoever asks."""
        with self.looking(request, who) as connection:
            return self.json(connection, self.contact(connection, contact_id), who, self.language(request, who))

    def json(self, connection: Connection, contact: Contact, who: Visitor, language: str) -> dict[str, Any]:
        """The basket for the pages."""
        one = self.round(connection, contact)
        letters = letters_about(connection, about(contact.id))
        problems = problems_of(connection, one, self.knowledge, who, letters)
        shown = basket_json(connection, one, letters, problems, language)
        links = live_links(connection, [letter.id for letter in letters], self.clock())
        for letter in shown["letters"]:
            until = links.get(letter["id"])
            letter["links_until"] = short_date(until.astimezone(self.desk.zone).date(), language) if until else None
        key = one.basket.show_key if one.basket.show_until and one.basket.show_until > self.clock() else None
        return shown | {
            "may_change": may_change(contact, who),
            "mail": self.mail,
            "show_url": f"{self.address()}/show/{key}" if key else None,
        }
