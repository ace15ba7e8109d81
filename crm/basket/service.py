"""Changing baskets: each change with its line in the audit, in the caller's transaction (H5, H6)."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from crm.audit.service import note
from crm.basket.checks import Standing, checks_of, may_second, print_of, standing_of
from crm.basket.models import Basket, ConfirmedHow, Item, ItemFile, ItemKind, basket_items, baskets
from crm.basket.ports import Piece
from crm.basket.records import UnknownItem, ensure_basket, get_basket, item_in
from crm.contacts.models import Contact
from crm.outbox.links import FileLinks
from crm.staff.access import Visitor

MOST_ITEMS: Final = 50
LONGEST: Final = {"language": 2, "recipient": 254, "recipient_name": 200, "answer": 20_000, "note": 4_000}
LONGEST_TITLE: Final = 300
SHOWN_FOR: Final = timedelta(hours=4)
_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[^\s<>\"'\\]*)?")


class Refused(Exception):
    """It cannot be done as things stand: ``code`` is a word to be looked up."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something to be put in."""

    kind: ItemKind
    title: str
    ref: str | None = None
    piece_version: str | None = None
    text: str | None = None
    html: str | None = None
    url: str | None = None
    warning: str | None = None
    sensitive: bool = False
    files: tuple[ItemFile, ...] = field(default=())


def from_piece(piece: Piece) -> NewItem:
    """A piece of knowledge as it is now."""
    return NewItem(
        kind=ItemKind(piece.kind),
        ref=piece.ref,
        piece_version=piece.version,
        title=piece.title,
        text=piece.text,
        html=piece.html,
        url=piece.url,
        warning=piece.warning,
        sensitive=piece.sensitive,
        files=piece.files,
    )


def from_link(title: str, url: str) -> NewItem:
    """A web address. Raises Refused."""
    url = url.strip()
    if not _URL.fullmatch(url) or len(url) > 2000:
        raise Refused("bad_url")
    return NewItem(kind=ItemKind.LINK, title=_title(title) or url, url=url)


def from_file(file: ItemFile) -> NewItem:
    """A file that was dropped in."""
    return NewItem(kind=ItemKind.FILE, title=_title(file.name), files=(file,))


def _title(text: str) -> str:
    return " ".join(text.split())[:LONGEST_TITLE]


# ---- what lies in it


def add(connection: Connection, contact: Contact, new: NewItem, who: Visitor, at: datetime) -> Item:
    """Puts something in, at the end; what lies there already, unsent, is not put in twice. Raises Refused."""
    basket = ensure_basket(connection, contact.id, at)
    for item in basket.open_items:
        same = (item.kind, item.ref, item.url) == (new.kind, new.ref, new.url)
        if same and (new.kind is not ItemKind.FILE or item.files == new.files):
            return item
    if len(basket.open_items) >= MOST_ITEMS:
        raise Refused("full")
    last = connection.scalar(select(func.max(basket_items.c.position)).where(basket_items.c.basket_id == basket.id))
    values = asdict(new) | {"basket_id": basket.id, "position": (last or 0) + 1}
    statement = insert(basket_items).values(**values, added_by=who.staff_id, added_at=at)
    item_id: int = connection.execute(statement.returning(basket_items.c.id)).scalar_one()
    _changed(connection, basket, at)
    note(connection, at, who, "basket.added", f"contact/{contact.id}", kind=new.kind, ref=new.ref, title=new.title)
    return item_in(get_basket(connection, contact.id), item_id)


def remove(connection: Connection, contact: Contact, item_id: int, who: Visitor, at: datetime) -> None:
    """Takes something out; what was sent stays. Raises UnknownItem, Refused."""
    basket, item = _open_item(connection, contact, item_id, at)
    connection.execute(delete(basket_items).where(basket_items.c.id == item.id))
    _changed(connection, basket, at)
    note(connection, at, who, "basket.removed", f"contact/{contact.id}", kind=item.kind, ref=item.ref, title=item.title)


def order(connection: Connection, contact: Contact, item_ids: Sequence[int], at: datetime) -> None:
    """The order in which they are sent. Items that are not named keep theirs, behind."""
    basket = ensure_basket(connection, contact.id, at)
    known = [item.id for item in basket.items]
    wanted = [one for one in item_ids if one in known] + [one for one in known if one not in item_ids]
    for position, item_id in enumerate(wanted, 1):
        connection.execute(update(basket_items).where(basket_items.c.id == item_id).values(position=position))
    _changed(connection, basket, at)


def renew(connection: Connection, contact: Contact, item_id: int, piece: Piece, who: Visitor, at: datetime) -> Item:
    """Takes the newest version of a piece; it is to be verified anew. Raises UnknownItem, Refused."""
    basket, item = _open_item(connection, contact, item_id, at)
    if (item.kind, item.ref) != (piece.kind, piece.ref):
        raise UnknownItem
    values = asdict(from_piece(piece)) | _NOT_VERIFIED
    connection.execute(update(basket_items).where(basket_items.c.id == item.id).values(**values))
    _changed(connection, basket, at)
    note(connection, at, who, "basket.renewed", f"contact/{contact.id}", kind=item.kind, ref=item.ref)
    return item_in(get_basket(connection, contact.id), item.id)


def write(connection: Connection, contact: Contact, changes: dict[str, str | None], who: Visitor, at: datetime) -> None:
    """Fields of the letter; None: as the profile and the record say. Raises Refused."""
    for name, value in changes.items():
        if name not in LONGEST:
            raise Refused("unknown_field")
        if value is not None and len(value) > LONGEST[name]:
            raise Refused("too_long")
    if changes.get("language") not in {None, "th", "en"}:
        raise Refused("unknown_field")
    basket = ensure_basket(connection, contact.id, at)
    new = {name: value for name, value in changes.items() if getattr(basket, name) != value}
    if not new:
        return
    connection.execute(update(baskets).where(baskets.c.id == basket.id).values(**new))
    _changed(connection, basket, at)
    note(connection, at, who, "basket.written", f"contact/{contact.id}", fields=sorted(new))


# ---- verification

_NO_SECOND: Final[dict[str, Any]] = {
    "second_asked_at": None,
    "second_by": None,
    "second_at": None,
    "second_print": None,
    "second_refusal": None,
}
_NOT_VERIFIED: Final[dict[str, Any]] = {
    "checks": [],
    "verified_by": None,
    "verified_at": None,
    "verified_print": None,
    **_NO_SECOND,
}


def mark_sensitive(
    connection: Connection, contact: Contact, item_id: int, sensitive: bool, who: Visitor, at: datetime
) -> None:
    """Links and files are as sensitive as the agent says; knowledge as the knowledge base says. Raises Refused."""
    basket, item = _open_item(connection, contact, item_id, at)
    if item.kind.is_knowledge and not sensitive and item.sensitive:
        raise Refused("sensitive_there")
    values = {"sensitive": sensitive, **_NOT_VERIFIED}
    connection.execute(update(basket_items).where(basket_items.c.id == item.id).values(**values))
    _changed(connection, basket, at)
    note(connection, at, who, "basket.sensitive", f"contact/{contact.id}", item=item.id, sensitive=sensitive)


def tick(
    connection: Connection, contact: Contact, item_id: int, ticked: Sequence[str], who: Visitor, at: datetime
) -> Item:
    """What of the check list is ticked. With all of it the item is verified by ``who``, and a sensitive one waits for a
    second person from then on. Raises UnknownItem, Refused."""
    basket, item = _open_item(connection, contact, item_id, at)
    wanted = [check for check in checks_of(item) if check in ticked]
    complete = len(wanted) == len(checks_of(item))
    values: dict[str, Any] = {**_NOT_VERIFIED, "checks": wanted}
    if complete:
        values |= {"verified_by": who.staff_id, "verified_at": at, "verified_print": print_of(item)}
        if item.sensitive:
            values["second_asked_at"] = at
    connection.execute(update(basket_items).where(basket_items.c.id == item.id).values(**values))
    _changed(connection, basket, at)
    if complete:
        line = {"item": item.id, "title": item.title, "checks": wanted}
        note(connection, at, who, "basket.verified", f"contact/{contact.id}", **line)
    return item_in(get_basket(connection, contact.id), item.id)


def second(
    connection: Connection, contact: Contact, item_id: int, refusal: str | None, who: Visitor, at: datetime
) -> Item:
    """A second person has looked at a sensitive item: agrees, or says why not. Raises UnknownItem, Refused."""
    basket, item = _open_item(connection, contact, item_id, at)
    if standing_of(item) is not Standing.SECOND:
        raise Refused("not_waiting")
    if not may_second(item, who.staff_id, contact.staff_id):
        raise Refused("not_second")
    values = {"second_by": who.staff_id, "second_at": at, "second_print": print_of(item), "second_refusal": refusal}
    connection.execute(update(basket_items).where(basket_items.c.id == item.id).values(**values))
    _changed(connection, basket, at)
    action = "basket.second_refused" if refusal else "basket.seconded"
    note(connection, at, who, action, f"contact/{contact.id}", item=item.id, title=item.title, why=refusal)
    return item_in(get_basket(connection, contact.id), item.id)


# ---- the visitor's screen (W6)


def show(connection: Connection, contact: Contact, who: Visitor, at: datetime) -> str:
    """The key of the visitor's screen, for some hours; the last one opens nothing any more."""
    basket = ensure_basket(connection, contact.id, at)
    key = FileLinks.new_key()
    values = {"show_key": key, "show_until": at + SHOWN_FOR, "visitor_says": None}
    connection.execute(update(baskets).where(baskets.c.id == basket.id).values(**values))
    note(connection, at, who, "basket.shown", f"contact/{contact.id}")
    return key


def hide(connection: Connection, contact: Contact, at: datetime) -> None:
    """The visitor's screen shows nothing any more."""
    basket = ensure_basket(connection, contact.id, at)
    values = {"show_key": None, "show_until": None}
    connection.execute(update(baskets).where(baskets.c.id == basket.id).values(**values))


def confirm(
    connection: Connection, contact: Contact, seen: str, how: ConfirmedHow, who: Visitor | None, at: datetime
) -> None:
    """The visitor has checked the basket. ``seen``: the fingerprint of what they saw."""
    basket = ensure_basket(connection, contact.id, at)
    values = {"confirmed_at": at, "confirmed_print": seen, "confirmed_how": how, "visitor_says": None}
    connection.execute(update(baskets).where(baskets.c.id == basket.id).values(**values))
    note(connection, at, who, "basket.confirmed", f"contact/{contact.id}", how=how)


def visitor_says(connection: Connection, contact: Contact, words: str, at: datetime) -> None:
    """The visitor wants something changed."""
    basket = ensure_basket(connection, contact.id, at)
    values = {"confirmed_at": None, "confirmed_print": None, "confirmed_how": None, "visitor_says": words[:1000]}
    connection.execute(update(baskets).where(baskets.c.id == basket.id).values(**values))
    note(connection, at, None, "basket.visitor_says", f"contact/{contact.id}")


def _open_item(connection: Connection, contact: Contact, item_id: int, at: datetime) -> tuple[Basket, Item]:
    basket = ensure_basket(connection, contact.id, at)
    item = item_in(basket, item_id)
    if item.sent_at is not None:
        raise Refused("sent")
    return basket, item


def _changed(connection: Connection, basket: Basket, at: datetime) -> None:
    values = {"version": baskets.c.version + 1, "updated_at": at}
    connection.execute(update(baskets).where(baskets.c.id == basket.id).values(**values))
