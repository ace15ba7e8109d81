"""What is done about a letter that has left the basket, by what became of it (H6)."""

from datetime import datetime

from sqlalchemy import Connection, update

from crm.audit.service import note
from crm.basket.models import basket_items, baskets
from crm.basket.ports import Knowledge
from crm.basket.records import Round
from crm.basket.sending import about, withheld
from crm.basket.service import Refused
from crm.contacts.models import Contact
from crm.outbox import service as outbox
from crm.outbox.models import LetterState
from crm.outbox.service import Letter
from crm.staff.access import Visitor


def _letter(connection: Connection, contact: Contact, letter_id: int) -> Letter:
    """One of this contact's. Raises LookupError."""
    letter = outbox.get(connection, letter_id)
    if letter.about != about(contact.id):
        raise LookupError
    return letter


def send_again(
    connection: Connection, one: Round, letter_id: int, knowledge: Knowledge, who: Visitor, at: datetime
) -> None:
    """Another round of tries, as it was written; not when something in it is another by now, was withdrawn, or has
    ended: then it is taken back and verified anew. Raises Refused, LookupError, NotPossible."""
    letter = _letter(connection, one.contact, letter_id)
    for item in one.basket.items:
        if item.letter_id == letter.id and (code := withheld(connection, item, knowledge, who, one.language)):
            raise Refused(code)
    if any(file.link_until is not None and file.link_until <= at for file in outbox.files_of(connection, letter.id)):
        raise Refused("links_over")
    outbox.send_again(connection, letter.id, at)
    note(connection, at, who, "basket.sent_again", about(one.contact.id), letter=letter.id)


def take_back(connection: Connection, one: Round, letter_id: int, who: Visitor, at: datetime) -> None:
    """What a letter brought that was refused or came back lies in the basket again, verified as it was, to be sent to
    another address. Raises Refused, LookupError."""
    letter = _letter(connection, one.contact, letter_id)
    if letter.state is not LetterState.REFUSED and letter.bounced_at is None:
        raise Refused("not_back")
    connection.execute(
        update(basket_items).where(basket_items.c.letter_id == letter_id).values(letter_id=None, sent_at=None)
    )
    connection.execute(
        update(baskets).where(baskets.c.id == one.basket.id).values(version=baskets.c.version + 1, updated_at=at)
    )
    note(connection, at, who, "basket.taken_back", about(one.contact.id), letter=letter_id)


def has_arrived(connection: Connection, contact: Contact, letter_id: int, who: Visitor, at: datetime) -> None:
    """The reader was asked: an uncertain letter did arrive. Raises LookupError, NotPossible."""
    outbox.has_arrived(connection, _letter(connection, contact, letter_id).id, at)
    note(connection, at, who, "basket.arrived", about(contact.id), letter=letter_id)


def withdraw_links(connection: Connection, contact: Contact, letter_id: int, who: Visitor, at: datetime) -> None:
    """Links of a letter give nothing from now on, as when it went to somebody else. Raises Refused, LookupError."""
    letter = _letter(connection, contact, letter_id)
    if not (count := outbox.withdraw_links(connection, letter.id, at)):
        raise Refused("no_links")
    note(connection, at, who, "basket.links_withdrawn", about(contact.id), letter=letter.id, links=count)
