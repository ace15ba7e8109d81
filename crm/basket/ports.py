"""What baskets need of the knowledge base; whoever has one gives it (`hotline.office.basket`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from crm.basket.models import ItemFile
from crm.staff.access import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something that was found. ``warning``: such as that it has expired, in words."""

    kind: str
    ref: str
    title: str
    snippet: str = ""
    warning: str | None = None
    sensitive: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of knowledge as it is now. ``html`` is safe; ``version`` changes with everything that a caller sees.
    ``url``: for callers, None when only we have it; ``numbers``: for us, to call or to hand a caller on to."""

    kind: str
    ref: str
    title: str
    version: str
    text: str | None = None
    html: str | None = None
    url: str | None = None
    warning: str | None = None
    sensitive: bool = False
    files: tuple[ItemFile, ...] = ()
    numbers: tuple[str, ...] = ()


class Knowledge(Protocol):
    """The knowledge base, as far as ``who`` may see it."""

    def search(self, connection: Connection, question: str, who: Visitor, language: str, limit: int) -> Sequence[Hit]:
        """What answers a question, the best first."""

    def suggest(
        self, connection: Connection, topic_id: int | None, subject: str, who: Visitor, language: str
    ) -> Sequence[Hit]:
        """What was useful for such matters, without being asked."""

    def item(self, connection: Connection, kind: str, ref: str, who: Visitor, language: str) -> Piece | None:
        """One piece; None when there is none for ``who``, or it has been withdrawn."""

    def answered(
        self, connection: Connection, kind: str, ref: str, question: str, topic_id: int | None, who: Visitor
    ) -> None:
        """This answered it: the next search knows."""
