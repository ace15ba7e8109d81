"""Tables of baskets and what lies in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text, false, text

from crm.database import Identity, Instant, metadata, one_of


class ItemKind(StrEnum):
    """What an item is. The first four are of the knowledge base (CKS); the others the agent brings."""

    ARTICLE = "article"
    DOCUMENT = "document"
    DEALER = "dealer"
    SOURCE = "source"
    LINK = "link"
    FILE = "file"

    @property
    def is_knowledge(self) -> bool:
        """Whether it is read from the knowledge base, and can change or be withdrawn there."""
        return self in {ItemKind.ARTICLE, ItemKind.DOCUMENT, ItemKind.DEALER, ItemKind.SOURCE}


class ConfirmedHow(StrEnum):
    """How the visitor at the counter has checked the basket (W6)."""

    SCREEN = "screen"  # on a screen of their own
    HERE = "here"  # the agent turned the own screen to them


baskets: Final = Table(
    "baskets",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("contact_id", Identity, ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False),
    # NULL: as the caller's profile and the record of service say
    Column("language", Text),
    Column("recipient", Text),
    Column("recipient_name", Text),
    Column("answer", Text),
    Column("note", Text),  # to the caller, below the list
    Column("show_key", Text),  # of the visitor's screen
    Column("show_until", Instant),
    Column("confirmed_at", Instant),
    Column("confirmed_print", Text),  # of what the visitor saw
    Column("confirmed_how", Text),
    Column("visitor_says", Text),  # what the visitor wants changed
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("updated_at", Instant, nullable=False),
    one_of("confirmed_how", ConfirmedHow),
    Index("uq_baskets_contact_id", "contact_id", unique=True),
    Index("uq_baskets_show_key", "show_key", unique=True),
)

basket_items: Final = Table(
    "basket_items",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("basket_id", Identity, ForeignKey("baskets.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ref", Text),  # in the knowledge base
    Column("piece_version", Text),  # of the knowledge base, when it was put in
    Column("title", Text, nullable=False),
    Column("text", Text),
    Column("html", Text),  # safe
    Column("url", Text),
    Column("warning", Text),  # such as: expired
    Column("sensitive", Boolean, nullable=False, server_default=false()),
    Column("files", JSON, nullable=False, server_default=text("'[]'")),
    Column("added_by", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("added_at", Instant, nullable=False),
    Column("checks", JSON, nullable=False, server_default=text("'[]'")),
    Column("verified_by", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("verified_at", Instant),
    Column("verified_print", Text),  # of what was verified: what changes afterwards is not verified
    Column("second_asked_at", Instant),
    Column("second_by", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("second_at", Instant),
    Column("second_print", Text),
    Column("second_refusal", Text),
    Column("letter_id", Identity, ForeignKey("letters.id", ondelete="SET NULL")),
    Column("sent_at", Instant),
    one_of("kind", ItemKind),
    Index(None, "basket_id", "position"),
    Index(None, "letter_id"),
    Index(
        "ix_basket_items_second",
        "second_asked_at",
        sqlite_where=text("second_asked_at IS NOT NULL AND second_at IS NULL"),
        postgresql_where=text("second_asked_at IS NOT NULL AND second_at IS NULL"),
    ),
)


# The wording of letters where it is not the default: NULL is, and a language without a row has all of it.
letter_wordings: Final = Table(
    "letter_wordings",
    metadata,
    Column("language", Text, primary_key=True),
    Column("subject", Text),
    Column("opening", Text),
    Column("closing", Text),
    Column("version", Integer, nullable=False),  # counts changes, the way back to the default too
    Column("changed_by", Identity, ForeignKey("staff.id", ondelete="SET NULL")),
    Column("changed_at", Instant, nullable=False),
    one_of("language", ("th", "en")),
)


@dataclass(frozen=True, slots=True)
class ItemFile:
    """A file of an item, of `crm.files`."""

    name: str
    media_type: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something in a basket. ``sent_at``: it left with ``letter_id``."""

    id: int
    basket_id: int
    position: int
    kind: ItemKind
    ref: str | None
    piece_version: str | None
    title: str
    text: str | None
    html: str | None
    url: str | None
    warning: str | None
    sensitive: bool
    files: tuple[ItemFile, ...]
    added_by: int | None
    added_at: datetime
    checks: tuple[str, ...]
    verified_by: int | None
    verified_at: datetime | None
    verified_print: str | None
    second_asked_at: datetime | None
    second_by: int | None
    second_at: datetime | None
    second_print: str | None
    second_refusal: str | None
    letter_id: int | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """A basket as stored; what is None is taken from the contact and its person. ``id`` 0: nothing was put in yet."""

    id: int
    contact_id: int
    language: str | None = None
    recipient: str | None = None
    recipient_name: str | None = None
    answer: str | None = None
    note: str | None = None
    show_key: str | None = None
    show_until: datetime | None = None
    confirmed_at: datetime | None = None
    confirmed_print: str | None = None
    confirmed_how: ConfirmedHow | None = None
    visitor_says: str | None = None
    version: int = 0
    items: Sequence[Item] = ()

    @property
    def open_items(self) -> list[Item]:
        """What has not been sent yet, in order."""
        return [item for item in self.items if item.sent_at is None]


def item_of(row: Any) -> Item:
    """The item of a row (a mapping)."""
    values = {name: row[name] for name in Item.__dataclass_fields__}
    files = tuple(ItemFile(**file) for file in values["files"])
    return Item(**values | {"kind": ItemKind(values["kind"]), "files": files, "checks": tuple(values["checks"])})
