"""What keeps a basket from being sent, and sending it: nothing unverified can leave (H6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, update

from crm.audit.service import note
from crm.autosave.service import Author
from crm.basket.address import look_at
from crm.basket.checks import Standing, standing_of
from crm.basket.letter import Desk, compose, letter_print
from crm.basket.models import Item, basket_items, baskets
from crm.basket.ports import Knowledge
from crm.basket.records import Round
from crm.basket.service import Refused
from crm.contacts.models import Channel
from crm.outbox import service as outbox
from crm.outbox.service import Draft, Letter
from crm.people.service import change_person
from crm.staff.access import Visitor

KIND: Final = "basket"
_BY_STANDING: Final = {
    Standing.OPEN: "unverified",
    Standing.SECOND: "second_missing",
    Standing.REFUSED: "second_refused",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps the letter here: ``code`` is a word to be looked up, ``item`` the id it is about."""

    code: str
    item: int | None = None


def about(contact_id: int) -> str:
    """What letters of a basket are about."""
    return f"contact/{contact_id}"


def problems_of(
    connection: Connection, one: Round, knowledge: Knowledge, who: Visitor, letters: Sequence[Letter]
) -> list[Problem]:
    """All of them, in the order in which one mends them."""
    found: list[Problem] = []
    items = one.basket.open_items
    if not items and (letters or not one.answer.strip()):
        found.append(Problem("nothing"))
    if fault := look_at(one.recipient).fault:
        found.append(Problem(f"address_{fault}"))
    for item in items:
        if code := withheld(connection, item, knowledge, who, one.language):
            found.append(Problem(code, item.id))
        if code := _BY_STANDING.get(standing_of(item)):
            found.append(Problem(code, item.id))
    if one.contact.channel is Channel.COUNTER and one.basket.confirmed_print != letter_print(one):
        found.append(Problem("not_confirmed"))
    return found


def withheld(connection: Connection, item: Item, knowledge: Knowledge, who: Visitor, language: str) -> str | None:
    """Whether the knowledge base has something else by now. Asked in the language that it was put in with."""
    if not item.kind.is_knowledge or item.ref is None:
        return None
    piece = knowledge.item(connection, item.kind, item.ref, who, language)
    if piece is None:
        return "withdrawn"
    same = piece.version == item.piece_version and piece.warning == item.warning
    there = {file.sha256 for file in piece.files}  # a file replaced by another, or taken away, without a new version
    same = same and all(file.sha256 in there for file in item.files)
    return None if same and (item.sensitive or not piece.sensitive) else "changed"


def send(
    connection: Connection, one: Round, desk: Desk, knowledge: Knowledge, who: Visitor, seen: str, at: datetime
) -> Letter:
    """Puts the letter into the outbox, in this transaction. The basket must be locked. ``seen``: the fingerprint of the
    preview. Raises Refused with the first problem."""
    sent = outbox.letters_about(connection, about(one.contact.id))
    if found := problems_of(connection, one, knowledge, who, sent):
        raise Refused(found[0].code)
    if seen != letter_print(one):
        raise Refused("letter_changed")
    composed = compose(one, desk, at)
    recipient = look_at(one.recipient).address
    draft = Draft(
        kind=KIND,
        recipient=recipient,
        subject=composed.subject,
        text=composed.text,
        html=composed.html,
        about=about(one.contact.id),
        files=composed.files,
    )
    letter_id = outbox.put(connection, draft, at)
    items = [item.id for item in one.basket.open_items]
    connection.execute(update(basket_items).where(basket_items.c.id.in_(items)).values(letter_id=letter_id, sent_at=at))
    nothing = {"note": None, "confirmed_at": None, "confirmed_print": None, "confirmed_how": None}
    values = {**nothing, "version": baskets.c.version + 1, "updated_at": at}
    connection.execute(update(baskets).where(baskets.c.id == one.basket.id).values(**values))
    line = {"letter": letter_id, "recipient": recipient, "items": items}
    note(connection, at, who, "basket.sent", about(one.contact.id), **line)
    _remember_address(connection, one, recipient, who, at)
    return outbox.get(connection, letter_id)


def _remember_address(connection: Connection, one: Round, recipient: str, who: Visitor, at: datetime) -> None:
    """A person without an address has one now (C5)."""
    if one.person is not None and not one.person.email:
        author = Author(who.staff_id, who.username, "")
        change_person(connection, one.person.id, {"email": recipient}, at, author=author, doer=who)
